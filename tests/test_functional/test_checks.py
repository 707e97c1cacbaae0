"""Every loss refuses every tensor of another shape, type or class, whatever its name."""

import inspect
import math

import loss_table
import pytest
import torch
from loss_table import LOSSES, Sizes, draw_case

from ltcl import functional
from ltcl.errors import UserError
from ltcl.functional import balanced_contrastive_loss, effective_number_weights, paco_loss
from ltcl.functional.checks import CHOICES, CONVERTED, DIVISORS, SHAPES, check_shapes


class Called(Exception):
    """Carries a function of the room and what it was called with."""


def stand_in(function):
    def called(*args, **kwargs):
        raise Called(function, inspect.signature(function).bind(*args, **kwargs).arguments)

    return called


@pytest.fixture(params=LOSSES)
def call(request, monkeypatch):
    """A function and its arguments, as the table calls it."""
    for name in functional.__all__:
        if hasattr(loss_table, name) and name.endswith('_loss'):
            monkeypatch.setattr(loss_table, name, stand_in(getattr(functional, name)))
    with pytest.raises(Called) as caught:
        LOSSES[request.param].call(draw_case(Sizes(num_anchors=6, num_contrast=4)), 0.1)
    return caught.value.args


def tensors(arguments: dict) -> dict[str, torch.Tensor]:
    return {name: value for name, value in arguments.items() if isinstance(value, torch.Tensor)}


def refuses(call: tuple, name: str, value: object, message: str) -> None:
    function, arguments = call
    with pytest.raises(UserError, match=f'^{function.__name__}: {message}'):
        function(**{**arguments, name: value})


def test_the_call_itself_is_fine(call):
    function, arguments = call
    assert tensors(arguments).keys() <= SHAPES.keys()
    function(**arguments)


def test_no_tensor(call):
    for name, value in tensors(call[1]).items():
        refuses(call, name, value.tolist(), f'{name} must be a tensor, got list')


def test_number_of_dimensions(call):
    for name, value in tensors(call[1]).items():
        refuses(call, name, value[None], rf'{name} must have shape \(.*\).*, got \(1, ')
        refuses(call, name, value.sum(), rf'{name} must have shape \(.*\).*, got \(\)')


def test_type(call):
    for name, value in tensors(call[1]).items():
        if name.endswith('labels'):
            refuses(call, name, value.float(), f'{name} must hold torch.int64, got torch.float32')
        elif name not in CONVERTED:
            refuses(call, name, value.long(), '(.*) must hold torch.float(32|64), got torch.(int64|float64)')


def test_temperatures(call):
    function, arguments = call
    for name in DIVISORS:
        if name in inspect.signature(function).parameters:
            for value in (0, -0.1, math.inf, math.nan):
                refuses(call, name, value, f'{name}=.* must be a number above 0')
            learned = torch.tensor(0.2)
            torch.testing.assert_close(
                function(**{**arguments, name: learned}), function(**{**arguments, name: learned.item()})
            )


def test_words(call):
    function, _ = call
    for name in CHOICES.keys() & inspect.signature(function).parameters.keys():
        refuses(call, name, 'meen', f"{name} must be one of .*, got 'meen'")
        if function.__name__ != 'logit_adjusted_loss':
            refuses(call, name, 'sum', f"{name} must be one of .*, got 'sum'")


def test_size(call):
    """One entry more in each dimension whose size another argument has, too."""
    _, arguments = call
    letters = {name: SHAPES[name].rjust(2 * value.dim() - 1, 'B').split() for name, value in tensors(arguments).items()}
    letters['num_classes'] = ['C'] * ('num_classes' in arguments)
    for name, value in tensors(arguments).items():
        for dim, letter in enumerate(letters[name]):
            is_alone = not any(letter in of_other for other, of_other in letters.items() if other != name)
            if value.numel() and not is_alone and not (name == 'draws' and letter == 'N'):
                longer = torch.cat([value, value.narrow(dim, 0, 1)], dim)
                refuses(call, name, longer, '(.*) must (have shape|be in) ')


def test_classes(call):
    function, arguments = call
    if function.__name__ == 'dense_paco_loss':
        return  # any other label marks a void pixel
    for name, lowest in (('labels', 0), ('row_labels', -1)):
        if name in arguments and len(arguments[name]):
            for wrong in (lowest - 1, 3):
                refuses(
                    call, name, arguments[name].clone().fill_(wrong), rf'{name} must be in {lowest}..2, the classes'
                )


ROWS, LABELS = torch.eye(4), torch.tensor([0, 1, 2, 0])


MISUSES = {
    r'row_labels must have shape \(M\) with M = 0 of rows, got \(8,\)': dict(row_labels=LABELS.repeat(2)),
    r'labels must have shape \(N\) with N = 4 of anchors, got \(3,\)': dict(labels=LABELS[:3]),
    r'rows must have shape \(M, D\) with D = 4 of anchors, got \(2, 5\)': dict(rows=torch.zeros(2, 5)),
    r'anchors must have shape \(N, D\), got \(4,\)': dict(anchors=ROWS[0]),
    r'labels must hold torch.int64, got torch.float32': dict(labels=LABELS.float()),
    r'anchors must hold torch.float32, got torch.int64': dict(anchors=ROWS.long()),
    r'rows must hold torch.float32, got torch.float64': dict(rows=ROWS.double()),
    r'rows must be a tensor, got NoneType': dict(rows=None),
    r'class_counts must have shape \(C\) with C = 3 of logits, got \(5,\)': dict(class_counts=torch.ones(5)),
    r'labels must be in 0\.\.2, the classes of logits, got 1\.\.3': dict(labels=LABELS + 1),
    r'row_labels must be in -1\.\.2, the classes of logits, got -2\.\.0': dict(rows=ROWS, row_labels=LABELS - 2),
}


@pytest.mark.parametrize('message', MISUSES)
def test_message(message):
    arguments = dict(anchors=ROWS, labels=LABELS, rows=ROWS[:0], row_labels=LABELS[:0], logits=torch.zeros(4, 3))
    with pytest.raises(UserError, match=f'^paco_loss: {message}$'):
        paco_loss(**{**arguments, **MISUSES[message]})


def test_prototypes_of_another_number_of_classes():
    with pytest.raises(UserError, match=r'labels must be in 0\.\.1, the classes of prototypes, got 0\.\.2$'):
        balanced_contrastive_loss(ROWS, LABELS, ROWS[:0], LABELS[:0], prototypes=ROWS[:2])


def test_class_counts_in_a_list():
    with pytest.raises(UserError, match=r'^effective_number_weights: class_counts must be a tensor, got list$'):
        effective_number_weights([5, 1])


def test_half_precision_meets_full_precision():
    # A queue in float32 beside embeddings of a network in bfloat16.
    loss = paco_loss(ROWS.bfloat16(), LABELS, ROWS, LABELS, logits=torch.zeros(4, 3).half())
    assert loss.dtype == torch.float32


def test_labels_are_not_looked_at_where_it_would_wait():
    # Values on another device than the CPU cannot be read without waiting; those on "meta" not at all.
    @check_shapes()
    def loss(anchors, labels, num_classes):
        return labels

    assert loss(ROWS.to('meta'), LABELS.to('meta'), num_classes=1).device.type == 'meta'
    with pytest.raises(UserError, match='labels must be in'):
        loss(ROWS, LABELS, num_classes=1)


def test_what_the_decorated_loss_raises_is_left_alone():
    @check_shapes()
    def loss(anchors, labels):
        raise KeyError

    with pytest.raises(KeyError):
        loss(ROWS, LABELS)
    with pytest.raises(TypeError, match='missing 1 required positional argument'):
        loss(ROWS)
    with pytest.raises(TypeError, match='takes 2 positional arguments but 3 were given'):
        loss(ROWS, LABELS, LABELS)
