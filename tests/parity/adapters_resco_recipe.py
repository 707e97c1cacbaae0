"""ResCo and ResCom: learning-rate schedules and image transforms of their recipes."""

import numpy as np
from adapters_schedules import learning_rates
from harness import Case, adapter, close
from PIL import Image

from ltcl.datasets.transforms import cutout_mask, pil_operations
from ltcl.datasets.transforms.auto_augment import CIFAR10_POLICY, NUM_LEVELS, OPERATIONS, policy_operation

ENHANCEMENTS = ('color', 'contrast', 'sharpness', 'brightness')


def schedulers_of(name: str, epochs: int, warmup: int) -> list[dict]:
    """The schedulers that a config names for a recorded run."""
    if not name.startswith('cifar'):
        linear = dict(type='LinearLR', start_factor=1 / warmup, end=warmup)
        span = dict(T_max=epochs - warmup, begin=warmup - 1, end=epochs)
        return [linear, dict(type='CosineAnnealingLR', **span, eta_min_ratio=1e-5)]
    step = dict(type='ltcl.WarmupStepLR', warmup_epochs=warmup, milestones=[319, 359], overshoot=False)
    constant = dict(warmup_epochs=0, milestones=[]) if 'as_released' in name else {}
    return [{**step, **constant}]


@adapter('resco', 'lr_schedule')
def lr_schedule(case: Case) -> None:
    for name in (name for name in case if name.endswith('_lr') and not name.endswith('base_lr')):
        run = name.split('_')[0]
        base_lr, epochs, warmup = (case[f'{run}_{key}'].item() for key in ('base_lr', 'epochs', 'warmup_epochs'))
        close(learning_rates(base_lr, schedulers_of(name, epochs, warmup), epochs), case[name])


def magnitudes(operation: str) -> np.ndarray:
    """Arguments at all levels, 0 for an operation that takes none; of an enhancement, the distance from factor 1."""
    arguments = [OPERATIONS[operation].at(level).arguments or (0,) for level in range(NUM_LEVELS)]
    return np.array(arguments, float)[:, 0] - (operation in ENHANCEMENTS)


@adapter('resco', 'autoaugment_cifar10_policy')
def autoaugment_policy(case: Case) -> None:
    for i, half in enumerate(zip(*CIFAR10_POLICY, strict=True), start=1):
        probabilities, operations, levels = zip(*half, strict=True)
        close(probabilities, case[f'p{i}'])
        assert list(operations) == case[f'op{i}'].tolist()
        close(levels, case[f'index{i}'])
        close([magnitudes(name)[level] for name, level in zip(operations, levels, strict=True)], case[f'magnitude{i}'])


@adapter('resco', 'autoaugment_ops')
def autoaugment_ops(case: Case) -> None:
    image = Image.fromarray(case['image'])
    for key in (key for key in case if key.startswith('out.')):
        _, name, level = key.split('.')
        assert int(level) in case['magnitude_index']
        actual = np.asarray(pil_operations.apply(image, [policy_operation(name, int(level))]), int)
        np.testing.assert_allclose(actual, case[key], rtol=0, atol=1, err_msg=key)
    for key in (key for key in case if key.startswith('range.')):
        close(magnitudes(key.removeprefix('range.')), case[key])


@adapter('resco', 'cutout')
def cutout(case: Case) -> None:
    height, width, length = (int(case[name]) for name in ('height', 'width', 'length'))
    for seed, mask in zip(case['seeds'].tolist(), case['mask'], strict=True):
        generator = np.random.RandomState(seed)
        center_y, center_x = generator.randint(height), generator.randint(width)
        np.testing.assert_array_equal(cutout_mask(height, width, length, center_y, center_x), mask.astype(bool))
