"""The views of the published recipes, by the names that the recipes give them."""

from .auto_augment import CIFAR10AutoAugment
from .cutout import Cutout
from .operation import Step
from .pil_operations import Resampling
from .rand_augment import RandAugment
from .steps import Blur, ConfiguredRandAugment, Flip, Grey, Jitter, PaddedCrop, ResizedCrop

CROP, LARGE_CROP = ResizedCrop(0.08), ResizedCrop(0.2)
FLIP, GREY = Flip(), Grey(0.2)
JITTER = Jitter(0.4, 0.4, 0.4)
HUE_JITTER = Jitter(0.4, 0.4, 0.4, hue=0.1, prob=0.8)
RAND = ConfiguredRandAugment()
CIFAR_POLICY, CUTOUT = CIFAR10AutoAugment(), Cutout(16)
TIMM_RAND = RandAugment(2, 9, increasing=True, resampling=('bicubic',))

# Steps in the order of their application; the first one brings the image to its size.
BLOCKS: dict[str, tuple[Step, ...]] = {
    # PaCo and GPaCo
    'sim': (CROP, JITTER, GREY, Blur(0.5), FLIP),
    'sim02': (LARGE_CROP, JITTER, GREY, Blur(0.5), FLIP),
    'randcls': (CROP, FLIP, JITTER, RAND),
    'randclsstack': (CROP, FLIP, JITTER, GREY, Blur(0.5), RAND),
    'mocov2': (LARGE_CROP, HUE_JITTER, GREY, Blur(0.5), FLIP),
    'mocov1': (LARGE_CROP, GREY, Jitter(0.4, 0.4, 0.4, hue=0.4), FLIP),
    # Also KCL's and TSC's stage 1
    'regular': (CROP, FLIP, JITTER),
    'crop_flip': (CROP, FLIP),
    # BCL; its classified view is randcls
    'bcl_sim': (CROP, FLIP, HUE_JITTER, GREY),
    'bcl_rand': (CROP, FLIP, HUE_JITTER, GREY, RAND),
    # ResCo and ResCom
    'resco': (CROP, FLIP, JITTER, GREY, RAND),
    # MAE's fine-tuning; random erasing follows the normalisation
    'mae': (ResizedCrop(0.08, Resampling.BICUBIC), FLIP, TIMM_RAND),
    # CIFAR
    'regular_cifar': (PaddedCrop(4), FLIP, CIFAR_POLICY, CUTOUT),
    'sim_cifar': (LARGE_CROP, FLIP, HUE_JITTER, GREY, Blur(0.5)),
    'sim_cifar_weakblur': (LARGE_CROP, FLIP, HUE_JITTER, GREY, Blur(0.2)),
    'sim_cifar_noblur': (LARGE_CROP, FLIP, HUE_JITTER, GREY),
}
IMAGE_SIZE, CIFAR_SIZE = 224, 32


def default_size(block: str) -> int:
    """Side in pixels of a block's images, as published."""
    return CIFAR_SIZE if 'cifar' in block else IMAGE_SIZE
