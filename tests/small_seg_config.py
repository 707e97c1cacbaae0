"""Options that make a recipe of segmentation run within a second: image sizes and widths, nothing else of it."""

from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config
from seg_layouts import LOADERS, WRITERS, layout_options

from ltcl.launch import load_config

CONFIGS = Path(__file__).parents[1] / 'configs' / 'seg'
RECIPES = sorted(path for path in CONFIGS.glob('*/*.py') if not path.stem.endswith(('fashion-scenes', 'own-scenes')))
CROP, BOX, NARROW = (64, 64), (96, 72), 8


def data_set_of(path: Path) -> str:
    """Name of the data set in a recipe's name: the part before the crop."""
    (name,) = [name for name in WRITERS if f'_{name}-' in path.stem]
    return name


def narrow_options(cfg: Config) -> Iterator[tuple[str, object]]:
    """Size of the network: an eighth of a ResNet's width; four channels a head and two blocks a stage of a Swin."""
    model = cfg.model
    if model.backbone.type == 'SwinTransformer':
        width = 4 * model.backbone.num_heads[0]
        yield from (('model.backbone.embed_dims', width), ('model.backbone.depths', [2, 2, 2, 2]))
        yield 'model.decode_head.in_channels', [width * 2**stage for stage in range(4)]
        yield 'model.auxiliary_head.in_channels', 4 * width
    else:
        yield from (('model.backbone.base_channels', NARROW), ('model.backbone.stem_channels', NARROW))
        yield 'model.backbone.init_cfg', None  # a download
        for key in ('in_channels', 'c1_in_channels'):
            yield f'model.decode_head.{key}', model.decode_head[key] * NARROW // 64
        yield 'model.auxiliary_head.in_channels', model.auxiliary_head.in_channels * NARROW // 64
    yield from (('model.decode_head.channels', 16), ('model.auxiliary_head.channels', 8))


def reduced(cfg: Config) -> Config:
    """The config of own scenes with a network of an eighth of the width, without report and worker processes."""
    cfg.merge_from_dict(dict(narrow_options(cfg)))
    cfg.default_hooks.update(run_report=None, prediction_pictures=None)
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.update(num_workers=0, persistent_workers=False)
    return cfg


def resize(steps: list) -> None:
    """Bring the sizes in a pipeline down."""
    for step in steps:
        if step['type'] == 'TestTimeAug':
            for scale, choice in enumerate(step['transforms'][0]):
                choice['scale'] = tuple((scale + 2) * side // 4 for side in BOX)
        elif 'crop_size' in step:
            step['crop_size'] = CROP
        elif 'scale' in step:
            step['scale'] = BOX


def load_small(path: Path, root: Path, work_dir: Path) -> Config:
    """A recipe that runs two iterations and a validation.

    Args:
        path: One of ``RECIPES``.
        root: Folder of its generated data set.
        work_dir: Folder of the run.
    """
    cfg = load_config(str(path))
    cfg.merge_from_dict(dict(layout_options(root, cfg.model.decode_head.num_classes)))
    cfg.merge_from_dict(dict(narrow_options(cfg)))
    cfg.merge_from_dict(
        {
            'data_preprocessor.size': CROP,
            'train_cfg': dict(max_iters=2, val_interval=2),
            'work_dir': str(work_dir),
            'load_from': None,
            'default_hooks.checkpoint': dict(save_last=False, save_best=None),
        }
    )
    for loader in LOADERS:
        resize(cfg[loader].dataset.pipeline)
    resize(cfg.tta_pipeline)
    if cfg.model.test_cfg.mode == 'slide':
        cfg.model.test_cfg.update(crop_size=CROP, stride=(48, 48))
    if cfg.param_scheduler[0].type == 'LinearLR':
        cfg.param_scheduler[0].start_factor = 1.0  # two steps of the warm-up would not move float32 numbers
    if 'region' in cfg.model.decode_head.get('branches', {}):
        cfg.model.decode_head.branches.region.class_counts = str(root / 'class_counts.json')
    cfg.default_hooks.update(run_report=None, prediction_pictures=None)
    return cfg
