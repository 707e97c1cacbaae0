"""The same as `ltcl report`."""

from ltcl.cli.report import main

if __name__ == '__main__':
    main()
