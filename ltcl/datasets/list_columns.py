"""Which columns of a table name the images and their classes."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import UserError
from .image_kinds import has_image_suffix
from .part_columns import key_of, parts_of, warn_of_unread_parts

if TYPE_CHECKING:
    import pandas as pd

# In the order in which they are preferred; spaces, marks and capitals do not count.
PATH_HEADINGS = str.split(
    'path filepath filepaths imagepath imgpath relativepath relpath filename filenames file files imagefile imgfile '
    'imagefilename image images imagename imgname img imageid imgid fileid photo photoid picture pictureid id idcode '
    'uuid'
)
LABEL_HEADINGS = str.split(
    'label labels labelname classname class classes category categoryname categories species speciesname breed target '
    'targets diagnosis dx tag groundtruth variety cultivar disease classlabel labelid classid categoryid classidx '
    'labelidx targetid y'
)
# In the headings of names that stand beside numbers of the classes.
NAME_WORDS = ('class', 'label', 'name')
GROUP_HEADINGS = str.split(
    'group groups groupid patient patients patientid subject subjectid person personid individual individualid camera '
    'cameraid video videoid sequence sequenceid series object objectid origin case caseid specimen site location'
)
NO_LABELS = ('width', 'height', 'size', 'url', 'group', 'groups', 'groupid', 'patient', 'patients', 'patientid')
INDEX_HEADINGS = ('', 'index', 'level0', *(f'unnamed{i}' for i in range(3)))


class UnlabelledList(UserError):
    """A list that names images and no label, as those of a competition's test set do."""


def path_and_label(cells: 'pd.DataFrame', path: str, tells: str = 'label') -> 'pd.DataFrame':
    """The two columns that are needed, without the line of headings.

    A table of two columns has the path first, unless its headings or its cells say otherwise. Of more, headings tell:
    ``path``, ``filename``, ``image_id``, ... and ``label``, ``class``, ``breed``, ... A column of row numbers, as
    pandas writes it, is passed over. Columns of 0 and 1, one for each class, are a label as well.

    Args:
        cells: Text of all cells, the first row perhaps headings. The index is the number of the line.
        path: The list file, for the message.
        tells: What the second column is: 'label', or 'group', the origin of the image, under headings of its own.

    Returns:
        Columns ``path`` and ``label``, and ``part`` ('train', 'val', 'test') if the table has a column ``split`` or
        ``is_valid``, see :func:`~ltcl.datasets.part_columns.parts_of`.

    Raises:
        UnlabelledList: There is no label.
        UnclearParts: Some cells of a column ``split`` say a part, and others do not, or columns say two parts.
        UserError: The headings do not tell the two columns.
    """
    cells = cells.loc[:, (cells != '').any()]
    cells.columns = range(cells.shape[1])
    if not len(cells):
        return cells.reindex(columns=['path', 'label'])
    has_headings = is_heading(cells.iloc[0].tolist()) or _suffix_begins_in_second_row(cells)
    if not has_headings:
        return _without_headings(cells, path)
    titles, cells = cells.iloc[0], cells.iloc[1:]
    if not len(cells):
        return cells.reindex(columns=['path', 'label'])
    keys = {column: key_of(title) for column, title in titles.items()}
    if len(keys) > 2:
        index = [column for column, key in keys.items() if key in INDEX_HEADINGS and _are_numbers(cells[column])]
        keys = {column: key for column, key in keys.items() if column not in index}
    parts, telling = parts_of(cells, keys, bool({*keys.values()} & {*LABEL_HEADINGS}), path)
    keys = {column: key for column, key in keys.items() if column not in telling}
    image = _path_column(cells, keys, path)
    label = (_group_column if tells == 'group' else _label_column)(cells, keys, image, path)
    if parts is None:
        warn_of_unread_parts(cells, keys, label, path)
    labels = _one_hot(cells[_other_columns(keys, image)], titles, path) if label is None else cells[label]
    rows = cells[[image]].set_axis(['path'], axis=1).assign(label=labels)
    return rows if parts is None else rows.assign(part=parts)


def is_heading(cells: list[str]) -> bool:
    """Whether a first line has headings that are known, and no image."""
    keys = {key_of(cell) for cell in cells}
    return bool(keys & {*PATH_HEADINGS}) and not any(map(has_image_suffix, cells))


def _without_headings(cells: 'pd.DataFrame', path: str) -> 'pd.DataFrame':
    if cells.shape[1] == 1 and has_image_suffix(cells.iloc[0, 0]):
        raise UnlabelledList(f'{path} names images, but no label: each line must be "relative/path,label"')
    if cells.shape[1] != 2:
        raise UserError(_unknown_columns(cells.shape[1], path))
    names = ['path', 'label'] if _look_like_images(cells[0]) or not _look_like_images(cells[1]) else ['label', 'path']
    return cells.set_axis(names, axis=1)[['path', 'label']]


def _path_column(cells: 'pd.DataFrame', keys: dict[int, str], path: str) -> int:
    """The column of the images: the best heading of those with cells that look like images, else the best of all."""
    known = sorted((column for column in keys if keys[column] in PATH_HEADINGS), key=_rank(keys, PATH_HEADINGS))
    images = [column for column in keys if _look_like_images(cells[column])]
    chosen = [column for column in known if column in images or keys[column] == 'path'] or images or known
    if not chosen and len(keys) == 2:
        chosen = [min(keys)]
    if not chosen or (len(images) > 1 and chosen is images):
        raise UserError(_unknown_columns(len(keys), path))
    return chosen[0]


def _label_column(cells: 'pd.DataFrame', keys: dict[int, str], image: int, path: str) -> int | None:
    """The column of the labels; None: each class may have one of its own.

    Of several that say the same, such as names and numbers of the classes, it is the one with names.
    """
    rest = [column for column in keys if column != image]
    known = sorted((column for column in rest if keys[column] in LABEL_HEADINGS), key=_rank(keys, LABEL_HEADINGS))
    if not known and len(rest) == 1 and keys[rest[0]] not in NO_LABELS:
        known = rest
    known = [column for column in known if (cells[column] != '').any()]
    if not known:
        return None
    is_said = len(known) < 2 or keys[known[0]] == 'label'
    if not is_said and any(len(cells[known].drop_duplicates()) != cells[column].nunique() for column in known):
        names = ', '.join(keys[column] for column in known)
        raise UserError(f'{path}, line 1: the columns {names} divide the images differently: head one of them "label"')
    return _named_alike(cells, keys, known[0], [*known, *rest])


def _named_alike(cells: 'pd.DataFrame', keys: dict[int, str], label: int, others: list[int]) -> int:
    """The column that names the classes whose numbers another one tells, if there is one, else that of the numbers."""
    if not _are_numbers(cells[label]):
        return label
    number = cells[label].nunique()
    named = (
        column
        for column in others
        if (keys[column] in LABEL_HEADINGS or any(word in keys[column] for word in NAME_WORDS))
        and not (_are_numbers(cells[column]) or (cells[column] == '').any())
        # One name a number, and not one an image.
        and cells[column].nunique() == number == len(cells[[label, column]].drop_duplicates()) < len(cells)
    )
    return next(named, label)


def _group_column(cells: 'pd.DataFrame', keys: dict[int, str], image: int, path: str) -> int:
    rest = [column for column in keys if column != image]
    known = sorted((column for column in rest if keys[column] in GROUP_HEADINGS), key=_rank(keys, GROUP_HEADINGS))
    candidates = known or rest
    if candidates and (len(candidates) == 1 or keys[candidates[0]] == 'group'):
        return candidates[0]
    names = ', '.join(keys[column] for column in candidates) or 'there is no other'
    raise UserError(
        f'{path}, line 1: it is not clear which column beside the images tells their origins ({names}): head it "group"'
    )


def _other_columns(keys: dict[int, str], image: int) -> list[int]:
    return [column for column, key in keys.items() if column != image and key not in PATH_HEADINGS]


def _one_hot(cells: 'pd.DataFrame', titles: 'pd.Series', path: str) -> 'pd.Series':
    """Headings of the columns with a 1, where each class has a column."""
    marks = cells.replace({'0.0': '0', '1.0': '1'})
    marks = marks.loc[:, marks.isin(['0', '1']).all()]
    if marks.shape[1] < 2:
        raise UnlabelledList(_unknown_columns(len(titles), path))
    number = (marks == '1').sum(axis=1)
    if (number != 1).any():
        line = (number != 1).idxmax()
        raise UserError(
            f'{path}, line {line}: {number[line]} of the columns {", ".join(titles[marks.columns][:8])} have a 1, but '
            'each image must have one class: correct the line, or head the column of the classes "label"'
        )
    return (marks == '1').idxmax(axis=1).map(titles)


def _suffix_begins_in_second_row(cells: 'pd.DataFrame') -> bool:
    """Whether the first of two columns' lines has no file and no label, where the next has: headings of any name."""
    if len(cells) < 2 or cells.shape[1] != 2 or any(os.path.splitext(cell)[1] for cell in cells.iloc[0]):
        return False
    is_known = any(cell.isdecimal() or (cells[column].iloc[1:] == cell).any() for column, cell in cells.iloc[0].items())
    return not is_known and any(map(has_image_suffix, cells.iloc[1]))


def _look_like_images(column: 'pd.Series') -> bool:
    return all(map(has_image_suffix, column.iloc[:20]))


def _are_numbers(column: 'pd.Series') -> bool:
    return bool(column.iloc[:1000].str.fullmatch(r'[0-9]+').all())


def _rank(keys: dict[int, str], headings: list[str]) -> Callable[[int], int]:
    return lambda column: headings.index(keys[column])


def _unknown_columns(number: int, path: str) -> str:
    return (
        f'{path}, line 1: expected the two columns path and label, got {number} columns: name two of them "path" and '
        '"label" in a first line'
    )
