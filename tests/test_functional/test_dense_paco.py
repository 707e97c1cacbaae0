"""GPaCo among pixels against a double loop, against ``paco_loss``, in tiles of any size."""

import pytest
import torch
from loss_checks import check_equal, check_float32, check_half_precision, set_tiles, under_autocast, value_and_gradients
from oracles.rows import unit_rows
from oracles.seg import loop_set_loss

from ltcl.functional import dense_paco_loss, paco_loss

LEAVES = ('anchors', 'rows', 'logits')
ARGS = dict(temperature=0.07, alpha=0.05)


def draw_case(num_images=2, num_pixels=7, num_classes=4, feat_dim=5, num_rows=0, with_void=True, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shape = (num_images, num_pixels)
    return dict(
        anchors=unit_rows(*shape, feat_dim, generator=generator),
        labels=torch.randint(num_classes + with_void, shape, generator=generator),
        rows=unit_rows(num_images, num_rows, feat_dim, generator=generator),
        row_labels=torch.randint(num_classes + with_void, (num_images, num_rows), generator=generator),
        logits=2 * torch.randn(*shape, num_classes, generator=generator, dtype=torch.float64),
    )


def run(case, loss=dense_paco_loss, **kwargs):
    return value_and_gradients(loss, case, LEAVES, **{**ARGS, **kwargs})


def loop_loss(anchors, labels, rows, row_labels, logits, **kwargs):
    return sum(loop_set_loss(*image, **kwargs) for image in zip(anchors, labels, logits, strict=True)) / len(labels)


@pytest.fixture(params=[1, 20, 2**21])
def tile(request, monkeypatch):
    """Tiles of one row, of a few, and of all."""
    set_tiles(monkeypatch, request.param)


@pytest.mark.usefixtures('tile')
@pytest.mark.parametrize(
    'kwargs',
    [
        {},
        dict(alpha=0.3, beta=0.5, gamma=2.0, temperature=0.2, base_temperature=0.07),
        dict(gamma=0.0),
        dict(alpha=0.0),
        dict(temperature=0.02),
    ],
    ids=str,
)
def test_equals_double_loop(kwargs):
    case = draw_case()
    check_equal(run(case, **kwargs), run(case, loop_loss, **kwargs))


@pytest.mark.usefixtures('tile')
@pytest.mark.parametrize(
    'shape', [dict(num_pixels=1), dict(num_classes=40), dict(num_images=1, num_pixels=23)], ids=str
)
def test_shapes(shape):
    case = draw_case(**shape)
    check_equal(run(case), run(case, loop_loss))


@pytest.mark.usefixtures('tile')
def test_rows_need_not_be_unit_rows():
    case = draw_case()
    case['anchors'] = case['anchors'] * torch.linspace(0.2, 1.5, 7, dtype=torch.float64)[:, None]
    case['anchors'][0, 3] = 0
    check_equal(run(case), run(case, loop_loss))


@pytest.mark.parametrize('num_rows', [0, 11])
def test_without_void_it_is_paco_loss(num_rows):
    case = draw_case(with_void=False, num_images=1, num_pixels=30, num_rows=num_rows)
    counts = torch.tensor([30, 9, 2, 0])

    def flat_loss(anchors, labels, rows, row_labels, logits, **kwargs):
        return paco_loss(anchors[0], labels[0], rows[0], row_labels[0], logits=logits[0], **kwargs)

    check_equal(run(case, class_counts=counts), run(case, flat_loss, class_counts=counts))


def test_void_pixels_are_negatives_but_no_anchors():
    case = draw_case(num_images=1, num_pixels=8, with_void=False)
    case['labels'][0, 2] = 4
    value, gradients = run(case)
    assert gradients['logits'][0, 2].abs().sum() == 0
    assert gradients['anchors'][0, 2].abs().sum() > 0
    for label in (-1, 200):
        case['labels'][0, 2] = label
        assert run(case)[0] == value
    rest = {name: array if 'row' in name else array[:, [0, 1, 3, 4, 5, 6, 7]] for name, array in case.items()}
    assert run(rest)[0] < value


def test_void_rows_are_negatives():
    case = draw_case(num_images=2, num_rows=3)
    case['row_labels'].fill_(4)
    value = run(case)[0]
    case['row_labels'].fill_(-1)
    assert run(case)[0] == value
    assert value > run(case | dict(rows=case['rows'][:, :0], row_labels=case['row_labels'][:, :0]))[0]


@pytest.mark.parametrize('num_rows', [0, 4])
def test_images_do_not_meet(num_rows):
    case = draw_case(num_images=3, num_rows=num_rows)
    case['labels'][1] = 4
    losses = dense_paco_loss(**case, **ARGS, reduction='none')
    singles = [dense_paco_loss(**{name: array[[i]] for name, array in case.items()}, **ARGS) for i in range(3)]
    check_equal(losses, torch.stack(singles))
    check_equal(losses.mean(), dense_paco_loss(**case, **ARGS))
    assert losses[1] == 0


def test_all_void_is_zero_with_zero_gradient():
    case = draw_case()
    case['labels'].fill_(255)
    value, gradients = run(case)
    assert value == 0
    assert all((gradient == 0).all() for gradient in gradients.values())


def test_only_the_self_pair_is_large():
    # The 1e-12 of the published denominator carries weight, and in float32 the other terms underflow.
    case = draw_case(num_images=1, num_pixels=4, feat_dim=4, with_void=False)
    case['anchors'] = torch.eye(4, dtype=torch.float64)[None]
    case['logits'] = torch.full_like(case['logits'], -8.0)
    check_equal(run(case, temperature=0.05), run(case, loop_loss, temperature=0.05))
    case['anchors'] = torch.tensor([1.0, -1, 1, -1], dtype=torch.float64)[None, :, None]
    case['rows'] = case['anchors'][:, :0]
    check_equal(run(case, temperature=0.015), run(case, loop_loss, temperature=0.015))
    check_float32(lambda case: run(case, temperature=0.015), case)


def test_precisions():
    case = draw_case(num_pixels=40, num_rows=6)
    check_float32(run, case)
    check_half_precision(run, case, torch.bfloat16)
    narrow = {name: array.float() if array.is_floating_point() else array for name, array in case.items()}
    assert under_autocast(dense_paco_loss)(**narrow, **ARGS) == dense_paco_loss(**narrow, **ARGS)


def test_backward_within_autocast():
    case = {name: array.float() if array.is_floating_point() else array for name, array in draw_case().items()}
    assert under_autocast(run)(case)[1]['anchors'].equal(run(case)[1]['anchors'])


def test_embeddings_that_all_coincide():
    case = {name: array.float() if array.is_floating_point() else array for name, array in draw_case().items()}
    case['anchors'] = case['anchors'][:, :1].expand(-1, 7, -1)
    value, gradients = run(case, temperature=0.01)
    assert value.isfinite()
    assert all(gradient.isfinite().all() for gradient in gradients.values())


def test_memory_does_not_grow_with_the_square():
    case = draw_case(num_images=1, num_pixels=3000, feat_dim=4)
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda array: saved.append(array.numel()) or array, lambda array: array
    ):
        case['anchors'].requires_grad_()
        dense_paco_loss(**case, **ARGS)
    assert max(saved) <= 3000 * 5
