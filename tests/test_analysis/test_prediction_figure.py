"""What the picture of predictions shows: image, truth and prediction of each, and the colours of the classes."""

import numpy as np
from matplotlib.colors import to_hex
from pictures import entries

from ltcl.analysis.prediction_figure import MAX_LEGEND_ENTRIES, Prediction, prediction_figure

CLASSES = ['road', 'sky', 'tree']
PALETTE = [[128, 64, 128], [70, 130, 180], [0, 100, 0]]
IMAGE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
TRUTH = np.array([[0, 0, 255], [1, 1, 1]])
PREDICTED = np.array([[0, 1, 1], [1, 1, 0]])


def painted(labels: np.ndarray) -> list:
    colours = {**dict(enumerate(PALETTE)), 255: [255, 255, 255]}
    return [[colours[label] for label in row] for row in labels.tolist()]


def test_image_truth_and_prediction_side_by_side():
    predictions = [Prediction(IMAGE, TRUTH, PREDICTED), Prediction(255 - IMAGE, PREDICTED, TRUTH)]
    figure = prediction_figure(predictions, CLASSES, PALETTE)
    shown = [axes.images[0].get_array().tolist() for axes in figure.axes]
    assert shown == [
        *(IMAGE.tolist(), painted(TRUTH), painted(PREDICTED)),
        *((255 - IMAGE).tolist(), painted(PREDICTED), painted(TRUTH)),
    ]
    assert [axes.get_title() for axes in figure.axes] == ['image', 'truth', 'prediction', '', '', '']
    assert all(axes.images[0].get_interpolation() == 'nearest' for axes in figure.axes)
    assert not any(len(axes.get_xticks()) or len(axes.get_yticks()) for axes in figure.axes)


def test_legend_holds_the_classes_that_are_seen():
    (legend,) = prediction_figure([Prediction(IMAGE, TRUTH, PREDICTED)], CLASSES, PALETTE).legends
    assert entries(legend) == {name: to_hex(np.array(PALETTE[i]) / 255) for i, name in enumerate(CLASSES[:2])}


def test_legend_of_many_classes_ends_somewhere():
    labels = np.arange(50).reshape(5, 10)
    image = np.zeros((5, 10, 3), np.uint8)
    figure = prediction_figure([Prediction(image, labels, labels)], [f'c{i}' for i in range(50)], [[9, 9, 9]] * 50)
    assert list(entries(figure.legends[0])) == [f'c{i}' for i in range(MAX_LEGEND_ENTRIES)]
    assert figure.legends[0].get_title().get_text() == 'and 14 classes of fewer pixels, which are not named'


def test_the_classes_of_most_pixels_are_named():
    labels = np.append(np.arange(8142), [8141] * 9 + [4000] * 5).reshape(2, -1)
    image = np.zeros((*labels.shape, 3), np.uint8)
    names = [f'c{i}' for i in range(8142)]
    figure = prediction_figure([Prediction(image, labels, labels)], names, [[9, 9, 9]] * 8142, '1 of 7 test images')
    shown = list(entries(figure.legends[0]))
    assert len(shown) == MAX_LEGEND_ENTRIES
    assert {'c0', 'c4000', 'c8141'} < {*shown}
    assert figure.get_suptitle() == '1 of 7 test images'
