import pytest
import torch
import torch.nn.functional as F
from mmpretrain.structures import DataSample
from oracles.resco import as_columns, draw_queue, loop_enqueue, loop_resco, loop_rescom
from oracles.rows import unit_rows
from processes import run_processes

from ltcl.errors import UserError
from ltcl.functional import effective_number_weights
from ltcl.models import ContrastiveClassifier, ResCoHead, ResComHead
from ltcl.models.heads import Views
from ltcl.registry import MODELS

COUNTS = [40, 10, 1]
LABELS = torch.tensor([0, 2, 1, 0])
HEADS = {
    ResCoHead: dict(positives_per_class=3, negatives_per_class=2),
    ResComHead: dict(queue_per_class=3, num_hard_positives=2, num_hard_negatives=4),
}
ALL_HEADS = pytest.mark.parametrize('head_class', HEADS)


def build(head_class: type, **kwargs) -> torch.nn.Module:
    torch.manual_seed(0)
    kwargs = {**HEADS[head_class], 'feat_dim': 5, 'class_counts': COUNTS, **kwargs}
    return head_class(num_classes=3, in_channels=4, **kwargs).double()


def draw(num_images: int = 4, num_views: int = 2, seed: int = 1) -> tuple[list, list]:
    """Pooled features and embeddings of the views."""
    generator = torch.Generator().manual_seed(seed)
    feats = [torch.randn(num_images, 4, generator=generator).double() for _ in range(num_views)]
    return feats, [unit_rows(num_images, 5, generator=generator).requires_grad_() for _ in range(num_views)]


def queues(head: torch.nn.Module) -> list[torch.nn.Module]:
    return [head.positive_queue, head.negative_queue] if isinstance(head, ResCoHead) else [head.class_queue]


def expected_contrast(head: torch.nn.Module, embeddings: list, labels: torch.Tensor, **kwargs) -> torch.Tensor:
    rows = [queue.embeddings.clone() for queue in queues(head)]
    if isinstance(head, ResCoHead):
        return loop_resco(*embeddings, labels, *rows, **kwargs)
    num_hard = HEADS[ResComHead]['num_hard_positives'], HEADS[ResComHead]['num_hard_negatives']
    return loop_rescom(torch.cat(embeddings), labels.repeat(2), *rows, *num_hard, **kwargs)


@pytest.mark.parametrize('knobs', [{}, dict(temperature=0.1, con_weight=1.5, effective_number_beta=0.0)])
@ALL_HEADS
def test_losses_and_gradients(head_class, knobs):
    head = build(head_class, **knobs)
    feats, embeddings = draw()
    beta = knobs.get('effective_number_beta', 0.99)
    weights = effective_number_weights(torch.tensor(COUNTS), beta, scaling='mean_number')
    temperature = knobs.get('temperature', 0.2)
    contrast = expected_contrast(head, embeddings, LABELS, temperature=temperature, class_weights=weights)
    expected_con = knobs.get('con_weight', 0.5) * contrast
    losses = head.loss(Views(feats, embeddings, [], LABELS))
    assert set(losses) == {'loss_cls', 'loss_con', 'accuracy'}
    logits = [F.linear(view, head.fc.weight, head.fc.bias) for view in feats]
    prior = torch.log(torch.tensor(COUNTS).double() / sum(COUNTS) + 1e-9)
    expected_cls = sum(F.cross_entropy(view + prior, LABELS) / 2 for view in logits)
    # The enqueue must not have changed what the backward pass needs.
    for actual, expected, leaves in (
        (losses['loss_cls'], expected_cls, list(head.fc.parameters())),
        (losses['loss_con'], expected_con, embeddings),
    ):
        torch.testing.assert_close(actual, expected, rtol=1e-9, atol=0)
        gradients = [torch.autograd.grad(value, leaves) for value in (actual, expected)]
        torch.testing.assert_close(*gradients, rtol=1e-9, atol=1e-12)


@ALL_HEADS
def test_accuracy_is_without_prior_and_of_the_published_views(head_class):
    head = build(head_class, class_counts=[10**6, 1, 1])
    with torch.no_grad():
        head.fc.weight.copy_(torch.eye(3, 4))
        head.fc.bias.zero_()
    right_three_times = F.one_hot(torch.tensor([0, 2, 1, 1]), 4).double()
    wrong = F.one_hot(torch.tensor([1, 1, 0, 1]), 4).double()
    accuracy = head.loss(Views([right_three_times, wrong], draw()[1], [], LABELS))['accuracy']
    assert accuracy == (75 if head_class is ResCoHead else 37.5)


@ALL_HEADS
def test_enqueues_the_published_view_whatever_the_batch_size(head_class):
    head = build(head_class)
    columns = [as_columns(queue.embeddings) for queue in queues(head)]
    pointers = [queue.pointer.clone() for queue in queues(head)]
    for num_images in (4, 1, 3):
        feats, embeddings = draw(num_images, seed=num_images)
        labels = LABELS[:num_images]
        head.loss(Views(feats, embeddings, [], labels))
        keys = embeddings[1 if head_class is ResCoHead else 0].detach()
        for expected, pointer, queue in zip(columns, pointers, queues(head), strict=True):
            loop_enqueue(expected, pointer, keys, labels)
            assert torch.equal(as_columns(queue.embeddings), expected)
            assert torch.equal(queue.pointer, pointer)


@pytest.mark.parametrize('always_enqueue', [False, True])
def test_without_negatives_nothing_is_enqueued_as_published(always_enqueue):
    head = build(ResCoHead, negatives_per_class=0, always_enqueue=always_enqueue)
    before = head.positive_queue.embeddings.clone()
    feats, embeddings = draw()
    expected = 0.5 * expected_contrast(head, embeddings, LABELS)
    head.effective_number_beta = 0
    torch.testing.assert_close(head.loss(Views(feats, embeddings, [], LABELS))['loss_con'], expected)
    assert torch.equal(head.positive_queue.embeddings, before) != always_enqueue
    assert head.positive_queue.pointer.tolist() == ([2, 1, 1] if always_enqueue else [0, 0, 0])


@ALL_HEADS
def test_one_class_in_the_batch_and_a_batch_of_one(head_class):
    head = build(head_class, effective_number_beta=0)
    for labels in (torch.tensor([1, 1, 1]), torch.tensor([2])):
        feats, embeddings = draw(len(labels))
        expected = 0.5 * expected_contrast(head, embeddings, labels)
        torch.testing.assert_close(head.loss(Views(feats, embeddings, [], labels))['loss_con'], expected)


@ALL_HEADS
def test_empty_queue_stays_out_of_the_loss_until_it_is_filled(head_class):
    head = build(head_class, queue_init='empty', effective_number_beta=0)
    feats, embeddings = draw()
    loss = head.loss(Views(feats, embeddings, [], LABELS))['loss_con']
    nothing = draw_queue(3, 0, 5)
    if head_class is ResCoHead:
        expected = loop_resco(*embeddings, LABELS, nothing, nothing)
    else:
        expected = loop_rescom(torch.cat(embeddings), LABELS.repeat(2), nothing, 0, 0)
    torch.testing.assert_close(loss, 0.5 * expected)
    gradients = [torch.autograd.grad(value, embeddings) for value in (loss, 0.5 * expected)]
    torch.testing.assert_close(*gradients)
    for queue in queues(head):
        assert queue.fill.tolist() == [2, 1, 1]


def test_published_prior_is_that_of_another_column():
    # Columns: the batch, two of the own class, two of each other class; priors: of the batch, then 0, 0, 1, 1, 2, 2.
    slots = dict(positives_per_class=2, negatives_per_class=2)
    head = build(ResCoHead, **slots, contrast_prior=0.7, effective_number_beta=0)
    prior = 0.7 * torch.log(torch.tensor(COUNTS).double() / sum(COUNTS) + 1e-9)
    feats, _ = draw()
    zeros = [torch.zeros(4, 5).double() for _ in range(2)]  # all similarities are 0
    queue_priors = prior.repeat_interleave(2)
    expected = 0
    for label in LABELS.tolist():
        columns = torch.cat([prior[LABELS], queue_priors])
        positives = torch.cat([prior[LABELS][label == LABELS], queue_priors[:2]])
        expected += (torch.logsumexp(columns, 0) - positives.mean()) / len(LABELS)
    actual = head.loss(Views(feats, zeros, [], LABELS))['loss_con']
    torch.testing.assert_close(actual, 0.5 * expected, rtol=1e-8, atol=0)


def test_aligned_prior_is_that_of_the_column():
    head = build(ResCoHead, contrast_prior=0.7, align_contrast_prior=True, effective_number_beta=0)
    prior = 0.7 * torch.log(torch.tensor(COUNTS).double() / sum(COUNTS) + 1e-9)
    feats, _ = draw()
    zeros = [torch.zeros(4, 5).double() for _ in range(2)]  # all similarities are 0
    expected = 0
    for label in LABELS.tolist():
        columns = torch.tensor([*LABELS, *[label] * 3, *[c for c in range(3) if c != label for _ in range(2)]])
        positive = columns == label
        expected += (torch.logsumexp(prior[columns], 0) - prior[columns[positive]].mean()) / len(LABELS)
    actual = head.loss(Views(feats, zeros, [], LABELS))['loss_con']
    torch.testing.assert_close(actual, 0.5 * expected, rtol=1e-8, atol=0)


def test_prior_of_mined_columns():
    head = build(ResComHead, contrast_prior=0.7)
    without = build(ResComHead)
    losses = [each.loss(Views(*draw(), [], LABELS))['loss_con'] for each in (head, without)]
    assert abs(losses[0] - losses[1]) > 1e-2


@pytest.mark.parametrize(
    ('head_class', 'kwargs', 'message'),
    [
        (ResComHead, dict(num_hard_positives=4), r'num_hard_positives=4 must be in 0\.\.3, which is queue_per_class'),
        (ResComHead, dict(num_hard_negatives=7), r'num_hard_negatives=7 must be in 0\.\.6, which is queue_per_class=3'),
        (ResComHead, dict(num_hard_negatives=-1), r'num_hard_negatives=-1 must be in 0\.\.6'),
        (ResCoHead, dict(contrast_prior=1.0), r'set align_contrast_prior=True'),
        (ResCoHead, dict(positives_per_class=-1), r'must be 0 or positive, got -1'),
    ],
)
def test_refuses(head_class, kwargs, message):
    with pytest.raises(UserError, match=message):
        build(head_class, **kwargs)


@ALL_HEADS
def test_refuses_one_view_and_unknown_counts(head_class):
    with pytest.raises(UserError, match=r'takes 2 online views and 0 key views, but gets 1 and 0: set'):
        build(head_class).loss(Views(*draw(num_views=1), [], LABELS))
    with pytest.raises(UserError, match=rf'{head_class.__name__} needs the training images per class'):
        build(head_class, class_counts=None).loss(Views(*draw(), [], LABELS))


@ALL_HEADS
def test_saved_and_resumed(head_class):
    head = build(head_class)
    head.loss(Views(*draw(), [], LABELS))
    resumed = MODELS.build(
        dict(type=f'ltcl.{head_class.__name__}', num_classes=3, in_channels=4, feat_dim=5, **HEADS[head_class])
    ).double()
    resumed.load_state_dict(head.state_dict())
    losses = [each.loss(Views(*draw(seed=5), [], LABELS)) for each in (head, resumed)]
    assert torch.equal(losses[0]['loss_con'], losses[1]['loss_con'])
    for name, buffer in head.named_buffers():
        assert torch.equal(resumed.get_buffer(name), buffer)


def build_model(head_class: type) -> ContrastiveClassifier:
    torch.manual_seed(0)
    return ContrastiveClassifier(
        backbone=dict(type='ltcl.CifarResNet', in_channels=1, base_channels=4, num_blocks=(1, 1, 1)),
        neck=dict(type='GlobalAveragePooling'),
        projector=dict(type='ltcl.Projector', in_channels=16, out_channels=5, norm_cfg=dict(type='BN1d')),
        head=dict(
            type=f'ltcl.{head_class.__name__}',
            num_classes=3,
            in_channels=16,
            feat_dim=5,
            class_counts=COUNTS,
            temperature=0.05,
            **HEADS[head_class],
        ),
        online_views=(0, 1),
        joint_forward=head_class is ResComHead,
    )


def images(seed: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(4, 1, 8, 8, generator=generator) for _ in range(2)]


def samples(labels: torch.Tensor = LABELS) -> list[DataSample]:
    return [DataSample().set_gt_label(label) for label in labels]


@ALL_HEADS
def test_gradients_are_finite_in_bfloat16(head_class):
    model = build_model(head_class)
    with torch.autocast('cpu', torch.bfloat16):
        losses = model(images(0), samples(), mode='loss')
    assert losses['loss_con'].dtype == losses['loss_cls'].dtype == torch.float32
    (losses['loss_con'] + losses['loss_cls']).backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())
    assert model.projector.layers[0].weight.grad.any()
    assert model.head.fc.weight.grad.any()


@ALL_HEADS
def test_accumulated_gradients_leave_the_queue_right(head_class):
    """Every micro-batch is compared with the queue as it then is, and enqueued once."""
    model, stepwise = build_model(head_class), build_model(head_class)
    total = 0
    for seed in range(3):
        losses = model(images(seed), samples(), mode='loss')
        (losses['loss_con'] / 3).backward()
        total = total + stepwise(images(seed), samples(), mode='loss')['loss_con'] / 3
    total.backward()
    torch.testing.assert_close(model.projector.layers[0].weight.grad, stepwise.projector.layers[0].weight.grad)
    for queue, expected in zip(queues(model.head), queues(stepwise.head), strict=True):
        assert torch.equal(queue.embeddings, expected.embeddings)
        assert queue.pointer.tolist() == (3 * LABELS.bincount() % queue.slots_per_class).tolist()


def step_on(rank: int, name: str) -> None:
    head_class = {each.__name__: each for each in HEADS}[name]
    head = build(head_class, effective_number_beta=0)
    labels = torch.stack([LABELS, torch.tensor([1, 1, 0, 2])])
    for step in range(2):
        both = [draw(seed=10 * step + process) for process in range(2)]
        feats, embeddings = both[rank]
        # In-batch contrast stays on the process.
        expected = 0.5 * expected_contrast(head, embeddings, labels[rank])
        columns = [as_columns(queue.embeddings) for queue in queues(head)]
        pointers = [queue.pointer.clone() for queue in queues(head)]
        loss = head.loss(Views(feats, embeddings, [], labels[rank]))['loss_con']
        torch.testing.assert_close(loss, expected)
        keys = torch.cat([rows[1 if head_class is ResCoHead else 0].detach() for _, rows in both])
        for rows, pointer, queue in zip(columns, pointers, queues(head), strict=True):
            loop_enqueue(rows, pointer, keys, labels.flatten())
            assert torch.equal(as_columns(queue.embeddings), rows)
            assert torch.equal(queue.pointer, pointer)


@ALL_HEADS
def test_queues_are_equal_on_all_processes(head_class):
    run_processes(step_on, world_size=2, name=head_class.__name__)
