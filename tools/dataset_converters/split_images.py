"""The same as `ltcl data split`."""

from ltcl.cli.data_split import main

if __name__ == '__main__':
    main()
