import pytest
import torch
from mmengine.dataset import default_collate, pseudo_collate
from mmpretrain.models import ClsDataPreprocessor
from mmpretrain.structures import DataSample
from torch import nn

from ltcl.errors import UserError
from ltcl.models import MultiViewDataPreprocessor
from ltcl.registry import MODELS

NORMALISE = dict(mean=[10.0, 20.0, 30.0], std=[1.0, 2.0, 4.0], to_rgb=True)


def images(num: int = 4, channels: int = 3, size: int = 6, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (num, channels, size, size), generator=generator).to(torch.uint8)


def samples(num: int = 4) -> list[DataSample]:
    return [DataSample().set_gt_label(label) for label in range(num)]


def by_hand(view: torch.Tensor) -> torch.Tensor:
    mean, std = (torch.tensor(NORMALISE[name]).view(3, 1, 1) for name in ('mean', 'std'))
    return (view.flip(1).float() - mean) / std


def labels_of(data: dict) -> list[int]:
    return [sample.gt_label.item() for sample in data['data_samples']]


def is_laid_out_channels_last(tensor: torch.Tensor) -> bool:
    """Whether the strides say so, which ``is_contiguous`` does not tell for one channel."""
    _, channels, height, width = tensor.shape
    return tensor.stride() == (height * width * channels, 1, width * channels, channels)


@pytest.mark.parametrize('channels_last', [False, True])
@pytest.mark.parametrize('sizes', [(6, 6), (6, 6, 6), (6, 4)])
def test_views_are_each_prepared_as_one_image(sizes, channels_last):
    preprocessor = MultiViewDataPreprocessor(channels_last=channels_last, **NORMALISE)
    views = [images(size=size, seed=seed) for seed, size in enumerate(sizes)]
    data = preprocessor({'inputs': views, 'data_samples': samples()}, training=True)
    assert isinstance(data['inputs'], list)
    assert labels_of(data) == [0, 1, 2, 3]
    for prepared, view in zip(data['inputs'], views, strict=True):
        torch.testing.assert_close(prepared, by_hand(view), rtol=0, atol=0)
        parent = ClsDataPreprocessor(**NORMALISE)({'inputs': view})['inputs']
        torch.testing.assert_close(prepared, parent, rtol=0, atol=0)
        assert is_laid_out_channels_last(prepared) == channels_last


@pytest.mark.parametrize('channels', [1, 3])
@pytest.mark.parametrize('num_views', [0, 1, 2])
def test_convolutions_follow_the_layout(num_views, channels):
    preprocessor = MultiViewDataPreprocessor(channels_last=True, mean=[1.0], std=[2.0])
    batch = images(channels=channels)
    prepared = preprocessor({'inputs': [batch] * num_views if num_views else batch})['inputs']
    for view in prepared if num_views else [prepared]:
        torch.testing.assert_close(view, (batch.float() - 1) / 2, rtol=0, atol=0)
        assert is_laid_out_channels_last(view)
        features = nn.Conv2d(channels, 8, 3)(view)
        assert features.is_contiguous(memory_format=torch.channels_last)
        assert not features.is_contiguous()


def test_one_view_passes_as_in_the_parent():
    ours, parent = MultiViewDataPreprocessor(**NORMALISE), ClsDataPreprocessor(**NORMALISE)
    for inputs in (images(), list(images()), [images(1, size=4)[0], images(1, size=6)[0]]):
        actual, expected = (each({'inputs': inputs, 'data_samples': samples(len(inputs))}) for each in (ours, parent))
        assert isinstance(actual['inputs'], torch.Tensor)
        torch.testing.assert_close(actual['inputs'], expected['inputs'], rtol=0, atol=0)
        assert labels_of(actual) == labels_of(expected) == list(range(len(inputs)))


def items() -> list[dict]:
    return [{'inputs': list(images(2, seed=label)), 'data_samples': sample} for label, sample in enumerate(samples())]


def test_batches_of_the_default_collate():
    preprocessor = MODELS.build(dict(type='ltcl.MultiViewDataPreprocessor', channels_last=True))
    data = preprocessor(default_collate(items()), training=True)
    assert [tuple(view.shape) for view in data['inputs']] == [(4, 3, 6, 6)] * 2
    assert labels_of(data) == [0, 1, 2, 3]
    for label in range(4):
        for view in range(2):
            torch.testing.assert_close(data['inputs'][view][label], images(2, seed=label)[view].float())


def test_batches_of_the_pseudo_collate_name_the_right_one():
    # mmengine's default, so this is what a config gets that forgets collate_fn.
    with pytest.raises(UserError, match='default_collate'):
        MultiViewDataPreprocessor()(pseudo_collate(items()), training=True)


def test_validation_of_one_image_is_not_taken_for_views():
    data = MultiViewDataPreprocessor()({'inputs': [images(1)[0]], 'data_samples': samples(1)})
    assert tuple(data['inputs'].shape) == (1, 3, 6, 6)
