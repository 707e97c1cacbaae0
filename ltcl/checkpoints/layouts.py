"""How each original names its tensors, and where they live in ours: tables, read in both directions."""

from dataclasses import replace

from .parts import Layout, Part, classwise_queue, layout_of, linear, mlp, queue
from .seg_layouts import SEG_LAYOUTS

PACO = layout_of(
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
GPACO = layout_of(
    mlp('encoder_q.fc', 'projector.layers', (0, 2, 4)),
    Part('encoder_q.', 'backbone.', 'resnet'),
    linear('linear', 'head.fc'),
    queue('queue', 'queue_l', 'queue_ptr'),
    title='GPaCo',
    sources=('gpaco',),
    has_class_counts=True,
)
GPACO_VIT = layout_of(
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
BCL = layout_of(
    Part('encoder.', 'backbone.', 'resnet'),
    mlp('head', 'projector.layers', (0, 3), norm=1),
    mlp('head_fc', 'head.prototype_projector.layers', (0, 3), norm=1),
    Part('fc.weight', 'head.fc.weight', form='transposed'),
    title='BCL',
    sources=('bcl',),
    has_class_counts=True,
)


def _proco(classifier: list[Part], title: str) -> Layout:
    """BCL's network without the prototypes; how a file names the estimate of the classes, if it has one, is unknown."""
    return layout_of(
        Part('encoder.', 'backbone.', 'resnet'),
        mlp('head', 'projector.layers', (0, 3), norm=1),
        classifier,
        title=title,
        sources=('proco',),
        unused={r'(.*\.)?estimator\w*(\..*)?': 'means of the classes: they are gathered anew'},
        has_class_counts=True,
    )


PROCO = _proco([Part('fc.weight', 'head.fc.weight', form='transposed')], 'ProCo')
PROCO_LINEAR = _proco(linear('fc', 'head.fc'), 'ProCo with a linear classifier')
RESCO = layout_of(
    Part('encoder.', 'backbone.', 'resnet'),
    mlp('mlp', 'projector.layers', (0, 3), norm=1),
    linear('linear', 'head.fc'),
    classwise_queue('pos_queue_list', 'pos_queue_ptr', 'head.positive_queue'),
    classwise_queue('neg_queue_list', 'neg_queue_ptr', 'head.negative_queue'),
    title='ResCo',
    sources=('resco',),
    has_class_counts=True,
)
RESCOM = layout_of(
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
    return layout_of(
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
IN_BATCH = layout_of(
    Part('encoder.', 'backbone.', 'resnet'),
    mlp('head', 'projector.layers', (0, 2)),
    title='KCL or TSC within the batch (CIFAR)',
    sources=('kcl', 'tsc'),
    unused={r'encoder\.fc\.(weight|bias)': "the encoder's own classifier, which the contrast never trains"},
    container='model',
    prefix='',
)
TORCHVISION = layout_of(
    Part('', 'backbone.', 'resnet'),
    linear('fc', 'head.fc'),
    title='torchvision',
    sources=('torchvision',),
    container=None,
    prefix='',
)
STAGE2 = replace(TORCHVISION, title='KCL/TSC stage 2', sources=('stage2',), container='state_dict', prefix='module.')
MAE_PRETRAINED = layout_of(
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
MAE_FINE_TUNED = layout_of(
    Part('', 'backbone.', 'vit'),
    linear('fc_norm', 'backbone.ln2'),
    linear('head', 'head.fc'),
    title='a fine-tuned MAE',
    sources=('mae',),
    container='model',
    prefix='',
)

LAYOUTS = (*[value for value in vars().values() if isinstance(value, Layout)], *SEG_LAYOUTS)
"""All layouts, those of this file in their order."""
SOURCES = tuple(sorted({source for layout in LAYOUTS for source in layout.sources}))
