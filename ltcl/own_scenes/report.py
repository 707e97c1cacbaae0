"""What was found in a folder of images and masks, and what a training will do, in words."""

from pathlib import Path

from mmengine.config import Config
from rich.console import Console
from rich.table import Table

from ..neutral_text import markup
from .sources import SceneSources
from .statistics import shot_group_of


def tell(sources: SceneSources) -> None:
    """Print parts, label map and a table with a row for each class of the training part, the largest first."""
    console = Console(soft_wrap=True, highlight=False)
    parts = ', '.join(f'{len(part.pairs)} in {name}' for name, part in sources.scenes.parts.items())
    console.print(f'{markup(sources.root)}: {len(sources.scenes.pairs)} images with masks ({parts})')
    for remark in sources.scenes.notes:
        console.print(markup(remark))
    for name, part in sources.scenes.parts.items():
        for kind, paths in (
            ('images without a mask', part.without_mask),
            ('masks without an image', part.without_image),
        ):
            if paths:
                console.print(f'{name}: {len(paths)} {kind}, such as {markup(paths[0])}')
    label_map = sources.label_map
    void = 'no void pixels' if not sources.num_void else f'{sources.num_void:,} void pixels, which count nowhere'
    console.print(f'classes by {markup(label_map.source)}; {void}')
    console.print(_table(sources))


def _table(sources: SceneSources) -> Table:
    counts = sources.read(sources.scenes.training or 'all', 'skip').counts(sources.label_map.names)
    groups, total = shot_group_of(counts.pixel), max(sum(counts.pixel), 1)
    table = Table()
    for title in ('value', 'class'):
        table.add_column(title)
    for title in ('images', 'pixels, %'):
        table.add_column(title, justify='right')
    table.add_column('group')
    values = sources.label_map.values
    for label in sorted(range(len(counts.classes)), key=lambda label: -counts.pixel[label]):
        share = f'{100 * counts.pixel[label] / total:.3g}'
        table.add_row(values[label], markup(counts.classes[label]), str(counts.image[label]), share, groups[label])
    return table


def plan(cfg: Config) -> str:
    """What a training will do."""
    loader, iters = cfg.train_dataloader, cfg.train_cfg.max_iters
    init = cfg.model.backbone.get('init_cfg')
    start = 'random weights' if init is None else f'weights {init.checkpoint}'
    return (
        f'training {Path(cfg.filename).stem}: ResNet-{cfg.model.backbone.depth} from {start}, images of '
        f'{cfg.crop_size[0]} px, {loader.batch_size} a step, {iters:,} iterations, rate '
        f'{cfg.optim_wrapper.optimizer.lr:g}, validation every {cfg.train_cfg.val_interval:,}, best checkpoint by '
        f'mIoU; results in {cfg.work_dir}'
    )
