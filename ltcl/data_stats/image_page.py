"""The page about images with classes."""

from pathlib import PurePath

import numpy as np
from markupsafe import Markup

from ltcl.neutral_text import visible

from .charts import Bar, tail
from .copies import groups_of_copies, own_pictures
from .figures import gini, imbalance_factor
from .images import Labelled
from .looking import Found
from .page import Column, Figure, Page, Part, Row, Strip, chosen_classes, remark_on_sheets, shown, spread
from .tables import by_size, tables
from .verdict import interval

# Pictures of a class; groups of copies and pictures of each; doubtful labels and neighbours of each.
OF_CLASS = 8
GROUPS, OF_GROUP = 40, 6
DOUBTS, NEIGHBOURS = 40, 4


def image_page(found: Found, title: str) -> Page:
    """What the page about images shows.

    Args:
        found: What was found.
        title: Name of the data set.
    """
    images, counts = found.images, found.images.counts()
    order, made = by_size(images.training), tables(found)
    return Page(
        title=shown(title),
        remark=', '.join(f'{each.sum():,} images in {name}' for name, each in counts.items()),
        tiles=_tiles(found),
        verdict=[visible(line) for line in found.verdict],
        tail=_tail(images, order),
        columns=_columns(found),
        rows=_rows(found, order),
        table=('classes.csv', made['classes.csv']),
        facts=[visible(line) for line in found.lines],
        parts=_parts(found, order, made),
    )


def _tiles(found: Found) -> list[tuple[str, str]]:
    images, counts, groups = found.images, found.images.training, found.images.groups
    factor = imbalance_factor(counts)
    tiles = [
        (f'{len(images.labels):,}', 'images'),
        (f'{len(counts):,}', 'classes'),
        ('' if factor is None else f'{factor:,.4g}', 'imbalance factor'),
        (f'{gini(counts):.2f}', 'Gini coefficient'),
        (' / '.join(f'{groups.count(name):,}' for name in ('many', 'medium', 'few')), 'many / medium / few'),
    ]
    if found.pictures is not None:
        tiles.append((f'{len(found.broken):,}', 'damaged files'))
        tiles.append((f'{sum(len(each) for each in groups_of_copies(found.pictures.near)):,}', 'images with copies'))
    if found.doubtful is not None:
        tiles.append((f'{len(found.doubtful):,}', 'doubtful labels'))
    return tiles


def _tail(images: Labelled, order: list[int]) -> Markup:
    first, *others = images.counts().items()
    groups = images.groups
    names = [name for name, _ in others]
    bars = [
        Bar(
            shown(images.classes[i]),
            groups[i],
            int(first[1][i]),
            tuple(int(c[i]) for _, c in others),
        )
        for i in order
    ]
    return tail(bars, f'images in {first[0]}', names)


def _tested(images: Labelled) -> tuple[str, np.ndarray]:
    """The part that figures come from in the end, and its images per class; a fifth of a part that is undivided."""
    name, counts = list(images.counts().items())[-1]
    return (f'a fifth of {name}', counts // 5) if name == images.undivided else (name, counts)


def _columns(found: Found) -> list[Column]:
    tested, _ = _tested(found.images)
    tip = f'95 % interval (Wilson) of an accuracy of 50 % on the images of {tested}; sorts by their number'
    own = Column('pictures', tip='different pictures among those of training: copies count once')
    return [
        *(Column(name, tip=f'images in {name}') for name in found.images.names),
        *([] if found.pictures is None else [own]),
        Column('50 % would be', tip=tip),
    ]


def _rows(found: Found, order: list[int]) -> list[Row]:
    images, counts, groups = found.images, list(found.images.counts().values()), found.images.groups
    own = None if found.pictures is None else own_pictures(found.pictures.near, images)
    _, tested = _tested(images)
    ends = {number: interval(number) for number in np.unique(tested).tolist() if number}
    return [
        Row(
            shown(images.classes[i]),
            groups[i],
            [
                *(str(each[i]) for each in counts),
                *([] if own is None else [str(own[i])]),
                ('{:.0f}–{:.0f}'.format(*ends[int(tested[i])]), int(tested[i])) if tested[i] else '',
            ],
        )
        for i in order
    ]


def _parts(found: Found, order: list[int], made: dict[str, str]) -> list[Part]:
    if found.pictures is None:
        return []
    parts = [Part('sheets', 'Classes in pictures', remark_on_sheets(len(order), 'Images'), _sheets(found, order))]
    copies, total = _copies(found)
    if copies:
        remark = f'{len(copies)} of {total:,} pictures that there are several of: first those in two parts or classes.'
        parts.append(Part('copies', 'Copies', remark, copies, ('copies.csv', made['copies.csv'])))
    if found.doubtful:
        remark = (
            f'{min(DOUBTS, len(found.doubtful))} of {len(found.doubtful):,} labels that the nearest neighbours '
            f'contradict, the most doubtful first. Each image is followed by neighbours of the class that most of its '
            f'{found.neighbours} neighbours have.'
        )
        parts.append(Part('doubts', 'Doubtful labels', remark, _doubts(found), ('doubtful.csv', made['doubtful.csv'])))
    return parts


def _figure(images: Labelled, place: int, caption: str = '') -> Figure:
    name = images.name_of(place)
    return Figure(place, visible(caption or PurePath(name).name, width=24), visible(name))


def _sheets(found: Found, order: list[int]) -> list[Strip]:
    images, broken, groups = found.images, set(found.broken), found.images.groups
    by_class = np.split(np.argsort(images.labels, kind='stable'), np.cumsum(np.bincount(images.labels))[:-1])
    strips = []
    for i in chosen_classes(order):
        places = by_class[i].tolist() if i < len(by_class) else []
        # Of the parts the first one is trained on, and its images come first.
        places = [place for place in places if images.parts[place] == 0] or places
        whole = [place for place in places if images.name_of(place) not in broken]
        remark = f'{images.training[i]:,} images, {groups[i]}-shot'
        chosen = [_figure(images, whole[k]) for k in spread(len(whole), OF_CLASS)]
        strips.append(Strip(shown(images.classes[i]), remark, chosen))
    return strips


def _copies(found: Found) -> tuple[list[Strip], int]:
    """Groups of copies to show, those in two parts or classes first; and how many there are."""
    assert found.pictures is not None
    images, strips = found.images, []
    for group in groups_of_copies(found.pictures.near):
        classes, parts = np.unique(images.labels[group]), np.unique(images.parts[group])
        where = ' and '.join(images.names[part] for part in parts)
        kinds = ', '.join(shown(images.classes[label]) for label in classes[:4])
        about = [f'in {where}', *([f'{len(classes)} classes'] if len(classes) > 1 else []), f'{len(group)} images']
        figures = [
            _figure(images, i, f'{images.names[images.parts[i]]}: {images.classes[images.labels[i]]}')
            for i in group[:OF_GROUP].tolist()
        ]
        strips.append(((-(len(parts) > 1), -(len(classes) > 1), -len(group)), Strip(kinds, ', '.join(about), figures)))
    ordered = [strip for _, strip in sorted(strips, key=lambda each: each[0])]
    return ordered[:GROUPS], len(ordered)


def _doubts(found: Found) -> list[Strip]:
    images, strips = found.images, []
    for each in (found.doubtful or [])[:DOUBTS]:
        own, other = (shown(images.classes[i]) for i in (images.labels[each.place], each.other))
        remark = f'{each.votes} of {found.neighbours} neighbours: {other}; score {each.score:.2f}'
        near = [_figure(images, i, images.classes[each.other]) for i in each.near[:NEIGHBOURS]]
        strips.append(Strip(own, remark, [_figure(images, each.place), *near]))
    return strips
