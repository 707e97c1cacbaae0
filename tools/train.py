"""The same as `ltcl train`."""

from ltcl.cli.train import main

if __name__ == '__main__':
    main()
