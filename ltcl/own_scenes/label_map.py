"""Which label each value of the masks has: as a file says it, or by a rule where nothing is open."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from ..datasets.own_sources import named_classes
from ..datasets.transforms.map_labels import MapLabels
from ..datasets.transforms.map_labels import colour_of as rgb
from ..errors import UserError
from ..neutral_text import shorten
from .class_file import cell_of, find_class_file, in_words, is_grey, parse_class_lines, quoted, read_class_file
from .mask_facts import GREY, MaskFacts

VOID = 255
SHOWN = 16


@dataclass(frozen=True)
class LabelMap:
    """What the values of masks mean.

    Attributes:
        names: Names of the classes, in the order of their labels.
        labels: Label of each value or colour, :data:`VOID` for what is no class.
        source: Where it comes from, in words.
    """

    names: list[str]
    labels: dict[int, int]
    source: str

    @property
    def is_identity(self) -> bool:
        """Whether the masks hold the labels themselves."""
        return all(code == label * GREY for code, label in self.labels.items())

    @property
    def lines(self) -> list[str]:
        """Lines of a file ``classes.csv`` that says the same."""
        names = dict(enumerate(self.names))
        # Void has no name: a class may have any, also "void".
        return [f'{cell_of(code)},{quoted(names.get(label, ""))}' for code, label in self.labels.items()]

    @property
    def values(self) -> list[str]:
        """Values or colours of each class, in words."""
        return [
            ' | '.join(cell_of(code) for code, each in self.labels.items() if each == label)
            for label in range(len(self.names))
        ]

    def step(self) -> MapLabels | None:
        """The step of a pipeline that gives masks their labels; None where they hold them."""
        if self.is_identity:
            return None
        classes = {code: label for code, label in self.labels.items() if label != VOID}
        void = [rgb(code) for code in self.labels if code not in classes]
        return MapLabels([rgb(code) for code in classes], void, VOID, list(classes.values()))

    @property
    def palette(self) -> list[list[int]] | None:
        """A colour of each class, where masks have colours; None where they have values."""
        if all(map(is_grey, self.labels)):
            return None
        first = {label: code for code, label in reversed(self.labels.items())}
        return [list(rgb(first.get(label, 0))) for label in range(len(self.names))]


def find_label_map(
    root: str,
    masks: Sequence[str],
    facts: Sequence[MaskFacts],
    classes: Sequence[str] | None = None,
    lines: Sequence[str] | None = None,
    refuse_strange: bool = True,
) -> LabelMap:
    """What the values of masks mean, by the first of these that there is.

    1. ``classes.csv`` in the data root: lines ``value,name`` or ``red,green,blue,name``. 255 that no line names is void
       where masks have values. What is called ``void`` or ``ignore`` is void, unless ``classes`` has that name.
    2. ``classes.txt`` in the data root, or ``classes``: n names in the order of the values. Values from 0, or 1 to
       n where no mask has 0; or exactly n other values in ascending order. 255 beside two or more classes is void.
       Where both are there, the file says which value has which name, and ``classes`` which label, unless they are the
       same.
    3. Neither: values 0 to n - 1, or 1 to n, without a gap, are the classes ``class_0``, ..., and 255 is void.

    Args:
        root: The data root.
        masks: Paths of the masks, below the root.
        facts: What they hold.
        classes: Names of the classes, such as those of a training.
        lines: Lines of ``classes.csv``, where there is no such file.
        refuse_strange: Whether a value that is no class is an error; else it is in no map.

    Raises:
        UserError: Nothing of these fits, with a proposal for ``classes.csv``; or a mask has a value that is no class.
    """
    seen = {code for each in facts for code in each.codes}
    tops = sorted({mask.split('/')[0] for mask in masks if '/' in mask})
    file = find_class_file(root, tops)
    if file is not None:
        found = _from_rows(read_class_file(file, classes or ()), str(file), classes)
    else:
        place = Path(root, *tops) if len(tops) == 1 else Path(root)
        found = _without_file(root, seen, named_classes(Path(root), place), classes, lines)
    if refuse_strange:
        _refuse_strange(root, found, masks, facts)
    return found


def label_map_of(lines: Sequence[str], classes: Sequence[str]) -> LabelMap:
    """What the values of the masks of a training mean.

    Args:
        lines: Those of ``classes.csv``, which its checkpoint carries.
        classes: Names of its classes.
    """
    return _from_rows(parse_class_lines(lines, 'the training', classes), 'the training', classes)


def _without_file(
    root: str, seen: Set[int], own: list[str] | None, classes: Sequence[str] | None, lines: Sequence[str] | None
) -> LabelMap:
    """By names in the order of the values, those of the folder before those of a training, or by the values."""
    if own and classes and own != list(classes):
        found = _in_order(root, seen, own)
        rows = [(code, None if label == VOID else own[label]) for code, label in found.labels.items()]
        return _from_rows(rows, f'classes.txt of {root}', classes)
    # Masks of a part of the classes may have two readings, which those of the training had not.
    return _in_order(root, seen, own or classes) if lines is None else label_map_of(lines, classes or ())


def _in_order(root: str, seen: Set[int], names: Sequence[str] | None) -> LabelMap:
    found = _from_names(names, seen, 'classes.txt') if names else _from_values(seen)
    if found is None:
        raise _ask(root, names, sorted(seen))
    return found


def _from_rows(rows: Sequence[tuple[int, str | None]], source: str, classes: Sequence[str] | None) -> LabelMap:
    names = list(classes or dict.fromkeys(name for _, name in rows if name is not None))
    if unknown := [name for _, name in rows if name is not None and name not in names]:
        raise UserError(
            f'{source} names {shorten(unknown)}, which the training did not know: {shorten(names)}; correct it, or '
            'take it away to go by the values of the training'
        )
    if len(names) < 2:
        raise UserError(f'{source} names {len(names)} class, and a segmentation needs two or more: name the background')
    labels = {code: VOID if name is None else names.index(name) for code, name in rows}
    if all(map(is_grey, labels)):
        labels.setdefault(VOID * GREY, VOID)
    return LabelMap(names, labels, source)


def _from_names(names: Sequence[str], seen: Set[int], source: str) -> LabelMap | None:
    if not all(map(is_grey, seen)):
        return None
    values = sorted(code // GREY for code in seen)
    classes = [value for value in values if value != VOID]
    number = len(names)
    if not classes:
        return None
    if values == [0, VOID] and number == 2:
        chosen = values
    elif classes[-1] < number and classes[0] > 0:
        return None  # from 0 without the first class, or from 1 without the last one
    elif classes[-1] < number:
        chosen = list(range(number))
    elif classes[0] == 1 and classes[-1] == number:
        chosen = list(range(1, number + 1))
    elif number in (len(values), len(classes)) and classes[-1] > number:
        chosen = values if len(values) == number else classes
    else:
        return None
    labels = {value * GREY: label for label, value in enumerate(chosen)}
    return LabelMap(list(names), {VOID * GREY: VOID} | labels, source)


def _from_values(seen: Set[int]) -> LabelMap | None:
    classes = sorted(code // GREY for code in seen if is_grey(code) and code != VOID * GREY)
    if len(classes) < 2 or not all(map(is_grey, seen)):
        return None
    if classes[0] > 1 or classes != list(range(classes[0], classes[-1] + 1)):
        return None
    return _from_names([f'class_{value}' for value in classes], seen, 'the values of the masks')


def _ask(root: str, names: Sequence[str] | None, codes: Sequence[int]) -> UserError:
    """What to write into ``classes.csv``, with what was found."""
    shown = ', '.join(map(cell_of, codes[:SHOWN])) if all(map(is_grey, codes)) else f'{len(codes)} colours'
    if len(codes) == 1:
        return UserError(
            f'{root}: all masks hold {in_words(codes[0])} and nothing else: a segmentation needs two classes or more'
        )
    lines = [f'{cell_of(code)},{quoted(name)}' for code, name in _proposed(names or ('background',), codes)]
    told = f'classes.txt has {len(names)} names, and the masks hold {shown}' if names else f'the masks hold {shown}'
    return UserError(
        f'{root}: {told}, and nothing tells which class each is: write {root}/classes.csv with a line for each, '
        f'"void" for what is none, such as: {" | ".join(lines[:SHOWN])}'
        + (f' | ... ({len(lines)} lines)' if len(lines) > SHOWN else '')
    )


def _proposed(names: Sequence[str], codes: Sequence[int]) -> list[tuple[int, str]]:
    """Codes with names, those given as far as they go; the value 255 beside two or more others is void."""
    *classes, last = codes
    is_void = last == VOID * GREY and len(classes) > 1 and all(map(is_grey, classes))
    classes = classes if is_void else [*codes]
    if is_void and classes[-1] < len(names) * GREY:
        classes = [value * GREY for value in range(len(names))]
    named = [(code, names[i] if i < len(names) else f'class_{i}') for i, code in enumerate(classes)]
    return [*named, (last, 'void')] if is_void else named


def _refuse_strange(root: str, found: LabelMap, masks: Iterable[str], facts: Iterable[MaskFacts]) -> None:
    strange = [
        (mask, code) for mask, each in zip(masks, facts, strict=True) for code in each.codes if code not in found.labels
    ]
    if not strange:
        return
    number = len({mask for mask, _ in strange})
    known = [cell_of(code) for code in found.labels]
    raise UserError(
        f'{root}/{strange[0][0]} holds {in_words(strange[0][1])}, which is none of the {len(found.names)} classes of '
        f'{found.source} ({shorten(known, separator=" | ")}); {number} masks hold such: name it in {root}/classes.csv, '
        '"void" if it is none, or correct the mask'
    )
