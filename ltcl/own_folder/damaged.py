"""Images that cannot be read, all of them told before anything is computed."""

import shlex
from pathlib import Path

from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import DefaultScope

from ltcl.datasets.image_checks import image_files
from ltcl.datasets.transforms import LoadImage
from ltcl.datasets.whole_images import find_damaged
from ltcl.engine.hooks.skipped_images_hook import LIST_FILE
from ltcl.errors import UserError
from ltcl.files import write_atomic
from ltcl.launch.config_values import images_of
from ltcl.neutral_text import visible

from .quietly import quiet

PARTS = ('train', 'val', 'test')


def refuse_damaged(cfg: Config, work_dir: str) -> None:
    """Decode every image that was not looked at before, so that none ends a training after hours or spoils it.

    Args:
        cfg: A config with own images, or with own images and masks. One whose training leaves out what it cannot read
            looks at them by itself.
        work_dir: Where a list of all is written, if there are any.

    Raises:
        UserError: Images are empty, cut off, damaged in the middle or none at all.
    """
    from ltcl.registry import DATASETS

    with quiet(), DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        datasets = [DATASETS.build(cfg[f'{part}_dataloader'].dataset) for part in PARTS]
    with_masks = cfg.get('default_scope') == 'mmseg'
    read = scene_files if with_masks else image_files
    files = {path: loader for dataset in datasets for path, loader in read(dataset).items()}
    if any(loader.skipped is not None for loader in files.values()):
        return
    training = cfg.train_dataloader.dataset
    workers = training.get('num_workers') or cfg.train_dataloader.num_workers
    broken = dict(sorted(find_damaged(files, images_of(training)['data_root'], workers).items()))
    if not broken:
        return
    path = Path(work_dir, LIST_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, ''.join(f'{each}\t{reason}\n' for each, reason in broken.items()))
    first, reason = next(iter(broken.items()))
    remove = f"cut -f1 {visible(shlex.quote(str(path)))} | tr '\\n' '\\0' | xargs -0 rm"
    raise UserError(
        f'{len(broken)} of {len(files)} images cannot be read, such as {visible(first)} ({reason}): mend them or take '
        f'them away{" with their masks" if with_masks else ""}; {visible(path)} names all'
        + ('' if with_masks else f', and `{remove}` removes them')
    )


def scene_files(dataset: BaseDataset) -> dict[str, LoadImage]:
    """Paths of all images that have masks, each with a step that can read any."""
    loader = LoadImage(value_range=(0, 1))  # whatever the range of values is, the file is whole
    return {dataset.get_data_info(i)['img_path']: loader for i in range(len(dataset))}
