"""What the picture of the classes says of how many classes it shows: each count is of what it stands at."""

from pictures import entries

from ltcl.analysis.figure_style import COLOURS
from ltcl.feature_space.pictures import classes_figure

GROUPS = ['many', 'medium', 'few', 'few', 'few']


def looked(alignments):
    """What ``ltcl features`` would have found; a class without an alignment has a single image."""
    rows = [
        dict(class_name=f'c{i}', train_count=count, group=group, alignment=value, mean_length=1.0 + i)
        for i, (count, group, value) in enumerate(zip([3000, 60, 9, 1, 0], GROUPS, alignments, strict=True))
    ]
    space = dict(figures=dict(classes=5), classes=rows, angles=[])
    about = dict(checkpoint='birds/epoch_9', split='test', images=90)
    return dict(space='features', spaces=dict(features=space), **about)


def axes_of(found):
    figure = classes_figure(found)
    return figure, {axes.get_title(loc='left'): axes for axes in figure.axes[1:] if axes.get_visible()}


def test_the_legend_counts_all_classes_and_a_panel_of_fewer_says_so():
    figure, axes = axes_of(looked([0.5, 0.6, 0.7, None, None]))
    # The class without training images has no place on a logarithmic axis.
    assert entries(figure.legends[0]) == {
        'many (1 class)': COLOURS['many'].lower(),
        'medium (1 class)': COLOURS['medium'].lower(),
        'few (2 classes)': COLOURS['few'].lower(),
    }
    alignment, length = axes['Alignment within each class'], axes['Length of class means']
    assert alignment.get_xlabel() == 'training images (log)\n3 of 4 classes have two images or more'
    assert length.get_xlabel() == 'training images (log)'
    assert [sum(len(each.get_offsets()) for each in one.collections) for one in (alignment, length)] == [3, 4]
    assert alignment.get_xlim() == length.get_xlim() == (0.8, 3750)
