"""The same as `ltcl data fashion-scenes`."""

from ltcl.cli.data_fashion_scenes import main

if __name__ == '__main__':
    main()
