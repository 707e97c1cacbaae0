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
    Flip,
    Grey,
    Jitter,
    PaddedCrop,
    ResizedCrop,
    Sometimes,
    TorchFlip,
    TorchPaddedCrop,
)

IMAGE_SIZE, CIFAR_SIZE, FASHION_SIZE = 224, 32, 28

CROP, LARGE_CROP = ResizedCrop(0.08), ResizedCrop(0.2)
FLIP, GREY = Flip(), Grey(0.2)
JITTER = Jitter(0.4, 0.4, 0.4)
HUE_JITTER = Jitter(0.4, 0.4, 0.4, hue=0.1, prob=0.8)
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
    'sim': Recipe((CROP, JITTER, GREY, Blur(0.5), FLIP)),
    'sim02': Recipe((LARGE_CROP, JITTER, GREY, Blur(0.5), FLIP)),
    'randcls': Recipe((CROP, FLIP, JITTER, RAND)),
    'randclsstack': Recipe((CROP, FLIP, JITTER, GREY, Blur(0.5), RAND)),
    'mocov2': Recipe((LARGE_CROP, HUE_JITTER, GREY, Blur(0.5), FLIP)),
    'mocov1': Recipe((LARGE_CROP, GREY, Jitter(0.4, 0.4, 0.4, hue=0.4), FLIP)),
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
    'sim_cifar': Recipe((LARGE_CROP, FLIP, HUE_JITTER, GREY, Blur(0.5)), CIFAR_SIZE),
    'sim_cifar_weakblur': Recipe((LARGE_CROP, FLIP, HUE_JITTER, GREY, Blur(0.2)), CIFAR_SIZE),
    'sim_cifar_noblur': Recipe((LARGE_CROP, FLIP, HUE_JITTER, GREY), CIFAR_SIZE),
    # Fashion-MNIST; of this toolbox, drawn as by torchvision and mmcv
    'fashion': Recipe((TorchPaddedCrop(3), TorchFlip(), Jitter(0.4, 0.4, 0), Sometimes(Cutout(8))), FASHION_SIZE),
}
