"""``python -m ltcl``: the same as the command ``ltcl``."""

from ltcl.cli.main import main

if __name__ == '__main__':
    main()
