"""Images that cannot be read, all of them told before anything is computed."""

import shlex
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import DefaultScope

from ltcl.datasets.image_checks import image_files
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
        cfg: A config with own images. One whose training leaves out what it cannot read looks at them by itself.
        work_dir: Where a list of all is written, if there are any.

    Raises:
        UserError: Images are empty, cut off, damaged in the middle or none at all.
    """
    from ltcl.registry import DATASETS

    with quiet(), DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        datasets = [DATASETS.build(cfg[f'{part}_dataloader'].dataset) for part in PARTS]
    files = {path: loader for dataset in datasets for path, loader in image_files(dataset).items()}
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
        f'them away; {visible(path)} names all, and `{remove}` removes them'
    )
