"""The page about images with masks."""

from pathlib import PurePath

import numpy as np
from PIL import Image

from ltcl.neutral_text import visible
from ltcl.report.thumbnails import jpeg_uri

from .charts import Bar, tail
from .class_colours import laid_over
from .figures import gini, imbalance_factor
from .page import Column, Figure, Page, Part, Row, Strip, chosen_classes, remark_on_sheets, shown, spread
from .scene_looking import FoundScenes, scene_tables
from .scenes import Scenes, void_share
from .thumbnails import small_image

OF_CLASS, SIDE = 4, 88


def scene_page(found: FoundScenes, title: str) -> Page:
    """What the page about images with masks shows.

    Args:
        found: What was found.
        title: Name of the data set.
    """
    scenes, counts = found.scenes, found.scenes.counts()
    (first, _), *others = counts.items()
    bars = [
        Bar(
            shown(scenes.classes[i]),
            found.groups[i],
            scenes.training.pixel[i],
            tuple(each.pixel[i] for _, each in others),
        )
        for i in found.order
    ]
    parts = [] if found.pictures is None else [_sheets(found)]
    return Page(
        title=shown(title),
        remark=', '.join(f'{each.num_images:,} images with masks in {name}' for name, each in counts.items()),
        tiles=_tiles(found),
        verdict=[visible(line) for line in found.verdict],
        tail=tail(bars, f'pixels in {first}', [name for name, _ in others]),
        columns=[
            Column('pixels, %', tip='share of the known pixels of the training'),
            *(Column(f'{name}: images', tip='that show the class') for name in counts),
        ],
        rows=[
            Row(
                shown(scenes.classes[i]),
                found.groups[i],
                [f'{found.shares[i]:.3g}', *(str(each.image[i]) for each in counts.values())],
            )
            for i in found.order
        ],
        table=('classes.csv', scene_tables(found)['classes.csv']),
        facts=[visible(line) for line in found.lines],
        parts=parts,
    )


def _tiles(found: FoundScenes) -> list[tuple[str, str]]:
    pixels = np.array(found.scenes.training.pixel)
    factor = imbalance_factor(pixels)
    wrong = len(found.faulty) + len(found.strange) + len(found.scenes.without_mask)
    return [
        (f'{len(found.scenes.scenes):,}', 'images with masks'),
        (f'{len(pixels):,}', 'classes'),
        ('' if factor is None else f'{factor:,.4g}', 'imbalance factor, pixels'),
        (f'{gini(pixels):.2f}', 'Gini coefficient, pixels'),
        (f'{100 * void_share(found.scenes.scenes):.3g} %', 'void pixels'),
        (f'{wrong:,}', 'masks missing or wrong'),
        *([] if found.pictures is None else [(f'{len(found.broken):,}', 'damaged images')]),
    ]


def _sheets(found: FoundScenes) -> Part:
    scenes = found.scenes
    shares = np.array([each.pixels / max(each.pixels.sum(), 1) for each in scenes.scenes])
    sound = np.array([each.fault is None and each.image not in found.broken for each in scenes.scenes])
    strips = []
    for i in chosen_classes(found.order):
        showing = np.flatnonzero((shares[:, i] > 0) & sound)
        # From the images that show most of the class on: in one with two pixels of it there is nothing to see.
        largest = showing[np.argsort(-shares[showing, i], kind='stable')][: max(OF_CLASS, len(showing) // 2)]
        chosen = [int(largest[k]) for k in spread(len(largest), OF_CLASS)]
        remark = f'{found.shares[i]:.3g} % of the pixels, {len(showing):,} images, {found.groups[i]}-shot'
        figures = [
            Figure(
                (place, i),
                visible(PurePath(scenes.scenes[place].image).name, width=24),
                f'{100 * shares[place, i]:.3g} %',
            )
            for place in chosen
        ]
        strips.append(Strip(shown(scenes.classes[i]), remark, figures))
    remark = f'{remark_on_sheets(len(found.order), "Images")} The class is coloured, all others are darkened.'
    return Part('sheets', 'Classes in pictures', remark, strips)


def _name(path: str) -> str:
    return visible(PurePath(path).name, width=24)


def picture_of(scenes: Scenes, key: tuple[int, int]) -> str | None:
    """A small picture of a scene with one class coloured and the rest darkened, a data URI; None if it cannot be read.

    Args:
        scenes: The images and masks.
        key: Place of the scene, and the class.
    """
    place, label = key
    try:
        image = small_image(scenes.scenes[place].image, SIDE)
        labels = scenes.read_labels(place)
        rows, columns = (np.arange(2 * SIDE) * length // (2 * SIDE) for length in labels.shape[:2])
        small = np.asarray(image.resize((2 * SIDE, 2 * SIDE)))
        chosen = np.where(labels[rows][:, columns] == label, label, -1)
        picture = Image.fromarray(laid_over(small, chosen, len(scenes.classes)))
    except Exception:  # Pillow's plugins and the steps of a pipeline raise more than their documentation says
        return None
    return jpeg_uri(picture.resize((SIDE, max(1, SIDE * image.height // image.width))), SIDE)
