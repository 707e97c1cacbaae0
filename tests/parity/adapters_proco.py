"""ProCo: normaliser of the distributions, estimate of their means, and the head over whole epochs."""

import torch
from harness import Case, adapter, close, tensor
from torch import nn

from ltcl.functional.proco import ClassMeans, concentration, joined, log_normalizer, means_of, proco_logits
from ltcl.models import ProCoHead
from ltcl.models.heads.base import Views


def means(case: Case, prefix: str) -> ClassMeans:
    return ClassMeans(tensor(case, f'{prefix}_mean'), tensor(case, f'{prefix}_amount'))


def check_means(actual: ClassMeans, case: Case, place: str) -> None:
    """Compare what is recorded of a set, and what follows from its means; ``place`` has a gap for the quantity."""
    kappa = concentration(actual.mean)
    constant = log_normalizer(kappa.square(), actual.mean.shape[1])
    quantities = dict(mean=actual.mean, amount=actual.amount, kappa=kappa, log_constant=constant)
    for name, value in quantities.items():
        if place.format(name) in case:
            close(value, case[place.format(name)])


@adapter('proco', 'log_ratio')
def log_ratio(case: Case) -> None:
    # A kappa that is rounded to float32 moves the logarithm by as much, however near to 0 that is.
    rounding = 1e-7 * case['kappa'].max()
    for dtype, rtol, atol in ((torch.float64, 1e-9, 1e-10), (torch.float32, 1e-5, rounding)):
        kappa = tensor(case, 'kappa').to(dtype).requires_grad_()
        out = log_normalizer(kappa.square(), int(case['feat_dim'])) - tensor(case, 'log_constant').to(dtype)
        out.backward(tensor(case, 'grad_out').to(dtype))
        close(out, case['out'], rtol=rtol, atol=atol)
        close(kappa.grad, case['grad_kappa'], rtol=rtol)


@adapter('proco', 'estimator')
def estimator(case: Case) -> None:
    estimate = means(case, 'init')
    assert estimate.mean.shape[1] == case['feat_dim']
    check_means(estimate, case, 'init_{}')
    assert estimate.mean.shape == (case['num_classes'], case['feat_dim'])
    for batch in range(int(case['num_batches'])):
        rows, labels = tensor(case, f'features_{batch}'), tensor(case, f'labels_{batch}')
        estimate = joined(estimate, means_of(rows, labels, int(case['num_classes'])))
        check_means(estimate, case, f'out_{{}}_{batch}')


def build_head(case: Case) -> ProCoHead:
    """A head whose classifier passes on what it gets: the recorded logits take the place of the features."""
    num_classes = int(case['num_classes'])
    head = ProCoHead(
        num_classes,
        in_channels=num_classes,
        feat_dim=int(case['feat_dim']),
        alpha=float(case['alpha']),
        temperature=float(case['temperature']),
        class_counts=case['class_counts'].tolist(),
    ).double()
    head.fc = nn.Identity()
    for name in ('used', 'running'):
        getattr(head, name).take(means(case, f'init_{name}'))
    return head


@adapter('proco', 'loss')
def loss(case: Case) -> None:
    head, step = build_head(case), 0
    check_means(head.used.means, case, 'init_used_{}')
    check_means(head.running.means, case, 'init_running_{}')
    assert len(case['epochs']) == case['num_epochs']
    for epoch, num_steps in enumerate(case['epochs'].tolist()):
        head.begin_epoch(epoch, seed=0)
        mean = tensor(case, f'fresh_{epoch}_mean')
        head.running.take(ClassMeans(mean, torch.zeros_like(mean[:, 0])))
        for _ in range(num_steps):
            check_step(head, case, f'step{step}_')
            step += 1
    assert (len(case['epochs']), step) == (case['num_epochs'], case['num_steps'])


def check_step(head: ProCoHead, case: Case, prefix: str) -> None:
    labels, temperature = tensor(case, f'{prefix}labels'), float(case['temperature'])
    logits = tensor(case, f'{prefix}logits').requires_grad_()
    features = [tensor(case, f'{prefix}features_{view}').requires_grad_() for view in (1, 2)]
    estimate = head.used.means
    for view, rows in enumerate(features, 1):
        estimate = joined(estimate, means_of(rows.detach(), labels, head.num_classes))
        contrast = proco_logits(rows, estimate.mean, temperature=temperature)
        close(contrast, case[f'{prefix}contrast_logits_{view}'])
    losses = head.loss(Views([logits] * 3, [features[0], *features], [], labels))
    close(losses['loss_cls'], case[f'{prefix}loss_cls'])
    close(losses['loss_con'], case['alpha'] * case[f'{prefix}loss_con'])
    total = losses['loss_cls'] + losses['loss_con']
    total.backward()
    close(total, case[f'{prefix}loss'])
    close(logits.grad, case[f'{prefix}grad_logits'])
    for view, rows in enumerate(features, 1):
        close(rows.grad, case[f'{prefix}grad_features_{view}'])
    for name in ('used', 'running'):
        check_means(getattr(head, name).means, case, f'{prefix}{name}_{{}}')
