"""Measure how evenly encoders spread the classes of their test set.

For the pooled features and, where there is a projector, the embeddings: smallest angle between class centres,
uniformity of the centres, alignment within classes (the mean squared distance of two images of a class, as in
`ltcl features`).

examples:
  ltcl geometry kcl.py kcl.pth tsc.py tsc.pth --out geometry.csv
"""

import argparse
import tempfile
from typing import TYPE_CHECKING

from ltcl.errors import UserError
from ltcl.files import write_atomic
from ltcl.launch import build_runner, import_mmpretrain, load_config
from ltcl.launch.config_values import fill_num_classes, images_of
from ltcl.launch.image_options import file_type
from ltcl.launch.run_config import require_checkpoint
from ltcl.neutral_text import csv_text, visible
from ltcl.shipped import find_config

from .parser import ArgumentParser, command

if TYPE_CHECKING:
    import pandas as pd


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('runs', nargs='+', metavar='CONFIG CHECKPOINT', help='pairs of config and checkpoint')
    parser.add_argument('--data-root', help='folder of the data set, in place of that of the configs')
    parser.add_argument('--out', type=file_type('.csv'), help='write the table to this .csv file')


def measure(config: str, checkpoint: str, data_root: str | None = None) -> list[dict]:
    """Figures of one run, one dict a space.

    Raises:
        UserError: The config cannot be read, or the checkpoint is not of its model.
    """
    import torch

    from ltcl.engine.hooks.feature_bank_hook import extract_features
    from ltcl.evaluation.functional import class_geometry

    cfg = load_config(config)
    cfg.load_from, cfg.resume = checkpoint, False
    cfg.test_dataloader.dataset = images_of(cfg.test_dataloader.dataset)
    if data_root is not None:
        cfg.test_dataloader.dataset.data_root = data_root
    import_mmpretrain()
    fill_num_classes(cfg, checkpoint)
    with tempfile.TemporaryDirectory() as cfg.work_dir:  # its log and config are not those of the run
        runner = build_runner(cfg)
    runner.load_or_resume()
    loader = runner.build_dataloader(cfg.test_dataloader)
    features, labels = extract_features(runner.model, loader)
    spaces = {'features': features}
    if getattr(runner.model, 'projector', None) is not None:
        with torch.no_grad():
            spaces['embeddings'] = runner.model.eval().projector(features)
    classes = loader.dataset.metainfo.get('classes')
    num_classes = int(labels.max()) + 1 if classes is None else len(classes)
    return [
        {
            'run': find_config(config).stem,
            'checkpoint': checkpoint,
            'space': name,
            **class_geometry(rows, labels, num_classes),
        }
        for name, rows in spaces.items()
    ]


def to_table(rows: list[dict]) -> 'pd.DataFrame':
    """All figures, one row a run and space."""
    import pandas as pd

    return pd.DataFrame(rows).round({'min_angle': 1, 'uniformity': 3, 'alignment': 3})


@command(options)
def main(args: argparse.Namespace) -> None:
    """Measure every run, print one table."""
    if len(args.runs) % 2:
        raise UserError(f'each config needs a checkpoint after it, got {" ".join(args.runs)}')
    pairs = list(zip(args.runs[::2], args.runs[1::2], strict=True))
    for config, checkpoint in pairs:
        require_checkpoint(checkpoint)
        load_config(config)
    table = to_table([row for pair in pairs for row in measure(*pair, data_root=args.data_root)])
    print(table.drop(columns='checkpoint').assign(run=table['run'].map(visible)).to_string(index=False))
    if args.out is not None:
        write_atomic(args.out, csv_text(list(table), table.to_numpy()))
