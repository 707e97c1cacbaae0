"""A run that goes on with another batch, length, rate, seed or data set says so, and does it right."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from resume_checks import assert_same_state, train
from toy import toy_config, write_images

from ltcl.checkpoints.reading import load_from_local
from ltcl.engine import Runner
from ltcl.engine.hooks.stop_signal_hook import TrainingStopped
from ltcl.errors import UserError

STOPPED_AT = 7  # in epoch 2 of 5 iterations of 8 images each
BY_ITERATION = dict(
    param_scheduler=dict(
        type='ltcl.IterCosineLR', max_epochs=4, warmup_epochs=1, convert_to_iter_based=True, _delete_=True
    )
)

VALIDATED = dict(with_report=True, train_cfg__val_interval=1)


@pytest.fixture(scope='module')
def stopped(images, tmp_path_factory):
    """Work dirs of stopped runs, by the schedule's kind."""
    init_default_scope('mmpretrain')
    folders = {}
    for name, options in {'by_epoch': {}, 'by_iteration': BY_ITERATION}.items():
        folders[name] = tmp_path_factory.mktemp(name)
        with pytest.raises(TrainingStopped):
            train(toy_config(images, folders[name], 'cross_entropy', **options), STOPPED_AT)
    return folders


class Record(Hook):
    """Keeps what a run did."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.images: list[list[int]] = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.rates.append(runner.optim_wrapper.get_lr()['lr'][0])
        self.images.append(sorted(int(sample.sample_idx) for sample in data_batch['data_samples']))


def record(images, folder, **options) -> tuple[Runner, Record]:
    runner = Runner.from_cfg(toy_config(images, folder, 'cross_entropy', **options))
    runner.register_hook(found := Record())
    runner.train()
    return runner, found


@pytest.fixture
def go_on(images, stopped, tmp_path, capsys):
    """Resume a copy of a stopped run with changes; the runner, its record and what it said."""

    def resume(kind: str = 'by_epoch', images=images, **changes: object):
        folder = Path(shutil.copytree(stopped[kind], tmp_path / 'run'))
        options = {**(BY_ITERATION if kind == 'by_iteration' else {}), **changes}
        capsys.readouterr()
        runner, found = record(images, folder, resume='auto', **options)
        lines = capsys.readouterr().out.splitlines()
        return runner, found, [line.split('with a change: ')[1] for line in lines if 'with a change: ' in line]

    return resume


def whole_rates(images, folder, **options) -> list[float]:
    """Learning rates of a run from its start."""
    return record(images, folder, **options)[1].rates


def test_nothing_changed_says_nothing(go_on):
    runner, found, said = go_on()
    assert runner.iter == 20
    assert len(found.rates) == 20 - STOPPED_AT - 1
    assert said == []


@pytest.mark.parametrize('kind', ['by_epoch', 'by_iteration'])
@pytest.mark.parametrize(('batch_size', 'iters', 'left'), [(16, 2, 1), (4, 10, 4), (40, 1, 1)])
def test_batch_size(images, go_on, tmp_path, kind, batch_size, iters, left):
    runner, found, said = go_on(kind, train_dataloader__batch_size=batch_size)
    assert len(found.rates) == left + 2 * iters
    assert runner.epoch == 4
    assert len(said) == 1
    assert said[0].startswith(f'batches of 8 images then, {batch_size} now; epoch 2 goes on after {iters - left} of')
    options = dict(train_dataloader__batch_size=batch_size, **(BY_ITERATION if kind == 'by_iteration' else {}))
    rates = whole_rates(images, tmp_path / 'whole', **options)
    assert found.rates == pytest.approx(rates[-len(found.rates) :])
    # 24 images of epoch 2 were drawn before the stop: the others come now, and at most those of one batch again.
    again = iters * batch_size - (24 + sum(map(len, found.images[:left])))
    assert -batch_size < again <= 0
    assert len({index for batch in found.images[:left] for index in batch}) == left * batch_size


@pytest.fixture(scope='module')
def validated(images, tmp_path_factory):
    """Work dir of a run that has ended: 4 epochs of 5 iterations, each with a validation."""
    folder = tmp_path_factory.mktemp('validated')
    init_default_scope('mmpretrain')
    train(toy_config(images, folder, 'cross_entropy', **VALIDATED))
    return folder


def history_of(folder: Path, length: int) -> list[int]:
    """Epochs of the validations that the report tells, each after as many iterations as it has epochs of a length."""
    report = json.loads((folder / 'metrics.json').read_text())
    assert [entry['iter'] for entry in report['history']] == [length * entry['epoch'] for entry in report['history']]
    [best] = folder.glob('best_*.pth')
    assert best.stem.endswith(f'_epoch_{report["best"]["epoch"]}')
    assert 'best_accuracy' in report['per_class'][0]
    return [entry['epoch'] for entry in report['history']]


@pytest.mark.parametrize(('batch_size', 'length'), [(16, 2), (4, 10)])
def test_every_validation_is_kept_and_none_is_done_again(images, validated, tmp_path, batch_size, length):
    folder = Path(shutil.copytree(validated, tmp_path / 'run'))
    options = dict(VALIDATED, resume='auto', train_dataloader__batch_size=batch_size)
    runner, found = record(images, folder, train_cfg__max_epochs=6, **options)
    assert len(found.rates) == 2 * length
    assert history_of(folder, length) == [1, 2, 3, 4, 5, 6]
    assert len(runner.message_hub.get_scalar('train/loss').data[0]) == 6 * length


@pytest.mark.parametrize('batch_size', [16, 4])
def test_validation_that_was_cut_off_is_done_in_other_batches(images, validated, tmp_path, batch_size):
    folder = Path(shutil.copytree(validated, tmp_path / 'run'))
    for name in ('epoch_4.pth', *(path.name for path in folder.glob('best_*.pth'))):
        (folder / name).unlink()
    checkpoint = load_from_local(folder / 'epoch_3.pth')
    known = checkpoint['message_hub']['runtime_info']
    known['ltcl/validated_iter'] = 10
    known['ltcl/run_record']['history'].pop()
    torch.save(checkpoint, folder / 'epoch_3.pth')
    (folder / 'metrics.json').unlink()
    record(images, folder, resume='auto', train_dataloader__batch_size=batch_size, **VALIDATED)
    report = json.loads((folder / 'metrics.json').read_text())
    assert [entry['epoch'] for entry in report['history']] == [1, 2, 3, 4]


@pytest.mark.parametrize('batch_size', [16, 4])
def test_other_batches_cost_no_patience(images, tmp_path, batch_size):
    hook = dict(type='ltcl.PatienceHook', monitor='shot/macro', patience=2, min_delta=1000.0)
    options = dict(custom_hooks=[hook], train_cfg__val_interval=1)
    record(images, tmp_path, train_cfg__max_epochs=2, **options)
    _, found = record(images, tmp_path, resume='auto', train_dataloader__batch_size=batch_size, **options)
    assert len(found.rates) == 40 // batch_size
    assert (tmp_path / 'epoch_3.pth').exists()


@pytest.mark.parametrize('kind', ['by_epoch', 'by_iteration'])
def test_longer_run_has_the_schedule_of_its_length(images, go_on, tmp_path, kind):
    longer = {'by_epoch': dict(param_scheduler__T_max=6), 'by_iteration': dict(param_scheduler__max_epochs=6)}[kind]
    runner, found, said = go_on(kind, train_cfg__max_epochs=6, **longer)
    assert runner.iter == 30
    assert said == ["the schedule is the config's, from the start"]
    start = dict(BY_ITERATION) if kind == 'by_iteration' else {}
    rates = whole_rates(images, tmp_path / 'whole', train_cfg__max_epochs=6, **start, **longer)
    assert found.rates == pytest.approx(rates[STOPPED_AT + 1 :])
    assert found.rates[-1] < found.rates[0] / 2


def test_longer_run_in_other_batches_says_both(go_on):
    runner, _, said = go_on(train_dataloader__batch_size=16, train_cfg__max_epochs=6, param_scheduler__T_max=6)
    assert runner.epoch == 6
    assert len(said) == 2
    assert said[1] == "the schedule is the config's, from the start"


def test_shorter_run_that_is_already_longer_has_nothing_to_do(go_on, capsys):
    runner, found, _ = go_on(train_cfg__max_epochs=1)
    assert found.rates == []
    assert runner.iter == STOPPED_AT + 1


def test_learning_rate_of_the_config_holds(images, go_on, tmp_path):
    _, found, said = go_on(optim_wrapper__optimizer__lr=0.01)
    assert said == ['lr 0.05 then, 0.01 now']
    rates = whole_rates(images, tmp_path / 'whole', optim_wrapper__optimizer__lr=0.01)
    assert found.rates == pytest.approx(rates[STOPPED_AT + 1 :])


def test_weight_decay_of_the_config_holds(go_on):
    runner, _, said = go_on(optim_wrapper__optimizer__weight_decay=0.25)
    assert said == ['weight_decay 0.0005 then, 0.25 now']
    assert {group['weight_decay'] for group in runner.optim_wrapper.param_groups} == {0.25}


def test_momentum_of_the_optimizer_is_kept_when_the_rate_changes(images, stopped, tmp_path):
    folder = shutil.copytree(stopped['by_epoch'], tmp_path / 'run')
    runner = Runner.from_cfg(
        toy_config(images, folder, 'cross_entropy', resume='auto', optim_wrapper__optimizer__lr=0.01)
    )
    stored = load_from_local(folder / f'stopped_iter_{STOPPED_AT + 1}.pth')['optimizer']['state']
    runner.register_hook(taken := KeepState())
    runner.train()
    assert all(torch.equal(taken.state[i]['momentum_buffer'], stored[i]['momentum_buffer']) for i in stored)


class KeepState(Hook):
    """Copies the optimizer's state before the first iteration."""

    state: dict | None = None

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if self.state is None:
            state = runner.optim_wrapper.optimizer.state_dict()['state']
            self.state = {i: {name: value.clone() for name, value in each.items()} for i, each in state.items()}


def test_seed_of_the_checkpoint_holds(images, go_on, tmp_path):
    runner, _, said = go_on(randomness__seed=3)
    assert said == ['seed 0 then, 3 now: 0 holds, as a run has one order of its images']
    assert_same_state(runner, record(images, tmp_path / 'whole')[0])


def test_accumulation_and_precision_of_the_config_hold(go_on):
    runner, _, said = go_on(optim_wrapper__accumulative_counts=2, optim_wrapper__type='OptimWrapper')
    assert said == ['batches a step 1 then, 2 now', 'precision Bfloat16OptimWrapper then, OptimWrapper now']
    assert runner.iter == 20


@pytest.mark.parametrize(('counts', 'iters'), [((30, 12, 6), 6), ((12, 8, 4), 3)])
def test_more_or_fewer_images_begin_the_epoch_again(go_on, tmp_path, counts, iters):
    runner, found, said = go_on(images=write_images(tmp_path / 'images', counts))
    assert said == [f'40 training images then, {sum(counts)} now, so epoch 2 is begun again']
    assert len(found.rates) == 3 * iters
    assert runner.iter == 4 * iters


@pytest.mark.parametrize(
    ('names', 'words'),
    [
        (('class_0', 'class_1', 'class_2', 'new'), 'new: new'),
        (('class_0', 'class_1', 'kept'), 'gone: class_2; new: kept'),
    ],
)
def test_other_classes_are_refused(go_on, tmp_path, names, words):
    folder = write_images(tmp_path / 'images', (24, 12, 4, 4)[: len(names)])
    (folder / f'class_{len(names) - 1}').rename(folder / names[-1])
    with pytest.raises(UserError, match=words):
        go_on(images=folder)


def test_other_optimizer_is_refused(go_on):
    with pytest.raises(UserError, match=r'another optimizer or other parameter groups than AdamW .* load_from='):
        go_on(optim_wrapper__optimizer=dict(type='AdamW', lr=0.1, _delete_=True))


def edited(folder: Path, **changes: object) -> Path:
    path = folder / f'stopped_iter_{STOPPED_AT + 1}.pth'
    torch.save({**load_from_local(path), **changes}, path)
    return path


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        (dict(param_schedulers=[]), 'states of 0 schedules, the config has 1'),
        (dict(param_schedulers=[3]), 'states of 1 schedules'),
        (dict(meta=None), 'meta is NoneType'),
        (dict(meta=dict(epoch=1, iter=10**9)), 'iteration 1000000000'),
        (dict(message_hub={}), 'message_hub has no log_scalars'),
    ],
)
def test_state_that_cannot_be_is_refused(images, stopped, tmp_path, changes, words):
    folder = Path(shutil.copytree(stopped['by_epoch'], tmp_path / 'run'))
    path = edited(folder, **changes)
    cfg = toy_config(images, tmp_path / 'new', 'cross_entropy', resume=True, load_from=str(path))
    with pytest.raises(UserError, match=words):
        train(cfg)


def test_text_of_the_config_in_a_checkpoint_is_not_run(images, stopped, tmp_path):
    folder = Path(shutil.copytree(stopped['by_epoch'], tmp_path / 'run'))
    mark = tmp_path / 'mark'
    text = f'open({str(mark)!r}, "w").close()'
    path = folder / f'stopped_iter_{STOPPED_AT + 1}.pth'
    meta = load_from_local(path)['meta']
    edited(folder, meta={**meta, 'config': text, 'cfg': text})
    runner = train(toy_config(images, folder, 'cross_entropy', resume='auto'))
    assert runner.iter == 20
    assert not mark.exists()


def test_checkpoint_without_the_shape_of_its_run_is_taken_as_it_is(images, stopped, tmp_path):
    folder = Path(shutil.copytree(stopped['by_epoch'], tmp_path / 'run'))
    path = folder / f'stopped_iter_{STOPPED_AT + 1}.pth'
    meta = load_from_local(path)['meta']
    del meta['training']
    edited(folder, meta=meta)
    resumed = train(toy_config(images, folder, 'cross_entropy', resume='auto'))
    assert_same_state(resumed, record(images, tmp_path / 'whole')[0])
