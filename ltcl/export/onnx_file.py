"""Exported models as ONNX."""

import importlib.util
import logging
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ltcl.errors import UserError

from .graph import trace

PACKAGES = ('onnx', 'onnxscript', 'onnxruntime')
LEAST_OPSET = 18
"""The oldest that torch writes; every onnxruntime since 1.14, of 2023, runs it."""
AXES = ('images', 'height', 'width')


def check_packages() -> None:
    """Ask for the packages that ONNX needs.

    Raises:
        UserError: One is missing.
    """
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"ONNX needs {', '.join(missing)}: pip install 'ltcl[export]', or take --format torch")


def check_opset(opset: int | None) -> int:
    """The opset to write; ``LEAST_OPSET`` unless another is asked for.

    Raises:
        UserError: It is none that torch writes and the installed packages know.
    """
    from onnx.defs import onnx_opset_version

    if opset is None:
        return LEAST_OPSET
    newest = onnx_opset_version()
    if not LEAST_OPSET <= opset <= newest:
        raise UserError(f'opset {opset} is not known here: choose one of {LEAST_OPSET} to {newest}')
    return opset


def to_onnx(graph: Any, log_prior: Tensor, opset: int, facts: Mapping[str, str]) -> bytes:
    """The content of an ONNX file.

    Its inputs are ``images`` and ``log_prior``, which has a default; its outputs are those that the graph names.

    Args:
        graph: The model.
        log_prior: The default, shape (num_classes,).
        opset: Version of the operators.
        facts: Entries of the metadata.

    Raises:
        UserError: The model cannot be written in this opset, or is too large.
    """
    import onnx

    model = _converted(trace(graph, log_prior), opset, list(graph.outputs))
    # An input with an initializer of its name may be left out.
    model.graph.initializer.append(onnx.numpy_helper.from_array(log_prior.numpy(), 'log_prior'))
    for axis, name in zip(model.graph.input[0].type.tensor_type.shape.dim, AXES, strict=False):
        axis.dim_param = name
    for output, names in zip(model.graph.output, graph.outputs.values(), strict=True):
        for axis, name in zip(output.type.tensor_type.shape.dim, names, strict=True):
            if name is not None:
                axis.dim_param = name
    del model.graph.value_info[:]  # which name the axes otherwise
    model.producer_name = 'ltcl'
    onnx.helper.set_model_props(model, dict(facts))
    try:
        content = model.SerializeToString()
    except ValueError as error:  # the limit of protobuf
        raise UserError('the model has more than 2 GB, which no ONNX file holds: take --format torch') from error
    onnx.checker.check_model(content)
    return content


def _converted(program: torch.export.ExportedProgram, opset: int, outputs: list[str]) -> Any:
    names: Any = dict(input_names=['images', 'log_prior'], output_names=outputs)
    loggers = [logging.getLogger(name) for name in ('onnxscript', 'onnx_ir', 'torch.onnx')]
    levels = [logger.level for logger in loggers]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of what the exporter will do in other versions
            for logger in loggers:
                logger.setLevel(logging.ERROR)
            converted: Any = torch.onnx.export(
                program, (), **names, dynamo=True, opset_version=opset, verbose=False, external_data=False
            )
            model = converted.model_proto
    # The exporter raises what it likes.
    except Exception as error:
        raise UserError(f'the model cannot be written as ONNX of opset {opset} ({str(error)[:150]!r})') from error
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
    written = next(each.version for each in model.opset_import if each.domain in ('', 'ai.onnx'))
    if written != opset:
        raise UserError(f'the model can be written in opset {written}, not in {opset}: choose that, --opset {written}')
    return model


def run_onnx(content: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """A function from images (N, H, W, 3), uint8, to probabilities (N, num_classes, ...), computed by onnxruntime.

    Raises:
        UserError: The installed onnxruntime does not know the file's opset.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(content, options, providers=['CPUExecutionProvider'])
    except Exception as error:  # of onnxruntime's own kinds
        raise UserError(
            f'onnxruntime {onnxruntime.__version__} does not load the exported model ({str(error)[:150]!r}): choose a '
            'lower --opset, or upgrade onnxruntime'
        ) from error
    return lambda images: session.run(['probabilities'], dict(images=images))[0]
