"""Files of the wrong images of a data set that keeps its images in memory, so that a page can show them."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ltcl.predictions import load_predictions, save_predictions
from ltcl.predictions.few_of_each import few_of_each
from ltcl.report.class_figures import Answers

FOLDER = 'wrong_images'
MOST = 160


def write_wrong_images(predictions: Path, dataset: Any, work_dir: Path) -> None:
    """Write the most confident wrong images into ``wrong_images`` of the work dir, and name them in the predictions.

    Nothing is done where the images are files already, or not of the data set.

    Args:
        predictions: File of the answers.
        dataset: What was answered, in this order.
        work_dir: Folder of the run.
    """
    saved = load_predictions(predictions)
    if not len(saved.labels) or saved.paths[0] or len(saved.labels) != len(dataset):
        return
    answers = Answers(saved.scores, saved.labels)
    wrong = np.flatnonzero(~answers.is_right & (saved.labels >= 0))
    wrong = wrong[np.argsort(-answers.confidence[wrong], kind='stable')]
    sides = (values[wrong].tolist() for values in (answers.labels, answers.preds))
    shown = wrong[few_of_each(list(zip(*sides, strict=True)), MOST)].tolist()
    paths = saved.paths.astype(object)
    (work_dir / FOLDER).mkdir(exist_ok=True)
    for old in (work_dir / FOLDER).glob(f'{saved.split}_*.png'):
        old.unlink()
    for place in shown:
        paths[place] = f'{FOLDER}/{saved.split}_{place}.png'
        _picture(dataset.get_data_info(place)['img']).save(work_dir / paths[place])
    save_predictions(predictions, saved._replace(paths=paths))


def _picture(image: np.ndarray) -> Image.Image:
    """A picture of what a data set has in memory: grey, shape (H, W) or (H, W, 1), or colours, (H, W, 3)."""
    return Image.fromarray(np.asarray(image).squeeze().astype(np.uint8))
