"""The first images that a network sees tell whether it takes them."""

import pytest
import torch
from torch import nn

from ltcl.errors import UserError
from ltcl.own_folder.timing import rate_of


class Network(nn.Module):
    """A classifier that gets images as they are."""

    def data_preprocessor(self, data: dict, training: bool) -> dict:
        return dict(inputs=torch.stack([each['inputs'] for each in data]))


def rate(error: Exception | None):
    def encode(model, images):
        if error:
            raise error
        return images

    images = [dict(inputs=torch.zeros(3, 8, 12)) for _ in range(4)]
    return rate_of(Network(), images, 0, is_trained=False, collate=list, encode=encode)


def test_a_network_that_fails_is_told_with_the_size_of_the_images():
    assert rate(None).seconds > 0
    for error, reason in ((RuntimeError('sizes (4) and (9)\ndo not match'), 'not match'), (AssertionError(), 'Assert')):
        with pytest.raises(UserError, match=rf'fails on images of 12x8 px \(.*{reason}.*\): .* --image-size N'):
            rate(error)
    with pytest.raises(torch.OutOfMemoryError):
        rate(torch.OutOfMemoryError('full'))
