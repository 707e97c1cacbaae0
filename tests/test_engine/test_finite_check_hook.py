"""A number that is not finite ends a run, or costs one update; no checkpoint holds one."""

import itertools
import json
import math
import signal
from pathlib import Path

import pytest
import torch
from faults import (
    FaultAt,
    spoil_gradient,
    spoil_images,
    spoil_loss,
    spoil_momentum_encoder,
    spoil_queue,
    spoil_statistics,
    spoil_weight,
)
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.optim import OptimWrapper
from mmengine.registry import METRICS, OPTIM_WRAPPERS, init_default_scope
from processes import run_processes
from resume_checks import SignalAt, assert_same_state, train
from toy import BATCH_SIZE, METHODS, toy_config

from ltcl.analysis.run_record import best_entry
from ltcl.checkpoints.reading import load_from_local
from ltcl.engine import Runner
from ltcl.engine.bad_step import NotFiniteError
from ltcl.engine.ensemble import ensemble_config, load_members
from ltcl.engine.finite import first_not_finite
from ltcl.engine.hooks import FiniteCheckHook
from ltcl.engine.hooks.stop_signal_hook import TrainingStopped
from ltcl.errors import UserError

ITERS_PER_EPOCH = 5


def checked_config(images: Path, work_dir: Path, method: str = 'paco', check: dict | None = None, **changes) -> Config:
    """A toy run with other arguments of the hook."""
    cfg = toy_config(images, work_dir, method, **changes)
    cfg.default_hooks.finite_check.update(check or {})
    return cfg


def train_with(cfg: Config, fault, *iterations: int) -> Runner:
    """Train a config with a fault."""
    runner = Runner.from_cfg(cfg)
    runner.register_hook(FaultAt(fault, *iterations))
    runner.train()
    return runner


def check_stop(cfg: Config, fault=lambda model: None, at: int = 7) -> tuple[str, dict]:
    """The run stops within ten iterations, and its last checkpoint is sound; the message, and what is in the file."""
    work_dir = Path(cfg.work_dir)
    with pytest.raises(NotFiniteError) as stopped:
        train_with(cfg, fault, at)
    record = json.loads((work_dir / 'not_finite.json').read_text())
    assert at < record['iteration'] <= at + 10
    assert f'iteration {record["iteration"]} is not finite' in str(stopped.value)
    assert len(record['images']) == BATCH_SIZE
    assert all(Path(path).is_file() for path in record['images'])
    assert record['images'][0] in str(stopped.value)
    checkpoints = list(work_dir.glob('*.pth'))
    assert len(checkpoints) == at // ITERS_PER_EPOCH
    for path in checkpoints:
        assert first_not_finite(load_from_local(str(path), 'cpu')['state_dict']) is None
    return str(stopped.value), record


@pytest.mark.parametrize('method', METHODS)
def test_every_method_stops_at_a_bad_weight(images, tmp_path, method):
    message, record = check_stop(checked_config(images, tmp_path, method), spoil_weight)
    assert (record['iteration'], record['what'], record['layer']) == (8, 'loss', 'backbone.layer2.0.bn1')
    names = [name for name, loss in record['losses'].items() if math.isnan(loss)]
    assert names
    assert all(f'{name} = nan' in message for name in names)
    assert str(tmp_path / 'epoch_1.pth') in message


@pytest.mark.parametrize(
    ('fault', 'iteration', 'what', 'layer'),
    [
        (spoil_gradient, 8, 'gradient', 'backbone.layer2.0.conv1.weight'),
        (spoil_loss, 8, 'loss', 'none that keeps running statistics, so look at head and loss'),
        (spoil_images, 8, 'loss', 'backbone.bn1'),
        (spoil_momentum_encoder, 8, 'loss', 'momentum_encoder.backbone.layer2.0.bn1'),
        (spoil_queue, 8, 'loss', 'head.queue'),
        (spoil_statistics, 10, 'weight', 'backbone.bn1.running_var'),
    ],
)
def test_whatever_is_bad(images, tmp_path, fault, iteration, what, layer):
    _, record = check_stop(checked_config(images, tmp_path, model__head__queue_len=40), fault)
    assert (record['iteration'], record['what'], record['layer']) == (iteration, what, layer)


def test_gradients_that_clipping_spoils(images, tmp_path, capsys):
    changes = dict(train_cfg__max_epochs=2, optim_wrapper__clip_grad=dict(max_norm=1.0))
    message, _ = check_stop(checked_config(images, tmp_path / 'stops', **changes), spoil_gradient)
    assert 'first bad layer: unknown, as clip_grad divides' in message
    train_with(checked_config(images, tmp_path / 'skips', check=dict(skip=1), **changes), spoil_gradient, 7)
    assert 'first bad layer: backbone.layer2.0.conv1.weight' in capsys.readouterr().out


def test_images_that_normalisation_spoils(images, tmp_path):
    message, _ = check_stop(checked_config(images, tmp_path, model__data_preprocessor__std=[0.0] * 3), at=0)
    assert 'first bad layer: data_preprocessor, check its mean and std' in message


def test_a_work_dir_whose_name_is_not_utf8(images, tmp_path):
    folder = tmp_path / 'th\udce9'
    message, _ = check_stop(checked_config(images, folder, 'cross_entropy'), spoil_weight)
    assert f'The last checkpoint is {folder}/epoch_1.pth' in message


@pytest.mark.parametrize(
    'change',
    [dict(optim_wrapper__optimizer__lr=1e9), dict(model__head__temperature=1e-30)],
    ids=['rate', 'temperature'],
)
def test_settings_that_diverge(images, tmp_path, change):
    check_stop(checked_config(images, tmp_path, **change), at=0)


@pytest.mark.slow
@pytest.mark.parametrize('fault', [spoil_gradient, spoil_loss, spoil_images, spoil_statistics])
@pytest.mark.parametrize('method', METHODS)
def test_every_method_and_fault(images, tmp_path, method, fault):
    check_stop(checked_config(images, tmp_path, method), fault)


def test_a_bad_micro_step_of_gradient_accumulation(images, tmp_path):
    cfg = checked_config(images, tmp_path, optim_wrapper__accumulative_counts=3)
    _, record = check_stop(cfg, spoil_images, at=6)
    assert (record['iteration'], record['what']) == (7, 'loss')


def test_weights_are_looked_at_before_they_are_saved(images, tmp_path):
    cfg = checked_config(images, tmp_path, check=dict(interval=1000))
    with pytest.raises(NotFiniteError, match=r'a weight or buffer after iteration 10 .* backbone\.bn1\.running_var'):
        train_with(cfg, spoil_statistics, 7)
    assert [path.name for path in tmp_path.glob('*.pth')] == ['epoch_1.pth']


def test_no_other_hook_saves_what_is_not_finite(images, tmp_path):
    runner = train(checked_config(images, tmp_path, train_cfg__max_epochs=1, train_cfg__val_interval=2))
    spoil_queue(runner.model)
    with pytest.raises(NotFiniteError, match=r'no checkpoint is written .* head\.queue\.embeddings is not finite'):
        runner.save_checkpoint(str(tmp_path), 'late.pth')
    state = next(iter(runner.optim_wrapper.optimizer.state.values()))
    runner.model.head.queue.embeddings.zero_()
    state['momentum_buffer'].fill_(math.inf)
    with pytest.raises(NotFiniteError, match=r'a number in optimizer state\.0\.momentum_buffer is not finite'):
        runner.save_checkpoint(str(tmp_path), 'late.pth')
    assert not (tmp_path / 'late.pth').exists()


def test_update_is_left_out(images, tmp_path):
    runner = Runner.from_cfg(checked_config(images, tmp_path, check=dict(skip=2)))
    runner.register_hook(FaultAt(spoil_images, 7, 11))
    states = []

    class Watch(FaultAt):
        """Keeps what a bad batch must not change."""

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            optimizer = runner.optim_wrapper.optimizer
            model = {**runner.model.head.state_dict(), **runner.model.backbone.state_dict()}
            state = [*model.values(), *(each['momentum_buffer'] for each in optimizer.state.values())]
            states.append([value.clone() for value in state])

    runner.register_hook(Watch(spoil_images))
    runner.train()
    pairs = enumerate(itertools.pairwise(states), 1)
    assert [i for i, (before, after) in pairs if all(map(torch.equal, before, after))] == [7, 11]
    assert len(states) == 4 * ITERS_PER_EPOCH
    assert first_not_finite(runner.model.state_dict()) is None


def test_buffers_and_queue_go_on_after_an_update_was_left_out(images, tmp_path):
    cfg = checked_config(images, tmp_path, check=dict(skip=1), train_cfg__max_epochs=1)
    runner = train_with(cfg, spoil_images, 2)
    queue = runner.model.head.queue
    assert int(queue.pointer) == queue._position()[0] == (4 * BATCH_SIZE) % queue.queue_len


def test_a_whole_accumulation_is_left_out(images, tmp_path):
    cfg = checked_config(
        images, tmp_path, check=dict(skip=1), optim_wrapper__accumulative_counts=3, train_cfg__max_epochs=2
    )
    runner = train_with(cfg, spoil_loss, 4)
    assert runner.iter == 2 * ITERS_PER_EPOCH
    assert first_not_finite(runner.model.state_dict()) is None


@pytest.mark.parametrize('method', METHODS)
def test_every_method_goes_on_after_a_bad_batch(images, tmp_path, method):
    cfg = checked_config(images, tmp_path, method, check=dict(skip=1), train_cfg__max_epochs=1)
    cfg.train_cfg.val_interval = 2
    runner = train_with(cfg, spoil_images, 2)
    assert runner.iter == ITERS_PER_EPOCH
    assert first_not_finite(runner.model.state_dict()) is None


def test_more_bad_updates_than_may_be_left_out(images, tmp_path):
    cfg = checked_config(images, tmp_path, check=dict(skip=2))
    with pytest.raises(NotFiniteError, match='the loss of iteration 14'):
        train_with(cfg, spoil_images, 7, 11, 13)
    assert (tmp_path / 'epoch_2.pth').is_file()


def test_without_a_bad_step_nothing_changes(images, tmp_path):
    expected = train(checked_config(images, tmp_path / 'plain'))
    check = dict(skip=3, halve_rate=True)
    assert_same_state(train(checked_config(images, tmp_path / 'skips', check=check)), expected)


SCHEDULES = {
    'cosine': dict(type='CosineAnnealingLR', T_max=4, by_epoch=True),
    'closed_form': dict(type='ltcl.WarmupCosineLR', max_epochs=4, warmup_epochs=2),
    'steps': dict(type='MultiStepLR', milestones=[1, 2], gamma=0.1),
}
HALVE = dict(skip=2, halve_rate=True)


def rates_of(runner: Runner) -> list[float]:
    """The logged rate of each iteration."""
    return runner.message_hub.get_scalar('train/lr').data[0].tolist()


@pytest.mark.parametrize(
    'name', [pytest.param(name, marks=[pytest.mark.slow] if name != 'closed_form' else []) for name in SCHEDULES]
)
def test_rate_is_halved_and_stays_halved_after_a_resume(images, tmp_path, name):
    def config(folder: str, **changes: object) -> Config:
        cfg = checked_config(images, tmp_path / folder, **changes)
        cfg.param_scheduler = SCHEDULES[name]
        return cfg

    plain = rates_of(train(config('plain')))
    whole = train_with(config('whole', check=HALVE), spoil_images, 3, 7)
    factors = [1.0] * 4 + [0.5] * 4 + [0.25] * 12
    assert rates_of(whole) == pytest.approx([rate * factor for rate, factor in zip(plain, factors, strict=True)])
    stopped = Runner.from_cfg(config('part', check=HALVE))
    stopped.register_hook(FaultAt(spoil_images, 3, 7))
    stopped.register_hook(SignalAt(8, signal.SIGINT))
    with pytest.raises(TrainingStopped):
        stopped.train()
    resumed = train(config('part', check=HALVE, resume=True))
    assert rates_of(resumed) == pytest.approx(rates_of(whole))
    assert_same_state(resumed, whole)


def test_updates_left_out_before_a_resume_count(images, tmp_path):
    with pytest.raises(NotFiniteError):
        train_with(checked_config(images, tmp_path, check=dict(skip=2)), spoil_images, 3, 7, 16)
    with pytest.raises(NotFiniteError, match='the loss of iteration 17'):
        train_with(checked_config(images, tmp_path, check=dict(skip=2), resume=True), spoil_images, 16)


@pytest.mark.parametrize('arguments', [dict(interval=0), dict(skip=-1), dict(halve_rate=True)])
def test_mistakes_in_the_config(arguments):
    with pytest.raises(UserError, match='FiniteCheckHook'):
        FiniteCheckHook(**arguments)


def spoil_checkpoint(path: Path, name: str) -> str:
    """A copy of a checkpoint with NaN in a tensor."""
    checkpoint = load_from_local(str(path), 'cpu')
    checkpoint['state_dict'][name].view(-1)[-1] = math.nan
    spoilt = path.with_name('spoilt.pth')
    torch.save(checkpoint, spoilt)
    return str(spoilt)


def test_checkpoint_that_is_not_finite_is_not_loaded(images, tmp_path):
    train(checked_config(images, tmp_path, train_cfg__max_epochs=1, train_cfg__val_interval=2))
    spoilt = spoil_checkpoint(tmp_path / 'epoch_1.pth', 'backbone.layer2.0.conv1.weight')
    cause = r'spoilt\.pth holds a number that is not finite, in backbone\.layer2\.0\.conv1\.weight'
    cfg = checked_config(images, tmp_path / 'other', load_from=spoilt)
    for start in ('test', 'train'):
        with pytest.raises(UserError, match=cause):
            getattr(Runner.from_cfg(cfg), start)()
    cfg.resume = True
    with pytest.raises(UserError, match=cause):
        Runner.from_cfg(cfg).train()
    sound = str(tmp_path / 'epoch_1.pth')
    cfg = checked_config(images, tmp_path / 'ensemble')
    with pytest.raises(UserError, match=cause):
        load_members(Runner.from_cfg(ensemble_config([cfg, cfg])), [sound, spoilt])


def test_buffer_that_is_infinite_by_design_is_no_mistake(images, tmp_path):
    def with_mask(cfg: Config) -> Runner:
        runner = Runner.from_cfg(cfg)
        runner.model.backbone.register_buffer('mask', torch.tensor([0.0, -math.inf]))
        return runner

    cfg = checked_config(images, tmp_path, 'cross_entropy', train_cfg__max_epochs=1, train_cfg__val_interval=1)
    with_mask(cfg).train()
    cfg.load_from = str(tmp_path / 'epoch_1.pth')
    assert load_from_local(cfg.load_from)['state_dict']['backbone.mask'].tolist() == [0.0, -math.inf]
    assert 'shot/all' in with_mask(cfg).test()


@METRICS.register_module(force=True)
class GivenScores(BaseMetric):
    """Says what it was told, validation after validation."""

    def __init__(self, scores: list[float], **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.scores = list(scores)

    def process(self, data_batch: dict, data_samples: list) -> None:
        self.results.append(0)

    def compute_metrics(self, results: list) -> dict[str, float]:
        return dict(all=self.scores.pop(0))


def test_a_score_that_is_not_a_number_is_not_the_best(images, tmp_path):
    cfg = checked_config(images, tmp_path, 'cross_entropy', train_cfg__val_interval=1)
    cfg.val_evaluator = [dict(type='GivenScores', prefix='shot', scores=[math.nan, 30.0, math.nan, 20.0])]
    train(cfg)
    assert [path.name for path in tmp_path.glob('best*')] == ['best_shot_all_epoch_2.pth']
    history = [dict(iter=i, metrics=dict(all=score)) for i, score in enumerate([math.nan, 30.0, math.nan, 20.0])]
    assert best_entry(history, 'all')['iter'] == 1
    assert best_entry(history[:1], 'all') is None


class ScaledOptimWrapper(OptimWrapper):
    """mmengine's float16 wrapper as far as the scaler goes, which it has for GPUs only."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.loss_scaler = torch.amp.GradScaler('cpu')

    def backward(self, loss: torch.Tensor, **kwargs: object) -> None:
        self.loss_scaler.scale(loss).backward(**kwargs)
        self._inner_count += 1

    def step(self, **kwargs: object) -> None:
        self.loss_scaler.step(self.optimizer)
        self.loss_scaler.update()


OPTIM_WRAPPERS.register_module(module=ScaledOptimWrapper, force=True)
SCALED = dict(optim_wrapper__type='ScaledOptimWrapper')


@pytest.mark.parametrize('check', [{}, dict(skip=1)])
def test_updates_that_a_gradient_scaler_leaves_out_are_no_mistake(images, tmp_path, check):
    cfg = checked_config(images, tmp_path, check=check, train_cfg__max_epochs=2, **SCALED)
    runner = train_with(cfg, spoil_gradient, 1, 2, 3, 7)
    assert runner.optim_wrapper.loss_scaler.get_scale() == 2**12
    assert first_not_finite(runner.model.state_dict()) is None


@pytest.mark.parametrize('fused', [True, False])
def test_a_gradient_scaler_that_leaves_out_every_update(images, tmp_path, fused):
    cfg = checked_config(images, tmp_path, train_cfg__max_epochs=20, optim_wrapper__optimizer__fused=fused, **SCALED)
    with pytest.raises(NotFiniteError, match=r'the gradient of iteration 27 .* at every scale of float16'):
        train_with(cfg, spoil_gradient, *range(2, 100))


@pytest.mark.parametrize('check', [{}, dict(skip=1)])
def test_a_bad_loss_under_a_gradient_scaler(images, tmp_path, check):
    cfg = checked_config(images, tmp_path, check=check, train_cfg__max_epochs=2, **SCALED)
    if check:
        assert first_not_finite(train_with(cfg, spoil_loss, 7).model.state_dict()) is None
    else:
        check_stop(cfg, spoil_loss)


def train_on_rank(rank: int, images: str, folder: str, skip: int) -> None:
    """Only the second process meets a bad loss, which has no gradient; both do the same."""
    init_default_scope('mmpretrain')
    cfg = checked_config(Path(images), Path(folder), check=dict(skip=skip), launcher='pytorch')
    cfg.model_wrapper_cfg = dict(type='MMDistributedDataParallel', device_ids=None, broadcast_buffers=False)
    cfg.train_dataloader.batch_size = 4
    runner = Runner.from_cfg(cfg)
    runner.register_hook(FaultAt(spoil_loss if rank else lambda model: None, 2))
    try:
        runner.train()
        message = ''
    except NotFiniteError as error:
        message = str(error)
    assert ('the loss of iteration 3' in message) != bool(skip)
    assert runner.iter == (20 if skip else 5)
    same = [None, None]
    torch.distributed.all_gather_object(same, (message, runner.model.module.head.fc.weight.sum().item()))
    assert same[0] == same[1]


@pytest.mark.parametrize('skip', [0, 1])
def test_several_processes_agree(images, tmp_path, skip):
    run_processes(train_on_rank, world_size=2, images=str(images), folder=str(tmp_path), skip=skip)
