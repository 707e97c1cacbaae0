"""`ltcl train DATA` of a folder of images and masks: segmentation."""

import argparse
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from torch import nn

from ltcl.datasets.one_look import one_look
from ltcl.datasets.set_fingerprint import fingerprint_of_files
from ltcl.launch import build_runner, import_scope
from ltcl.launch.compile_option import check_compile, set_compile
from ltcl.launch.config_values import use_plain_norms
from ltcl.launch.final_test import test_after_training
from ltcl.launch.start_options import resume_from
from ltcl.launch.threads import watch_threads
from ltcl.launch.tracking import add_trackers
from ltcl.neutral_text import visible
from ltcl.own_scenes import scene_config
from ltcl.own_scenes.next_commands import next_commands
from ltcl.own_scenes.report import plan
from ltcl.work_dir import locked

from .config_file import write_config, written
from .damaged import PARTS, refuse_damaged
from .quietly import quiet
from .resumed import check_resumed
from .timing import in_words, machine, rate_of


@one_look()
def train_on_scenes(args: argparse.Namespace) -> None:
    """Train on a folder of images and masks, or only say what would be done.

    Args:
        args: The command line.

    Raises:
        UserError: The folder cannot be trained on, or an option does not go with it.
    """
    cfg = scene_config(args.config, args)
    set_compile(cfg, args.compile)
    check_compile(cfg)
    add_trackers(cfg, args.track, args.work_dir)
    fingerprint = _look(cfg)
    refuse_damaged(cfg, args.work_dir)
    text = written(cfg, [plan(cfg)], fingerprint)
    if args.dry_run:
        write_config(args, text)
        return
    with locked(args.work_dir):
        if args.resume is not None:
            check_resumed(args, text)
        write_config(args, text)
        resume_from(cfg, args.resume, args.work_dir)
        runner = build_runner(cfg, training=True)
        watch_threads(runner, args.most_threads)
        runner.train()
        if not args.no_test:
            test_after_training(cfg)
    print('next:', *(f'  {visible(each)}' for each in next_commands(args.work_dir, args.config)), sep='\n')


def _look(cfg: Config) -> str:
    """Tell the expected time; the fingerprint of images and masks."""
    with quiet():
        model, images = _build(cfg)
        expected = expected_time(cfg, model, images)
    print(expected, flush=True)
    return fingerprint_of_files(list(images.values()))


def expected_time(cfg: Config, model: nn.Module, images: Mapping[str, Any]) -> str:
    """What to tell of the time that a training takes: some images are read and segmented, and the clock is looked at.

    Args:
        cfg: The config.
        model: Its network.
        images: Data sets of ``'train'`` and ``'val'``.
    """
    common = dict(collate=pseudo_collate, encode=_segment)
    # Batch normalisation of a pooled image needs two of them; images of a validation have sizes of their own.
    step = rate_of(model, images['train'], cfg.train_dataloader.num_workers, is_trained=True, batch=2, **common)
    test = rate_of(model, images['val'], cfg.val_dataloader.num_workers, is_trained=False, batch=1, **common)
    iters, every = cfg.train_cfg.max_iters, cfg.train_cfg.val_interval
    total = iters * cfg.train_dataloader.batch_size * step.seconds
    total += iters // every * len(images['val']) * test.seconds
    return f'expected on {machine()}: about {in_words(total)}'


def _build(cfg: Config) -> tuple[nn.Module, dict[str, Any]]:
    """Network, from random weights, and images of training, validation and test."""
    import_scope('mmseg')
    from mmseg.registry import DATASETS, MODELS

    cfg = cfg.copy()
    use_plain_norms(cfg)
    parts = dict(cfg.model, data_preprocessor=cfg.get('data_preprocessor'))
    with DefaultScope.overwrite_default_scope('mmseg'), warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of the losses, which the training repeats
        model = MODELS.build(parts)
        images = {name: DATASETS.build(cfg[f'{name}_dataloader'].dataset) for name in PARTS}
    return model.to('cuda' if torch.cuda.is_available() else 'cpu'), images


def _segment(model: Any, images: torch.Tensor) -> torch.Tensor:
    """Logits of pixels."""
    return model.decode_head(model.extract_feat(images))
