"""Hooks of a config: by name in default_hooks, a user's own in custom_hooks, none of them twice."""

import pytest
from mmengine.config import Config
from mmengine.runner import Runner as MMEngineRunner
from shipped_configs import PATHS, called_hooks, read
from toy import toy_config

import ltcl.engine.hooks as own_hooks
from ltcl.engine import Runner
from ltcl.errors import UserError
from ltcl.launch import load_config
from ltcl.launch.hook_names import HOOK_TYPES, OWN_HOOKS, check_hooks, hooks_of, type_of
from ltcl.registry import HOOKS

EMA = dict(type='EMAHook')


def names_of(runner: MMEngineRunner) -> list[str]:
    return [type(hook).__name__ for hook in runner.hooks]


def test_every_hook_has_a_name():
    assert {f'ltcl.{name}' for name in own_hooks.__all__} == {type_of(name) for name in OWN_HOOKS}
    assert HOOK_TYPES['checkpoint'] == 'ltcl.CheckpointHook'


def test_shipped_configs_call_each_hook_by_its_name():
    for key, hook in {(key, hook['type']) for path in PATHS for key, hook in hooks_of(read(path))}:
        section, name = key.split('.')
        assert section == 'default_hooks'
        named = HOOK_TYPES.get(name, type_of(name))
        assert hook == named or issubclass(HOOKS.get(hook), HOOKS.get(named))  # of scenes, that of images
    # mmengine's own runner takes None for its six hooks only.
    assert not [path for path in PATHS if None in read(path).default_hooks.values()]


@pytest.mark.parametrize('runner_class', [Runner, MMEngineRunner])
def test_runners_call_them_in_the_order_of_their_priorities(images, tmp_path, runner_class):
    cfg = toy_config(images, tmp_path, 'tsc', with_report=True)
    expected = [hook['type'].rpartition('.')[2] for hook in called_hooks(cfg)]
    assert names_of(runner_class.from_cfg(cfg)) == expected


def test_none_takes_a_hook_of_any_name_away(images, tmp_path):
    cfg = toy_config(images, tmp_path, 'paco', with_report=True)
    everything = names_of(Runner.from_cfg(cfg))
    cfg.default_hooks.update(timer=None, heartbeat=None, visualization=None, target_assignment=None)
    cfg.update(work_dir=str(tmp_path / 'other'), experiment_name='without')
    left = names_of(Runner.from_cfg(cfg))
    assert left == [name for name in everything if name not in ('IterTimerHook', 'HeartbeatHook')]


@pytest.mark.parametrize(
    'entries',
    [
        dict(),
        dict(default_hooks=dict(mine=EMA, momentum_update=None), custom_hooks=[dict(type='x.A'), dict(type='x.A')]),
        dict(default_hooks=dict(timer=dict(type='IterTimerHook')), custom_hooks=None),
    ],
)
def test_hooks_that_can_be(entries):
    check_hooks(entries)


@pytest.mark.parametrize(
    ('entries', 'words'),
    [
        (dict(default_hooks=dict(heartbet=dict(x=1))), 'no entry heartbet: did you mean heartbeat'),
        (dict(default_hooks=dict(heartbeat=dict())), "add type='ltcl.HeartbeatHook'"),
        (dict(default_hooks=dict(ema=EMA, mine=EMA)), 'default_hooks.mine: EMAHook is default_hooks.ema already'),
        (dict(default_hooks=dict(ema=EMA), custom_hooks=[EMA]), r'write|by name, default_hooks=dict\(ema=dict\(\.\.\.'),
    ],
)
def test_hooks_that_cannot_be(entries, words):
    with pytest.raises(UserError, match=words):
        check_hooks(entries)


def test_a_file_takes_away_what_there_is(tmp_path):
    (tmp_path / 'base.py').write_text("default_hooks = dict(mine=dict(type='EMAHook'), timer=None)")

    def load(hooks: str) -> Config:
        (tmp_path / 'child.py').write_text(f"_base_ = 'base.py'\ndefault_hooks = dict({hooks})")
        return load_config(str(tmp_path / 'child.py'))

    cfg = load('mine=None, momentum_update=None')
    assert cfg.default_hooks == dict(mine=None, timer=None, momentum_update=None)
    cfg.dump(tmp_path / 'dumped.py')
    assert load_config(str(tmp_path / 'dumped.py')).default_hooks == cfg.default_hooks
    with pytest.raises(UserError, match=r'child\.py: default_hooks\.min=None takes no hook away: did you mean mine'):
        load('min=None')
