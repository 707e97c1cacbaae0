"""``--compile``: encoders and losses translated by torch.compile."""

import argparse
import importlib.util
import os
import shutil
import sys

from mmengine.config import Config

from ltcl.errors import UserError

DEFAULT = 'default'
# Those that record CUDA graphs.
GRAPH_MODES = ('reduce-overhead', 'max-autotune')
MODES = (DEFAULT, *GRAPH_MODES, 'max-autotune-no-cudagraphs')
INDUCTOR = 'inductor'


def compile_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--compile``."""
    parser.add_argument(
        '--compile',
        nargs='?',
        const=DEFAULT,
        choices=MODES,
        help='translate encoders and losses by torch.compile; the first iterations then take minutes '
        '(docs/performance.md)',
    )


def set_compile(cfg: Config, mode: str | None) -> None:
    """Set what ``--compile`` stands for.

    Args:
        cfg: The config, changed in place.
        mode: One of :data:`MODES`, or None, which changes nothing.
    """
    if mode is not None:
        cfg.compile = True if mode == DEFAULT else dict(mode=mode)


def compile_options(cfg: Config) -> dict | None:
    """Arguments of ``torch.compile`` that a config asks for; None: it asks for none."""
    found = cfg.get('compile')
    if found is None or found is False:
        return None
    return {} if found is True else dict(found)


def check_compile(cfg: Config) -> None:
    """Refuse a training that cannot be compiled, or that would be something else than was asked for.

    Raises:
        UserError: The encoder is not run, there is no compiler, or CUDA graphs are asked for without a GPU or with
            gradient accumulation.
    """
    options = compile_options(cfg)
    if options is None:
        return
    if cfg.model.get('backbone', {}).get('type') == 'ltcl.FrozenBackbone':
        raise UserError('compile: the encoder is frozen and its features are computed once: leave compile out')
    if {'mode', 'options'} <= options.keys():
        raise UserError('compile: mode and options exclude each other in torch.compile: set one of them')
    import torch

    has_gpu = torch.cuda.is_available()
    if options.get('mode') in GRAPH_MODES:
        _check_graphs(cfg, options['mode'], has_gpu)
    if options.get('backend', INDUCTOR) == INDUCTOR:
        _require_compiler(has_gpu)


def _check_graphs(cfg: Config, mode: str, has_gpu: bool) -> None:
    if not has_gpu:
        raise UserError(f'compile mode={mode} records CUDA graphs, and there is no GPU: leave the mode out')
    # The gradients of the first micro-step lie in memory that the second one writes over.
    if cfg.optim_wrapper.get('accumulative_counts', 1) > 1:
        raise UserError(
            f'compile mode={mode} records CUDA graphs, which gradients that are accumulated do not outlive: leave the '
            'mode out, or set optim_wrapper.accumulative_counts=1'
        )


def _require_compiler(has_gpu: bool) -> None:
    """As torch.compile chooses it: a C++ compiler for a CPU, Triton and a C compiler for a GPU."""
    if has_gpu and importlib.util.find_spec('triton') is None:
        raise UserError('compile needs Triton on a GPU: run `pip install triton`, or leave compile out')
    variable, default = ('CC', 'gcc') if has_gpu else ('CXX', 'clang++' if sys.platform == 'darwin' else 'g++')
    named = os.environ.get(variable, default)
    if shutil.which(named.split()[0] if named.strip() else default) is None:
        raise UserError(
            f'compile needs a compiler, and there is no {named}: install one (Debian, Ubuntu: apt-get install g++), '
            f'name one in the variable {variable}, or leave compile out'
        )
