"""Every loss under one call: what it is fed with, which of its rows belong together, what it takes gradients of."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from oracles.rows import unit_rows
from torch import Tensor

from ltcl.functional import (
    balanced_contrastive_loss,
    balpoe_loss,
    dense_paco_loss,
    effective_number_weights,
    in_batch_contrastive_loss,
    k_positive_contrastive_loss,
    label_aware_smoothing_loss,
    ldam_loss,
    logit_adjusted_loss,
    paco_loss,
    proco_loss,
    rebalanced_contrastive_loss,
    supcon_loss,
)

Case = dict[str, Tensor]


@dataclass(frozen=True)
class Sizes:
    """Sizes of a case.

    Args:
        num_anchors: Images or pixels N.
        num_contrast: Rows of the queue M, or slots of each class; 0 is an empty queue.
        num_classes: Number of classes; with more than N most are never seen.
        feat_dim: Width of an embedding.
        seed: Of the random numbers.
    """

    num_anchors: int = 4
    num_contrast: int = 3
    num_classes: int = 3
    feat_dim: int = 3
    seed: int = 0


@dataclass(frozen=True)
class Loss:
    """A loss and what belongs to it.

    Args:
        call: From case and temperature to the scalar.
        embeddings: Names of the tensors of embeddings.
        gradients: Names of those that take a gradient: embeddings, logits, prototypes.
        groups: Names of tensors whose rows belong together; their order is free.
        views: Names of two tensors that may change places.
        has_temperature: Whether the temperature does anything.
        is_positive: Whether it is never below 0: every attraction is one of the terms of the denominator.
        any_norm: Whether it stands embeddings of any length and any temperature; otherwise unit rows and rows of zeros
            from a temperature of 0.01 on.
    """

    call: Callable[[Case, float], Tensor]
    embeddings: tuple[str, ...]
    gradients: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    views: tuple[str, str] | None = None
    has_temperature: bool = True
    is_positive: bool = True
    any_norm: bool = True


def draw_case(sizes: Sizes) -> Case:
    """The tensors that all losses choose from, float64."""
    generator = torch.Generator().manual_seed(sizes.seed)
    num_anchors, num_contrast, num_classes = sizes.num_anchors, sizes.num_contrast, sizes.num_classes

    def rows(number: int) -> Tensor:
        return unit_rows(number, sizes.feat_dim, generator=generator, dtype=torch.float64)

    def classes(number: int) -> Tensor:
        return torch.randint(num_classes, (number,), generator=generator)

    counts = torch.randint(1, 1000, (num_classes,), generator=generator)
    labels = classes(num_anchors)
    counts[torch.bincount(labels, minlength=num_classes) == 0] = 0
    return dict(
        view1=rows(num_anchors),
        view2=rows(num_anchors),
        labels=labels,
        logits=torch.randn(num_anchors, num_classes, generator=generator, dtype=torch.float64),
        contrast=rows(num_contrast),
        contrast_labels=classes(num_contrast),
        prototypes=rows(num_classes),
        queue=rows(num_classes * num_contrast).view(num_classes, num_contrast, sizes.feat_dim),
        class_counts=counts,
        draws=torch.rand(num_anchors, 3, generator=generator),
    )


def num_classes_of(case: Case) -> int:
    return len(case['class_counts'])


def both_views(case: Case) -> tuple[Tensor, Tensor]:
    return torch.cat([case['view1'], case['view2']]), case['labels'].repeat(2)


def rows_of(case: Case) -> tuple[Tensor, Tensor]:
    return case['contrast'], case['contrast_labels']


def no_rows(case: Case) -> tuple[Tensor, Tensor]:
    return case['contrast'][:0], case['contrast_labels'][:0]


def paco(case: Case, temperature: float, **options: float) -> Tensor:
    options = dict(logits=case['logits'], class_counts=case['class_counts'], temperature=temperature, **options)
    return paco_loss(case['view1'], case['labels'], *rows_of(case), **options)


def supcon(case: Case, temperature: float) -> Tensor:
    return supcon_loss(
        *both_views(case),
        *rows_of(case),
        num_classes=num_classes_of(case),
        temperature=temperature,
        class_weights=effective_number_weights(case['class_counts']),
    )


def balanced(case: Case, temperature: float) -> Tensor:
    options = dict(prototypes=case['prototypes'], temperature=temperature)
    return balanced_contrastive_loss(*both_views(case), *no_rows(case), **options)


def k_positive(case: Case, temperature: float, **options: object) -> Tensor:
    options = dict(keys=case['view2'], num_classes=num_classes_of(case), temperature=temperature, **options)
    return sum(k_positive_contrastive_loss(case['view1'], case['labels'], *rows_of(case), **options))


def targeted(case: Case, temperature: float, **options: object) -> Tensor:
    return k_positive(case, temperature, class_targets=case['prototypes'], target_repeat=2, **options)


def targeted_drawn(case: Case, temperature: float) -> Tensor:
    return targeted(case, temperature, draws=case['draws'].T, separate_targets=False)


def in_batch(case: Case, temperature: float, with_targets: bool = False, **options: object) -> Tensor:
    rows = (case['prototypes'], torch.arange(num_classes_of(case))) if with_targets else no_rows(case)
    options = dict(num_classes=num_classes_of(case), temperature=temperature, **options)
    return in_batch_contrastive_loss(*both_views(case), *rows, **options)


def in_batch_targeted(case: Case, temperature: float) -> Tensor:
    return in_batch(case, temperature, with_targets=True, target_repeat=2, unbiased=True)


def in_batch_drawn(case: Case, temperature: float) -> Tensor:
    num_rows = 2 * (len(case['labels']) + 2 * num_classes_of(case))
    options = dict(with_targets=True, target_repeat=2, all_targets_positive=True)
    return in_batch(case, temperature, draws=case['draws'][0, :, None].expand(-1, num_rows), **options)


def one_view(case: Case, temperature: float) -> Tensor:
    options = dict(num_classes=num_classes_of(case), num_views=1, temperature=temperature)
    return in_batch_contrastive_loss(case['view1'], case['labels'], *no_rows(case), **options)


def resco(case: Case, temperature: float) -> Tensor:
    options = dict(queue=case['queue'], among_anchors=False, temperature=temperature)
    return rebalanced_contrastive_loss(case['view1'], case['labels'], case['view2'], case['labels'], **options)


def rescom(case: Case, temperature: float) -> Tensor:
    num_classes, num_slots = case['queue'].shape[:2]
    num_hard = dict(num_positives=min(2, num_slots), num_negatives=min(3, num_slots * (num_classes - 1)))
    options = dict(queue=case['queue'], num_hard=num_hard, temperature=temperature)
    return rebalanced_contrastive_loss(*both_views(case), *no_rows(case), **options)


def dense_paco(case: Case, temperature: float) -> Tensor:
    names = ('view1', 'labels', 'contrast', 'contrast_labels', 'logits')
    *images, logits = (torch.stack([case[name], case[name].flip(0)]) for name in names)
    return dense_paco_loss(*images, logits=logits, class_counts=case['class_counts'], temperature=temperature)


def proco(case: Case, temperature: float) -> Tensor:
    means = 0.8 * F.normalize(case['prototypes'], dim=1)
    return proco_loss(
        case['view1'],
        case['labels'],
        class_means=means,
        class_counts=case['class_counts'],
        temperature=temperature,
    )


def logit_adjusted(case: Case, temperature: float) -> Tensor:
    return logit_adjusted_loss(case['logits'], case['labels'], case['class_counts'])


def ldam(case: Case, temperature: float) -> Tensor:
    return ldam_loss(case['logits'], case['labels'], case['class_counts'])


def balpoe(case: Case, temperature: float) -> Tensor:
    experts = torch.stack([case['logits'], case['logits'].flip(1)], 1)
    return balpoe_loss(experts, case['labels'], case['class_counts'], taus=(0.0, 2.0))


def label_aware(case: Case, temperature: float) -> Tensor:
    return label_aware_smoothing_loss(
        case['logits'], case['labels'], case['class_counts'], smooth_head=0.4, smooth_tail=0.1
    )


ANCHORS, QUEUE = ('view1', 'view2', 'labels', 'logits', 'draws'), ('contrast', 'contrast_labels')
VIEWS = ('view1', 'view2')
LOSSES = {
    'paco': Loss(paco, ('view1', 'contrast'), ('view1', 'logits', 'contrast'), (ANCHORS, QUEUE)),
    'paco_without_centres': Loss(
        functools.partial(paco, beta=0.0), ('view1', 'contrast'), ('view1', 'logits', 'contrast'), (ANCHORS, QUEUE)
    ),
    'supcon': Loss(supcon, (*VIEWS, 'contrast'), (*VIEWS, 'contrast'), (ANCHORS, QUEUE), VIEWS),
    'balanced': Loss(balanced, (*VIEWS, 'prototypes'), (*VIEWS, 'prototypes'), (ANCHORS,), VIEWS, is_positive=False),
    'k_positive': Loss(k_positive, (*VIEWS, 'contrast'), VIEWS, (ANCHORS, QUEUE)),
    'targeted': Loss(targeted, (*VIEWS, 'contrast', 'prototypes'), VIEWS, (ANCHORS, QUEUE)),
    'targeted_drawn': Loss(targeted_drawn, (*VIEWS, 'contrast', 'prototypes'), VIEWS, (ANCHORS,)),
    'in_batch': Loss(in_batch, VIEWS, VIEWS, (ANCHORS,), VIEWS),
    'in_batch_targeted': Loss(in_batch_targeted, (*VIEWS, 'prototypes'), VIEWS, (ANCHORS,), VIEWS),
    'in_batch_drawn': Loss(in_batch_drawn, (*VIEWS, 'prototypes'), VIEWS, ()),
    'one_view': Loss(one_view, ('view1',), ('view1',), (ANCHORS,)),
    'resco': Loss(resco, (*VIEWS, 'queue'), VIEWS, (ANCHORS,)),
    'rescom': Loss(rescom, (*VIEWS, 'queue'), VIEWS, (ANCHORS,), VIEWS),
    'dense_paco': Loss(
        dense_paco, ('view1', 'contrast'), ('view1', 'logits', 'contrast'), (ANCHORS, QUEUE), any_norm=False
    ),
    # A temperature is no square of a scale here: the means have lengths of their own.
    'proco': Loss(proco, ('view1',), ('view1',), (ANCHORS,), has_temperature=False),
    'logit_adjusted': Loss(logit_adjusted, (), ('logits',), (ANCHORS,), has_temperature=False),
    'ldam': Loss(ldam, (), ('logits',), (ANCHORS,), has_temperature=False),
    'balpoe': Loss(balpoe, (), ('logits',), (ANCHORS,), has_temperature=False),
    'label_aware': Loss(label_aware, (), ('logits',), (ANCHORS,), has_temperature=False),
}
