"""Losses in tiles, and above their memory budget, against the same in one piece."""

import math

import pytest
import torch
from loss_checks import cast, check_equal, set_tiles
from loss_table import LOSSES, Sizes, draw_case

from ltcl.errors import UserError
from ltcl.functional import memory_budget, tiles
from ltcl.functional.log_sums import log_sum_exp

OF_PAIRS = ('paco', 'supcon', 'balanced', 'k_positive', 'targeted', 'resco', 'rescom', 'dense_paco')
SIZES = Sizes(num_anchors=9, num_contrast=5, num_classes=4)


def value_and_gradients(name: str, case: dict) -> tuple[torch.Tensor, ...]:
    loss = LOSSES[name]
    case = {key: value.clone().requires_grad_(key in loss.gradients) for key, value in case.items()}
    value = loss.call(case, 0.1)
    return value.detach(), *torch.autograd.grad(value, [case[key] for key in loss.gradients])


@pytest.mark.parametrize('name', OF_PAIRS)
@pytest.mark.parametrize('tile', [1, 25, 2**18])
def test_tiles_and_budget_change_nothing(name, tile, monkeypatch):
    case = draw_case(SIZES)
    expected = value_and_gradients(name, case)
    set_tiles(monkeypatch, tile)
    check_equal(value_and_gradients(name, case), expected, rtol=1e-9, atol=1e-12)
    with memory_budget(0):
        check_equal(value_and_gradients(name, case), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize('name', OF_PAIRS)
def test_gradients_of_half_precision_are_finite(name, monkeypatch):
    set_tiles(monkeypatch, 25)
    with memory_budget(0):
        _, *gradients = value_and_gradients(name, cast(draw_case(SIZES), torch.bfloat16))
    for gradient in gradients:
        assert gradient.dtype == torch.bfloat16
        assert gradient.isfinite().all()
        assert gradient.any()


def test_budget_holds_in_its_block_alone():
    with memory_budget(1), pytest.raises(UserError, match=r'0 or positive, in MiB, got -1'), memory_budget(-1):
        pass
    with memory_budget(1):
        assert (tiles.fits_budget(2**20), tiles.fits_budget(2**20 + 1)) == (True, False)
    assert tiles.fits_budget(tiles.DEFAULT_BUDGET * 2**20)


@pytest.mark.parametrize('num_rows', [0, 1, 7, 8])
def test_ranges_part_the_rows(num_rows, monkeypatch):
    set_tiles(monkeypatch, 12)
    ranges = tiles.row_ranges(num_rows, 4, torch.device('cpu'))
    assert [row for here in ranges for row in range(num_rows)[here]] == list(range(num_rows))
    assert all(here.stop - here.start <= 3 for here in ranges)


def test_many_columns_do_not_make_tiles_thin():
    ranges = tiles.row_ranges(1000, 2**20, torch.device('cpu'))
    assert [len(range(1000)[here]) for here in ranges] == [256, 256, 256, 232]


def test_tile_without_a_row_that_counts_adds_nothing(monkeypatch):
    set_tiles(monkeypatch, 1)
    anchors, rows = torch.randn(3, 4).double().requires_grad_(), torch.randn(6, 4).double()
    bias = torch.tensor([-math.inf, 0, -math.inf, -math.inf, 1, 2]).double()
    log_sums, largest = log_sum_exp(anchors, rows, bias)
    expected = torch.logsumexp(anchors @ rows.T + bias, 1)
    check_equal((log_sums, largest), (expected, (anchors @ rows.T + bias).amax(1)), rtol=1e-12, atol=1e-12)
    gradients = [torch.autograd.grad(each.sum(), anchors)[0] for each in (log_sums, expected)]
    check_equal(gradients[:1], gradients[1:], rtol=1e-12, atol=1e-12)
