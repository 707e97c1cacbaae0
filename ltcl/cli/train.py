"""Train on a folder of images, train a config, or go on with a run.

DATA is a folder with a folder of images for each class, or with lists of images (docs/train_on_a_folder.md). Nothing
else is needed: a pretrained network, batch, epochs and method are chosen, printed and written into WORK_DIR/config.py,
and all options change that choice.

examples:
  ltcl train data/birds
  ltcl train data/birds --backbone tf_efficientnet_lite0 --image-size 160 --method gpaco
  ltcl train data/more_birds --from work_dirs/birds
  ltcl train ltcl::paco/paco_resnet20_1xb128-100e_fashion-mnist-lt-small.py
  ltcl train my_config.py --resume auto --cfg-options max_epochs=200 train_dataloader.batch_size=64
  ltcl train my_config.py --backbone tf_efficientnet_lite0 --image-size 160
  ltcl train my_config.py --backbone tf_efficientnet_lite0 --tune last 2
  ltcl train my_config.py --fit-recipe --track tensorboard
  ltcl train my_config.py --processes 8 --amp --compile
  srun --ntasks 8 --gres gpu:8 ltcl train my_config.py --launcher slurm
"""

import argparse
import os
import shlex
from collections.abc import Collection
from pathlib import Path

from mmengine.config import Config

from ltcl.errors import UserError
from ltcl.launch import apply_options, build_runner, import_scope, load_config, run_options
from ltcl.launch.backbone_option import backbone_options
from ltcl.launch.compile_option import compile_option, set_compile
from ltcl.launch.final_test import test_after_training
from ltcl.launch.launcher import start_copies
from ltcl.launch.nodes import starts_from_weights
from ltcl.launch.start_options import resume_from, set_precision
from ltcl.launch.threads import share_cores, watch_threads
from ltcl.launch.tracking import add_trackers, require_trackers, track_option
from ltcl.launch.tuning import tune_options
from ltcl.launch.unread_output import outlive_readers
from ltcl.own_folder.options import folder_options, is_folder, refuse_config_options, refuse_folder_options
from ltcl.shipped import name_of
from ltcl.work_dir import AUTO, locked, require_writable

from .parser import ArgumentParser, command

# Ending of the files that `ltcl convert` writes.
CONVERTED = '.ltcl.pth'


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    run_options(parser, 'folder of images; or ')
    folder_options(parser)
    backbone_options(parser)
    tune_options(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const=AUTO,
        metavar='auto|PATH',
        help="go on from a checkpoint, or with the run in a folder; 'auto' (the default without a value) takes the "
        'newest whole checkpoint of the work dir, and starts anew if there is none',
    )
    parser.add_argument(
        '--fit-recipe',
        action='store_true',
        help='choose batch, epochs, warm-up and what the method has to do with class counts (queue, alpha, positives) '
        'by the training images; what --cfg-options set stays',
    )
    parser.add_argument(
        '--no-test', action='store_true', help='end without the test of the best checkpoint on the test images'
    )
    track_option(parser)
    parser.add_argument(
        '--amp',
        nargs='?',
        const='bfloat16',
        choices=('bfloat16', 'float16'),
        help='precision of the forward pass: bfloat16 (any device) or float16 (CUDA)',
    )
    compile_option(parser)


def fit_recipe(cfg: Config, kept: Collection[str]) -> None:
    """Choose by the training images what depends on them, and say what was chosen.

    Args:
        cfg: The config, changed in place.
        kept: Keys that stay as they are.
    """
    from ltcl.recipe_rules.applying import apply_recipe
    from ltcl.recipe_rules.counting import class_counts_of

    import_scope(cfg.get('default_scope') or 'mmpretrain')
    lines = apply_recipe(cfg, class_counts_of(cfg), kept, processes=int(os.environ.get('WORLD_SIZE', 1)))
    if os.environ.get('RANK', '0') == '0':
        print(*lines, sep='\n', flush=True)


def check_start(cfg: Config) -> None:
    """Refuse a config that cannot be trained or lacks the checkpoint it starts from.

    Raises:
        UserError: The config needs no training, or its ``load_from`` is no file; a ``stage1_config`` is named.
    """
    stage1, name = cfg.get('stage1_config'), name_of(cfg.filename or 'CONFIG')
    made_by = 'correct load_from in the config'
    if stage1:
        made_by = f'`ltcl train {shlex.quote(stage1)}` makes it'
    elif str(cfg.get('load_from')).endswith(CONVERTED):
        made_by = '`ltcl convert` makes it from the published file (docs/checkpoints.md)'
    if cfg.get('train_cfg') is None:
        raise UserError(
            f'{name} needs no training: run `ltcl test {shlex.quote(name)} CHECKPOINT`'
            + (f' with a checkpoint of {stage1}' if stage1 else '')
        )
    load_from = cfg.get('load_from')
    is_pretrained = starts_from_weights((cfg.get('model') or {}).get('backbone'))
    if load_from is None and stage1 and not cfg.get('resume') and not is_pretrained:
        raise UserError(f'load_from is None, but {name} starts from a checkpoint of stage 1: {made_by}')
    # A run that goes on no longer needs what it started from.
    goes_on = cfg.get('resume') and (cfg.resume != AUTO or any(Path(cfg.work_dir).glob('*.pth')))
    is_local = load_from is not None and '://' not in load_from
    if is_local and not goes_on and not Path(load_from).is_file():
        what = 'the checkpoint of stage 1' if stage1 else 'the checkpoint'
        raise UserError(
            f'{what}, {load_from}, does not exist: {made_by}, or give another: --cfg-options load_from=PATH'
        )


@command(options)
def main(args: argparse.Namespace) -> None:
    """Build the config, train and test it, or do all that a folder of images needs."""
    outlive_readers()
    require_trackers(args.track)
    if is_folder(args.config):
        refuse_config_options(args)
        import_scope('mmpretrain')  # without the remarks that it makes
        from ltcl.own_folder.training import train_on_folder

        train_on_folder(args)
        return
    refuse_folder_options(args)
    start_copies(args)
    cfg = apply_options(load_config(args.config), args)
    resume_from(cfg, args.resume, args.work_dir)
    check_start(cfg)
    require_writable(cfg.work_dir)
    if args.fit_recipe:
        fit_recipe(cfg, args.cfg_options)
    set_precision(cfg, args.amp)
    set_compile(cfg, args.compile)
    add_trackers(cfg, args.track, cfg.work_dir)
    most = share_cores(cfg, args.threads, args.cfg_options)
    with locked(cfg.work_dir):
        runner = build_runner(cfg, training=True)
        watch_threads(runner, most)
        runner.train()
        if not args.no_test:
            test_after_training(cfg)
