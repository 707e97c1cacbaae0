"""What there is to choose from, read from configs, metafiles and registries."""

from typing import NamedTuple

from .launch.building import import_mmpretrain
from .shipped import config_folder

OWN = 'own-'
# Registries of the parts that a config names, by the word for them.
KINDS = {
    'MODELS': 'model',
    'DATASETS': 'data set',
    'TRANSFORMS': 'transform',
    'DATA_SAMPLERS': 'sampler',
    'HOOKS': 'hook',
    'METRICS': 'metric',
    'LOOPS': 'loop',
    'OPTIM_WRAPPERS': 'optimizer wrapper',
    'PARAM_SCHEDULERS': 'schedule',
}


class Method(NamedTuple):
    """A method as its metafile states it.

    Args:
        folder: Folder of its configs.
        name: Its name.
        paper: Title and address of its paper; empty where it has none.
        configs: Number of configs.
    """

    folder: str
    name: str
    paper: str
    configs: int


def methods() -> list[Method]:
    """The methods with configs, in alphabetical order of their folders."""
    import yaml

    found = []
    for path in sorted(config_folder().rglob('metafile.yml')):
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
        folder = path.parent.relative_to(config_folder()).as_posix()
        for collection in content['Collections']:
            paper = collection.get('Paper') or {}
            models = [each for each in content['Models'] if each['In Collection'] == collection['Name']]
            about = ', '.join(filter(None, (paper.get('Title'), paper.get('URL'))))
            found.append(Method(folder, collection['Name'], about, len(models)))
    return found


def data_roots() -> dict[str, str]:
    """Folder that the configs expect of each data set, by the name of the file in ``configs/_base_/datasets``."""
    from mmengine.config import Config

    files = sorted((config_folder() / '_base_' / 'datasets').glob('*.py'))
    return {path.stem: str(Config.fromfile(path).data_root) for path in files if not path.stem.startswith(OWN)}


def blocks() -> dict[str, dict[str, str]]:
    """The parts of ltcl that a config can name, as ``ltcl.X``: by kind, with the first sentence about each."""
    from . import registry as ours

    import_mmpretrain()
    found = {}
    for name, kind in KINDS.items():
        registry = getattr(ours, name)
        registry.import_from_location()
        parts = sorted(registry.module_dict.items())
        found[kind] = {f'ltcl.{key}': first_sentence(part.__doc__) for key, part in parts}
    return found


def first_sentence(text: str | None) -> str:
    """The first line of a docstring; empty where there is none."""
    return (text or '').strip().partition('\n')[0]


def backbones() -> dict[str, list[str]]:
    """Names that ``--backbone`` takes, by library; timm has none where it is not installed."""
    from .launch.backbones import mmpretrain_names, timm_names

    return {'timm': sorted(timm_names() or ()), 'mmpretrain': sorted(mmpretrain_names())}
