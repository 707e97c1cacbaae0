"""The same as `ltcl geometry`."""

from ltcl.cli.geometry import main

if __name__ == '__main__':
    main()
