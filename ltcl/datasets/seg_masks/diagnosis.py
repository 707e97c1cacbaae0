"""What is wrong with the masks that were looked at, and which key puts it right."""

import logging
import os
import re
from collections.abc import Iterator, Sequence

from PIL import Image

from ltcl.neutral_text import shorten

from .label_rule import LabelRule
from .mask_sets import files_of
from .read_mask import missing_mask
from .survey import Look, Survey

SHOWN = 5


def diagnose(survey: Survey, rule: LabelRule, *, with_void: bool = True) -> str | None:
    """Why the masks cannot be trained on or tested with; None if they can.

    Args:
        survey: What was seen.
        rule: The labels that may occur.
        with_void: Whether two classes of which one never occurs, beside void, are an error. They are none where
            other masks show that void and both classes are meant.
    """
    if survey.missing:
        return _missing(survey)
    if broken := [look for look in survey.looks if look.error]:
        return _first_of(broken, survey, str(broken[0].error))
    if coloured := [look for look in survey.looks if look.colours]:
        return _first_of(coloured, survey, _colours(coloured, rule))
    if strange := [look for look in survey.looks if rule.strange(look.labels)]:
        return _first_of(strange, survey, _strange(strange[0], survey, rule))
    return _nothing_but_void(survey, rule, with_void)


def remarks(survey: Survey, rule: LabelRule) -> Iterator[tuple[int, str]]:
    """What may be meant, but should be known: levels of logging and texts.

    Args:
        survey: What was seen, without an error.
        rule: The labels that may occur.
    """
    labels = survey.labels
    if absent := [label for label in range(rule.num_classes) if label not in labels and not rule.is_void(label)]:
        level = logging.WARNING if survey.is_complete else logging.INFO
        yield level, f'{_named(absent, rule)} in none of the {survey.extent}{_hint(labels, absent, survey, rule)}'
    if empty := [look for look in survey.looks if all(map(rule.is_void, look.labels))]:
        yield logging.WARNING, _first_of(empty, survey, f'every pixel of the mask {empty[0].path} is void')
    if odd := _binary_among_others(survey, rule):
        text = (
            f'the mask {odd[0].path} holds 0 and {odd[0].labels[-1]}, which is void, and others hold 1, but none holds '
            f'both: if {odd[0].labels[-1]} stands for {rule.classes[1]!r}, write 1 in its place'
        )
        yield logging.WARNING, _first_of(odd, survey, text)


def _first_of(looks: Sequence[Look], survey: Survey, text: str) -> str:
    """The text, which is about the first mask, with the number of masks that it is true of."""
    return text if survey.total == 1 else f'{text} ({len(looks)} of the {survey.extent})'


def _missing(survey: Survey) -> str:
    path, image = survey.missing[0]
    folder = os.path.dirname(path)
    text = missing_mask(path, image)
    number = f'{len(survey.missing)} of the {survey.total} images have no mask'
    if not (files := files_of(folder)):
        return (
            f'{text} ({number}: there is nothing in {folder}, so set data_prefix.seg_map_path to the folder of masks)'
        )
    stem = _shared_stem(os.path.basename(str(image)), os.path.basename(path))
    endings = sorted(name[len(stem) :] for name in files if stem and re.match(rf'{re.escape(stem)}[_.-]', name))
    hint = ''
    if len(endings) == 1:
        hint = f"; there is {stem}{endings[0]}: set seg_map_suffix='{endings[0]}'"
    elif endings:
        hint = f'; there is {stem} with {", ".join(endings[:SHOWN])}: set seg_map_suffix to the one of labels'
    return f'{text} ({number}{hint})'


def _shared_stem(image: str, mask: str) -> str:
    """What the names of an image and of its mask have in common at the front, without suffix."""
    stem = os.path.splitext(image)[0]
    return next(stem[:end] for end in range(len(stem), -1, -1) if mask.startswith(stem[:end])).rstrip('_.-')


def _colours(looks: Sequence[Look], rule: LabelRule) -> str:
    look = looks[0]
    text = f'the mask {look.path} holds colours such as {list(look.colours[-1])}, not labels'
    if look.backend == 'cv2' and _is_palette(look.path):
        return f"{text}: imdecode_backend='cv2' reads the colours of a palette; leave it out, and the labels are read"
    colours = sorted({colour for each in looks for colour in each.colours})
    if all(len(set(colour)) == 1 for colour in colours):
        values: list = [colour[0] for colour in colours]
    else:
        values = [list(colour) for colour in colours]
    if len(values) > rule.num_classes:
        text += f' ({len(values)} colours for {rule.num_classes} classes)'
    return f'{text}: {_map_labels(values)}, one for each class in their order'


def _is_palette(path: str) -> bool:
    try:
        with Image.open(path) as image:
            return image.mode == 'P'
    except (OSError, ValueError):
        return False


def _strange(look: Look, survey: Survey, rule: LabelRule) -> str:
    label = rule.strange(look.labels)[-1]
    void = '/'.join(map(str, sorted(rule.void))) or None
    in_file = f', {label + 1} in the file,' if look.reduced and label < 254 else ''
    return (
        f'{look.path}: label {label}{in_file} is none of the {rule.num_classes} classes and not void '
        f'({rule.void_keys}={void}): {_remedy(look, survey, rule)}'
    )


def _remedy(look: Look, survey: Survey, rule: LabelRule) -> str:
    seen = survey.labels
    labels = [label for label in seen if not rule.is_void(label)]
    strange = rule.strange(seen)
    num_classes = rule.num_classes
    if look.reduced:
        if strange == [255]:
            return f'reduce_zero_label makes label 0 void as 255, so set {rule.void_keys} to 255'
        return f'correct reduce_zero_label, or name all classes; the files hold {_short([each + 1 for each in labels])}'
    if labels[0] == 1 and labels[-1] == num_classes:
        return 'labels begin at 1, so set reduce_zero_label=True of the data sets'
    for values in (labels, seen):
        if len(values) == num_classes:
            return f'if each of the values is a class, {_map_labels(values)}'
    if labels[-1] == num_classes:
        return (
            'if label 0 is no class, set reduce_zero_label=True of the data sets; if it is one, name '
            f'{num_classes + 1} classes'
        )
    if len(strange) == 1:
        kept = list(range(num_classes))
        return (
            f'if it is void, {_map_labels(kept, strange)}, or set ignore_index={strange[0]} of all heads and '
            'evaluators and data_preprocessor.seg_pad_val'
        )
    return f'the masks hold {_short(labels)}; name all classes, or {_map_labels(labels)}'


def _map_labels(values: Sequence[int], void: Sequence[int] = ()) -> str:
    end = f', void={_short(void)}' if void else ''
    return f"put dict(type='ltcl.MapLabels', values={_short(values)}{end}) after LoadAnnotations in all pipelines"


def _nothing_but_void(survey: Survey, rule: LabelRule, with_void: bool) -> str | None:
    """Void where a class is meant: nothing else, or one of two classes."""
    seen = survey.labels
    void = [label for label in seen if rule.is_void(label)]
    classes = [label for label in seen if not rule.is_void(label)]
    if not void or len(classes) > 1:
        return None
    look, key = survey.looks[0], f'{rule.void_keys}={void[0]}'
    if not classes:
        text = f'{look.path}: every pixel of the {survey.extent} is void ({key})'
    elif rule.num_classes == 2 and with_void:
        seen_class, other = (f'{label} ({rule.classes[label]!r})' for label in (classes[0], 1 - classes[0]))
        text = f'{look.path}: only {seen_class} and {void[0]} (void, {key}), never {other}, in the {survey.extent}'
    else:
        return None
    if look.reduced:
        return f'{text}: reduce_zero_label=True makes label 0 void, so leave it out if label 0 is a class'
    if not classes:
        return f'{text}: give void pixels only this label'
    values = [*classes, void[0]] if classes == [0] else [void[0], *classes]
    return f'{text}: if {void[0]} stands for {rule.classes[1 - classes[0]]!r}, {_map_labels(values)}'


def _binary_among_others(survey: Survey, rule: LabelRule) -> list[Look]:
    """Masks of two classes that hold void in place of class 1, while others hold class 1 and no void."""
    if rule.num_classes != 2 or not rule.void:
        return []
    with_class = [look for look in survey.looks if 1 in look.labels]
    if any(rule.is_void(label) for look in with_class for label in look.labels):
        return []
    with_void = [look for look in survey.looks if look.labels[:1] == (0,) and any(map(rule.is_void, look.labels[1:]))]
    return with_void if with_class else []


def _named(absent: Sequence[int], rule: LabelRule) -> str:
    names = shorten([repr(rule.classes[label]) for label in absent], SHOWN)
    return f'class {names} occurs' if len(absent) == 1 else f'{len(absent)} classes ({names}) occur'


def _hint(labels: Sequence[int], absent: Sequence[int], survey: Survey, rule: LabelRule) -> str:
    is_reduced = any(look.reduced for look in survey.looks)
    void = [label for label in labels if rule.is_void(label)]
    if void and len(labels) == len(void) + 1:
        return f'; {void[0]} is void: if it stands for a class, write the number of the class in its place'
    if is_reduced and list(absent) == [rule.num_classes - 1]:
        return '; reduce_zero_label=True makes label 0 void: leave it out if labels begin at 0'
    if not is_reduced and 0 in absent and labels and min(labels) == 1:
        return '; if labels begin at 1, set reduce_zero_label=True'
    return ''


def _short(values: Sequence) -> str:
    shown = list(values)
    return str(shown) if len(shown) <= 12 else f'{str(shown[:10])[:-1]}, ... {len(shown)} values]'
