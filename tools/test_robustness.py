"""The same as `ltcl robustness`."""

from ltcl.cli.robustness import main

if __name__ == '__main__':
    main()
