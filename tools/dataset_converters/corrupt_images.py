"""The same as `ltcl data corrupt`."""

from ltcl.cli.data_corrupt import main

if __name__ == '__main__':
    main()
