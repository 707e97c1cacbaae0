import pytest
import torch
import torch.nn.functional as F
from mmpretrain.structures import DataSample
from oracles.bcl import loop_balanced_loss
from oracles.rows import unit_rows
from processes import run_processes

from ltcl.errors import UserError
from ltcl.models import BCLHead
from ltcl.models.heads import Views
from ltcl.models.utils import gather
from ltcl.registry import MODELS

COUNTS = [40, 10, 1]
LABELS = torch.tensor([0, 2, 1, 0])


def build(**kwargs) -> BCLHead:
    torch.manual_seed(0)
    kwargs = dict(num_classes=3, feat_dim=5, class_counts=COUNTS) | kwargs
    return BCLHead(in_channels=4, **kwargs).double()


def draw(num_views: int = 3, num_samples: int = 4) -> tuple[list, list]:
    """Pooled features and embeddings of the online views."""
    generator = torch.Generator().manual_seed(1)
    feats = [torch.randn(num_samples, 4, generator=generator).double().requires_grad_() for _ in range(num_views)]
    return feats, [unit_rows(num_samples, 5, generator=generator).requires_grad_() for _ in range(num_views)]


def expected_prototypes(head: BCLHead) -> torch.Tensor:
    """Linear, batch normalisation, ReLU, linear on the raw weight, then unit length, written out."""
    first, norm, _, last = head.prototype_projector.layers
    hidden = F.linear(head.fc.weight, first.weight, first.bias)
    hidden = (hidden - hidden.mean(0)) / (hidden.var(0, correction=0) + norm.eps).sqrt() * norm.weight + norm.bias
    return F.normalize(F.linear(hidden.relu(), last.weight, last.bias), dim=1)


@pytest.mark.parametrize('cosine_scale', [30.0, None])
@pytest.mark.parametrize('num_views', [3, 4])
def test_first_view_classifies_and_the_others_contrast(num_views, cosine_scale):
    head = build(alpha=2.0, beta=0.6, temperature=0.2, tau=0.5, hidden_channels=7, cosine_scale=cosine_scale)
    feats, embeddings = draw(num_views)
    losses = head.loss(Views(feats, embeddings, [], LABELS))
    assert set(losses) == {'loss_cls', 'loss_con', 'accuracy'}
    if cosine_scale is None:
        logits = F.linear(feats[0], head.fc.weight, head.fc.bias)
    else:
        logits = 30 * F.normalize(feats[0], dim=1) @ F.normalize(head.fc.weight, dim=1).T
    prior = torch.tensor(COUNTS).double() / sum(COUNTS)
    loss_cls = 2 * F.cross_entropy(logits + 0.5 * prior.log(), LABELS)
    loss_con = 0.6 * loop_balanced_loss(
        torch.cat(embeddings[1:]), LABELS.repeat(num_views - 1), expected_prototypes(head), temperature=0.2
    )
    torch.testing.assert_close(losses['loss_cls'], loss_cls, rtol=1e-9, atol=0)
    torch.testing.assert_close(losses['loss_con'], loss_con, rtol=1e-9, atol=0)
    assert losses['accuracy'] == 100 * (logits.argmax(1) == LABELS).float().mean()
    inputs = [feats[0], *embeddings[1:], *head.parameters()]
    actual = torch.autograd.grad(losses['loss_cls'] + losses['loss_con'], inputs)
    for gradient, expected in zip(actual, torch.autograd.grad(loss_cls + loss_con, inputs), strict=True):
        torch.testing.assert_close(gradient, expected, rtol=1e-8, atol=1e-11)


def test_contrast_trains_the_classifier():
    head = build(alpha=0.0)
    feats, embeddings = draw()
    losses = head.loss(Views(feats, embeddings, [], LABELS))
    (losses['loss_cls'] + losses['loss_con']).backward()
    assert head.fc.weight.grad.abs().sum() > 0
    assert feats[0].grad.abs().sum() == 0
    assert embeddings[0].grad is None


def test_prototypes_see_the_length_of_the_weight_but_logits_do_not():
    head = build()
    (feats, *_), _ = draw()
    logits, prototypes = head((feats,)), head.prototypes()
    with torch.no_grad():
        head.fc.weight *= torch.tensor([[1.0], [3.0], [9.0]])
    torch.testing.assert_close(head((feats,)), logits)
    assert (head.prototypes() - prototypes).abs().max() > 1e-2


def test_class_without_training_images():
    feats, embeddings = draw()
    empty = build(num_classes=4, class_counts=[40, 10, 1, 0])
    losses = empty.loss(Views(feats, embeddings, [], LABELS))
    without = F.cross_entropy(empty.fc(feats[0])[:, :3] + torch.tensor(COUNTS).double().log(), LABELS)
    torch.testing.assert_close(losses['loss_cls'], without)
    for gradient in torch.autograd.grad(losses['loss_cls'] + losses['loss_con'], list(empty.parameters())):
        assert gradient.isfinite().all()


def test_batch_of_one_image():
    feats, embeddings = draw(num_samples=1)
    head = build()
    losses = head.loss(Views(feats, embeddings, [], LABELS[:1]))
    prototypes = expected_prototypes(head)
    expected = 0.35 * loop_balanced_loss(torch.cat(embeddings[1:]), LABELS[:1].repeat(2), prototypes)
    torch.testing.assert_close(losses['loss_con'], expected)


def test_mistakes_are_named():
    with pytest.raises(
        UserError, match=r'BCLHead takes 3 or more online .* gets 2 and 0: set online_views=\(0, 1, 2\)'
    ):
        build().loss(Views(*draw(2), [], LABELS))
    with pytest.raises(UserError, match=r'num_classes=1: use 2 classes or more'):
        build(num_classes=1, class_counts=[3])
    with pytest.raises(UserError, match=r'BCLHead needs the training images per class'):
        build(class_counts=None).loss(Views(*draw(), [], LABELS))


def model(joint_forward: bool, norm_cfg: dict | None = None, **head) -> torch.nn.Module:
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type='ltcl.ContrastiveClassifier',
            backbone=dict(type='ltcl.CifarResNet', num_blocks=(1,), base_channels=4),
            neck=dict(type='GlobalAveragePooling'),
            projector=dict(type='ltcl.Projector', in_channels=4, out_channels=5, norm_cfg=norm_cfg),
            head=dict(type='ltcl.BCLHead', num_classes=3, in_channels=4, feat_dim=5, class_counts=COUNTS, **head),
            data_preprocessor=dict(type='ltcl.MultiViewDataPreprocessor'),
            online_views=(0, 1, 2),
            joint_forward=joint_forward,
        )
    )


def images(num: int = 4) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    return [torch.randn(num, 3, 8, 8, generator=generator) + shift for shift in range(3)]


def samples(labels: torch.Tensor) -> list[DataSample]:
    return [DataSample().set_gt_label(label) for label in labels]


@pytest.mark.parametrize('joint_forward', [True, False])
def test_joint_and_separate_passes(joint_forward):
    network = model(joint_forward, norm_cfg=dict(type='BN1d'))
    stacked = torch.cat(images())
    batches = [stacked] if joint_forward else images()
    with torch.no_grad():
        feats = torch.cat([network.extract_feat(batch)[0] for batch in batches])
        projected = [network.projector(rows) for rows in (feats.chunk(3) if not joint_forward else [feats])]
        embeddings = F.normalize(torch.cat(projected), dim=1)
        expected = 0.35 * loop_balanced_loss(embeddings[4:], LABELS.repeat(2), expected_prototypes(network.head))
    losses = network(images(), samples(LABELS), mode='loss')
    torch.testing.assert_close(losses['loss_con'].double(), expected, rtol=1e-4, atol=0)
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_training_under_autocast():
    expected = model(True)(images(), samples(LABELS), mode='loss')
    with torch.autocast('cpu', dtype=torch.bfloat16):
        network = model(True)
        losses = network(images(), samples(LABELS), mode='loss')
    for name in ('loss_cls', 'loss_con'):
        assert losses[name].dtype == torch.float32
        torch.testing.assert_close(losses[name], expected[name], rtol=0.1, atol=0)
    (losses['loss_cls'] + losses['loss_con']).backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())


def loss_and_gradients(views: list[torch.Tensor], labels: torch.Tensor, **head) -> list[torch.Tensor]:
    # The backbone in eval mode: the batch statistics of a process are not those of the whole batch.
    network = model(True, **head).double()
    network.backbone.eval()
    losses = network([view.double() for view in views], samples(labels), mode='loss')
    value = losses['loss_cls'] + losses['loss_con']
    return [value.detach(), *torch.autograd.grad(value, list(network.parameters()))]


def check_two_processes(rank: int) -> None:
    labels = torch.tensor([0, 2, 1, 0, 0, 1])
    mine = slice(3 * rank, 3 * rank + 3)
    local_views = [view[mine] for view in images(6)]
    averaged = [gather(value[None]).mean(0) for value in loss_and_gradients(local_views, labels[mine])]
    for actual, expected in zip(averaged, loss_and_gradients(images(6), labels, gather=False), strict=True):
        torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-12)
    # Without gathering, the loss is that of this process's images alone; the first process's is not that of all.
    alone = loss_and_gradients(local_views, labels[mine], gather=False)
    gathered = loss_and_gradients(local_views, labels[mine])
    assert (alone[0] - gathered[0]).abs() > 1e-3


def test_two_processes_equal_one():
    run_processes(check_two_processes, world_size=2)
