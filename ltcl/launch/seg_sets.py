"""Why mmseg's data sets could not be built: folders and suffixes, which it answers with tracebacks of its own."""

import os
import traceback
from collections import Counter
from typing import Any


def explain_seg_set(error: Exception) -> str | None:
    """One line for a data set of mmseg's kind that found no image, list or class; None for any other exception.

    Args:
        error: What building the data set ended with.
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    sets = [frame.f_locals.get('self') for frame in frames if frame.f_code.co_name in ('__init__', 'full_init')]
    dataset = next((each for each in sets if hasattr(each, 'img_suffix') and hasattr(each, 'data_prefix')), None)
    if dataset is None or not isinstance(error, FileNotFoundError | AssertionError | ValueError):
        return None
    name, text = type(dataset).__name__, ' '.join(str(error).split())
    folder = dataset.data_prefix.get('img_path') or '.'
    if 'ann_file' in text:
        return f'{name}: there is no list {dataset.ann_file}: correct ann_file or data_root'
    if isinstance(error, FileNotFoundError):
        return f'{name}: there is no folder {folder}: correct data_root or data_prefix.img_path'
    if 'need at least one array' in text:
        return f'{name} has no image: {_what_lies_there(folder, dataset)}'
    if 'not a subset' in text or 'palette does not match' in text:
        return f'{name}: metainfo does not fit: {text[:200]}; correct metainfo=dict(classes=..., palette=...)'
    return None


def _what_lies_there(folder: str, dataset: Any) -> str:
    if dataset.ann_file:
        return f'the list {dataset.ann_file} is empty'
    names = [name for _, _, files in os.walk(folder) for name in files]
    if not names:
        return f'there is no file in {folder}: correct data_root or data_prefix.img_path'
    [(ending, number)] = Counter(os.path.splitext(name)[1] for name in names).most_common(1)
    return (
        f'none of the {len(names)} files in {folder} ends in {dataset.img_suffix!r}, {number} in {ending!r}: set '
        f'img_suffix={ending!r}'
    )
