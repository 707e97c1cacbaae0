"""The same as `ltcl test`."""

from ltcl.cli.test import main

if __name__ == '__main__':
    main()
