"""Samples that a worker keeps and sends more than once."""

import torch
from mmpretrain.structures import DataSample
from torch.utils.data import DataLoader, Dataset

import ltcl.datasets  # noqa: F401  (its import is what is tested)


class Kept(Dataset):
    """Two images of one sample."""

    def __init__(self) -> None:
        self.sample = DataSample(metainfo=dict(img_path='a.jpg')).set_gt_label(3)

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> DataSample:
        return self.sample


def test_a_sample_arrives_whole_each_time():
    loader = DataLoader(Kept(), num_workers=1, collate_fn=list, persistent_workers=True)
    for sample in [sample for _ in range(2) for [sample] in loader]:
        assert torch.equal(sample.gt_label, torch.tensor([3]))
        assert (sample.img_path, sample.keys(), sample.metainfo_keys()) == ('a.jpg', ['gt_label'], ['img_path'])
