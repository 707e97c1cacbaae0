"""The same as `ltcl compare`."""

from ltcl.cli.compare import main

if __name__ == '__main__':
    main()
