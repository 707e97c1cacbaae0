"""The feature space of a run: of one checkpoint, and over the checkpoints that its training left."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from torch.utils.data import DataLoader

from ltcl.checkpoints.finding import REGULAR, numbered
from ltcl.checkpoints.run_state import meta_of
from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
from ltcl.inference.runs import SavedRun, build_model, read_run
from ltcl.launch.drawn_anew import warn_of_new_draw
from ltcl.launch.moved_images import refuse_gone

from .describing import Trained, describe
from .encoding import TEST, TRAIN, Encoded, bounds_of, classifier_of, encode, loader_of, move_data, targets_of
from .sampling import spread_evenly


class Looked(NamedTuple):
    """What was found of a checkpoint.

    Args:
        run: The run.
        encoded: Its images.
        spaces: As :func:`~ltcl.feature_space.describing.describe` returns them.
        bounds: Smallest and largest training count of a medium-shot class.
    """

    run: SavedRun
    encoded: Encoded
    spaces: dict[str, dict]
    bounds: tuple[int, int]


class Look:
    """Looks at the checkpoints of a run, whose images are found once.

    Args:
        split: ``'train'``, ``'val'`` or ``'test'``.
        device: Where it computes; None is the first GPU, if there is one.
        config: Config of the training, for a checkpoint that does not carry it.
        data_root: Folder of the images, where they are no longer where the training found them.
    """

    def __init__(
        self, split: str, device: str | None = None, config: str | None = None, data_root: str | None = None
    ) -> None:
        self.split, self.device, self.config, self.data_root = split, device, config, data_root
        self._loaders: dict[str, DataLoader] = {}

    def at(self, checkpoint: str | Path) -> Looked:
        """Look at a checkpoint.

        Raises:
            UserError: It cannot be read, is of segmentation, or has no images of the split.
        """
        run = read_run(checkpoint, self.config)
        if self.data_root is not None:
            move_data(run.config, self.data_root)
        refuse_gone(run.config, checkpoint, f'ltcl features {shlex.quote(str(checkpoint))} --data-root DATA')
        model: Any = build_model(run, self.device)
        encoded = self._encoded(run, model, self.split)
        # Where there is no classifier, there is nothing to compare with the means of the training images.
        needs_training = self.split != TRAIN and encoded.decisions is not None and run.config.get('train_dataloader')
        training = self._encoded(run, model, TRAIN) if needs_training else None
        bounds = bounds_of(run.config, DEFAULT_BOUNDS)
        classifier = classifier_of(model, len(run.classes))
        trained = Trained(run.classes, run.class_counts, bounds, classifier, targets_of(model))
        return Looked(run, encoded, describe(encoded, training, trained), bounds)

    @property
    def measured_split(self) -> str:
        """The split that the images are of: ``'val'`` where the data set has no others for a test."""
        if self.split != TEST:
            return self.split
        return getattr(self._loaders[TEST].dataset, 'measured_split', TEST)

    def _encoded(self, run: SavedRun, model: Any, split: str) -> Encoded:
        if split not in self._loaders:
            self._loaders[split] = loader_of(run, model, split)
            warn_of_new_draw(self._loaders[split].dataset, run.path, run.path)
        return encode(model, self._loaders[split], f'features of {run.path.stem}, {split}')


def checkpoints_over_training(run: str | Path, most: int) -> list[Path]:
    """Checkpoints that a training left at regular times, the oldest first; none for a checkpoint alone.

    Args:
        run: Work dir or checkpoint.
        most: At most so many, evenly spread; 0 and 1 are none, as one is no course.
    """
    if not Path(run).is_dir() or most < 2:
        return []
    found = [path for kind in REGULAR for _, path in reversed(numbered(run, kind))]
    return [found[place] for place in spread_evenly(len(found), most)] if len(found) > 1 else []


def course(looks: Sequence[Looked]) -> list[dict]:
    """How the figures went over training, one dict a checkpoint, in its order."""
    entries = []
    for looked in looks:
        meta = meta_of(looked.run.checkpoint)
        figures = {name: space['figures'] for name, space in looked.spaces.items()}
        entries.append(dict(checkpoint=looked.run.path.name, epoch=meta.get('epoch'), iter=meta.get('iter'), **figures))
    # The best checkpoint may be one of the regular ones.
    found = {entry['iter']: entry for entry in entries}
    return sorted(found.values(), key=lambda entry: entry['iter'] or 0)
