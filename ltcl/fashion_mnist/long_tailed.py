"""Long-tailed Fashion-MNIST."""

from pathlib import Path

from mmpretrain.datasets import FashionMNIST

from ..datasets.long_tail_mixin import LongTailMixin
from ..registry import DATASETS
from .files import parse_idx, read_verified


@DATASETS.register_module()
class FashionMNISTLT(LongTailMixin, FashionMNIST):
    """Fashion-MNIST with a long-tailed training split: 28x28 grey garments, 10 classes, 10,000 balanced test images.

    From `Fashion-MNIST <https://arxiv.org/abs/1708.07747>`_, drawn like CIFAR-LT. The profile ``small`` of this
    toolbox is ``num_max=500, imbalance_factor=100`` (1,236 training images), ``full`` is ``num_max=6000`` (14,886).

    The data root holds the four uncompressed files, which ``ltcl data fashion-mnist`` gets::

        data/fashion_mnist
        ├── train-images-idx3-ubyte    train-labels-idx1-ubyte
        └── t10k-images-idx3-ubyte     t10k-labels-idx1-ubyte

    A data info holds ``img``, uint8 of shape (28, 28), and ``gt_label``, an int. Arguments as in
    :class:`LongTailMixin`.

    Differs from mmpretrain's ``FashionMNIST``: the split alone chooses the file (there ``split='test'`` without
    ``test_mode=True`` reads the training file), content is checked, and nothing is downloaded.

    Raises:
        UserError: A file is missing or not the published one; otherwise as :class:`LongTailMixin`.
    """

    source_counts = {'train': 6000, 'test': 1000}

    def load_data_list(self) -> list[dict]:
        """Infos of the split's images; those that the draw leaves are never turned into objects."""
        root = Path(self.data_prefix['root'])
        prefix = 't10k' if self.split == 'test' else 'train'
        labels = parse_idx(read_verified(root, f'{prefix}-labels-idx1-ubyte'))
        kept = self.select(labels)
        images = parse_idx(read_verified(root, f'{prefix}-images-idx3-ubyte'))
        assert images.shape == (len(labels), 28, 28)
        return [{'img': img, 'gt_label': label} for img, label in zip(images[kept], labels[kept].tolist(), strict=True)]
