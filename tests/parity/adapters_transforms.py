"""Recorded cases of image transforms."""

import numpy as np
from harness import Case, adapter
from PIL import Image

from ltcl.datasets.transforms import apply_operation, cutout_mask

SIGNS = {'pos': 1, 'neg': -1}


@adapter('paco', 'autoaug_images')
def autoaug_images(case: Case) -> None:
    image = Image.fromarray(case['image'])
    for key in (key for key in case if key.startswith('out/')):
        _, name, level, *sign = key.split('/')
        actual = apply_operation(image, name, int(level.removeprefix('level')), *(SIGNS[word] for word in sign))
        np.testing.assert_allclose(np.asarray(actual, int), case[key], rtol=0, atol=1, err_msg=key)


@adapter('paco', 'cutout')
def cutout(case: Case) -> None:
    size, length = int(case['size']), int(case['length'])
    masks = [cutout_mask(size, size, length, y, x) for y, x in case['centres_yx']]
    np.testing.assert_array_equal(np.stack(masks), case['keep_mask'].astype(bool))
