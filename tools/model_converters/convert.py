"""The same as `ltcl convert`."""

from ltcl.cli.convert import main

if __name__ == '__main__':
    main()
