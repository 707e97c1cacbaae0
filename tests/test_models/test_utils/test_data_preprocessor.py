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


FILE = dict(ori_shape=(6, 6), img_path='a.png')
ARRAY = dict(ori_shape=(6, 6), img_shape=(6, 6))  # of an inferencer, past every step that reads files
TAKEN = ARRAY | dict(img_path=None)  # by ltcl.LoadImage


@pytest.mark.parametrize('collated', [True, False])
@pytest.mark.parametrize(
    ('metainfo', 'options', 'is_swapped'),
    [
        (ARRAY, dict(to_rgb=False), True),
        (ARRAY, dict(to_rgb=True), True),
        (TAKEN, dict(to_rgb=False), False),
        (TAKEN, dict(to_rgb=True), False),
        (ARRAY, dict(to_rgb=False, channel_order='bgr'), False),
        (TAKEN, dict(to_rgb=True, channel_order='bgr'), True),
        (FILE | dict(sample_idx=3), dict(to_rgb=False), False),
        (FILE | dict(sample_idx=3), dict(to_rgb=True), True),
        (FILE, dict(to_rgb=True), True),
        ({}, dict(to_rgb=False), False),
        (dict(sample_idx=3), dict(to_rgb=True), True),
    ],
)
def test_order_of_what_an_inferencer_gives_is_known(metainfo, options, is_swapped, collated):
    batch = images()
    data_samples = [DataSample(metainfo=metainfo) for _ in batch]
    preprocessor = MultiViewDataPreprocessor(**options)
    data = preprocessor({'inputs': batch if collated else list(batch), 'data_samples': data_samples})
    torch.testing.assert_close(data['inputs'], (batch.flip(1) if is_swapped else batch).float())


def test_swap_that_the_config_does_not_name_is_said_once(monkeypatch):
    lines = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda text, **_: lines.append(text))
    right, wrong = MultiViewDataPreprocessor(to_rgb=True), MultiViewDataPreprocessor(to_rgb=False)
    for _ in range(2):
        for preprocessor in (right, wrong):
            preprocessor({'inputs': images(), 'data_samples': [DataSample(metainfo=ARRAY)] * 4})
    assert len(lines) == 1
    assert 'came as BGR; they reach the network as RGB, which it takes, against to_rgb=False' in lines[0]


def test_grey_images_of_an_inferencer():
    batch = images(channels=1)
    data = MultiViewDataPreprocessor()({'inputs': batch, 'data_samples': [DataSample(metainfo=ARRAY)] * 4})
    torch.testing.assert_close(data['inputs'], batch.float())


def test_unknown_order():
    with pytest.raises(UserError, match='channel_order of MultiViewDataPreprocessor must be rgb or bgr'):
        MultiViewDataPreprocessor(channel_order='hsv')


def test_validation_of_one_image_is_not_taken_for_views():
    data = MultiViewDataPreprocessor()({'inputs': [images(1)[0]], 'data_samples': samples(1)})
    assert tuple(data['inputs'].shape) == (1, 3, 6, 6)
