"""BCL: balanced contrastive loss, total objective, and a training step of the heads."""

import torch
from harness import Case, adapter, close, tensor
from mmpretrain.structures import DataSample
from torch import nn

from ltcl.functional import balanced_contrastive_loss, logit_adjusted_loss
from ltcl.functional.balanced_contrastive import BalancedTerms, balanced_terms
from ltcl.models import ContrastiveClassifier
from ltcl.models.heads import Views


def arguments(case: Case, embeddings: torch.Tensor, prototypes: torch.Tensor) -> dict:
    """Arguments of the loss: all rows of the batch are anchors."""
    num_views = case['features'].shape[1]
    labels = tensor(case, 'targets').repeat(num_views)
    return dict(
        anchors=embeddings,
        labels=labels,
        rows=embeddings[:0],
        row_labels=labels[:0],
        prototypes=prototypes,
        temperature=float(case['temperature']),
    )


def terms_of(args: dict, anchors: torch.Tensor) -> BalancedTerms:
    """Terms of anchors in the place of the batch's rows, which remain the columns."""
    labels = args['labels']
    return balanced_terms(anchors, labels, args['anchors'], labels, args['prototypes'], args['temperature'])


def drawn_rows(case: Case) -> tuple[torch.Tensor, torch.Tensor]:
    return tensor(case, 'features').requires_grad_(), tensor(case, 'centers').requires_grad_()


def by_view(features: torch.Tensor) -> torch.Tensor:
    """(B, V, D) -> (V * B, D), view by view."""
    return features.transpose(0, 1).flatten(0, 1)


def check_weights(case: Case) -> None:
    """Read divisors and positives of every column off the gradients at an anchor of zeros.

    With unit axes as columns the derivative of the denominator along axis j is 1 / (T * divisor of j), and that of the
    positive mean is 1 / (T * number of positives) where j is one.
    """
    expected, positive = tensor(case, 'column_weight'), tensor(case, 'positive_mask').double()
    num_anchors, num_columns = expected.shape
    axes = torch.eye(num_columns, dtype=torch.float64)
    anchors = torch.zeros(num_anchors, num_columns, dtype=torch.float64, requires_grad=True)
    terms = terms_of(arguments(case, axes[:num_anchors], axes[num_anchors:]), anchors)
    temperature = float(case['temperature'])
    (inverse_divisors,) = torch.autograd.grad(terms.log_denominator.exp().sum(), anchors, retain_graph=True)
    not_self = 1 - torch.eye(num_anchors, num_columns, dtype=torch.float64)
    close(temperature * inverse_divisors, not_self / expected)
    (shares,) = torch.autograd.grad(terms.positive_mean.sum(), anchors)
    close(temperature * shares, positive / positive.sum(1, keepdim=True))


@adapter('bcl', 'scl')
def balanced_contrast(case: Case) -> None:
    features, prototypes = drawn_rows(case)
    args = arguments(case, by_view(features), prototypes)
    terms = terms_of(args, args['anchors'])
    close(terms.log_denominator, case['log_denominator'])
    close(terms.log_denominator - terms.positive_mean, case['loss_per_anchor'])
    check_weights(case)
    loss = balanced_contrastive_loss(**args)
    loss.backward()
    close(loss, case['loss'])
    close(features.grad, case['grad_features'])
    close(prototypes.grad, case['grad_centers'])
    narrow = {
        name: value.float() if name in ('anchors', 'rows', 'prototypes') else value for name, value in args.items()
    }
    close(balanced_contrastive_loss(**narrow).double(), case['loss'], rtol=1e-5)


@adapter('bcl', 'total')
def total(case: Case) -> None:
    features, prototypes = drawn_rows(case)
    logits = tensor(case, 'logits').requires_grad_()
    loss_cls = logit_adjusted_loss(logits, tensor(case, 'targets'), tensor(case, 'cls_num_list'), eps=0)
    loss_con = balanced_contrastive_loss(**arguments(case, by_view(features), prototypes))
    loss = float(case['alpha']) * loss_cls + float(case['beta']) * loss_con
    loss.backward()
    close(loss_cls, case['loss_ce'])
    close(loss_con, case['loss_scl'])
    close(loss, case['loss'])
    close(logits.grad, case['grad_logits'])
    close(features.grad, case['grad_features'])
    close(prototypes.grad, case['grad_centers'])


class Features(nn.Module):
    """Stands for the backbone: the recorded step starts at the pooled features."""

    def forward(self, feats: torch.Tensor) -> tuple[torch.Tensor]:
        return (feats,)


OUR_NAMES = {'head_fc.': 'head.prototype_projector.layers.', 'head.': 'projector.layers.', 'fc.': 'head.fc.'}


def recorded_arrays(case: Case, group: str) -> dict[str, torch.Tensor]:
    """Arrays of a group (param, grad, after) under our names; the classifier is recorded transposed."""
    arrays = {}
    for name in case:
        if name.startswith(f'{group}.'):
            value, name = tensor(case, name), name.removeprefix(f'{group}.')
            prefix = next(prefix for prefix in OUR_NAMES if name.startswith(prefix))
            arrays[OUR_NAMES[prefix] + name.removeprefix(prefix)] = value.T if prefix == 'fc.' else value
    return arrays


def build_model(case: Case) -> ContrastiveClassifier:
    state = recorded_arrays(case, 'param')
    num_classes, width = state['head.fc.weight'].shape
    sizes = {name: len(state[f'{name}.layers.0.weight']) for name in ('projector', 'head.prototype_projector')}
    feat_dim = case['feat_mlp'].shape[1]
    model = ContrastiveClassifier(
        backbone=Features(),
        projector=dict(
            type='ltcl.Projector',
            in_channels=width,
            out_channels=feat_dim,
            hidden_channels=sizes['projector'],
            norm_cfg=dict(type='BN1d'),
        ),
        head=dict(
            type='ltcl.BCLHead',
            num_classes=num_classes,
            in_channels=width,
            feat_dim=feat_dim,
            hidden_channels=sizes['head.prototype_projector'],
            class_counts=case['cls_num_list'].tolist(),
            alpha=float(case['alpha']),
            beta=float(case['beta']),
            temperature=float(case['temperature']),
            cosine_scale=float(case['scale']),
        ),
        online_views=tuple(range(int(case['num_views']))),
        joint_forward=True,
    ).double()
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert (missing, unexpected) == (['head.class_counts'], [])
    return model


@adapter('bcl', 'heads')
def heads(case: Case) -> None:
    model, recorded = build_model(case).train(), {}
    head_loss, prototypes = model.head.loss, model.head.prototypes

    def recorded_loss(views: Views) -> dict:
        recorded.update(feat_mlp=torch.cat(views.embeddings), logits=model.head.fc(torch.cat(views.feats)))
        return head_loss(views)

    def recorded_prototypes() -> torch.Tensor:
        recorded['centers'] = prototypes()
        return recorded['centers']

    model.head.loss, model.head.prototypes = recorded_loss, recorded_prototypes
    feats = tensor(case, 'x').requires_grad_()
    samples = [DataSample().set_gt_label(label) for label in tensor(case, 'targets')]
    losses = model(list(feats.chunk(int(case['num_views']))), samples, mode='loss')
    for name, rows in recorded.items():
        close(rows, case[name])
    close(losses['loss_cls'], case['alpha'] * case['loss_ce'])
    close(losses['loss_con'], case['beta'] * case['loss_scl'])
    loss = losses['loss_cls'] + losses['loss_con']
    loss.backward()
    close(loss, case['loss'])
    close(feats.grad, case['grad_x'])
    parameters, state = dict(model.named_parameters()), model.state_dict()
    gradients = recorded_arrays(case, 'grad')
    assert gradients.keys() == parameters.keys()
    for name, expected in gradients.items():
        close(parameters[name].grad, expected)
    for name, expected in recorded_arrays(case, 'after').items():
        close(state[name], expected)
    model.eval()
    rows = tensor(case, 'x')
    close(nn.functional.normalize(model.projector(rows), dim=1), case['eval_feat_mlp'])
    close(model.head.fc(rows), case['eval_logits'])
    close(prototypes(), case['eval_centers'])
