"""Computed floors: operations counted right, seconds from them, and the table of the page."""

from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / 'docs' / 'performance.md'


def test_seconds_of_an_epoch(load):
    floors = load('floors')
    assert floors.epoch_seconds(floors.Cost(2 * 10**9, 0.5), 1_000, 10) == pytest.approx(0.4)
    assert floors.minutes(61.4) == '1:01'


def test_the_page_shows_what_is_computed(load):
    floors = load('floors')
    recipe = 'paco/paco_resnet50_4xb32-400e_imagenet-lt'
    cost = floors.cost_of(recipe)
    # A ResNet-50 is 4.1 G multiplications and additions; a view with gradient and a key view are four passes.
    assert cost.flops == pytest.approx(4 * 2 * 4.1e9, rel=0.02)
    cells = [floors.minutes(floors.epoch_seconds(cost, 115_846, peak)) for peak in floors.PEAKS.values()]
    row = ['`paco_resnet50_4xb32-400e_imagenet-lt`', f'{cost.flops / 1e9:.1f}', *cells]
    assert f'| {" | ".join(row)} |' in PAGE.read_text()


def test_a_page_has_every_recipe_and_card(load):
    floors, text = load('floors'), PAGE.read_text()
    assert all(f'| `{recipe.partition("/")[2]}` |' in text for recipe in floors.RECIPES)
    assert f'| {" | ".join(floors.PEAKS)} |' in text


def test_decoding_is_timed(load):
    assert 1 < load('floors').decoding_rate(rounds=2) < 1e5
