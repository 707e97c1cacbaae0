"""A config is formatted once, and anew when it has changed."""

import copy

import pytest
from mmengine.config import Config

from ltcl.launch.formatted_config import FormattedConfig


@pytest.fixture
def formatted(monkeypatch):
    """Texts that mmengine was asked to format."""
    texts, original = [], Config.pretty_text.fget

    def pretty_text(self):
        texts.append(original(self))
        return texts[-1]

    monkeypatch.setattr(Config, 'pretty_text', property(pretty_text))
    monkeypatch.setattr(FormattedConfig, '_kept', ('', ''))
    return texts


def test_once_for_all_copies(formatted):
    cfg = FormattedConfig.of(Config(dict(model=dict(width=3))))
    assert cfg.pretty_text == copy.deepcopy(cfg).pretty_text == cfg.copy().pretty_text == 'model=dict(\n    width=3)'
    assert len(formatted) == 1


def test_anew_after_a_change(formatted):
    cfg = FormattedConfig.of(Config(dict(model=dict(width=3))))
    assert cfg.pretty_text
    cfg.model.width = 4
    assert cfg.pretty_text == 'model=dict(\n    width=4)'
    assert len(formatted) == 2
    assert Config(dict(model=dict(width=3))).pretty_text == 'model=dict(\n    width=3)'
