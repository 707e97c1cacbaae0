"""Names of the files of a test."""

import pytest

from ltcl.analysis.tested_files import prefix_of_page, prefix_of_test


@pytest.mark.parametrize(
    ('tested', 'data', 'page'),
    [
        ('test', 'test_', ''),
        ('val', 'val_', 'val_'),
        ('other_birds', 'other_birds_', 'other_birds_'),
        ('birds/test', 'birds-test_', 'birds-test_'),
        ('/test', 'images-test_', 'images-test_'),
        ('Val', 'images-Val_', 'images-Val_'),
        ('test.', 'images-test_', 'images-test_'),
        ('Vögel (neu)', 'Vögel-neu_', 'Vögel-neu_'),
        ('/', 'images_', 'images_'),
        ('../../x', 'x_', 'x_'),
        ('a' * 300, 'a' * 40 + '_', 'a' * 40 + '_'),
    ],
)
def test_no_set_has_the_names_of_the_test_of_a_run(tested, data, page):
    assert (prefix_of_test(tested), prefix_of_page(tested)) == (data, page)
