"""The same as `ltcl data openclipart`."""

from ltcl.cli.data_openclipart import main

if __name__ == '__main__':
    main()
