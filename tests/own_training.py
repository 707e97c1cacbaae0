"""What the tests of `ltcl train DATA` share."""

ODD_NAME = '=1+1, "x"'
"""A class that a spreadsheet, a shell and Python must quote."""
OPTIONS = ('--image-size', '32', '--epochs', '2')
