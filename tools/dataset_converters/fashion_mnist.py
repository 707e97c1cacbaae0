"""The same as `ltcl data fashion-mnist`."""

from ltcl.cli.data_fashion_mnist import main

if __name__ == '__main__':
    main()
