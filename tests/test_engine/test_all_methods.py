"""What holds for every method: it trains, compiles, accumulates gradients and stands odd batches."""

import math
from collections.abc import Callable
from contextlib import nullcontext

import pytest
import torch
from mmengine.hooks import Hook
from mmpretrain.structures import DataSample
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounterWithBackend
from toy import CLASS_COUNTS, METHODS, toy_config

from ltcl.engine import Runner
from ltcl.errors import UserError
from ltcl.models import ClasswiseQueue, FeatureQueue
from ltcl.models.heads import Views
from ltcl.models.utils import ClassTargetsMixin
from ltcl.registry import MODELS

ALL_METHODS = pytest.mark.parametrize('method', METHODS)
LABELS = [0, 1, 2, 0, 1, 0]
QUEUE_LENGTHS = ('queue_len', 'queue_per_class', 'positives_per_class', 'negatives_per_class')


@pytest.fixture
def toy_model(tmp_path) -> Callable[..., nn.Module]:
    """Builds the model of a method in train mode, its targets (if it has any) in use; equal calls, equal models."""

    def build(method: str, **changes: object) -> nn.Module:
        torch.manual_seed(0)
        model = MODELS.build(toy_config(tmp_path, tmp_path, method, **changes).model)
        model.init_weights()
        for module in model.modules():
            if hasattr(module, 'set_class_counts'):
                module.set_class_counts(CLASS_COUNTS)
        if isinstance(model.head, ClassTargetsMixin):
            model.head.targeted = model.head.update_centers = model.head.assignment_due = True
        return model.train()

    return build


def draw_batch(model: nn.Module, method: str, labels: list[int]) -> dict:
    """Random images in as many views as the method has, preprocessed."""
    generator = torch.Generator().manual_seed(1)
    shape = (len(labels), 3, 16, 16)
    views = [
        torch.randint(256, shape, generator=generator, dtype=torch.uint8) for _ in range(METHODS[method].num_views)
    ]
    batch = dict(
        inputs=views[0] if len(views) == 1 else views,
        data_samples=[DataSample().set_gt_label(label) for label in labels],
    )
    return model.data_preprocessor(batch, training=True)


def step(model: nn.Module, method: str, labels: list[int] = LABELS) -> dict[str, Tensor]:
    """Forward and backward of one batch; the losses."""
    torch.manual_seed(2)  # of the positives that are drawn
    losses = model(**draw_batch(model, method, labels), mode='loss')
    model.parse_losses(losses)[0].backward()
    return {name: value.detach() for name, value in losses.items() if 'loss' in name}


def assert_finite(model: nn.Module, losses: dict[str, Tensor]) -> None:
    """Losses and gradients are finite, and every trained parameter has a gradient."""
    assert losses
    assert all(loss.isfinite() for loss in losses.values())
    for name, parameter in model.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name
        assert parameter.grad is None or parameter.grad.isfinite().all(), name


@ALL_METHODS
def test_an_epoch_and_a_validation(images, tmp_path, method):
    cfg = toy_config(images, tmp_path, method, train_cfg__max_epochs=1, train_cfg__val_interval=1)
    cfg.default_hooks.logger.interval = 1
    runner = Runner.from_cfg(cfg)
    runner.train()
    losses = runner.message_hub.get_scalar('train/loss').data[0]
    assert len(losses) == runner.iter == sum(CLASS_COUNTS) // 8
    assert all(map(math.isfinite, losses))
    assert 0 <= runner.message_hub.get_scalar(f'val/{METHODS[method].score}').current() <= 100
    assert list(tmp_path.glob('best_*_epoch_1.pth'))


@ALL_METHODS
def test_compiled_encoder_trains_the_same(toy_model, method):
    torch._dynamo.reset()  # after a few compilations of the same code PyTorch falls back to no compilation
    backend = CompileCounterWithBackend('aot_eager')
    plain, compiled = toy_model(method), toy_model(method)
    compiled.backbone.compile(backend=backend)
    before = compiled.backbone.conv1.weight.detach().clone()
    torch.testing.assert_close(step(compiled, method), step(plain, method), rtol=1e-5, atol=1e-6)
    assert backend.frame_count == 1
    gradients = [[each.grad for each in model.parameters() if each.requires_grad] for model in (compiled, plain)]
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-5)
    torch.optim.SGD(compiled.parameters(), lr=0.1).step()
    assert not torch.equal(compiled.backbone.conv1.weight, before)


class Watch(Hook):
    """Notes what a head gets, when the optimizer steps and when the momentum encoder moves."""

    def __init__(self) -> None:
        self.head_inputs: list[dict] = []
        self.optimizer_steps: list[int] = []
        self.momentum_moves: list[int] = []

    def before_train(self, runner: Runner) -> None:
        self._note(runner, runner.optim_wrapper.optimizer, 'step', self.optimizer_steps)
        if runner.model.key_views:
            self._note(runner, runner.model, 'update_momentum_encoder', self.momentum_moves)
        head_loss = runner.model.head.loss

        def loss(views: Views) -> dict:
            copies = {name: [view.detach().clone() for view in getattr(views, name)] for name in ('embeddings', 'keys')}
            self.head_inputs.append(dict(copies, labels=views.labels.clone()))
            return head_loss(views)

        runner.model.head.loss = loss

    @staticmethod
    def _note(runner: Runner, owner: object, name: str, iterations: list[int]) -> None:
        method = getattr(owner, name)

        def noted(*args: object, **kwargs: object) -> object:
            iterations.append(runner.iter)
            return method(*args, **kwargs)

        setattr(owner, name, noted)


def find_queues(head: nn.Module) -> dict[str, nn.Module]:
    return {name: part for name, part in head.named_modules() if isinstance(part, (FeatureQueue, ClasswiseQueue))}


def assert_holds(queue: nn.Module, rows: Tensor, labels: Tensor) -> None:
    """A queue with room for all rows holds them in order, and no more."""
    if isinstance(queue, FeatureQueue):
        assert int(queue.pointer) == len(rows)
        assert torch.equal(queue.embeddings[: len(rows)], rows)
        assert torch.equal(queue.labels[: len(rows)], labels)
        return
    assert queue.pointer.tolist() == labels.bincount(minlength=len(CLASS_COUNTS)).tolist()
    for label, (slots, num_rows) in enumerate(zip(queue.embeddings, queue.pointer, strict=True)):
        assert torch.equal(slots[:num_rows], rows[labels == label])


@pytest.mark.parametrize('method', [name for name, method in METHODS.items() if method.model is not None])
def test_gradient_accumulation(images, tmp_path, method):
    cfg = toy_config(images, tmp_path, method, train_cfg__max_epochs=1, optim_wrapper__accumulative_counts=2)
    cfg.model.head.update({name: 50 for name in cfg.model.head if name in QUEUE_LENGTHS})
    runner = Runner.from_cfg(cfg)
    watch = Watch()
    runner.register_hook(watch)
    runner.train()

    assert len(watch.head_inputs) == 5
    assert watch.optimizer_steps == [1, 3, 4]  # the last micro-batch of an epoch is not left over
    queues = find_queues(runner.model.head)
    assert queues.keys() == set(METHODS[method].queues)
    for queue in queues.values():
        kind, view = METHODS[method].enqueued
        rows = torch.cat([inputs[kind][view] for inputs in watch.head_inputs])
        assert_holds(queue, rows, torch.cat([inputs['labels'] for inputs in watch.head_inputs]))
    # Before the first micro-batch of each optimizer step.
    assert watch.momentum_moves == ([0, 2, 4] if runner.model.key_views else [])


@ALL_METHODS
def test_a_batch_of_one_image(toy_model, method):
    model = toy_model(method)
    # Where views go through the projector together or it has no norm, one image is enough.
    has_lone_row = METHODS[method].projector and not model.joint_forward
    if has_lone_row:
        with pytest.raises(
            UserError,
            match=r'BatchNorm1d of the projector .* batch of size 1: set a larger train_dataloader\.batch_size, '
            r'train_dataloader\.drop_last=True .* norm_cfg=None',
        ):
            step(model, method, labels=[1])
        model = toy_model(method, model__projector__norm_cfg=None)
    assert_finite(model, step(model, method, labels=[1]))


@pytest.mark.parametrize(('method', 'is_refused'), [('paco', True), ('bcl', False)])
def test_an_epoch_that_would_end_with_one_image(images, tmp_path, method, is_refused):
    loader = dict(train_dataloader__batch_size=sum(CLASS_COUNTS) - 1, train_dataloader__drop_last=False)
    runner = Runner.from_cfg(toy_config(images, tmp_path, method, train_cfg__max_epochs=1, **loader))
    with pytest.raises(UserError, match='batch of size 1') if is_refused else nullcontext():
        runner.train()
    assert runner.iter == (0 if is_refused else 2)


def test_one_image_is_enough_for_a_norm_in_eval_mode(toy_model):
    model = toy_model('paco')
    model.projector.eval()
    model.momentum_encoder.eval()
    assert_finite(model, step(model, 'paco', labels=[2]))


def test_one_image_is_refused_for_the_key_encoder_too(toy_model):
    model = toy_model('paco')
    model.projector.eval()
    with pytest.raises(UserError, match='batch of size 1'):
        step(model, 'paco', labels=[2])


@ALL_METHODS
@pytest.mark.parametrize('label', range(len(CLASS_COUNTS)))
def test_a_batch_of_one_class(toy_model, method, label):
    model = toy_model(method)
    assert_finite(model, step(model, method, labels=[label] * 6))


@ALL_METHODS
def test_gradients_under_autocast(toy_model, method):
    model = toy_model(method)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = step(model, method)
    assert_finite(model, losses)
    assert {loss.dtype for loss in losses.values()} == {torch.float32}
    assert {each.grad.dtype for each in model.parameters() if each.requires_grad} == {torch.float32}
