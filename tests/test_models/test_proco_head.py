import signal

import pytest
import torch
import torch.nn.functional as F
from mmengine.hooks import Hook
from mmpretrain.structures import DataSample
from oracles.proco import loop_proco_loss
from oracles.rows import unit_rows
from processes import run_processes
from resume_checks import assert_same_state, train
from torch import Tensor
from toy import toy_config

from ltcl.engine import Runner
from ltcl.engine.hooks.stop_signal_hook import TrainingStopped
from ltcl.errors import UserError
from ltcl.functional.proco import ClassMeans
from ltcl.launch.contract import check_contract
from ltcl.models import ProCoHead
from ltcl.models.heads import ClassMeansHook
from ltcl.models.heads.base import Views
from ltcl.models.utils import gather
from ltcl.registry import HOOKS, MODELS

COUNTS = [40, 10, 1]
LABELS = torch.tensor([0, 2, 1, 0])
ITERS_PER_EPOCH = 5
ROWS = 2 * 8


def build(**kwargs) -> ProCoHead:
    torch.manual_seed(0)
    kwargs = dict(num_classes=3, in_channels=4, feat_dim=5, class_counts=COUNTS) | kwargs
    return ProCoHead(**kwargs).double()


def draw(num_views: int = 3, num_samples: int = 4) -> tuple[list, list]:
    """Pooled features and embeddings of the online views."""
    generator = torch.Generator().manual_seed(1)
    feats = [torch.randn(num_samples, 4, generator=generator).double().requires_grad_() for _ in range(num_views)]
    return feats, [unit_rows(num_samples, 5, generator=generator).requires_grad_() for _ in range(num_views)]


def mean_of(start: Tensor, rows: Tensor, labels: Tensor) -> Tensor:
    """Means of the rows, class by class; that of the start where there is none."""
    seen = [rows[labels == label] for label in range(len(start))]
    return torch.stack([each.mean(0) if len(each) else start[label] for label, each in enumerate(seen)])


@pytest.mark.parametrize('cosine_scale', [30.0, None])
@pytest.mark.parametrize('num_views', [3, 4])
def test_first_view_classifies_and_the_others_contrast_in_turn(num_views, cosine_scale):
    head = build(alpha=0.5, temperature=0.2, cosine_scale=cosine_scale)
    feats, embeddings = draw(num_views)
    start, counts = head.used.mean.clone(), torch.tensor(COUNTS)
    losses = head.loss(Views(feats, embeddings, [], LABELS))
    assert set(losses) == {'loss_cls', 'loss_con', 'accuracy'}
    logits = F.linear(feats[0], head.fc.weight, head.fc.bias)
    if cosine_scale is not None:
        logits = 30 * F.normalize(feats[0], dim=1) @ F.normalize(head.fc.weight, dim=1).T
    loss_cls = F.cross_entropy(logits + counts.double().log(), LABELS)
    terms = []
    for number in range(1, num_views):
        rows = torch.cat(embeddings[1 : number + 1]).detach()
        means = mean_of(start, rows, LABELS.repeat(number))
        terms.append(loop_proco_loss(embeddings[number], LABELS, means, counts, temperature=0.2))
    loss_con = 0.5 * sum(terms) / len(terms)
    torch.testing.assert_close(losses['loss_cls'], loss_cls, rtol=1e-9, atol=0)
    torch.testing.assert_close(losses['loss_con'], loss_con, rtol=1e-9, atol=0)
    assert losses['accuracy'] == 100 * (logits.argmax(1) == LABELS).float().mean()
    inputs = [feats[0], *embeddings[1:], *head.parameters()]
    actual = torch.autograd.grad(losses['loss_cls'] + losses['loss_con'], inputs)
    for gradient, expected in zip(actual, torch.autograd.grad(loss_cls + loss_con, inputs), strict=True):
        torch.testing.assert_close(gradient, expected, rtol=1e-8, atol=1e-11)
    for means in (head.used, head.running):
        assert means.amount.tolist() == [2 * (num_views - 1), num_views - 1, num_views - 1]


def test_epochs_hand_over_the_means():
    head = build()
    feats, embeddings = draw()
    head.begin_epoch(0, seed=3)
    head.loss(Views(feats, embeddings, [], LABELS))
    collected = ClassMeans(*(each.clone() for each in head.running.means))
    assert head.used.amount.tolist() == collected.amount.tolist() == [4, 2, 2]

    head.begin_epoch(1, seed=3)
    assert torch.equal(head.used.mean, collected.mean)
    assert not head.running.amount.any()
    torch.testing.assert_close(head.running.mean.norm(dim=1), torch.full((3,), 0.9).double())
    head.loss(Views(feats, [rows.flip(0) for rows in embeddings], [], LABELS))
    assert head.used.amount.tolist() == [8, 4, 4]
    assert head.running.amount.tolist() == [4, 2, 2]
    assert not torch.equal(head.used.mean, head.running.mean)


def test_an_epoch_begins_once():
    head = build()
    head.begin_epoch(4, seed=0)
    before = {name: value.clone() for name, value in head.state_dict().items()}
    head.begin_epoch(4, seed=0)
    assert all(torch.equal(value, before[name]) for name, value in head.state_dict().items())
    head.begin_epoch(0, seed=0)  # another training begins with these weights
    assert torch.equal(head.used.mean, before['running.mean'])


def test_start_of_an_epoch_depends_on_seed_and_epoch():
    starts = []
    for epoch, seed in ((0, 0), (0, 0), (1, 0), (0, 1)):
        torch.manual_seed(len(starts))
        head = build()
        head.begin_epoch(epoch, seed)
        starts.append(head.running.mean.clone())
    assert torch.equal(starts[0], starts[1])
    assert not any(torch.equal(starts[0], other) for other in starts[2:])


def test_class_without_training_images_and_absent_class():
    feats, embeddings = draw()
    head = build(num_classes=5, class_counts=[40, 10, 1, 0, 7])
    losses = head.loss(Views(feats, embeddings, [], LABELS))
    without = F.cross_entropy(head.fc(feats[0])[:, [0, 1, 2, 4]] + torch.tensor([40.0, 10, 1, 7]).log(), LABELS)
    torch.testing.assert_close(losses['loss_cls'], without, check_dtype=False)
    leaves = [*head.parameters(), *embeddings[1:]]
    assert all(each.isfinite().all() for each in torch.autograd.grad(losses['loss_cls'] + losses['loss_con'], leaves))
    assert head.used.amount.tolist() == [4, 2, 2, 0, 0]
    torch.testing.assert_close(head.used.mean[3:].norm(dim=1), torch.full((2,), 0.9).double())


def test_batch_of_one_image():
    feats, embeddings = draw(num_samples=1)
    head = build()
    losses = head.loss(Views(feats, embeddings, [], LABELS[:1]))
    # The first view is alone in its class: the largest concentration, and no slope left to follow.
    assert losses['loss_con'].isfinite()
    assert all(each.isfinite().all() for each in torch.autograd.grad(losses['loss_con'], embeddings[1:]))


def test_thousands_of_classes_in_bfloat16():
    torch.manual_seed(0)
    head = ProCoHead(8142, in_channels=4, feat_dim=1024, class_counts=[1] * 8142)
    weight = torch.randn(1024, 4, requires_grad=True)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        feats = [torch.randn(8, 4) for _ in range(3)]
        embeddings = [F.normalize(F.linear(each, weight).float(), dim=1) for each in feats]
        losses = head.loss(Views(feats, embeddings, [], torch.arange(8)))
    (losses['loss_cls'] + losses['loss_con']).backward()
    assert losses['loss_con'].dtype == torch.float32
    assert weight.grad.isfinite().all()
    assert weight.grad.abs().sum() > 0


def test_mistakes_are_named():
    with pytest.raises(
        UserError, match=r'ProCoHead takes 3 or more online .* gets 2 and 0: set online_views=\(0, 1, 2\)'
    ):
        build().loss(Views(*draw(2), [], LABELS))
    with pytest.raises(UserError, match=r'ProCoHead: alpha=-1 must be a number of at least 0'):
        build(alpha=-1)
    with pytest.raises(UserError, match=r'ProCoHead needs the training images per class'):
        build(class_counts=None).loss(Views(*draw(), [], LABELS))


def test_hook_refuses_another_head(images, tmp_path):
    assert HOOKS.get('ltcl.ClassMeansHook') is ClassMeansHook
    runner = Runner.from_cfg(toy_config(images, tmp_path, 'bcl'))
    runner.register_hook(ClassMeansHook())
    with pytest.raises(UserError, match=r'ClassMeansHook needs an ltcl\.ProCoHead, not a BCLHead: take the hook out'):
        runner.train()


def test_training_without_the_hook_is_refused(images, tmp_path):
    cfg = toy_config(images, tmp_path, 'proco')
    check_contract(cfg)
    cfg.custom_hooks = []
    add = r"add default_hooks=dict\(class_means=dict\(type='ltcl\.ClassMeansHook'\)\)"
    with pytest.raises(UserError, match=rf'ProCoHead cannot do without ltcl\.ClassMeansHook: {add}'):
        check_contract(cfg)


@pytest.fixture(scope='module')
def whole(images, tmp_path_factory) -> Runner:
    """An uninterrupted run."""
    return train(toy_config(images, tmp_path_factory.mktemp('whole'), 'proco'))


@pytest.mark.parametrize('stop_at', [0, ITERS_PER_EPOCH - 1, 2 * ITERS_PER_EPOCH])
def test_run_resumed_around_the_start_of_an_epoch_is_bit_exact(images, tmp_path, whole, stop_at):
    with pytest.raises(TrainingStopped) as stopped:
        train(toy_config(images, tmp_path, 'proco'), stop_at)
    assert stopped.value.code == 128 + signal.SIGTERM
    assert_same_state(train(toy_config(images, tmp_path, 'proco', resume=True)), whole)


def test_loop_by_iteration_has_epochs_too(images, tmp_path, whole):
    by_iteration = dict(type='ltcl.ResumableIterTrainLoop', max_iters=20, val_interval=20)
    cfg = toy_config(images, tmp_path, 'proco')
    cfg.train_cfg, cfg.param_scheduler = by_iteration, None
    cfg.train_dataloader.drop_last = False
    cfg.default_hooks.checkpoint.update(by_epoch=False, save_best=None)
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.model.head.begun_epoch == whole.model.head.begun_epoch == 3
    assert runner.model.head.running.amount.sum() == 2 * 5 * 8


class Spoil(Hook):
    """Makes the batch of an iteration bad, and notes the means that each begins with."""

    priority = 'VERY_HIGH'

    def __init__(self, at: int) -> None:
        self.at = at
        self.begins: list[tuple[int, int, int]] = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        head = runner.model.head
        rows = (int(means.amount.sum()) for means in (head.running, head.used))
        self.begins.append((int(head.begun_epoch), *rows))
        if runner.iter == self.at:
            data_batch['inputs'] = [view.float() * float('nan') for view in data_batch['inputs']]


@pytest.mark.parametrize('counts', [1, 2])
def test_an_epoch_whose_first_update_is_left_out_begins_all_the_same(images, tmp_path, counts):
    cfg = toy_config(images, tmp_path, 'proco', optim_wrapper__accumulative_counts=counts)
    cfg.default_hooks.finite_check.skip = 2
    runner = Runner.from_cfg(cfg)
    runner.register_hook(spoil := Spoil(at=ITERS_PER_EPOCH))
    runner.train()
    begun, running, used = spoil.begins[-1]
    assert begun == 3
    assert running == (ITERS_PER_EPOCH - 1) * ROWS
    assert used == running + ITERS_PER_EPOCH * ROWS  # of the last epoch and of this one
    begun, running, _ = spoil.begins[2 * ITERS_PER_EPOCH - 1]
    assert begun == 1
    assert running < (ITERS_PER_EPOCH - 1) * ROWS


def samples(labels: Tensor) -> list[DataSample]:
    return [DataSample().set_gt_label(label) for label in labels]


def steps(views: list[Tensor], labels: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Loss and gradients of the last of two steps, and the buffers after it."""
    torch.manual_seed(0)
    network = MODELS.build(
        dict(
            type='ltcl.ContrastiveClassifier',
            backbone=dict(type='ltcl.CifarResNet', num_blocks=(1,), base_channels=4),
            neck=dict(type='GlobalAveragePooling'),
            projector=dict(type='ltcl.Projector', in_channels=4, out_channels=5),
            head=dict(type='ltcl.ProCoHead', num_classes=3, in_channels=4, feat_dim=5, class_counts=COUNTS),
            data_preprocessor=dict(type='ltcl.MultiViewDataPreprocessor'),
            online_views=(0, 1, 2),
            joint_forward=True,
        )
    ).double()
    network.backbone.eval()  # the batch statistics of a process are not those of the whole batch
    for epoch in range(2):
        network.head.begin_epoch(epoch, seed=0)
        losses = network([view.double() for view in views], samples(labels), mode='loss')
    value = losses['loss_cls'] + losses['loss_con']
    gradients = torch.autograd.grad(value, list(network.parameters()))
    return [value.detach(), *gradients], list(network.head.buffers())


def check_two_processes(rank: int) -> None:
    generator = torch.Generator().manual_seed(2)
    views = [torch.randn(6, 3, 8, 8, generator=generator) + shift for shift in range(3)]
    labels, mine = torch.tensor([0, 2, 1, 0, 0, 1]), slice(3 * rank, 3 * rank + 3)
    local, local_buffers = steps([view[mine] for view in views], labels[mine])
    (expected, buffers), averaged = whole_batch(views, labels), [gather(value[None]).mean(0) for value in local]
    for actual, wanted in zip(averaged + local_buffers, expected + buffers, strict=True):
        torch.testing.assert_close(actual, wanted, rtol=1e-9, atol=1e-12)


def whole_batch(views: list[Tensor], labels: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """As on one process: nothing is gathered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('ltcl.models.heads.proco.gather', lambda rows: rows)
        return steps(views, labels)


def test_two_processes_equal_one():
    run_processes(check_two_processes, world_size=2)
