"""The same as `ltcl targets`."""

from ltcl.cli.targets import main

if __name__ == '__main__':
    main()
