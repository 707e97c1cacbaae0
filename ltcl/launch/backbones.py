"""Backbones by name: those of timm and of mmpretrain, and how the images were prepared that their weights saw."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ltcl.checkpoints.timm_files import SCHEME, description_of, find_weights, full_name, import_timm, name_of_file
from ltcl.errors import UserError

from .building import import_mmpretrain
from .config_names import similar_names

INTERPOLATIONS = ('nearest', 'bilinear', 'bicubic')


class Preparation(NamedTuple):
    """How images become what a network takes.

    Args:
        mean: Of each channel, of pixels in 0..255.
        std: The same.
        order: Of the channels, 'rgb' or 'bgr'.
        size: Side of the square that the network sees.
        resize: Length of the shorter side before the square is cut out.
        interpolation: Of the resizing.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    order: str
    size: int
    resize: int
    interpolation: str

    def of_size(self, size: int) -> 'Preparation':
        """The same for another size, the margin around the square in proportion."""
        return self._replace(size=size, resize=round(self.resize * size / self.size))


class Backbone(NamedTuple):
    """What stands behind a name.

    Args:
        library: 'timm' or 'mmpretrain'.
        name: Its full name there, the tag of its weights included.
        config: Config of the backbone, without weights.
        neck: Config of its pooling, or None.
        find: Finds its weights on this machine or the web and gives the ``init_cfg`` that loads them, and how images
            are prepared for them; without weights None and how they would be.
    """

    library: str
    name: str
    config: dict
    neck: dict | list[dict] | None
    find: Callable[[bool], tuple[dict | None, Preparation]]


def find_backbone(name: str, weights: str | None = None) -> Backbone:
    """The backbone of a name.

    A name that both libraries know is timm's; ``timm/NAME`` and ``mmpretrain/NAME`` name one of them. Without timm,
    the first word of a name of mmpretrain is enough: ``resnet18`` for ``resnet18_8xb32_in1k``.

    Args:
        name: Name of a network of timm, with or without the tag of its weights, or of a model of mmpretrain.
        weights: A file that the network is to start from; its name may tell the tag, and so the mean and std.

    Raises:
        UserError: Nobody knows it, with the nearest names; or timm is needed and not installed.
    """
    library, _, inner = name.rpartition('/')
    if library not in ('', 'timm', 'mmpretrain'):
        raise UserError(f'--backbone {name}: there is no library {library}: write timm/NAME or mmpretrain/NAME')
    from_timm = timm_names()
    if library != 'mmpretrain' and from_timm is not None and inner.partition('.')[0] in from_timm:
        return _of_timm(inner if weights is None else name_of_file(inner, weights))
    if library == 'timm' and from_timm is None:
        import_timm()
    from_mmpretrain = mmpretrain_names()
    found = None if library == 'timm' else _listed(inner, from_mmpretrain)
    if found is not None:
        return _of_mmpretrain(found)
    known = {'timm': from_timm, 'mmpretrain': from_mmpretrain}.get(library) or {
        *(from_timm or ()),
        *from_mmpretrain,
    }
    hint = similar_names(inner, known, cutoff=0.5) or '`ltcl list backbones` lists all'
    absent = " (timm is not installed: `pip install 'ltcl[timm]'` brings its names)" if from_timm is None else ''
    raise UserError(f'--backbone {name}: there is no backbone of this name: {hint}{absent}')


def timm_names() -> set[str] | None:
    """Networks of timm; None where it is not installed."""
    try:
        return set(import_timm().list_models())
    except UserError:
        return None


def mmpretrain_names() -> list[str]:
    """Models of mmpretrain."""
    import_mmpretrain()
    from mmpretrain import list_models

    return list_models()


def _listed(name: str, names: Iterable[str]) -> str | None:
    """A name of mmpretrain, or of those that begin with it the one for ImageNet-1k."""
    longer = sorted((each for each in names if each.startswith(f'{name}_')), key=lambda each: '_in1k' not in each)
    return name if name in names else next(iter(longer), None)


def _of_timm(name: str) -> Backbone:
    name = full_name(name)
    described = description_of(name)

    def find(with_weights: bool) -> tuple[dict | None, Preparation]:
        weights = find_weights(name) if with_weights else None
        size = described.input_size[-1]
        mean, std = (tuple(255 * value for value in values) for values in (described.mean, described.std))
        if weights is not None and weights.package is not None:
            mean, std = ((float(value),) * 3 for value in (weights.package.mean, weights.package.std))
        prepared = Preparation(
            mean, std, 'rgb', size, round(size / (described.crop_pct or 1)), _interpolation(described.interpolation)
        )
        return (dict(type='Pretrained', checkpoint=f'{SCHEME}{name}') if with_weights else None), prepared

    return Backbone('timm', name, dict(type='ltcl.TimmBackbone', model_name=name), None, find)


def _of_mmpretrain(name: str) -> Backbone:
    from mmpretrain.apis import ModelHub

    from ltcl.checkpoints.downloads import download, reason_of

    try:
        described = ModelHub.get(name)
    except Exception as error:  # a few of its configs cannot be read
        raise UserError(f'--backbone {name}: mmpretrain cannot read its config: name another network') from error
    model = described.config.model
    if model.type != 'ImageClassifier':
        raise UserError(f'--backbone {name}: it is a {model.type} in mmpretrain, not a classifier: name another')

    def find(with_weights: bool) -> tuple[dict | None, Preparation]:
        if with_weights:
            if not described.weights:
                raise UserError(f'mmpretrain has no weights of {name}: give a file, --weights FILE, or add --scratch')
            try:
                download(described.weights)
            except UserError as error:
                raise UserError(
                    f'no weights of {name}: they are not in the caches of torch.hub and ltcl, {described.weights} '
                    f'({reason_of(error)}). Give a file, --weights FILE, or train from random weights, --scratch'
                ) from error
        loaded = dict(type='Pretrained', checkpoint=described.weights, prefix='backbone.') if with_weights else None
        return loaded, _preparation_of(described.config)

    # Of HRNet the neck is a list.
    config = model.to_dict()
    return Backbone('mmpretrain', name, config['backbone'], config.get('neck'), find)


def _preparation_of(cfg: Any) -> Preparation:
    """How a config of mmpretrain tests."""
    normalisation = cfg.get('data_preprocessor') or cfg.model.get('data_preprocessor') or {}
    loader = cfg.get('test_dataloader') or {}
    steps = (loader.get('dataset') or {}).get('pipeline') or []
    sizes = {key: _side(step[key]) for step in steps for key in ('scale', 'crop_size') if key in step}
    own = _side(cfg.model.backbone.get('img_size', 224))
    size = sizes.get('crop_size', sizes.get('scale', own))
    resize = max(sizes.get('scale', size), size)
    named = next((step['interpolation'] for step in steps if 'interpolation' in step), 'bilinear')
    mean, std = (tuple(map(float, normalisation.get(key) or default)) for key, default in DEFAULTS.items())
    order = 'rgb' if normalisation.get('to_rgb', True) else 'bgr'
    return Preparation(mean, std, order, size, resize, _interpolation(named))


# Of ImageNet, which all configs of mmpretrain that say nothing inherit.
DEFAULTS: Mapping[str, tuple[float, ...]] = {'mean': (123.675, 116.28, 103.53), 'std': (58.395, 57.12, 57.375)}


def _side(size: int | Iterable[int]) -> int:
    return size if isinstance(size, int) else max(size)


def _interpolation(name: str) -> str:
    return name if name in INTERPOLATIONS else 'bicubic'
