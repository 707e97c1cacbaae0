"""Names of the files of a test, which tell of which images it is."""

import re

OWN_TEST, OWN = 'test', ('test', 'val')
"""What the images of the test of a run are called, and all images that are its own."""
LONGEST = 40


def prefix_of_test(tested: str) -> str:
    """What stands before the names of the data files of a test and of their pictures, such as ``test_``.

    Args:
        tested: ``'test'``, ``'val'`` or the name of another set, of which letters, digits, - and _ stay. Sets of which
            the same stays share their files; none shares those of the run's own images.
    """
    if tested in OWN:
        return f'{tested}_'
    name = re.sub(r'[^\w-]+', '-', tested)[-LONGEST:].strip('-') or 'images'
    return f'images-{name}_' if name.casefold() in OWN else f'{name}_'


def prefix_of_page(tested: str) -> str:
    """What stands before the names of page and predictions of a test: nothing, if it is that of the run.

    Args:
        tested: As for :func:`prefix_of_test`.
    """
    return '' if tested == OWN_TEST else prefix_of_test(tested)
