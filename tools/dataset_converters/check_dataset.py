"""The same as `ltcl data check`."""

from ltcl.cli.data_check import main

if __name__ == '__main__':
    main()
