"""A training of two steps and a prediction, to see whether all parts work together."""

import contextlib
import importlib
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import numpy as np
from mmengine.config import Config

from ltcl.launch import import_mmpretrain

from .finding import Finding, State

CONFIG = 'ltcl::custom/gpaco_resnet50_1xb32-100e_own-images.py'
SECONDS = 20
CLASS_SIZES = (8, 4, 3)
SIZE = 32
LINE = 200


class TooSlow(Exception):
    """The time is over."""


def self_test(seconds: float = SECONDS) -> Finding:
    """Train GPaCo for two steps on images that are made here, then load the checkpoint and predict.

    Nothing is downloaded, and nothing is left behind.

    Args:
        seconds: How long it may take; the main thread only can be stopped.
    """
    try:
        # Importing is no part of the test: on a busy machine it takes longer than all else.
        import_mmpretrain()
        importlib.import_module('ltcl.inference')
        start = time.monotonic()
        with at_most(seconds), tempfile.TemporaryDirectory(prefix='ltcl_doctor_') as folder:
            device = _train_and_predict(Path(folder))
    except TooSlow:
        advice = 'see threads and memory above, or try again when the machine is less busy'
        return Finding(State.WARNING, 'self-test', f'was not done within {seconds:g} s', advice)
    except Exception as error:  # whatever it is, it is what was looked for
        text = ' '.join(f'{type(error).__name__}: {error}'.split())[:LINE]
        advice = '`LTCL_TRACEBACK=1 ltcl train CONFIG` shows where; install what does not fit above anew'
        return Finding(State.BROKEN, 'self-test', text, advice)
    taken = time.monotonic() - start
    return Finding(State.OK, 'self-test', f'two steps of GPaCo and a prediction on {device} in {taken:.1f} s')


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Stop what is done inside when the time is over.

    Raises:
        TooSlow: It is.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _train_and_predict(folder: Path) -> str:
    """Do it in a folder; returns the kind of device.

    Raises:
        RuntimeError: The loss or the answer is no number.
    """
    from ltcl.inference import LongTailClassifier
    from ltcl.launch import build_runner
    from ltcl.own_folder.quietly import quiet

    write_images(folder / 'data')
    with quiet():
        runner = build_runner(tiny_config(folder / 'data', folder / 'run'), training=True)
        runner.train()
        model = LongTailClassifier.load(folder / 'run')
        (answer,) = model.predict([next((folder / 'data').rglob('*.png'))], top=1)
    loss = runner.message_hub.get_scalar('train/loss').current()
    if not (np.isfinite(loss) and 0 < answer.probabilities[0] <= 1):
        raise RuntimeError(f'the loss is {loss}, the probability {answer.probabilities[0]}')
    return next(model.model.parameters()).device.type


def write_images(root: Path) -> None:
    """Class folders of noise, each class of a brightness of its own."""
    from PIL import Image

    random = np.random.default_rng(0)
    for label, count in enumerate(CLASS_SIZES):
        (root / f'class_{label}').mkdir(parents=True)
        for number in range(count):
            pixels = random.normal(60 + 60 * label, 20, (SIZE, SIZE, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / f'class_{label}' / f'{number}.png')


def tiny_config(data: Path, work_dir: Path) -> Config:
    """The recipe for own images with a small network and two steps.

    Args:
        data: Folder of class folders.
        work_dir: Folder of the run.
    """
    from ltcl.launch import load_config
    from ltcl.launch.config_values import hand_down

    cfg = load_config(CONFIG)
    hand_down(cfg, 'num_classes', len(CLASS_SIZES))
    loader = dict(batch_size=6, num_workers=0, persistent_workers=False)
    cfg.merge_from_dict(
        {
            'work_dir': str(work_dir),
            'log_level': 'ERROR',
            'max_epochs': 1,
            'train_cfg.max_epochs': 1,
            'train_cfg.val_interval': 1,
            'param_scheduler': dict(_delete_=True, type='ConstantLR', factor=1.0),
            'model.projector.in_channels': 64,
            'model.head.queue_len': 12,
            'default_hooks.run_report': None,
            'default_hooks.logger.interval': 1,
            'default_hooks.checkpoint.interval': 1,
        }
    )
    cfg.model.backbone = dict(type='ltcl.CifarResNet', num_blocks=(1, 1, 1))
    for part in ('train', 'val', 'test'):
        cfg[f'{part}_dataloader'].update(loader)
        cfg[f'{part}_dataloader'].dataset.data_root = str(data)
    cfg.train_dataloader.dataset.pipeline[1].size = SIZE
    for part in ('val', 'test'):
        cfg[f'{part}_dataloader'].dataset.pipeline[1].update(resize=SIZE, size=SIZE)
    return cfg
