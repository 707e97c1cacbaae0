"""All that mmengine calls a checkpoint, read by our reader: its own ones run the code that a file carries."""

import difflib
import io
from collections.abc import Mapping
from pathlib import Path

import torch
from mmengine.fileio import get_file_backend
from mmengine.registry import WEIGHT_INITIALIZERS
from mmengine.runner import checkpoint as theirs
from mmengine.runner.checkpoint import CheckpointLoader

from ltcl.errors import UserError

from .downloads import download
from .reading import check_weights, load_from_local, read_stream
from .timm_files import SCHEME, read_weights

Device = str | torch.device | None


def load_from_http(filename: str, map_location: Device = None) -> dict:
    """Download a checkpoint once, see :func:`~.downloads.download`, and read it."""
    return load_from_local(download(filename), map_location)


def load_from_torchvision(filename: str, map_location: Device = None) -> dict:
    """Read a file of torchvision by its name there, such as ``torchvision://resnet50``."""
    return load_from_http(_listed(filename, theirs.get_torchvision_models()), map_location)


def load_from_openmmlab(filename: str, map_location: Device = None) -> dict:
    """Read a file of OpenMMLab's list, such as ``open-mmlab://resnet50_v1c``, or of the user's own list."""
    models = theirs.get_external_models()
    renamed = {old: models[new] for old, new in theirs.get_deprecated_model_names().items() if new in models}
    place = _listed(filename, models | renamed)
    if place.startswith(('http://', 'https://')):
        return load_from_http(place, map_location)
    return load_from_local(Path(theirs._get_mmengine_home(), place), map_location)


def load_from_mmcls(filename: str, map_location: Device = None) -> dict:
    """Read the encoder of a file of mmpretrain's list."""
    checkpoint = load_from_http(_listed(filename, theirs.get_mmcls_models()), map_location)
    return theirs._process_mmcls_checkpoint(checkpoint)


def load_from_ceph(filename: str, map_location: Device = None) -> dict:
    """Read a file of an object store that mmengine has a backend for."""
    content = get_file_backend(filename).get(filename)
    return check_weights(read_stream(io.BytesIO(content), filename, map_location), filename)


def load_from_timm(filename: str, map_location: Device = None) -> dict:
    """Read the weights of a network by its name in timm, such as ``timm://resnet18.a1_in1k``."""
    return read_weights(filename.removeprefix(SCHEME), map_location)


def load_from_pavi(filename: str, map_location: Device = None) -> dict:
    """Refuse a service that only its makers can reach."""
    raise UserError(f'{filename}: files of pavi are not read here; copy the file and give its path')


def _listed(filename: str, places: Mapping[str, str]) -> str:
    scheme, name = filename.split('://', 1)
    if name not in places:
        similar = difflib.get_close_matches(name, places, n=3)
        hint = f'did you mean {", ".join(similar)}?' if similar else 'give the path of a file'
        raise UserError(f'{scheme}:// has no checkpoint named {name}: {hint}')
    return places[name]


LOADERS = {
    ('',): load_from_local,
    ('http://', 'https://'): load_from_http,
    ('modelzoo://', 'torchvision://'): load_from_torchvision,
    ('open-mmlab://', 'openmmlab://'): load_from_openmmlab,
    ('mmcls://',): load_from_mmcls,
    (SCHEME,): load_from_timm,
    (r'(\S+\:)?s3://', r'(\S+\:)?petrel://'): load_from_ceph,
    ('pavi://',): load_from_pavi,
}


def install_safe_loaders() -> None:
    """Have mmengine read every checkpoint by our reader from now on, for whoever asks it to.

    :func:`load_checkpoint` calls it, and so do ``ltcl.Runner``, our hooks and every part of a model of ours when they
    are made: also the weights that an ``init_cfg`` names, or ``mmengine.runner.load_checkpoint`` reads, are data only.
    Weights of an ``init_cfg`` that do not fit are an error, see :func:`~.pretrained.load_pretrained`.
    """
    from .pretrained import PretrainedInit

    WEIGHT_INITIALIZERS.register_module(name='Pretrained', module=PretrainedInit, force=True)
    for prefixes, loader in LOADERS.items():
        CheckpointLoader.register_scheme(list(prefixes), loader, force=True)


def load_checkpoint(source: str, map_location: Device = 'cpu') -> dict:
    """Read a checkpoint from any place that mmengine knows.

    Args:
        source: A path, a URL, or a name such as ``torchvision://resnet50``.
        map_location: Where the tensors go.

    Raises:
        UserError: It is missing or damaged, cannot be fetched, or carries code.
    """
    install_safe_loaders()
    return CheckpointLoader.load_checkpoint(source, map_location, logger='silent')
