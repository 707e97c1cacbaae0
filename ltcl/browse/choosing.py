"""Which images are shown: some of a class, of a shot group, or of all groups."""

from collections.abc import Sequence

import numpy as np

from ltcl.errors import UserError
from ltcl.launch.config_names import similar_names
from ltcl.neutral_text import visible

GROUPS = ('many', 'medium', 'few')


def classes_named(names: Sequence[str], classes: Sequence[str]) -> list[int]:
    """Labels of classes.

    Raises:
        UserError: There is no class of a name, with the similar ones.
    """
    for name in names:
        if name not in classes:
            hint = similar_names(name, classes, cutoff=0.4) or f'there are {len(classes)}, such as {classes[0]}'
            raise UserError(f'--class {visible(name)}: there is no class of this name: {visible(hint)}')
    return [classes.index(name) for name in names]


def choose(
    members: Sequence[np.ndarray], groups: Sequence[Sequence[int]], number: int, seed: int
) -> dict[int, list[int]]:
    """Images of as many classes as possible, drawn at random, as many of each group of classes.

    Args:
        members: Places of the images of each class.
        groups: Labels of the classes of each group.
        number: How many images in all, or fewer where there are not so many.
        seed: Of the draw.

    Returns:
        Places of the images that were drawn, by class; an image of several classes is drawn once.
    """
    generator = np.random.default_rng(seed)
    queues = []
    for labels in groups:
        orders = [
            (label, generator.permutation(members[label]).tolist()) for label in generator.permutation(list(labels))
        ]
        queues.append([(int(label), order) for label, order in orders if order])
    drawn: dict[int, list[int]] = {}
    taken: set[int] = set()
    while any(queues) and len(taken) < number:
        for queue in queues:
            if queue and len(taken) < number:
                label, order = queue.pop(0)
                place = order.pop()
                if place not in taken:
                    taken.add(place)
                    drawn.setdefault(label, []).append(place)
                if order:
                    queue.append((label, order))
    return {label: sorted(drawn[label]) for label in sorted(drawn)}
