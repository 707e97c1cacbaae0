"""The test at the end of a training, of the best checkpoint, where there are images for it."""

import gc
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ltcl.analysis.run_report import METRICS_FILE, split_of
from ltcl.errors import UserError
from ltcl.neutral_text import visible
from ltcl.notices import note, warn

from .building import build_runner
from .config_values import images_of
from .data_files import names_of_code

# What a test takes from the training that has just ended, since processes meet once.
SHARED = ('work_dir', 'launcher', 'env_cfg', 'model_wrapper_cfg', 'log_level')


def test_after_training(cfg: Config) -> None:
    """Test the best checkpoint of a training on its test images, as ``ltcl test WORK_DIR`` does.

    Nothing is done where the test images are those of the validation, or where this checkpoint has been tested since it
    was written, as when a finished run is resumed. The training stands, whatever comes of the test.

    Args:
        cfg: The config of the training, which has ended.
    """
    if not has_own_test(cfg):
        return
    from mmengine.dist import barrier, get_world_size

    from ltcl.checkpoints.choosing import checkpoint_of

    barrier()  # the main process has written the last checkpoint
    try:
        path = checkpoint_of(cfg.work_dir)
        if is_tested(path):
            note(f'{visible(path)} is tested: its figures are in {visible(path.parent)}/test_{METRICS_FILE}')
            return
        gc.collect()  # the training's model makes room
        note(f'test of {visible(path)}; --no-test ends without it')
        build_runner(config_of_test(cfg, path)).test()
    except UserError as error:
        if get_world_size() > 1:
            raise  # the others would wait for this one
        warn(f'the test images are not tested: {error}')


def has_own_test(cfg: Config) -> bool:
    """Whether a config tests on other images than it validates on; no image is opened."""
    if cfg.get('test_dataloader') is None or cfg.get('test_evaluator') is None or cfg.get('test_cfg') is None:
        return False
    if cfg.get('val_dataloader') is None:
        return True
    test, val = (images_of(cfg[name]['dataset']) for name in ('test_dataloader', 'val_dataloader'))
    if _without_pipeline(test) == _without_pipeline(val):
        return False
    # A folder of own images without a part for the test gives those of the validation.
    paths = _paths(test, cfg)
    return not paths or paths != _paths(val, cfg)


def is_tested(checkpoint: Path) -> bool:
    """Whether the figures of a test that lie beside a checkpoint are of it as it is now, of a test without options."""
    report = checkpoint.parent / f'test_{METRICS_FILE}'
    try:
        tested = json.loads(report.read_text(encoding='utf-8'))
        has_options = tested.get('prior') or tested.get('tta') or split_of(tested) != 'test'
        is_of_it = Path(tested['checkpoint']).name == checkpoint.name and not has_options
        return is_of_it and report.stat().st_mtime >= checkpoint.stat().st_mtime
    except (OSError, ValueError, KeyError, TypeError):
        return False


def config_of_test(cfg: Config, checkpoint: Path) -> Config:
    """The config that a checkpoint carries, for a test in the processes of the training.

    Args:
        cfg: The config of the training, whose own modules run in these processes already.
        checkpoint: The file.

    Raises:
        UserError: The checkpoint names code that the training does not.
    """
    from ltcl.checkpoints.schemes import load_checkpoint
    from ltcl.checkpoints.stored_config import stored_config

    trusted = names_of_code(cfg.to_dict())
    test = stored_config(load_checkpoint(str(checkpoint)), checkpoint, trusted=trusted)
    test.pop('experiment_name', None)  # its log history is not that of the test
    for name in SHARED:  # `update` would leave entries of what was there
        if cfg.get(name) is not None:
            test[name] = cfg[name]
    test.load_from, test.resume = str(checkpoint), False
    visualizer = test.get('visualizer')
    if visualizer and visualizer.get('vis_backends'):  # trackers have followed the training, and would see a second run
        visualizer.vis_backends = [each for each in visualizer.vis_backends if each.type.endswith('LocalVisBackend')]
    if test.get('default_scope') == 'mmpretrain':  # both class mixes beside the figures
        test.default_hooks.setdefault('prior', dict(type='ltcl.PriorHook', prior=None))
    return test


def _without_pipeline(dataset: Mapping) -> dict[str, Any]:
    return {key: value for key, value in dataset.items() if key != 'pipeline'}


def _paths(dataset: Mapping, cfg: Config) -> list[str]:
    """Files of the images of a data set; none where they are in no files."""
    from mmengine.registry import DATASETS, DefaultScope

    from ltcl.own_folder.quietly import quiet

    with quiet(), DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        built: Any = DATASETS.build({**dataset, 'pipeline': []})
        infos = [built.get_data_info(place) for place in range(len(built))] if hasattr(built, 'get_data_info') else []
    return [info['img_path'] for info in infos if info.get('img_path')]
