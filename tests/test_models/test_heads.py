import pytest
import torch
import torch.nn.functional as F
from mmpretrain.models.losses import FocalLoss
from mmpretrain.structures import DataSample
from oracles.paco import loop_paco_loss, loop_supcon_loss
from oracles.rows import unit_rows

from ltcl.errors import UserError
from ltcl.functional import effective_number_weights
from ltcl.models import CosineClsHead, MultiTaskHead, PaCoHead
from ltcl.models.heads import CosineLinear, Views
from ltcl.registry import MODELS

COUNTS = [40, 10, 1]
LABELS = torch.tensor([0, 2, 1, 0])
QUEUE_LEN = 6


def build(head_class: type, **kwargs) -> torch.nn.Module:
    torch.manual_seed(0)
    kwargs = dict(feat_dim=5, queue_len=QUEUE_LEN, class_counts=COUNTS) | kwargs
    return head_class(num_classes=3, in_channels=4, **kwargs).double()


def draw(num_online: int, num_keys: int = 0) -> tuple[list, list, list]:
    """Pooled features and embeddings of the online views, and embeddings of the key views."""
    generator = torch.Generator().manual_seed(1)
    feats = [torch.randn(4, 4, generator=generator).double() for _ in range(num_online)]
    embeddings = [unit_rows(4, 5, generator=generator).requires_grad_() for _ in range(num_online)]
    return feats, embeddings, [unit_rows(4, 5, generator=generator) for _ in range(num_keys)]


def queue_before(head: torch.nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    return head.queue.embeddings.clone(), head.queue.labels.clone()


def check_enqueued(head: torch.nn.Module, rows: torch.Tensor, before: tuple[torch.Tensor, torch.Tensor]) -> None:
    torch.testing.assert_close(head.queue.embeddings, torch.cat([rows.detach(), before[0][4:]]), rtol=0, atol=0)
    assert head.queue.labels.tolist() == [*LABELS, *before[1][4:]]
    assert int(head.queue.pointer) == 4


@pytest.mark.parametrize('name', ['PaCoHead', 'BCLHead', 'ProCoHead', 'ResCoHead', 'ResComHead', 'MultiTaskHead'])
def test_what_has_no_effect_is_refused(name):
    given = dict(loss=dict(type='FocalLoss'), cal_acc=True, topk=(1, 5))
    if name == 'MultiTaskHead':
        assert isinstance(build(MultiTaskHead, loss=given.pop('loss')).loss_module, FocalLoss)
    for key, value in given.items():
        with pytest.raises(
            UserError, match=f'{name} computes .* so {key} would have no effect: leave model.head.{key} out'
        ):
            MODELS.build(dict(type=f'ltcl.{name}', num_classes=3, in_channels=4, **{key: value}))


KNOBS = dict(alpha=0.3, beta=0.8, gamma=0.7, supt=1.2, temperature=0.1, base_temperature=0.2, smoothing=0.1)


@pytest.mark.parametrize('knobs', [{}, KNOBS])
@pytest.mark.parametrize(('num_online', 'num_keys'), [(1, 1), (2, 0), (1, 2), (1, 0)])
def test_paco_head(num_online, num_keys, knobs):
    head = build(PaCoHead, **knobs)
    feats, embeddings, keys = draw(num_online, num_keys)
    queue, queue_labels = queue_before(head)
    losses = head.loss(Views(feats, embeddings, keys, LABELS))
    assert set(losses) == {'loss_paco', 'accuracy'}
    expected = loop_paco_loss(
        torch.cat(embeddings),
        LABELS.repeat(num_online),
        torch.cat([*keys, queue]),
        torch.cat([LABELS.repeat(num_keys), queue_labels]),
        logits=F.linear(torch.cat(feats), head.fc.weight, head.fc.bias),
        class_counts=torch.tensor(COUNTS),
        **knobs,
    )
    torch.testing.assert_close(losses['loss_paco'], expected, rtol=1e-9, atol=0)
    check_enqueued(head, keys[-1] if keys else embeddings[-1], (queue, queue_labels))
    # The enqueue must not have changed what the backward pass needs.
    inputs = [*embeddings, head.fc.weight]
    for actual, gradient in zip(
        torch.autograd.grad(losses['loss_paco'], inputs), torch.autograd.grad(expected, inputs), strict=True
    ):
        torch.testing.assert_close(actual, gradient, rtol=1e-9, atol=1e-12)


def test_accuracy_is_that_of_the_first_view_without_prior():
    head = build(PaCoHead, class_counts=[10**6, 1, 1])
    with torch.no_grad():
        head.fc.weight.copy_(torch.eye(3, 4))
        head.fc.bias.zero_()
    right_three_times = F.one_hot(torch.tensor([0, 2, 1, 1]), 4).double()
    _, embeddings, _ = draw(2)
    wrong = F.one_hot(torch.tensor([1, 1, 0, 1]), 4).double()
    assert head.loss(Views([right_three_times, wrong], embeddings, [], LABELS))['accuracy'] == 75


def test_prior_is_optional():
    feats, embeddings, keys = draw(1, 1)
    without = build(PaCoHead, with_prior=False, class_counts=None)
    with pytest.raises(UserError, match=r'PaCoHead needs the training images per class'):
        build(PaCoHead, class_counts=None).loss(Views(feats, embeddings, keys, LABELS))
    uniform = build(PaCoHead, class_counts=[7, 7, 7])
    with torch.no_grad():
        uniform.fc.bias += torch.log(torch.tensor(3.0))
    expected = uniform.loss(Views(feats, embeddings, keys, LABELS))['loss_paco']
    torch.testing.assert_close(without.loss(Views(feats, embeddings, keys, LABELS))['loss_paco'], expected)


@pytest.mark.parametrize('head_class', [PaCoHead, MultiTaskHead])
def test_without_queue(head_class):
    head = build(head_class, queue_len=0)
    feats, embeddings, _ = draw(2)
    losses = head.loss(Views(feats, embeddings, [], LABELS))
    nothing = torch.zeros(0, 5), torch.zeros(0, dtype=torch.int64)
    if head_class is PaCoHead:
        logits = head.fc(torch.cat(feats))
        expected = loop_paco_loss(
            torch.cat(embeddings), LABELS.repeat(2), *nothing, logits=logits, class_counts=torch.tensor(COUNTS)
        )
        torch.testing.assert_close(losses['loss_paco'], expected)
    else:
        expected = 0.5 * loop_supcon_loss(torch.cat(embeddings), LABELS.repeat(2), *nothing)
        torch.testing.assert_close(losses['loss_con'], expected)


def test_empty_queue_stays_out_of_the_loss_until_it_is_filled():
    head = build(PaCoHead, queue_init='empty')
    feats, embeddings, keys = draw(1, 1)
    for rows in (keys, keys * 2):
        expected = loop_paco_loss(
            embeddings[0],
            LABELS,
            torch.cat(rows),
            LABELS.repeat(len(rows)),
            logits=head.fc(feats[0]),
            class_counts=torch.tensor(COUNTS),
        )
        torch.testing.assert_close(head.loss(Views(feats, embeddings, keys, LABELS))['loss_paco'], expected)


def test_queue_shorter_than_the_batch():
    with pytest.raises(UserError, match=r'queue_len=3 is shorter than the 4 keys'):
        build(PaCoHead, queue_len=3).loss(Views(*draw(1, 1), LABELS))


@pytest.mark.parametrize('beta', [None, 0.9])
def test_multi_task_head(beta):
    loss_cfg = dict(type='ltcl.BalancedSoftmaxLoss', num_classes=3, class_counts=COUNTS)
    args = dict(alpha=0.4, temperature=0.1, base_temperature=0.07)
    head = build(MultiTaskHead, effective_number_beta=beta, loss=loss_cfg, **args)
    feats, embeddings, _ = draw(2)
    queue, queue_labels = queue_before(head)
    losses = head.loss(Views(feats, embeddings, [], LABELS))
    assert set(losses) == {'loss_cls', 'loss_con', 'accuracy'}
    frequencies = torch.tensor(COUNTS).double() / sum(COUNTS)
    labels = LABELS.repeat(2)
    expected = F.cross_entropy(head.fc(torch.cat(feats)) + torch.log(frequencies + 1e-9), labels)
    torch.testing.assert_close(losses['loss_cls'], expected)
    supcon = loop_supcon_loss(
        torch.cat(embeddings),
        labels,
        queue,
        queue_labels,
        temperature=0.1,
        base_temperature=0.07,
        class_weights=None if beta is None else effective_number_weights(torch.tensor(COUNTS), beta),
    )
    torch.testing.assert_close(losses['loss_con'], 0.4 * supcon)
    check_enqueued(head, embeddings[-1], (queue, queue_labels))
    (losses['loss_cls'] + losses['loss_con']).backward()
    assert embeddings[0].grad.isfinite().all()


def test_multi_task_head_needs_counts_only_where_they_are_used():
    feats, embeddings, _ = draw(2)
    build(MultiTaskHead, class_counts=None).loss(Views(feats, embeddings, [], LABELS))
    with pytest.raises(UserError, match='MultiTaskHead needs the training images per class'):
        build(MultiTaskHead, class_counts=None, effective_number_beta=0.9).loss(Views(feats, embeddings, [], LABELS))


def test_smoothed_cross_entropy_of_the_vit_baseline():
    head = build(MultiTaskHead, loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1)).float()
    feats, embeddings, _ = draw(2)
    feats, embeddings = ([row.detach().float() for row in rows] for rows in (feats, embeddings))
    log_probs = head.fc(torch.cat(feats)).log_softmax(1)
    nll = -log_probs.gather(1, LABELS.repeat(2)[:, None]).squeeze(1)
    expected = (0.9 * nll - 0.1 * log_probs.mean(1)).mean()
    torch.testing.assert_close(head.loss(Views(feats, embeddings, [], LABELS))['loss_cls'], expected)


@pytest.mark.parametrize('head_class', [PaCoHead, MultiTaskHead])
def test_prediction_is_the_softmax_of_plain_logits(head_class):
    head = build(head_class, class_counts=[10**6, 1, 1])
    (feats,), *_ = draw(1)
    logits = F.linear(feats, head.fc.weight, head.fc.bias)
    torch.testing.assert_close(head((feats,)), logits)
    predicted = head.predict((feats,), [DataSample() for _ in feats])
    torch.testing.assert_close(torch.stack([sample.pred_score for sample in predicted]), logits.softmax(1))
    assert [sample.pred_label.item() for sample in predicted] == logits.argmax(1).tolist()


def test_heads_keep_the_initialisation_of_torch():
    head = MODELS.build(dict(type='ltcl.PaCoHead', num_classes=50, in_channels=64, feat_dim=4, queue_len=4))
    head.init_weights()
    # Uniform in +- 1 / sqrt(64); mmpretrain's default would be normal of 0.01 and a bias of 0.
    assert 0.12 < head.fc.weight.abs().max() <= 0.125
    assert head.fc.bias.abs().max() > 0.1


def cosine_logits(feats: torch.Tensor, weight: torch.Tensor, scale: float) -> torch.Tensor:
    return scale * torch.stack([F.cosine_similarity(feats, row[None]) for row in weight], 1)


@pytest.mark.parametrize('head_class', [PaCoHead, MultiTaskHead])
def test_cosine_classifier_of_a_head(head_class):
    head = build(head_class, cosine_scale=16.0)
    (feats,), *_ = draw(1)
    assert head.fc.bias is None
    torch.testing.assert_close(head((feats,)), cosine_logits(feats, head.fc.weight, 16))


def test_cosine_classifier_alone():
    layer = CosineLinear(8, 5, scale=30.0)
    torch.testing.assert_close(layer.weight.norm(dim=1), torch.ones(5))
    feats = torch.randn(4, 8)
    logits = layer(feats)
    torch.testing.assert_close(logits, cosine_logits(feats, layer.weight, 30))
    with torch.no_grad():
        layer.weight *= torch.tensor([[0.1], [1.0], [2.0], [10.0], [100.0]])
    torch.testing.assert_close(layer(7 * feats), logits)


def test_cosine_head_of_a_plain_classifier():
    loss_cfg = dict(type='ltcl.BalancedSoftmaxLoss', num_classes=3, class_counts=COUNTS)
    head = MODELS.build(dict(type='ltcl.CosineClsHead', num_classes=3, in_channels=4, scale=8.0, loss=loss_cfg))
    assert isinstance(head, CosineClsHead)
    head.init_weights()
    torch.testing.assert_close(head.fc.weight.norm(dim=1), torch.ones(3))
    feats = torch.randn(4, 4)
    expected = F.cross_entropy(
        cosine_logits(feats, head.fc.weight, 8) + torch.log(torch.tensor(COUNTS) / sum(COUNTS)), LABELS
    )
    samples = [DataSample().set_gt_label(label) for label in LABELS]
    torch.testing.assert_close(head.loss((feats,), samples)['loss'], expected)
