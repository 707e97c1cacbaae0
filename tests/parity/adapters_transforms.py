"""Recorded cases of image transforms."""

import numpy as np
from harness import Case, adapter, close
from mmengine.dataset import default_collate
from mmpretrain.datasets import PackInputs
from PIL import Image

from ltcl.datasets.samplers import seed_generators
from ltcl.datasets.transforms import (
    EvalView,
    RandAugment,
    auto_augment,
    cutout_mask,
    pil_operations,
    rand_augment,
)
from ltcl.models.utils import MultiViewDataPreprocessor

SIGNS = {'pos': 1, 'neg': -1}


def same_image(actual: Image.Image, case: Case, key: str) -> None:
    """Within one grey level, which is what Pillow's versions differ by."""
    np.testing.assert_allclose(np.asarray(actual, int), case[key], rtol=0, atol=1, err_msg=key)


@adapter('paco', 'autoaug_images')
def autoaug_images(case: Case) -> None:
    image = Image.fromarray(case['image'])
    for key in (key for key in case if key.startswith('out/')):
        _, name, level, *sign = key.split('/')
        level = int(level.removeprefix('level'))
        assert level in case['levels']
        operation = auto_augment.policy_operation(name, level, *(SIGNS[word] for word in sign))
        same_image(pil_operations.apply(image, [operation]), case, key)


def rand_name(recorded: str) -> str:
    """Our name of an operation."""
    return recorded.removesuffix('Tpu').removesuffix('Rel')


def rand_argument(recorded: str, level: float) -> float | None:
    arguments = rand_augment.OPERATIONS[rand_name(recorded)].at(level).arguments
    return arguments[0] if arguments else None


def check_policy(names: np.ndarray) -> None:
    assert [rand_name(name) for name in names] == list(rand_augment.OPERATIONS)


@adapter('bcl', 'randaugment_ops')
def rand_operations(case: Case) -> None:
    check_policy(case['op_names'])
    image, fill = Image.fromarray(case['image']), tuple(case['fill_rgb'].tolist())
    for key in (key for key in case if key.startswith('arg.')):
        name = key.removeprefix('arg.')
        close([rand_argument(name, level) for level in case['levels']], case[key])
    for name in case['op_names']:
        assert (rand_argument(name, 1) is None) == (f'arg.{name}' not in case)
    for key in (key for key in case if key.startswith('out.')):
        _, name, level = key.split('.', 2)
        assert float(level) in case['image_levels']
        operation = rand_augment.OPERATIONS[rand_name(name)].at(float(level), 1, Image.Resampling.BILINEAR, fill)
        same_image(pil_operations.apply(image, [operation]), case, key)


@adapter('bcl', 'randaugment_policy')
def rand_policy(case: Case) -> None:
    options = {name: case[name].item() for name in ('num_layers', 'magnitude', 'magnitude_std')}
    transform = RandAugment(**options, prob=case['probability'].item())
    names = list(rand_augment.OPERATIONS)
    assert len(names) == case['num_ops']
    seed_generators(int(case['seed']))
    drawn = [transform.draw_names() for _ in case['op_index_sequence']]
    np.testing.assert_array_equal([[names.index(name) for name in pair] for pair in drawn], case['op_index_sequence'])


@adapter('paco', 'randaug_levels')
def rand_levels(case: Case) -> None:
    check_policy(case['ops'])
    case.skip('fill_rgb')  # no level tells of it
    arguments = [[rand_argument(name, level) for level in case['levels']] for name in case['ops']]
    close(np.array(arguments, float), case['arguments'])


@adapter('paco', 'randaug_images')
def rand_images(case: Case) -> None:
    image = Image.fromarray(case['image'])
    for key in (key for key in case if key.startswith('out/')):
        _, name, level, *how = key.split('/')
        geometry = (SIGNS[how[0]], Image.Resampling[how[1].upper()], tuple(case['fill_rgb'].tolist())) if how else ()
        level = case['levels'][int(level.removeprefix('level'))]
        operation = rand_augment.OPERATIONS[rand_name(name)].at(level, *geometry)
        same_image(pil_operations.apply(image, [operation]), case, key)


@adapter('paco', 'cutout')
def cutout(case: Case) -> None:
    size, length = int(case['size']), int(case['length'])
    masks = [cutout_mask(size, size, length, y, x) for y, x in case['centres_yx']]
    np.testing.assert_array_equal(np.stack(masks), case['keep_mask'].astype(bool))


MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def normalise(image: np.ndarray) -> np.ndarray:
    """From a view to the network's input (3, H, W)."""
    batch = default_collate([PackInputs()(dict(img=image))])
    return MultiViewDataPreprocessor(mean=255 * MEAN, std=255 * STD, to_rgb=False)(batch)['inputs'][0].numpy()


@adapter('paco', 'eval_preprocess')
def eval_preprocess(case: Case) -> None:
    options = dict(resize=case['resize_short_side'].item(), size=case['crop'].item())
    view = EvalView(**options, interpolation=case['interpolation'].item())(dict(img=case['image']))['img']
    same_image(view, case, 'cropped')
    close(normalise(case['cropped']), case['normalised'], rtol=1e-5, atol=1e-6)
    grey_levels = np.abs(normalise(view) - case['normalised']) * (255 * STD)[:, None, None]
    assert grey_levels.max() <= 1.001
