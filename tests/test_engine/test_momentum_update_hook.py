from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.dataset import default_collate
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from mmpretrain.structures import DataSample
from torch.utils.data import Dataset

from ltcl.engine.hooks import MomentumUpdateHook
from ltcl.errors import UserError
from ltcl.registry import HOOKS, MODELS

BATCH = 4


class TwoViews(Dataset):
    """Twelve images in two views, the same whenever they are asked for."""

    def __len__(self) -> int:
        return 3 * BATCH

    def __getitem__(self, index: int) -> dict:
        generator = torch.Generator().manual_seed(index)
        views = [torch.randn(3, 8, 8, generator=generator) for _ in range(2)]
        return {'inputs': views, 'data_samples': DataSample().set_gt_label(index % 3)}


def build_model(key_views: tuple = (1,)) -> torch.nn.Module:
    torch.manual_seed(0)
    head = dict(type='ltcl.PaCoHead', num_classes=3, in_channels=4, feat_dim=5, queue_len=10, class_counts=[9, 3, 1])
    return MODELS.build(
        dict(
            type='ltcl.ContrastiveClassifier',
            backbone=dict(type='ltcl.CifarResNet', num_blocks=(1,), base_channels=4),
            neck=dict(type='GlobalAveragePooling'),
            projector=dict(type='ltcl.Projector', in_channels=4, out_channels=5),
            head=head,
            key_views=key_views,
            data_preprocessor=dict(type='ltcl.MultiViewDataPreprocessor'),
        )
    )


def build_runner(
    model: torch.nn.Module, accumulative_counts: int = 1, iteration: int = 0, is_resumed: bool = False
) -> SimpleNamespace:
    """What the hook needs of a runner."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    optim_wrapper = OptimWrapper(optimizer, accumulative_counts=accumulative_counts)
    position = dict(iter=iteration, max_iters=100, _resume=is_resumed)
    return SimpleNamespace(model=model, optim_wrapper=optim_wrapper, **position)


def key_weight(model: torch.nn.Module) -> torch.Tensor:
    return model.momentum_encoder['backbone'].conv1.weight.detach().clone()


def query_weight(model: torch.nn.Module) -> torch.Tensor:
    return model.backbone.conv1.weight.detach().clone()


@pytest.mark.parametrize(('accumulative_counts', 'updates'), [(1, [0, 1, 2, 3, 4, 5, 6]), (3, [0, 3, 6])])
def test_one_update_per_optimizer_step_and_one_enqueue_per_micro_step(accumulative_counts, updates):
    model = build_model()
    runner = build_runner(model, accumulative_counts)
    runner.optim_wrapper.initialize_count_status(model, 0, 7)
    hook = MomentumUpdateHook(momentum=0.8)
    hook.before_train(runner)
    expected = query_weight(model)
    batch = default_collate([TwoViews()[index] for index in range(BATCH)])
    for iteration in range(7):
        runner.iter = iteration
        hook.before_train_iter(runner, iteration)
        # With the query weights from before this iteration's optimizer step, as published.
        if iteration in updates:
            expected = 0.8 * expected + 0.2 * query_weight(model)
        torch.testing.assert_close(key_weight(model), expected)
        before = query_weight(model)
        model.train_step(batch, runner.optim_wrapper)
        stepped = (iteration + 1) % accumulative_counts == 0 or iteration == 6
        assert torch.equal(before, query_weight(model)) != stepped
        assert int(model.head.queue.pointer) == BATCH * (iteration + 1) % 10
    assert not torch.allclose(expected, query_weight(model))


@pytest.mark.parametrize(
    ('iteration', 'is_resumed', 'sync_at_start', 'synced'),
    [
        (0, False, True, True),
        (0, False, False, False),
        (5, True, True, False),
        (0, True, True, False),
    ],
)
def test_only_a_fresh_run_starts_with_a_copy(iteration, is_resumed, sync_at_start, synced):
    model = build_model()
    model.backbone.conv1.weight.data.add_(1)
    model.backbone.bn1.running_mean.add_(1)
    before = key_weight(model)
    runner = build_runner(model, iteration=iteration, is_resumed=is_resumed)
    MomentumUpdateHook(sync_at_start=sync_at_start).before_train(runner)
    assert torch.equal(key_weight(model), query_weight(model)) == synced
    assert torch.equal(key_weight(model), before) != synced
    # The copy, unlike the updates, takes the batch statistics along.
    assert (model.momentum_encoder['backbone'].bn1.running_mean == 1).all() == synced


def test_constant_and_cosine_momentum():
    constant = MomentumUpdateHook(momentum=0.99)
    assert {constant.momentum_at(iteration, 100) for iteration in (0, 50, 99)} == {0.99}
    cosine = MomentumUpdateHook(momentum=0.9, end_momentum=1.0)
    values = [cosine.momentum_at(iteration, 100) for iteration in range(101)]
    assert [values[0], values[25], values[50], values[100]] == pytest.approx([0.9, 0.9146446609, 0.95, 1.0])
    assert values == sorted(values)


def test_cosine_momentum_is_used():
    model = build_model()
    runner = build_runner(model, iteration=50)
    model.backbone.conv1.weight.data.add_(1)
    expected = 0.7 * key_weight(model) + 0.3 * query_weight(model)
    MomentumUpdateHook(momentum=0.4, end_momentum=1.0).before_train_iter(runner, 0)
    torch.testing.assert_close(key_weight(model), expected)


@pytest.mark.parametrize('kwargs', [dict(momentum=1.5), dict(momentum=-0.1), dict(end_momentum=2.0)])
def test_momentum_outside_its_range(kwargs):
    with pytest.raises(UserError, match=r'must lie in 0\.\.1, got'):
        HOOKS.build(dict(type='ltcl.MomentumUpdateHook', **kwargs))


@pytest.mark.parametrize('build', [lambda: build_model(key_views=()), lambda: torch.nn.Linear(2, 2)])
def test_model_without_key_views(build):
    runner = build_runner(build())
    with pytest.raises(
        UserError, match=r'set key_views .* or take the hook away with default_hooks\.momentum_update=None'
    ):
        MomentumUpdateHook().before_train(runner)
    with pytest.raises(UserError, match='set key_views'):
        MomentumUpdateHook(sync_at_start=False).before_train_iter(runner, 0)


def run(work_dir: Path, resume_from: str | None = None) -> Runner:
    runner = Runner(
        build_model(),
        work_dir=str(work_dir),
        train_dataloader=dict(
            dataset=TwoViews(),
            batch_size=BATCH,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='default_collate'),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=3),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.5, momentum=0.9), accumulative_counts=3),
        custom_hooks=[dict(type='ltcl.MomentumUpdateHook', momentum=0.5)],
        load_from=resume_from,
        resume=resume_from is not None,
        experiment_name=work_dir.name,
        default_scope='mmpretrain',
        log_level='ERROR',
    )
    runner.train()
    return runner


def test_resumed_run_goes_on_with_its_key_encoder_and_queue(tmp_path):
    whole = run(tmp_path / 'whole')
    resumed = run(tmp_path / 'resumed', str(tmp_path / 'whole' / 'epoch_2.pth'))
    assert resumed.iter == whole.iter == 9
    assert int(whole.model.head.queue.pointer) == 9 * BATCH % 10
    assert not torch.allclose(key_weight(whole.model), query_weight(whole.model), atol=1e-3)
    torch.testing.assert_close(resumed.model.state_dict(), whole.model.state_dict(), rtol=0, atol=0)
