"""What is known of the published data sets: their sizes, and where their files are obtained.

A number is *measured* where it was counted in the published file for this table, otherwise it is the literature's.
"""

from dataclasses import dataclass, field

IMAGENET = 'ILSVRC 2012 of https://image-net.org/download (registration)'
KANG = 'https://github.com/facebookresearch/classifier-balancing'
PACO = 'https://github.com/dvlab-research/Parametric-Contrastive-Learning'
OLTR = 'https://github.com/zhmiao/OpenLongTailRecognition-OLTR'
PLACES = 'the 256x256 images of Places365-Standard, http://places2.csail.mit.edu/download.html'
INAT = 'train_val2018.tar.gz of https://github.com/visipedia/inat_comp/tree/master/2018'


@dataclass(frozen=True)
class Part:
    """One part of a data set.

    Args:
        images: Number of images.
        largest: Images of the largest class.
        smallest: Images of the smallest class.
        source: The list file, or the folder of class folders, relative to the data root; the split of a data set that
            is read by a class of its own.
        origin: Where the source is obtained.
        measured: Whether the numbers were counted; otherwise they are the literature's.
    """

    images: int
    largest: int
    smallest: int
    source: str
    origin: str
    measured: bool = False


@dataclass(frozen=True)
class PublishedSet:
    """A published data set.

    Args:
        title: Its name in papers.
        data_root: Folder that the configs expect.
        num_classes: Number of classes.
        parts: Its parts by name, 'train' first.
        shots: Classes with more than 100, with 20 to 100 and with fewer than 20 training images.
        shots_measured: Whether ``shots`` was counted.
        images: Where the image files are obtained.
        reader: Config of the data set that reads the files, where they are no image files.
    """

    title: str
    data_root: str
    num_classes: int
    parts: dict[str, Part]
    shots: tuple[int, int, int] | None = None
    shots_measured: bool = False
    images: str = ''
    reader: dict = field(default_factory=dict)


def _cifar(num_classes: int, images: int, smallest: int, shots: tuple[int, int, int]) -> PublishedSet:
    name = f'cifar{num_classes}'
    archive = f'cifar-{num_classes}-python.tar.gz of https://www.cs.toronto.edu/~kriz/cifar.html'
    return PublishedSet(
        f'CIFAR-{num_classes}-LT, imbalance factor 100',
        f'data/{name}',
        num_classes,
        {
            'train': Part(images, 50000 // num_classes, smallest, 'train', archive, measured=True),
            'test': Part(10000, 10000 // num_classes, 10000 // num_classes, 'test', archive),
        },
        shots,
        shots_measured=True,
        reader=dict(type=f'ltcl.CIFAR{num_classes}LT', imbalance_factor=100),
    )


def _fashion_mnist(images: int, num_max: int, shots: tuple[int, int, int]) -> PublishedSet:
    converter = '`ltcl data fashion-mnist`'
    return PublishedSet(
        f'Fashion-MNIST-LT, {num_max} images of the largest class, imbalance factor 100',
        'data/fashion_mnist',
        10,
        {
            'train': Part(images, num_max, num_max // 100, 'train', converter, measured=True),
            'test': Part(10000, 1000, 1000, 'test', converter, measured=True),
        },
        shots,
        shots_measured=True,
        reader=dict(type='ltcl.FashionMNISTLT', imbalance_factor=100, num_max=num_max),
    )


PUBLISHED = {
    'imagenet-lt': PublishedSet(
        'ImageNet-LT',
        'data/imagenet',
        1000,
        {
            'train': Part(115846, 1280, 5, 'ImageNet_LT/ImageNet_LT_train.txt', f'data/ImageNet_LT of {KANG}'),
            'val': Part(20000, 20, 20, 'ImageNet_LT/ImageNet_LT_val.txt', f'data/ImageNet_LT of {KANG}', measured=True),
            'test': Part(
                50000, 50, 50, 'ImageNet_LT/ImageNet_LT_test.txt', f'data/ImageNet_LT of {KANG}', measured=True
            ),
        },
        (385, 479, 136),
        images=IMAGENET,
    ),
    'places-lt': PublishedSet(
        'Places-LT',
        'data/places',
        365,
        {
            name: Part(*sizes, f'Places_LT/Places_LT_{name}.txt', origin, measured=name != 'test')
            for name, sizes, origin in (
                ('train', (62500, 4980, 5), f'PaCo/LT/imagenet_inat/data/Places_LT of {PACO}'),
                ('val', (7300, 20, 20), f'PaCo/LT/imagenet_inat/data/Places_LT of {PACO}'),
                ('test', (36500, 100, 100), f'the data folder that {OLTR} links'),
            )
        },
        (131, 163, 71),
        shots_measured=True,
        images=PLACES,
    ),
    'inat2018': PublishedSet(
        'iNaturalist 2018',
        'data/inaturalist2018',
        8142,
        {
            'train': Part(437513, 1000, 2, 'iNaturalist18_train.txt', f'data/iNaturalist18 of {KANG}'),
            'val': Part(24426, 3, 3, 'iNaturalist18_val.txt', f'data/iNaturalist18 of {KANG}', measured=True),
        },
        (842, 4076, 3224),
        images=INAT,
    ),
    'imagenet': PublishedSet(
        'ImageNet',
        'data/imagenet',
        1000,
        {
            'train': Part(1281167, 1300, 732, 'train', IMAGENET),
            'val': Part(50000, 50, 50, 'val', IMAGENET),
        },
        images=IMAGENET,
    ),
    'cifar10-lt': _cifar(10, 12406, 50, (8, 2, 0)),
    'cifar100-lt': _cifar(100, 10847, 5, (35, 35, 30)),
    'svhn-lt': PublishedSet(
        'SVHN-LT, imbalance factor 100',
        'data/svhn',
        10,
        {
            'train': Part(2478, 1000, 10, 'train', 'http://ufldl.stanford.edu/housenumbers', measured=True),
            'test': Part(26032, 5099, 1595, 'test', 'http://ufldl.stanford.edu/housenumbers'),
        },
        (5, 3, 2),
        shots_measured=True,
        reader=dict(type='ltcl.SVHNLT', imbalance_factor=100),
    ),
    'fashion-mnist-lt-small': _fashion_mnist(1236, 500, (4, 3, 3)),
    'fashion-mnist-lt-full': _fashion_mnist(14886, 6000, (8, 2, 0)),
}
