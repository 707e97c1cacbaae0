"""A trained segmentation of own scenes, and the table of what it predicts."""

import argparse
import csv

import numpy as np
import pytest
import torch
from own_scenes import write_scenes
from small_seg_config import reduced

from ltcl import LongTailSegmenter
from ltcl.checkpoints.reading import load_from_local
from ltcl.checkpoints.whole_files import save_whole
from ltcl.launch import build_runner
from ltcl.own_scenes import scene_config

NAMES, VALUES, VOID = ['ground', 'crack', 'hole, deep'], [0, 100, 255], 7


def train(root, folder, iters=2, **options):
    """Some steps of training of a small network."""
    words = dict(method='cross-entropy', work_dir=str(folder), batch_size=2, seed=1)
    steps = {'max_iters': iters, 'train_cfg.val_interval': iters, 'default_hooks.checkpoint.interval': iters}
    cfg = reduced(scene_config(root, argparse.Namespace(**words, cfg_options=steps)))
    cfg.merge_from_dict(options)
    build_runner(cfg, training=True).train()
    return folder


def rows_of(folder):
    with (folder / 'predictions.csv').open(newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope='session')
def root(tmp_path_factory):
    """Scenes whose masks have values of their own."""
    folder = tmp_path_factory.mktemp('scenes')
    root = write_scenes(folder, 10, change=lambda labels: np.array(VALUES, np.uint8)[labels])
    (root / 'classes.csv').write_text(f'0,ground\n100,crack\n255,"hole, deep"\n{VOID},void\n')
    return root


@pytest.fixture(scope='session')
def run(root, tmp_path_factory):
    """A work dir of two steps of training; its classifier is then moved, so that it answers with all classes."""
    folder = tmp_path_factory.mktemp('run')
    train(root, folder)
    [path] = folder.glob('best_*.pth')
    checkpoint = load_from_local(str(path), 'cpu')
    model = LongTailSegmenter.load(folder, 'cpu')
    features = []
    model.model.decode_head.conv_seg.register_forward_pre_hook(lambda _, inputs: features.append(inputs[0]))
    model.predict(root / 'images')
    means = torch.cat([each.mean((0, 2, 3))[None] for each in features]).mean(0)
    weight = 40 * torch.randn(3, len(means), 1, 1, generator=torch.Generator().manual_seed(0))
    checkpoint['state_dict']['decode_head.conv_seg.weight'] = weight
    checkpoint['state_dict']['decode_head.conv_seg.bias'] = -weight[..., 0, 0] @ means
    save_whole(path, checkpoint)
    return folder


@pytest.fixture(scope='session')
def model(run):
    return LongTailSegmenter.load(run, 'cpu')
