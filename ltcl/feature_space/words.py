"""What pictures and page of a feature space show, and what they say of it. Imports no torch."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ltcl.neutral_text import visible

FEATURES, EMBEDDINGS = 'features', 'embeddings'
IMAGES = {'train': 'training images', 'val': 'validation images', 'test': 'test images'}
# Figures of a space, in the order in which they are told; an indented one is a part of the one before.
FIGURES = {
    'alignment': 'alignment within classes (lower is tighter)',
    'alignment_many': '  many-shot',
    'alignment_medium': '  medium-shot',
    'alignment_few': '  few-shot',
    'uniformity': 'uniformity of images (lower is more even)',
    'class_uniformity': 'uniformity of class means',
    'angle_mean': 'mean angle between class means (degrees)',
    'angle_min': 'smallest angle between class means',
    'simplex_angle': '  all of them in a simplex',
    'nc1': 'NC1: variability within classes',
    'nc1_many': '  many-shot',
    'nc1_medium': '  medium-shot',
    'nc1_few': '  few-shot',
    'nc2_lengths': 'NC2: lengths of class means, spread',
    'nc2_simplex': 'NC2: cosines of class means, from simplex',
    'nc2_weight_lengths': 'NC2: lengths of classifier, spread',
    'nc2_weight_simplex': 'NC2: cosines of classifier, from simplex',
    'nc3': 'NC3: classifier against class means',
    'nc4': 'NC4: share not of the nearest mean',
    'weight_length_by_count': 'classifier lengths go with images (rank)',
    'target_angle': 'class means to their targets (degrees)',
    'target_angle_many': '  many-shot',
    'target_angle_medium': '  medium-shot',
    'target_angle_few': '  few-shot',
    'nearest_is_own_target': 'classes nearest to their own target',
}
Points = list[tuple[float, float]]
Rows = list[Mapping[str, Any]]


class ClassPanel(NamedTuple):
    """A diagram of the classes over their training images.

    Args:
        column: Figure of a class.
        heading: What it is.
        unit: What its axis counts.
        needs: Images that a class has to have here for the figure: 0, 1 or 2.
        own_space: The space that it belongs to; None: the one that is shown.
        by_count: Figure over all classes that tells how it goes with the number of training images.
    """

    column: str
    heading: str
    unit: str = ''
    needs: int = 0
    own_space: str | None = None
    by_count: str | None = None

    def space(self, found: Mapping[str, Any]) -> str:
        """Name of the space."""
        return self.own_space or shown_space(found)

    def is_known(self, found: Mapping[str, Any]) -> bool:
        """Whether any class has the figure and a number of training images."""
        return bool(self.rows(found))

    def rows(self, found: Mapping[str, Any]) -> Rows:
        """The classes that have the figure and a number of training images."""
        return [row for row in placed_rows(found, self.space(found)) if row.get(self.column) is not None]

    def missing(self, found: Mapping[str, Any]) -> str:
        """How many classes of the legend it shows, and which; empty where it shows all of them."""
        shown, every = len(self.rows(found)), len(placed_rows(found, self.space(found)))
        those = ('', ' have an image', ' have two images or more')[self.needs]
        return '' if shown == every else f'{shown:,} of {every:,} classes{those}'

    def title(self, found: Mapping[str, Any]) -> str:
        """The heading, with the rank correlation if there is one."""
        figures = found['spaces'][self.space(found)]['figures']
        rank = figures.get(self.by_count) if self.by_count else None
        return self.heading if rank is None else f'{self.heading}, rank correlation {rank:+.2f}'


class CoursePanel(NamedTuple):
    """A diagram over training.

    Args:
        title: What it shows.
        figures: Names of the lines, and the figure of each.
        own_space: The space that they belong to; None: the one that is shown.
    """

    title: str
    figures: dict[str, str]
    own_space: str | None = None

    def lines(self, found: Mapping[str, Any], unit: str) -> dict[str, Points]:
        """Points of each line that has any.

        Args:
            found: What ``features.json`` holds.
            unit: ``epoch`` or ``iter``.
        """
        space = self.own_space or shown_space(found)
        lines: dict[str, Points] = {}
        for name, key in self.figures.items():
            values = [(entry[unit], entry.get(space, {}).get(key)) for entry in found['course']]
            if points := [(when, value) for when, value in values if value is not None]:
                lines[name] = points
        return lines


def _by_group(key: str) -> dict[str, str]:
    return {'all': key, **{group: f'{key}_{group}' for group in ('many', 'medium', 'few')}}


CLASS_PANELS = (
    ClassPanel('alignment', 'Alignment within each class', 'mean squared distance', needs=2),
    ClassPanel('variability', 'NC1 of each class', 'share in NC1', needs=2),
    ClassPanel('nearest_angle', 'Angle to the nearest class mean', 'degrees', needs=1),
    ClassPanel('mean_length', 'Length of class means', 'from their centre', needs=1, by_count='mean_length_by_count'),
    ClassPanel(
        'weight_length', 'Length of classifier rows', 'length', own_space=FEATURES, by_count='weight_length_by_count'
    ),
    ClassPanel('target_angle', 'Angle of class means to their targets', 'degrees', needs=1, own_space=EMBEDDINGS),
)
COURSE_PANELS = (
    CoursePanel('NC1: variability within classes', _by_group('nc1')),
    CoursePanel('NC2: lengths, spread', {'class means': 'nc2_lengths', 'classifier': 'nc2_weight_lengths'}),
    CoursePanel(
        'NC2: cosines, distance from simplex', {'class means': 'nc2_simplex', 'classifier': 'nc2_weight_simplex'}
    ),
    CoursePanel('NC3: classifier against class means', {'NC3': 'nc3'}, FEATURES),
    CoursePanel('NC4: share not of the nearest mean', {'NC4': 'nc4'}, FEATURES),
    CoursePanel('Alignment', _by_group('alignment')),
    CoursePanel('Uniformity', {'images': 'uniformity', 'class means': 'class_uniformity'}),
    CoursePanel('Degrees to the targets, embeddings', _by_group('target_angle'), EMBEDDINGS),
)


def placed_rows(found: Mapping[str, Any], space: str) -> Rows:
    """The classes of a space that have a place on an axis of training images."""
    return [row for row in found['spaces'].get(space, {}).get('classes', []) if row['train_count']]


def group_names(found: Mapping[str, Any]) -> dict[str, str]:
    """By shot group what a legend says of it, with the number of its classes; no group without one."""
    groups = [row['group'] for row in placed_rows(found, shown_space(found))]
    sizes = {name: groups.count(name) for name in ('many', 'medium', 'few')}
    return {name: f'{name} ({size:,} class{"es" if size > 1 else ""})' for name, size in sizes.items() if size}


def shown_space(found: Mapping[str, Any]) -> str:
    """The space that is drawn."""
    return found['space']


def about_images(found: Mapping[str, Any], of: str | None = None) -> str:
    """Which space of which images, in words.

    Args:
        found: What ``features.json`` holds.
        of: What they were encoded by; None: the checkpoint.
    """
    classes = found['spaces'][shown_space(found)]['figures']['classes']
    what = f'{shown_space(found).capitalize()} of {found["images"]:,} {IMAGES[found["split"]]}, {classes:,} classes'
    return f'{what}, {of or visible(found["checkpoint"], width=60)}'


def about_map(found: Mapping[str, Any]) -> str:
    """What the t-SNE shows, in words."""
    number, tsne = len(found['tsne']['places']), found['tsne']
    of_all = f' of {found["images"]:,}' if number < found['images'] else ''
    limit = f', at most {tsne["most"]:,} of a class' if number < found['images'] else ''
    return f't-SNE of the {tsne["space"]} of {number:,}{of_all} {IMAGES[found["split"]]}{limit}'
