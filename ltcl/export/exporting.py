"""From a trained model to a file that answers alike."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ltcl.errors import UserError
from ltcl.evaluation.class_mixes import BALANCED, ESTIMATE, NATURAL, Prior, check_prior
from ltcl.files import why_unwritable, write_atomic
from ltcl.inference import ImageModel, LongTailClassifier, LongTailSegmenter
from ltcl.inference.images import Image

from . import onnx_file, torch_file
from .check import Agreement, compare
from .facts import facts_of
from .graph import ImagesToProbabilities, log_prior
from .seg_graph import ImagesToMasks

SUFFIXES = dict(onnx='.onnx', torch='.pt2')
SCRIPT = Path(__file__).with_name('predict_onnx.py')
"""Runs an ONNX file; needs no other file of this package."""


class Exported(NamedTuple):
    """What was written.

    Args:
        path: The model.
        agreement: How it was compared with the original.
        script: What runs it, for ONNX; None if there was another file of its name.
    """

    path: Path
    agreement: Agreement
    script: Path | None


def export_model(
    model: ImageModel,
    path: str | Path,
    format: str | None = None,
    *,
    prior: Prior = None,
    opset: int | None = None,
    check_images: Image | Sequence[Image] | None = None,
) -> Exported:
    """Write a model as a file, once it is known to answer as the model does.

    Args:
        model: The model, on a CPU.
        path: The file, ending in ``.onnx`` or ``.pt2``.
        format: ``'onnx'`` or ``'torch'``; None is what the path ends in.
        prior: Class mix that it answers for unless told otherwise, as in :meth:`LongTailClassifier.predict`.
        opset: Of ONNX; None is one that all present onnxruntimes know.
        check_images: See :func:`~ltcl.export.check.compare`.

    Raises:
        UserError: The place cannot be written to, a package is missing, the model is not on a CPU or cannot be
            exported, or the file answers otherwise.
    """
    path = Path(path)
    format = check_target(path, format)
    device = next(model.model.parameters()).device
    if device.type != 'cpu':
        raise UserError(f"the model is on {device}: load it with device='cpu' to export it")
    check_prior(prior)
    if prior == ESTIMATE:
        raise UserError('estimate is found from images, of which an export has none: give natural, balanced or shares')
    graph, default = _graph_of(model), log_prior(model, prior)
    facts = facts_of(model, _in_a_word(model, prior))
    if format == 'onnx':
        onnx_file.check_packages()
        content = onnx_file.to_onnx(graph, default, onnx_file.check_opset(opset), facts)
        run = onnx_file.run_onnx(content)
    else:
        content = torch_file.to_torch(graph, default, facts)
        run = torch_file.run_torch(content)
    agreement = compare(run, model, prior, check_images)
    try:
        write_atomic(path, content)
        script = _place_script(path.parent) if format == 'onnx' else None
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error
    return Exported(path, agreement, script)


def check_target(path: Path, format: str | None) -> str:
    """The format of a file to write.

    Raises:
        UserError: The path ends in that of no format or of another one, or there is no folder to write it in.
    """
    formats = {suffix: name for name, suffix in SUFFIXES.items()}
    fitting = [SUFFIXES[format]] if format in SUFFIXES else list(formats)
    if format not in (None, *SUFFIXES):
        raise UserError(f'format {format} is none of {", ".join(SUFFIXES)}')
    if path.suffix not in fitting:
        raise UserError(f'{path} must end in {" or ".join(fitting)}')
    if reason := why_unwritable(path):
        raise _unwritable(path, reason)
    return formats[path.suffix]


def _unwritable(path: Path, reason: str) -> UserError:
    return UserError(f'cannot write {path} ({reason}): choose another place with --out')


def _graph_of(model: ImageModel) -> ImagesToProbabilities | ImagesToMasks:
    if isinstance(model, LongTailSegmenter):
        return ImagesToMasks(model)
    assert isinstance(model, LongTailClassifier)
    return ImagesToProbabilities(model)


def _in_a_word(model: ImageModel, prior: Prior) -> str:
    if prior is None:
        return 'as trained' if model.mixes.default is None else 'as calibrated'
    return str(prior) if prior in (NATURAL, BALANCED) else 'given shares'


def _place_script(folder: Path) -> Path | None:
    """Put the script that runs ONNX files into a folder, unless there is one that was changed."""
    place = folder / SCRIPT.name
    if place.exists():
        return place if place.read_bytes() == SCRIPT.read_bytes() else None
    write_atomic(place, SCRIPT.read_bytes())
    return place
