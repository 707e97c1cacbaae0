"""The ImageNet-LT recipes of BCL."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from cifar_recipes import CONFIGS, build_model, learning_rates
from mmengine.config import Config
from mmengine.dataset import Compose, default_collate
from mmengine.registry import DATASETS, MODELS
from PIL import Image

from ltcl.datasets.samplers import seed_generators
from ltcl.engine import Runner

NAMES = ['resnet50-sim-sim', 'resnext50-32x4d-sim-sim', 'resnext50-32x4d-sim-rand', 'resnext50-32x4d-rand-rand']
WORDNET_IDS = ('n01440764', 'n01443537', 'n01484850', 'n01491361', 'n01494475')
TRAIN_COUNTS = (3, 2, 1, 1, 1)
BATCH_SIZE, SIZE = 5, 32


def load(name: str) -> Config:
    backbone, *views = name.rsplit('-', 2)
    return Config.fromfile(CONFIGS / 'bcl' / f'bcl_{backbone}_4xb64-90e_imagenet-lt-{"-".join(views)}.py')


def views_of(cfg: Config) -> list[list[dict]]:
    """Transforms of each view."""
    multi_view = cfg.train_dataloader.dataset.pipeline[1]
    return [
        view for view, number in zip(multi_view.transforms, multi_view.num_views, strict=True) for _ in range(number)
    ]


@pytest.fixture(scope='module')
def imagenet_root(tmp_path_factory) -> Path:
    """Pictures of noise in the layout of ImageNet with the published lists, the test images in folders of classes."""
    root = tmp_path_factory.mktemp('imagenet')
    generator = np.random.default_rng(0)
    lists = {'train': [], 'val': [], 'test': []}

    def add(part: str, path: str, label: int) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        height, width = generator.integers(SIZE, 2 * SIZE, 2)
        pixels = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
        # Some published files are grey or CMYK.
        mode = ('RGB', 'L', 'CMYK')[len(lists['train']) % 3]
        Image.fromarray(pixels).convert(mode).save(root / path, 'JPEG')
        lists[part].append(f'{path} {label}\n')

    for label, (wordnet_id, count) in enumerate(zip(WORDNET_IDS, TRAIN_COUNTS, strict=True)):
        for number in range(count):
            add('train', f'train/{wordnet_id}/{wordnet_id}_{number}.JPEG', label)
        add('val', f'train/{wordnet_id}/{wordnet_id}_{count}.JPEG', label)
        for number in range(2):
            add('test', f'val/{wordnet_id}/ILSVRC2012_val_{2 * label + number:08d}.JPEG', label)
    (root / 'ImageNet_LT').mkdir()
    for part, lines in lists.items():
        (root / 'ImageNet_LT' / f'ImageNet_LT_{part}.txt').write_text(''.join(lines))
    return root


def small_options(root: Path) -> Iterator[tuple[str, object]]:
    """Options on the command line that reduce images, width and number of classes."""
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        yield f'{loader}.dataset.data_root', str(root)
        yield f'{loader}.dataset.num_classes', len(WORDNET_IDS)
        yield f'{loader}.batch_size', BATCH_SIZE
        for name, value in (('num_workers', 0), ('persistent_workers', False), ('pin_memory', False)):
            yield f'{loader}.{name}', value
        if loader == 'train_dataloader':
            yield from ((f'{loader}.dataset.pipeline.1.transforms.{view}.1.size', SIZE) for view in (0, 1))
        else:
            yield f'{loader}.dataset.pipeline.2.size', SIZE + 4
            yield f'{loader}.dataset.pipeline.3.size', SIZE
    yield from (('model.backbone.stem_channels', 8), ('model.backbone.base_channels', 8))
    yield from (('model.projector.in_channels', 256), ('model.head.in_channels', 256))
    yield from (('model.head.num_classes', len(WORDNET_IDS)), ('data_preprocessor.num_classes', len(WORDNET_IDS)))
    yield from (('train_cfg.max_epochs', 1), ('default_hooks.logger.interval', 1))


@pytest.mark.parametrize('name', NAMES)
def test_numbers_of_the_recipe(name):
    cfg = load(name)
    model = build_model(cfg)
    head = model.head
    assert (head.alpha, head.beta, head.temperature, head.tau, head.fc.scale) == (1.0, 0.35, 0.07, 1.0, 30.0)
    for mlp in (model.projector, head.prototype_projector):
        first, norm, _, last = mlp.layers
        assert (tuple(first.weight.shape), norm.num_features, tuple(last.weight.shape)) == (
            (2048, 2048),
            2048,
            (1024, 2048),
        )
    assert model.joint_forward
    num_parameters = sum(parameter.numel() for parameter in model.parameters())
    assert num_parameters == (38_153_280 if name.startswith('resnet50') else 37_625_152)
    assert cfg.optim_wrapper == dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4))  # float32
    loader = cfg.train_dataloader
    assert (loader.batch_size, loader.drop_last, cfg.train_cfg.max_epochs) == (64, False, 90)
    lists = [cfg[f'{part}_dataloader'].dataset.ann_file for part in ('train', 'val', 'test')]
    assert lists == [f'ImageNet_LT/ImageNet_LT_{part}.txt' for part in ('train', 'val', 'test')]
    rates = learning_rates(cfg)
    np.testing.assert_allclose([rates[0], rates[-1], sum(rates)], [0.0999702, 2.9793e-5, 4.5], rtol=1e-5)


@pytest.mark.parametrize('name', ['resnet50-sim-sim', 'resnext50-32x4d-sim-sim'])
def test_convolutions_are_drawn_by_fan_out_and_norms_start_at_one(imagenet_root, name):
    cfg = load(name)
    cfg.merge_from_dict(dict(small_options(imagenet_root)))
    backbone = build_model(cfg).backbone
    torch.manual_seed(0)
    backbone.init_weights()
    last = backbone.layer4[-1]
    assert all((norm.weight == 1).all() for norm in (backbone.norm1, last.norm1, last.norm2, last.norm3))
    for conv in (last.conv1, last.conv2, last.conv3):
        fan_out = conv.weight[:, 0].numel()
        assert conv.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.1)


def test_steps_of_the_views():
    base = load('resnext50-32x4d-sim-sim')
    cls_view, sim_view = base.cls_view, base.sim_view
    crop, flip, jitter = (
        f'torchvision/{name}' for name in ('RandomResizedCrop', 'RandomHorizontalFlip', 'ColorJitter')
    )
    start, end = ['NumpyToPIL', crop, flip], ['PILToNumpy']
    grey, rand = 'torchvision/RandomGrayscale', 'ltcl.RandAugment'
    assert [step.type for step in cls_view] == [*start, jitter, rand, *end]
    assert [step.type for step in sim_view] == [*start, 'RandomApply', grey, *end]
    assert [step.type for step in base.rand_view] == [*start, 'RandomApply', grey, rand, *end]
    strength = dict(type=jitter, brightness=0.4, contrast=0.4, saturation=0.4)
    assert cls_view[3] == strength
    assert sim_view[3] == dict(type='RandomApply', transforms=[strength | dict(hue=0.1)], prob=0.8)
    assert (sim_view[1].scale, sim_view[4].p) == ((0.08, 1.0), 0.2)


@pytest.mark.parametrize(
    ('name', 'contrasted'),
    # In the recipe named sim-rand the augmented view comes first.
    list(zip(NAMES, [('sim', 'sim'), ('sim', 'sim'), ('rand', 'sim'), ('rand', 'rand')], strict=True)),
)
def test_recipes_differ_in_the_contrasted_views(name, contrasted):
    cfg, base = load(name), load('resnext50-32x4d-sim-sim')
    assert views_of(cfg) == [base[f'{view}_view'] for view in ('cls', *contrasted)]
    for each in (cfg, base):
        each.train_dataloader.dataset.pipeline = each.train_pipeline = None
    differences = {key for key in cfg if cfg[key] != base[key]}
    assert differences == ({'model'} if name.startswith('resnet50') else set())


def test_views_of_an_image(imagenet_root):
    """Contrasted views are grey in a fifth of the cases, the classified one never by itself."""
    cfg = load('resnext50-32x4d-sim-sim')
    pipeline = Compose(cfg.train_dataloader.dataset.pipeline)
    # An image of one colour keeps one, unless RandAugment shifts in its fill colour.
    path = imagenet_root / 'flat.JPEG'
    Image.new('RGB', (40, 30), (180, 90, 60)).save(path, quality=100, subsampling=0)
    is_grey = []
    for seed in range(150):
        seed_generators(seed)
        views = pipeline(dict(img_path=str(path), gt_label=0))['inputs']
        assert [(view.shape, view.dtype) for view in views] == [((3, 224, 224), torch.uint8)] * 3
        centers = torch.stack([view[:, 112, 112].int() for view in views])
        is_grey.append((centers == centers[:, :1]).all(1).tolist())
    shares = np.mean(is_grey, 0)
    assert shares[0] < 0.05
    np.testing.assert_allclose(shares[1:], 0.2, atol=0.1)


def test_evaluation_resizes_the_shorter_side_and_keeps_the_order_of_colours(tmp_path):
    cfg = load('resnext50-32x4d-sim-sim')
    pixels = np.zeros((100, 300, 3), np.uint8)
    pixels[:, 150:] = (255, 0, 0)
    Image.fromarray(pixels).save(tmp_path / 'half.JPEG', quality=100, subsampling=0)
    (tmp_path / 'list.txt').write_text('half.JPEG 7\n')
    dataset_cfg = {**cfg.test_dataloader.dataset, 'data_root': str(tmp_path), 'ann_file': 'list.txt'}
    batch = default_collate([DATASETS.build(dataset_cfg)[0]])
    assert batch['data_samples'][0].gt_label.item() == 7
    (image,) = MODELS.build(cfg.data_preprocessor)(batch)['inputs']
    assert image.shape == (3, 224, 224)
    mean, std = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])
    torch.testing.assert_close(image[:, 100, 200], (torch.tensor([1.0, 0, 0]) - mean) / std, atol=0.05, rtol=0)
    torch.testing.assert_close(image[:, 100, 20], -mean / std, atol=0.05, rtol=0)
    # 100 rows become 256, so 300 columns 768, and the border between the halves stays in the middle.
    red = image[0, 100]
    assert (red > (red.min() + red.max()) / 2).tolist() == [False] * 112 + [True] * 112


def test_two_steps_a_validation_and_a_test(imagenet_root, tmp_path):
    cfg = load('resnext50-32x4d-sim-rand')
    options = dict(small_options(imagenet_root))
    options['train_dataloader.dataset.pipeline.1.transforms.2.1.size'] = SIZE
    cfg.merge_from_dict(options)
    cfg.custom_hooks = [hook for hook in cfg.custom_hooks if hook['type'] != 'ltcl.RunReportHook']
    cfg.work_dir = str(tmp_path)
    cfg.experiment_name = tmp_path.name
    runner = Runner.from_cfg(cfg)
    model = runner.model
    runner.train()

    losses = runner.message_hub.get_scalar('train/loss').data[0]
    assert runner.iter == len(losses) == 2  # 5 of 8 images, then the other 3
    assert all(math.isfinite(loss) and loss > 0 for loss in losses)
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())
    # One forward pass a step, all views together.
    assert {int(norm.num_batches_tracked) for norm in model.modules() if hasattr(norm, 'num_batches_tracked')} == {2}
    assert model.head.known_class_counts().tolist() == list(TRAIN_COUNTS)
    assert [len(loader.dataset) for loader in (runner.train_dataloader, runner.val_dataloader)] == [8, 5]
    assert {'val/shot/all', 'val/accuracy/top1'} <= runner.message_hub.log_scalars.keys()
    assert list(tmp_path.glob('best_shot_all_epoch_1.pth'))
    assert 'shot/all' in runner.test()
    assert len(runner.test_dataloader.dataset) == 10
