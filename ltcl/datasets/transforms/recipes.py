"""The views of the published recipes, by the names that the recipes give them."""

from typing import NamedTuple

from .auto_augment import CIFAR10AutoAugment
from .cutout import Cutout
from .operation import Step
from .pil_operations import Resampling
from .rand_augment import RandAugment
from .steps import (
    Blur,
    ConfiguredRandAugment,
    Jitter,
    NumpySometimes,
    PaddedCrop,
    Plain,
    ResizedCrop,
    Sometimes,
    TorchPaddedCrop,
    TorchSometimes,
)

IMAGE_SIZE, CIFAR_SIZE, FASHION_SIZE = 224, 32, 28

CROP, LARGE_CROP = ResizedCrop(0.08), ResizedCrop(0.2)
FLIP, GREY = Sometimes(Plain('flip'), 0.5), Sometimes(Plain('grey'), 0.2)
BLUR, WEAK_BLUR = Sometimes(Blur(), 0.5), Sometimes(Blur(), 0.2)
# A jitter that always takes place is drawn as well, as published.
JITTER = Sometimes(Jitter(0.4, 0.4, 0.4), 1)
HUE_JITTER = Sometimes(Jitter(0.4, 0.4, 0.4, hue=0.1), 0.8)
STRONG_HUE_JITTER = Sometimes(Jitter(0.4, 0.4, 0.4, hue=0.4), 1)
RAND = ConfiguredRandAugment()
CIFAR_POLICY = CIFAR10AutoAugment()
TIMM_RAND = RandAugment(2, 9, increasing=True, resampling=('bicubic',))


class Recipe(NamedTuple):
    """How a view is made.

    Attributes:
        steps: In the order of their application; the first one brings the image to its size.
        size: Side in pixels of the views, as published.
    """

    steps: tuple[Step, ...]
    size: int = IMAGE_SIZE


RECIPES = {
    # PaCo and GPaCo
    'sim': Recipe((CROP, JITTER, GREY, BLUR, FLIP)),
    'sim02': Recipe((LARGE_CROP, JITTER, GREY, BLUR, FLIP)),
    'randcls': Recipe((CROP, FLIP, JITTER, RAND)),
    'randclsstack': Recipe((CROP, FLIP, JITTER, GREY, BLUR, RAND)),
    'mocov2': Recipe((LARGE_CROP, HUE_JITTER, GREY, BLUR, FLIP)),
    'mocov1': Recipe((LARGE_CROP, GREY, STRONG_HUE_JITTER, FLIP)),
    # Also KCL's and TSC's stage 1
    'regular': Recipe((CROP, FLIP, JITTER)),
    'crop_flip': Recipe((CROP, FLIP)),
    # BCL; its classified view is randcls
    'bcl_sim': Recipe((CROP, FLIP, HUE_JITTER, GREY)),
    'bcl_rand': Recipe((CROP, FLIP, HUE_JITTER, GREY, RAND)),
    # ResCo and ResCom
    'resco': Recipe((CROP, FLIP, JITTER, GREY, RAND)),
    # MAE's fine-tuning; random erasing follows the normalisation
    'mae': Recipe((ResizedCrop(0.08, Resampling.BICUBIC), FLIP, TIMM_RAND)),
    # CIFAR
    'regular_cifar': Recipe((PaddedCrop(4), FLIP, CIFAR_POLICY, Cutout(16)), CIFAR_SIZE),
    'sim_cifar': Recipe((LARGE_CROP, FLIP, HUE_JITTER, GREY, BLUR), CIFAR_SIZE),
    'sim_cifar_weakblur': Recipe((LARGE_CROP, FLIP, HUE_JITTER, GREY, WEAK_BLUR), CIFAR_SIZE),
    'sim_cifar_noblur': Recipe((LARGE_CROP, FLIP, HUE_JITTER, GREY), CIFAR_SIZE),
    # Fashion-MNIST; of this toolbox, drawn as by torchvision and mmcv
    'fashion': Recipe(
        (TorchPaddedCrop(3), TorchSometimes(Plain('flip')), Jitter(0.4, 0.4, 0), NumpySometimes(Cutout(8))),
        FASHION_SIZE,
    ),
}
