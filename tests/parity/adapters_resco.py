"""ResCo and ResCom: class weights, losses, queues, mining, and whole steps with their gradients."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from harness import Case, adapter, close, tensor
from mmpretrain.structures import DataSample
from torch import nn

from ltcl.functional import (
    effective_number_weights,
    log_prior,
    logit_adjusted_loss,
    mine_hard,
)
from ltcl.functional.mining import queue_pairs
from ltcl.functional.rebalanced_contrastive import column_priors, in_batch_pairs, loss_of_pairs
from ltcl.models import ClasswiseQueue, ContrastiveClassifier, ResCoHead, ResComHead
from ltcl.models.heads import Views


def class_weights(counts: torch.Tensor, beta: float) -> torch.Tensor:
    return effective_number_weights(counts, beta, scaling='mean_number')


@adapter('resco', 'effective_number')
def effective_number(case: Case) -> None:
    counts = tensor(case, 'counts')
    has_images = case['counts'] > 0
    for i, beta in enumerate(case['betas'].tolist()):
        weights = class_weights(counts, beta)
        close(weights[has_images], case[f'weight_{i}'][has_images])
        assert not weights[~has_images].any()  # the original has infinity
    close(counts / counts.sum(dtype=torch.float64), case['prior'])
    close(log_prior(counts), case['log_prior_eps'])


def head_args(case: Case, num_classes: int, in_channels: int, feat_dim: int) -> dict:
    return dict(
        num_classes=num_classes,
        in_channels=in_channels,
        feat_dim=feat_dim,
        temperature=float(case['temperature']),
        con_weight=float(case['con_weight']),
        effective_number_beta=float(case['effective_num_beta']),
        contrast_prior=float(case.get('balsfx_n', 0.0)),
        class_counts=case['cls_num_list'].tolist(),
    )


def published_priors(case: Case, labels: torch.Tensor) -> torch.Tensor | None:
    """The misaligned priors of a whole similarity matrix, own class first."""
    if not case.get('balsfx_n', 0.0):
        return None
    num_classes, slots = len(case['cls_num_list']), int(case['queue_size_per_cls'])
    prior = float(case['balsfx_n']) * log_prior(tensor(case, 'cls_num_list'))
    classes = torch.arange(num_classes).repeat(slots)[None]
    in_batch, own, others = column_priors(prior, labels, labels, classes, align_prior=False)
    others = others.view(len(labels), slots, num_classes).transpose(1, 2)
    is_other = torch.arange(num_classes) != labels[:, None]
    others = others[is_other].view(len(labels), -1)
    return torch.cat([in_batch.expand(len(labels), -1), own.expand(len(labels), slots), others], 1)


@adapter('resco', 'resco_loss', 'rescom_loss')
def loss(case: Case) -> None:
    names = [name for name in ('logits', 'logits_q', 'logits_k') if name in case]
    leaves = {name: tensor(case, name).requires_grad_() for name in ('similarity', *names)}
    labels, counts, mask = tensor(case, 'labels'), tensor(case, 'cls_num_list'), tensor(case, 'positive_mask').bool()
    similarity = leaves['similarity']
    nothing = similarity[:, :0]
    prior = published_priors(case, labels)
    temperature, beta = float(case['temperature']), float(case['effective_num_beta'])

    def contrast(dtype: torch.dtype = torch.float64, **kwargs) -> torch.Tensor:
        priors = None if prior is None else (prior, nothing, nothing)
        blocks = similarity.to(dtype), mask, nothing.to(dtype), nothing.to(dtype)
        return loss_of_pairs(*blocks, labels, temperature=temperature, column_priors=priors, **kwargs)

    weights = class_weights(counts, beta) if beta else torch.ones(len(counts))
    logits = torch.cat([leaves[name] for name in names])
    loss_cls = logit_adjusted_loss(logits, labels.repeat(len(names)), counts)
    loss_con = contrast(class_weights=weights)
    value = loss_cls + float(case['con_weight']) * loss_con
    value.backward()
    has_images = counts > 0  # the original has infinity for the others
    close(weights[has_images], case['class_weight'][has_images])
    close(counts / counts.sum(dtype=torch.float64), case['class_prior'])
    for name, actual in (('loss_cls', loss_cls), ('loss_con', loss_con), ('loss', value)):
        close(actual, case[name])
    close(contrast(reduction='none'), case['con_per_anchor_unweighted'])
    for name, leaf in leaves.items():
        close(leaf.grad, case[f'grad_{name}'])
    close(contrast(torch.float32, class_weights=weights).double(), case['loss_con'], rtol=1e-5)


def from_columns(columns: torch.Tensor, num_classes: int) -> torch.Tensor:
    """Columns (D, num_classes * S) -> rows (num_classes, S, D)."""
    feat_dim, num_columns = columns.shape
    return columns.T.reshape(num_classes, num_columns // num_classes, feat_dim)


def to_columns(queue: ClasswiseQueue) -> torch.Tensor:
    return queue.embeddings.flatten(0, 1).T


def set_queue(queue: ClasswiseQueue, columns: torch.Tensor, pointer: torch.Tensor) -> None:
    queue.embeddings.copy_(from_columns(columns, queue.num_classes))
    queue.pointer.copy_(pointer)


def check_queue(queue: ClasswiseQueue, case: Case, columns: str, pointer: str) -> None:
    close(to_columns(queue), case[columns])
    close(queue.pointer, case[pointer])


@adapter('resco', 'resco_queue', 'rescom_queue')
def queue_sequence(case: Case) -> None:
    prefixes = [name.removesuffix('queue_init') for name in case if name.endswith('queue_init')]
    for prefix in prefixes:
        slots = int(case[f'{prefix}size_per_cls' if prefix else 'queue_size_per_cls'])
        columns = tensor(case, f'{prefix}queue_init')
        queue = ClasswiseQueue(len(case[f's0_{prefix}ptr']), slots, len(columns)).double()
        set_queue(queue, columns, torch.zeros_like(queue.pointer))
        if 'queue_label' in case:
            close(torch.arange(queue.num_classes).repeat_interleave(slots), case['queue_label'])
        for step in range(int(case['num_steps'])):
            queue.enqueue(tensor(case, f's{step}_keys'), tensor(case, f's{step}_labels'))
            check_queue(queue, case, f's{step}_{prefix}queue', f's{step}_{prefix}ptr')


def joined(pairs: tuple, own: torch.Tensor, others: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Similarities without the entries left out, and the mask of positives, in the recorded order of columns."""
    similarities, mask = pairs
    keep = similarities > -math.inf
    in_batch, mask, others = (
        block[kept].view(len(own), kept[0].sum())
        for block, kept in ((similarities, keep), (mask, keep), (others, others > -math.inf))
    )
    positive = [mask.double(), torch.ones_like(own), torch.zeros_like(others)]
    return torch.cat([in_batch, own, others], 1), torch.cat(positive, 1)


def resco_pairs(head: ResCoHead, query: torch.Tensor, key: torch.Tensor, labels: torch.Tensor) -> tuple:
    rows = [queue.contents()[0] for queue in (head.positive_queue, head.negative_queue)]
    own, others = queue_pairs(query, labels, *rows)
    return joined(in_batch_pairs(query, labels, key, labels, False), own, others.transpose(1, 2).flatten(1))


def rescom_pairs(head: ResComHead, anchors: torch.Tensor, labels: torch.Tensor) -> tuple:
    hard = mine_hard(anchors, labels, head.class_queue.contents()[0], **head.num_hard)
    in_batch = in_batch_pairs(anchors, labels, anchors, labels, True)
    return *joined(in_batch, hard.positives, hard.negatives), hard


def check_losses(case: Case, losses: dict, prefix: str = '') -> torch.Tensor:
    """Compare all losses; ours of the contrast has its weight in it."""
    value = losses['loss_cls'] + losses['loss_con']
    close(losses['loss_cls'], case[f'{prefix}loss_cls'])
    close(losses['loss_con'] / float(case['con_weight']), case[f'{prefix}loss_con'])
    close(value, case[f'{prefix}loss'])
    return value


def per_anchor(head: nn.Module, similarity: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    nothing = similarity[:, :0]
    return loss_of_pairs(
        similarity, mask.bool(), nothing, nothing, labels, temperature=head.temperature, reduction='none'
    )


def logits_are_given(head: nn.Module) -> nn.Module:
    head.fc = nn.Identity()
    return head.double()


@adapter('resco', 'resco_step')
def resco_step(case: Case) -> None:
    labels = tensor(case, 'labels')
    num_classes, feat_dim = len(case['cls_num_list']), case['raw_q'].shape[1]
    head = ResCoHead(
        positives_per_class=int(case['pos_size_per_cls']),
        negatives_per_class=int(case['neg_size_per_cls']),
        **head_args(case, num_classes, 1, feat_dim),
    )
    head = logits_are_given(head)
    queues = {'pos': head.positive_queue, 'neg': head.negative_queue}
    for name, queue in queues.items():
        set_queue(queue, tensor(case, f'{name}_queue_before'), tensor(case, f'{name}_ptr_before'))
    names = [f'{kind}_{view}' for kind in ('raw', 'logits') for view in 'qk']
    leaves = {name: tensor(case, name).requires_grad_() for name in names}
    for view in 'qk':
        leaves[f'feat_{view}'] = F.normalize(leaves[f'raw_{view}'], dim=1)
        leaves[f'feat_{view}'].retain_grad()
        close(leaves[f'feat_{view}'], case[f'feat_{view}'])
    query, key = leaves['feat_q'], leaves['feat_k']
    similarity, mask = resco_pairs(head, query, key, labels)
    close(similarity, case['similarity'])
    close(mask, case['positive_mask'])
    close(per_anchor(head, similarity, mask, labels), case['con_per_anchor_unweighted'])
    losses = head.loss(Views([leaves['logits_q'], leaves['logits_k']], [query, key], [], labels))
    check_losses(case, losses).backward()
    for name, leaf in leaves.items():
        close(leaf.grad, case[f'grad_{name}'])
    for name, queue in queues.items():
        check_queue(queue, case, f'{name}_queue_after', f'{name}_ptr_after')


@adapter('resco', 'rescom_step', 'rescom_steps')
def rescom_step(case: Case) -> None:
    num_classes, slots = len(case['cls_num_list']), int(case['queue_size_per_cls'])
    head = ResComHead(
        queue_per_class=slots,
        num_hard_positives=int(case['select_num_pos']),
        num_hard_negatives=int(case['select_num_neg']),
        **head_args(case, num_classes, 1, case['s0_raw'].shape[1]),
    )
    head = logits_are_given(head)
    set_queue(head.class_queue, tensor(case, 'queue_before'), tensor(case, 'ptr_before'))
    columns = np.arange(num_classes * slots).reshape(num_classes, slots)
    close(columns, case['pos_index_table'])
    close(np.stack([np.delete(columns, c, axis=0).ravel() for c in range(num_classes)]), case['neg_index_table'])
    for step in range(int(case['num_steps'])):
        run_rescom_step(head, case, f's{step}_')


def run_rescom_step(head: ResComHead, case: Case, prefix: str) -> None:
    slots = head.class_queue.slots_per_class
    labels = tensor(case, f'{prefix}labels')
    raw, logits = (tensor(case, prefix + name).requires_grad_() for name in ('raw', 'logits'))
    feat = F.normalize(raw, dim=1)
    feat.retain_grad()
    close(feat, case[f'{prefix}feat'])
    similarity, mask, hard = rescom_pairs(head, feat, labels)
    close(similarity, case[f'{prefix}similarity'])
    close(mask, case[f'{prefix}positive_mask'])
    close(hard.positive_slots, case[f'{prefix}hard_pos_slot'])
    close(hard.positive_slots + slots * labels[:, None], case[f'{prefix}hard_pos_column'])
    close(hard.negative_columns, case[f'{prefix}hard_neg_column'])
    behind_own = hard.negative_columns // slots > labels[:, None]
    close(hard.negative_columns - slots * behind_own, case[f'{prefix}hard_neg_rank'])
    close(per_anchor(head, similarity, mask, labels), case[f'{prefix}con_per_anchor_unweighted'])
    losses = head.loss(Views(list(logits.chunk(2)), list(feat.chunk(2)), [], labels[: len(labels) // 2]))
    check_losses(case, losses, prefix).backward()
    for name, leaf in (('feat', feat), ('raw', raw), ('logits', logits)):
        close(leaf.grad, case[f'{prefix}grad_{name}'])
    check_queue(head.class_queue, case, f'{prefix}queue_after', f'{prefix}ptr_after')


class FeaturesAreGiven(nn.Module):
    """Stands for the backbone whose output the recorded case holds."""

    def forward(self, feats: torch.Tensor) -> tuple[torch.Tensor]:
        return (feats,)


def our_name(name: str) -> str:
    return name.replace('mlp.', 'projector.layers.').replace('linear.', 'head.fc.')


def recorded_model(case: Case, head: dict, **kwargs) -> ContrastiveClassifier:
    """Projector and classifier of the case in the algorithm, backbone features in place of images."""
    width, feat_dim = case['param.mlp.0.weight'].shape[1], len(case['param.mlp.3.weight'])
    num_classes = len(case['cls_num_list'])
    model = ContrastiveClassifier(
        backbone=FeaturesAreGiven(),
        projector=dict(type='ltcl.Projector', in_channels=width, out_channels=feat_dim, norm_cfg=dict(type='BN1d')),
        head={**head, **head_args(case, num_classes, width, feat_dim)},
        online_views=(0, 1),
        **kwargs,
    ).double()
    state = model.state_dict()
    for name in (name for name in case if name.startswith('param.') and 'queue' not in name):
        state[our_name(name.removeprefix('param.'))].copy_(tensor(case, name))
    for name, queue in queues_of(model).items():
        set_queue(queue, tensor(case, f'param.{name}_list'), tensor(case, f'param.{name}_ptr'))
    return model.train()


def queues_of(model: ContrastiveClassifier) -> dict[str, ClasswiseQueue]:
    names = {'pos_queue': 'positive_queue', 'neg_queue': 'negative_queue', 'queue': 'class_queue'}
    return {name: getattr(model.head, ours) for name, ours in names.items() if hasattr(model.head, ours)}


def run_heads(case: Case, model: ContrastiveClassifier, views: list[torch.Tensor], labels: torch.Tensor) -> dict:
    """One training step; compares losses, gradients and buffers and returns what the head saw and gave."""
    seen = {}
    head_loss = model.head.loss

    def recorded_loss(encoded: Views) -> dict:
        embeddings, labels = encoded.embeddings, encoded.labels
        seen.update(embeddings=embeddings, logits=[model.head.fc(view_feats) for view_feats in encoded.feats])
        if isinstance(model.head, ResCoHead):
            seen['pairs'] = resco_pairs(model.head, *embeddings, labels)
        else:
            seen['pairs'] = rescom_pairs(model.head, torch.cat(embeddings), labels.repeat(2))[:2]
        return head_loss(encoded)

    model.head.loss = recorded_loss
    losses = model(views, [DataSample().set_gt_label(label) for label in labels], mode='loss')
    check_losses(case, losses).backward()
    for actual, name in zip(seen['pairs'], ('similarity', 'positive_mask'), strict=True):
        close(actual, case[name])
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    for name in (name for name in case if name.startswith('grad.')):
        close(gradients[our_name(name.removeprefix('grad.'))], case[name])
    state = model.state_dict()
    for name in (name for name in case if name.startswith('after.') and 'queue' not in name):
        close(state[our_name(name.removeprefix('after.'))], case[name])
    for name, queue in queues_of(model).items():
        check_queue(queue, case, f'after.{name}_list', f'after.{name}_ptr')
    return seen


@adapter('resco', 'resco_heads')
def resco_heads(case: Case) -> None:
    slots = [int(case[f'{name}_size_per_cls']) for name in ('pos', 'neg')]
    head = dict(type='ltcl.ResCoHead', positives_per_class=slots[0], negatives_per_class=slots[1])
    model = recorded_model(case, head)
    views = {view: tensor(case, f'backbone_{view}').requires_grad_() for view in 'qk'}
    seen = run_heads(case, model, list(views.values()), tensor(case, 'labels'))
    for (view, feats), logits in zip(views.items(), seen['logits'], strict=True):
        close(feats.grad, case[f'grad_backbone_{view}'])
        close(logits, case[f'logits_{view}'])


@adapter('resco', 'rescom_heads')
def rescom_heads(case: Case) -> None:
    head = dict(
        type='ltcl.ResComHead',
        queue_per_class=int(case['queue_size_per_cls']),
        num_hard_positives=int(case['select_num_pos']),
        num_hard_negatives=int(case['select_num_neg']),
    )
    model = recorded_model(case, head, joint_forward=True)
    feats = tensor(case, 'backbone').requires_grad_()
    labels = tensor(case, 'labels')
    seen = run_heads(case, model, list(feats.chunk(2)), labels[: len(labels) // 2])
    close(feats.grad, case['grad_backbone'])
    close(torch.cat(seen['logits']), case['logits'])
