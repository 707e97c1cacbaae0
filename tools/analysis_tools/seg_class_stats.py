"""The same as `ltcl seg-stats`."""

from ltcl.cli.seg_stats import main

if __name__ == '__main__':
    main()
