import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample
from oracles.kcl_tsc import draw_uniform, loop_in_batch_loss, loop_k_positive_loss
from oracles.rows import unit_rows
from processes import run_processes
from scipy.optimize import linear_sum_assignment

from ltcl.errors import UserError
from ltcl.functional import effective_number_weights
from ltcl.models import InBatchKCLHead, InBatchTSCHead, KCLHead, TSCHead
from ltcl.models.heads import Views
from ltcl.registry import MODELS

LABELS = torch.tensor([0, 2, 1, 0])
QUEUE_LEN = 6
NO_TARGETS = torch.zeros(0, 5).double(), torch.arange(0)
DRAWS = draw_uniform(2, len(LABELS), torch.Generator().manual_seed(3))


def build(head_class: type, **kwargs) -> torch.nn.Module:
    torch.manual_seed(0)
    is_queued = issubclass(head_class, KCLHead)
    sizes = dict(feat_dim=5, queue_len=QUEUE_LEN) if is_queued else {}
    sizes |= dict(feat_dim=5) if head_class is InBatchTSCHead else {}
    head = head_class(**(dict(num_classes=3, num_positives=2) | sizes | kwargs)).double()
    head.init_weights()
    return head


def turn_on(head: TSCHead) -> None:
    head.targeted = head.update_centers = head.assignment_due = True


def draw(seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return unit_rows(4, 5, generator=generator).requires_grad_(), unit_rows(4, 5, generator=generator)


@pytest.mark.parametrize('num_positives', [0, 2])
def test_kcl_head(num_positives):
    head = build(KCLHead, num_positives=num_positives, temperature=0.2)
    assert (head.queue.labels == -1).all()
    head.draw_uniform = lambda num_anchors, device: DRAWS if num_positives else None
    for step in range(2):  # the second step finds the keys of the first one
        queries, keys = draw(step)
        queue, queue_labels = head.queue.embeddings.clone(), head.queue.labels.clone()
        losses = head.loss(Views([], [queries], [keys], LABELS))
        expected, _ = loop_k_positive_loss(
            queries,
            LABELS,
            queue,
            queue_labels,
            keys=keys,
            num_classes=3,
            draws=DRAWS if num_positives else None,
            temperature=0.2,
        )
        assert set(losses) == {'loss_con'}
        torch.testing.assert_close(losses['loss_con'], expected, rtol=1e-10, atol=0)
        # The enqueue must not have changed what the backward pass needs.
        gradients = [torch.autograd.grad(loss, queries)[0] for loss in (losses['loss_con'], expected)]
        torch.testing.assert_close(*gradients, rtol=1e-9, atol=1e-12)
    assert int(head.queue.pointer) == 8 % QUEUE_LEN
    torch.testing.assert_close(head.queue.embeddings[:2], keys[2:])


def test_uniform_numbers_follow_the_seed():
    head = build(KCLHead)
    first, second = (head.draw_uniform(4, torch.device('cpu')) for _ in range(2))
    assert first.shape == (2, 4)
    assert not first.equal(second)
    torch.manual_seed(0)
    again = head.draw_uniform(4, torch.device('cpu'))
    torch.manual_seed(0)
    assert again.equal(head.draw_uniform(4, torch.device('cpu')))


def test_one_image_a_step():
    head = build(KCLHead)
    for step in range(3):
        queries, keys = draw(step)
        assert head.loss(Views([], [queries[:1]], [keys[:1]], LABELS[:1]))['loss_con'].isfinite()


@pytest.mark.parametrize('head_class', [KCLHead, InBatchTSCHead])
def test_prediction_is_the_pooled_feature(head_class):
    head = build(head_class)
    feats = torch.randn(2, 4)
    samples = [DataSample().set_gt_label(0), DataSample().set_gt_label(2)]
    for given in (samples, None):
        predicted = head.predict((feats - 1, feats), given)
        assert torch.stack([sample.features for sample in predicted]).equal(feats)
    assert predicted[0] is not samples[0]
    assert samples[1].gt_label == 2
    assert head((feats,)).equal(feats)


def loop_centers(centers, queries, labels, momentum=0.9):
    """New centers, class by class, as the original updates them."""
    centers = centers.clone()
    for c in labels.unique().tolist():
        mean = torch.nn.functional.normalize(queries[labels == c].mean(0), dim=0)
        centers[c] = torch.nn.functional.normalize(momentum * centers[c] + (1 - momentum) * mean, dim=0)
    return centers


def test_tsc_head():
    head = build(TSCHead, num_classes=4, target_repeat=2, target_weight=0.3)  # no image of class 3
    head.draw_uniform = lambda num_anchors, device: DRAWS
    turn_on(head)
    queries, keys = draw()
    centers = head.class_centers.clone()
    queue, queue_labels = head.queue.embeddings.clone(), head.queue.labels.clone()
    losses = head.loss(Views([], [queries], [keys], LABELS))
    torch.testing.assert_close(head.class_centers, loop_centers(centers, queries, LABELS).detach())
    assert head.class_centers[3].equal(centers[3])
    _, columns = linear_sum_assignment(-(head.class_centers @ head.targets.T).numpy())
    assert head.assignment.tolist() == columns.tolist()
    expected = loop_k_positive_loss(
        queries,
        LABELS,
        queue,
        queue_labels,
        keys=keys,
        num_classes=4,
        draws=DRAWS,
        class_targets=head.targets[columns],
        target_repeat=2,
        target_weight=0.3,
    )
    torch.testing.assert_close((losses['loss_con'], losses['loss_target']), expected, rtol=1e-10, atol=0)


def test_tsc_head_is_kcl_until_the_targets_are_on():
    tsc, kcl = build(TSCHead), build(KCLHead)
    kcl.queue.load_state_dict(tsc.queue.state_dict())
    before = tsc.class_centers.clone()
    queries, keys = draw()
    for head in (tsc, kcl):
        head.draw_uniform = lambda num_anchors, device: DRAWS
    losses = tsc.loss(Views([], [queries], [keys], LABELS))
    assert losses['loss_con'] == kcl.loss(Views([], [queries], [keys], LABELS))['loss_con']
    assert losses['loss_target'] == 0
    assert tsc.class_centers.equal(before)
    tsc.update_centers = True  # the option to follow the classes in the first phase as well
    tsc.loss(Views([], [queries], [keys], LABELS))
    assert not tsc.class_centers.equal(before)
    assert tsc.assignment.tolist() == [0, 1, 2]


def test_assignment_rests_when_it_is_not_due():
    head = build(TSCHead)
    turn_on(head)
    head.assignment_due = False
    head.class_centers.copy_(head.targets[[2, 0, 1]])
    head.loss(Views([], *([rows] for rows in draw()), LABELS))
    assert head.assignment.tolist() == [0, 1, 2]
    head.class_centers.copy_(head.targets[[2, 0, 1]])
    head.match_targets()
    assert head.assignment.tolist() == [2, 0, 1]


def test_a_diverged_run_still_matches():
    head = build(TSCHead)
    head.class_centers.fill_(float('nan'))
    head.match_targets()
    assert sorted(head.assignment.tolist()) == [0, 1, 2]


def test_targets_are_generated_or_read(tmp_path):
    generated = build(TSCHead).targets
    torch.testing.assert_close(generated @ generated.T, 1.5 * torch.eye(3).double() - 0.5, rtol=0, atol=1e-6)
    assert not generated.equal(build(TSCHead, target_seed=1).targets)
    np.save(tmp_path / 'targets.npy', np.eye(3, 5, dtype=np.float32))
    read = build(TSCHead, targets=str(tmp_path / 'targets.npy'))
    assert read.targets.equal(torch.eye(3, 5).double())
    with pytest.raises(UserError, match=r'targets\.npy has shape \(3, 5\) but num_classes=4'):
        build(TSCHead, num_classes=4, targets=str(tmp_path / 'targets.npy'))


def test_state_travels_in_the_checkpoint():
    head = build(TSCHead)
    turn_on(head)
    head.loss(Views([], *([rows] for rows in draw()), LABELS))
    other = TSCHead(num_classes=3, feat_dim=5, queue_len=QUEUE_LEN, num_positives=2).double()
    other.load_state_dict(head.state_dict())
    for name in ('targets', 'class_centers', 'assignment'):
        assert getattr(other, name).equal(getattr(head, name))
    assert other.class_targets().equal(head.class_targets())


MISTAKES = {
    'num_positives must be 0': dict(head_class=KCLHead, num_positives=-1),
    'target_repeat must be at least 1, got 0': dict(head_class=TSCHead, target_repeat=0),
    'target_repeat must be at least 1, got -1': dict(head_class=InBatchTSCHead, target_repeat=-1),
    r'must name each class 0\.\.2 once, got \[0, 1, 1\]': dict(head_class=InBatchTSCHead, target_order=[0, 1, 1]),
    "must be one of .*got 'targets'": dict(head_class=InBatchKCLHead, anchors='targets'),
}


@pytest.mark.parametrize('message', MISTAKES)
def test_mistakes(message):
    with pytest.raises(UserError, match=message):
        build(**MISTAKES[message])


def test_more_positives_than_the_queue_holds_are_all_of_them(monkeypatch):
    said = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda text, **_: said.append(text))
    losses = []
    for num_positives in (QUEUE_LEN + 1, 0):
        head = build(KCLHead, num_positives=num_positives)
        views = Views([], *([rows] for rows in draw()), LABELS)
        head.loss(views)  # which fills the queue
        losses.append(float(head.loss(views)['loss_con'].detach()))
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    assert ['num_positives=7 is more than queue_len=6' in line for line in said] == [True]


def test_targets_that_were_never_set():
    head = TSCHead(num_classes=3, feat_dim=5, queue_len=QUEUE_LEN, num_positives=2).double()
    turn_on(head)
    with pytest.raises(UserError, match=r'TSCHead has no targets: call init_weights\(\)'):
        head.loss(Views([], *([rows] for rows in draw()), LABELS))


@pytest.mark.parametrize(
    ('head_class', 'num_online', 'num_keys'), [(KCLHead, 2, 0), (TSCHead, 1, 2), (InBatchKCLHead, 1, 1)]
)
def test_other_views_than_the_head_takes(head_class, num_online, num_keys):
    queries, keys = draw()
    with pytest.raises(UserError, match=f'{head_class.__name__} takes 1 .* gets {num_online} and {num_keys}'):
        build(head_class).loss(Views([], [queries] * num_online, [keys] * num_keys, LABELS))


@pytest.mark.parametrize('num_views', [1, 2])
@pytest.mark.parametrize('beta', [None, 0.9])
def test_in_batch_kcl_head(num_views, beta):
    head = build(InBatchKCLHead, effective_number_beta=beta, class_counts=[40, 10, 1], temperature=0.1)
    draws = draw_uniform(2, 4 * num_views, torch.Generator().manual_seed(3))
    head.draw_uniform = lambda num_rows, device: draws[:, :num_rows]
    views = list(draw())[:num_views]
    weights = None if beta is None else effective_number_weights(torch.tensor([40, 10, 1]), beta)
    options = dict(num_views=num_views, draws=draws, temperature=0.1, class_weights=weights)
    expected = loop_in_batch_loss(torch.cat(views), LABELS.repeat(num_views), *NO_TARGETS, num_classes=3, **options)
    loss = head.loss(Views([], views, [], LABELS))['loss_con']
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=0)


@pytest.mark.parametrize('all_targets_positive', [False, True])
def test_in_batch_tsc_head_with_a_fixed_order(all_targets_positive):
    order = [2, 0, 1]
    head = build(InBatchTSCHead, target_order=order, target_repeat=2, all_targets_positive=all_targets_positive)
    # Target i has the class order[i].
    assert head.class_targets()[order].equal(head.targets)
    draws = draw_uniform(2, 2 * (4 + 3 * 2), torch.Generator().manual_seed(3))
    head.draw_uniform = lambda num_rows, device: draws[:, :num_rows]
    views = list(draw())
    expected = loop_in_batch_loss(
        torch.cat(views),
        LABELS.repeat(2),
        head.class_targets(),
        torch.arange(3),
        num_classes=3,
        draws=draws,
        target_repeat=2,
        all_targets_positive=all_targets_positive,
    )
    centers = head.class_centers.clone()
    torch.testing.assert_close(head.loss(Views([], views, [], LABELS))['loss_con'], expected, rtol=1e-10, atol=0)
    turn_on(head)
    head.loss(Views([], views, [], LABELS))
    assert head.class_centers.equal(centers)
    assert head.assignment.tolist() == [1, 2, 0]


def test_in_batch_tsc_head_with_matching():
    head = build(InBatchTSCHead, match_centers=True, num_positives=0)
    views = list(draw())
    plain = loop_in_batch_loss(torch.cat(views), LABELS.repeat(2), *NO_TARGETS, num_classes=3)
    torch.testing.assert_close(head.loss(Views([], views, [], LABELS))['loss_con'], plain)
    turn_on(head)
    expected = loop_centers(head.class_centers, torch.cat(views), LABELS.repeat(2)).detach()
    head.loss(Views([], views, [], LABELS))
    torch.testing.assert_close(head.class_centers, expected)
    total = (head.class_centers * head.class_targets()).sum()
    _, columns = linear_sum_assignment(-(expected @ head.targets.T).numpy())
    torch.testing.assert_close(total, (expected * head.targets[columns]).sum())


def run_in_batch(rank: int) -> None:
    head = build(InBatchKCLHead, num_positives=0)
    views = list(draw())
    mine = slice(2 * rank, 2 * rank + 2)
    parts = [view.detach()[mine].requires_grad_() for view in views]
    loss = head.loss(Views([], parts, [], LABELS[mine]))['loss_con']
    leaves = [view.detach().requires_grad_() for view in views]
    expected = loop_in_batch_loss(torch.cat(leaves), LABELS.repeat(2), *NO_TARGETS, num_classes=3)
    average = loss.detach().clone()
    torch.distributed.all_reduce(average)
    torch.testing.assert_close(average / 2, expected)
    # DDP averages over the two processes.
    for part, gradient in zip(torch.autograd.grad(loss, parts), torch.autograd.grad(expected, leaves), strict=True):
        torch.testing.assert_close(part / 2, gradient[mine])


def run_tsc(rank: int) -> None:
    head = build(TSCHead)
    turn_on(head)
    if rank == 1:
        head.assignment.fill_(-5)  # what rank 0 matches is what counts
    queries, keys = draw()
    mine = slice(2 * rank, 2 * rank + 2)
    centers = loop_centers(head.class_centers, queries, LABELS).detach()
    head.loss(Views([], [queries[mine]], [keys[mine]], LABELS[mine]))
    torch.testing.assert_close(head.class_centers, centers)
    assert sorted(head.assignment.tolist()) == [0, 1, 2]
    torch.testing.assert_close(head.queue.embeddings[:4], keys)


@pytest.mark.parametrize('function', [run_in_batch, run_tsc])
def test_two_processes(function):
    run_processes(function, world_size=2)


@pytest.mark.parametrize('head', ['ltcl.KCLHead', 'ltcl.TSCHead', 'ltcl.InBatchKCLHead', 'ltcl.InBatchTSCHead'])
def test_heads_are_registered(head):
    assert MODELS.build(dict(type=head, num_classes=3)).num_classes == 3
