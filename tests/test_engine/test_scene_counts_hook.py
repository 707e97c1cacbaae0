"""Images and pixels of own masks reach who asks for them, and travel in the checkpoint."""

from types import SimpleNamespace

import pytest

from ltcl.engine.hooks import SceneCountsHook
from ltcl.errors import UserError


def counted_hook():
    hook = SceneCountsHook()
    dataset = SimpleNamespace(class_counts=SimpleNamespace(image=[5, 2], pixel=[900, 30]))
    hook.counts = hook.count(dataset)
    return hook


def test_a_part_gets_what_it_asks_for():
    hook = counted_hook()
    assert hook.counts_for(SimpleNamespace(count_key='pixel')) == [900, 30]
    assert hook.counts_for(SimpleNamespace(count_key='image')) == hook.counts_for(object()) == [5, 2]


def test_a_checkpoint_keeps_both():
    checkpoint = {'meta': {}}
    counted_hook().before_save_checkpoint(None, checkpoint)
    hook = SceneCountsHook()
    hook.after_load_checkpoint(None, checkpoint)
    assert (hook.counts, hook.pixels) == ([5, 2], [900, 30])
    hook = SceneCountsHook()
    hook.after_load_checkpoint(None, {'meta': {'class_counts': [5, 2]}})  # of another hook
    assert (hook.counts, hook.pixels) == (None, None)


def test_another_data_set_counts_nothing():
    with pytest.raises(UserError, match='SimpleNamespace has no class_counts: SceneCountsHook goes with'):
        SceneCountsHook().count(SimpleNamespace())
