"""How each original names its tensors, and where they live in ours: tables, read in both directions."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Part:
    """Some tensors of an original and their place in ours.

    Args:
        theirs: Their name; for an encoder, what stands before the names of its tensors.
        ours: The same in ours.
        encoder: ``'resnet'`` or ``'vit'`` where this is a whole encoder, see :mod:`.names`.
        form: How the values are laid out in theirs, see :mod:`.forms`.
    """

    theirs: str
    ours: str
    encoder: str | None = None
    form: str = 'same'


@dataclass(frozen=True)
class Layout:
    """One kind of file.

    Args:
        title: What messages call it.
        sources: What the converter's ``--from`` calls it.
        parts: What is converted.
        unused: Patterns of names that have no place in ours, and why.
        container: Key of the file under which the weights lie; None where they are the file.
        prefix: What the original's wrapper puts before every name.
        has_class_counts: Whether the method's head keeps the training images per class.
    """

    title: str
    sources: tuple[str, ...]
    parts: tuple[Part, ...]
    unused: dict[str, str] = field(default_factory=dict)
    container: str | None = 'state_dict'
    prefix: str = 'module.'
    has_class_counts: bool = False


def linear(theirs: str, ours: str) -> list[Part]:
    """A linear layer."""
    return [Part(f'{theirs}.{name}', f'{ours}.{name}') for name in ('weight', 'bias')]


def mlp(theirs: str, ours: str, linears: Iterable[int], norm: int | None = None) -> list[Part]:
    """The layers of an MLP that have tensors, by their numbers."""
    parts = [part for number in linears for part in linear(f'{theirs}.{number}', f'{ours}.{number}')]
    if norm is not None:
        names = ('weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked')
        parts += [Part(f'{theirs}.{norm}.{name}', f'{ours}.{norm}.{name}') for name in names]
    return parts


def queue(rows: str, labels: str, pointer: str, rows_form: str = 'same', labels_form: str = 'same') -> list[Part]:
    """A labelled queue."""
    return [
        Part(rows, 'head.queue.embeddings', form=rows_form),
        Part(labels, 'head.queue.labels', form=labels_form),
        Part(pointer, 'head.queue.pointer'),
    ]


def classwise_queue(rows: str, pointer: str, ours: str) -> list[Part]:
    """A queue with slots of each class."""
    return [Part(rows, f'{ours}.embeddings', form='classwise'), Part(pointer, f'{ours}.pointer')]


def _layout(*parts: Part | list[Part], **others: object) -> Layout:
    return Layout(
        parts=tuple(each for part in parts for each in (part if isinstance(part, list) else [part])), **others
    )


PACO = _layout(
    mlp('encoder_q.fc', 'projector.layers', (0, 3), norm=1),
    Part('encoder_q.', 'backbone.', 'resnet'),
    mlp('encoder_k.fc', 'momentum_encoder.projector.layers', (0, 3), norm=1),
    Part('encoder_k.', 'momentum_encoder.backbone.', 'resnet'),
    linear('linear', 'head.fc'),
    queue('queue', 'queue_l', 'queue_ptr'),
    title='PaCo',
    sources=('paco',),
    unused={r'linear_k\.(weight|bias)': 'a momentum copy of the classifier that nothing reads'},
    has_class_counts=True,
)
GPACO = _layout(
    mlp('encoder_q.fc', 'projector.layers', (0, 2, 4)),
    Part('encoder_q.', 'backbone.', 'resnet'),
    linear('linear', 'head.fc'),
    queue('queue', 'queue_l', 'queue_ptr'),
    title='GPaCo',
    sources=('gpaco',),
    has_class_counts=True,
)
GPACO_VIT = _layout(
    Part('', 'backbone.', 'vit'),
    linear('fc_norm', 'backbone.ln2'),
    mlp('mlp', 'projector.layers', (0, 2, 4)),
    linear('head', 'head.fc'),
    queue('queue', 'queue_l', 'queue_ptr'),
    title='GPaCo on ViT',
    sources=('gpaco',),
    container='model',
    prefix='',
    has_class_counts=True,
)
BCL = _layout(
    Part('encoder.', 'backbone.', 'resnet'),
    mlp('head', 'projector.layers', (0, 3), norm=1),
    mlp('head_fc', 'head.prototype_projector.layers', (0, 3), norm=1),
    Part('fc.weight', 'head.fc.weight', form='transposed'),
    title='BCL',
    sources=('bcl',),
    has_class_counts=True,
)
RESCO = _layout(
    Part('encoder.', 'backbone.', 'resnet'),
    mlp('mlp', 'projector.layers', (0, 3), norm=1),
    linear('linear', 'head.fc'),
    classwise_queue('pos_queue_list', 'pos_queue_ptr', 'head.positive_queue'),
    classwise_queue('neg_queue_list', 'neg_queue_ptr', 'head.negative_queue'),
    title='ResCo',
    sources=('resco',),
    has_class_counts=True,
)
RESCOM = _layout(
    Part('encoder.', 'backbone.', 'resnet'),
    mlp('mlp', 'projector.layers', (0, 3), norm=1),
    linear('linear', 'head.fc'),
    classwise_queue('queue_list', 'queue_ptr', 'head.class_queue'),
    title='ResCom',
    sources=('rescom',),
    unused={'queue_label|pos_index|neg_index|ids': 'constants: a class mask takes the place of index tables'},
    has_class_counts=True,
)


def _k_positive(source: str, title: str, with_mlp: bool) -> Layout:
    """Queue-based stage 1 of KCL and TSC, whose files have the same names."""
    ours = 'projector.layers'
    heads = {
        theirs: mlp(f'{theirs}.fc', place, (0, 2)) if with_mlp else linear(f'{theirs}.fc', f'{place}.0')
        for theirs, place in (('encoder_q', ours), ('encoder_k', f'momentum_encoder.{ours}'))
    }
    targets = [
        Part('class_centroid', 'head.class_centers'),
        Part('optimal_target_unique', 'head.targets', form='transposed'),
    ]
    unused = {
        'optimal_target': 'copies of optimal_target_unique',
        'target_labels': 'classes are matched with targets at every step',
    }
    if source == 'kcl':
        unused = {'class_centroid|optimal_target(_unique)?|target_labels': 'KCL does not use targets'}
    return _layout(
        heads['encoder_q'],
        Part('encoder_q.', 'backbone.', 'resnet'),
        heads['encoder_k'],
        Part('encoder_k.', 'momentum_encoder.backbone.', 'resnet'),
        queue('queue', 'queue_labels', 'queue_ptr', rows_form='transposed', labels_form='row'),
        targets if source == 'tsc' else [],
        title=f'{title}, stage 1' + ('' if with_mlp else ' without MLP'),
        sources=(source,),
        unused=unused,
    )


KCL, KCL_LINEAR = (_k_positive('kcl', 'KCL', with_mlp) for with_mlp in (True, False))
TSC, TSC_LINEAR = (_k_positive('tsc', 'TSC', with_mlp) for with_mlp in (True, False))
IN_BATCH = _layout(
    Part('encoder.', 'backbone.', 'resnet'),
    mlp('head', 'projector.layers', (0, 2)),
    title='KCL or TSC within the batch (CIFAR)',
    sources=('kcl', 'tsc'),
    unused={r'encoder\.fc\.(weight|bias)': "the encoder's own classifier, which the contrast never trains"},
    container='model',
    prefix='',
)
TORCHVISION = _layout(
    Part('', 'backbone.', 'resnet'),
    linear('fc', 'head.fc'),
    title='torchvision',
    sources=('torchvision',),
    container=None,
    prefix='',
)
STAGE2 = replace(TORCHVISION, title='KCL/TSC stage 2', sources=('stage2',), container='state_dict', prefix='module.')
MAE_PRETRAINED = _layout(
    Part('', 'backbone.', 'vit'),
    title='a pre-trained MAE',
    sources=('mae',),
    unused={
        r'norm\.(weight|bias)': 'norm before the pooling, of the pre-training; fine-tuning has one after it instead',
        r'mask_token|decoder_.*': 'decoder of the pre-training, which classifies nothing',
    },
    container='model',
    prefix='',
)
MAE_FINE_TUNED = _layout(
    Part('', 'backbone.', 'vit'),
    linear('fc_norm', 'backbone.ln2'),
    linear('head', 'head.fc'),
    title='a fine-tuned MAE',
    sources=('mae',),
    container='model',
    prefix='',
)

LAYOUTS = (
    PACO,
    GPACO,
    GPACO_VIT,
    BCL,
    RESCO,
    RESCOM,
    KCL,
    KCL_LINEAR,
    TSC,
    TSC_LINEAR,
    IN_BATCH,
    TORCHVISION,
    STAGE2,
    MAE_PRETRAINED,
    MAE_FINE_TUNED,
)
SOURCES = tuple(sorted({source for layout in LAYOUTS for source in layout.sources}))
