"""Accuracy on images that differ from the training images: what was measured, summed up, as a table and as files."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from rich.table import Table

from ltcl.errors import UserError
from ltcl.evaluation.functional import (
    CORRUPTIONS,
    NUM_SEVERITIES,
    corruption_error,
    mean_corruption_error,
    mean_error,
    mean_error_increase,
    relative_mean_corruption_error,
)
from ltcl.files import write_atomic
from ltcl.neutral_text import csv_text, markup

NUM_IMAGENET_CLASSES = 1000
CORRUPTED = ('imagenet_c', 'corrupted')
ORDER = ('clean', *CORRUPTED, 'imagenet_r', 'imagenet_sketch')
MEANING = {
    'top1': 'top-1 accuracy',
    'mean_error': 'mean error, not normalised',
    'mean_error_increase': 'mean error less the error on clean images',
    'mCE': 'errors divided by AlexNet\'s ("rel. mCE" in the README of PaCo and GPaCo, NmCE in ResCom\'s)',
    'relative_mCE': "increases of the error divided by AlexNet's (relative mCE of Hendrycks and Dietterich)",
}


@dataclass
class RobustnessResults:
    """Accuracies of one checkpoint, in percent, kept on disk after each set.

    Attributes:
        about: What was tested; results of something else are never mixed in.
        sets: For each set ``folder`` (None for the config's own test set), ``images``, which tells them from others
            that lay there, ``num_images``, under each corruption, and ``top1``, a number or, for a corrupted set,
            ``{corruption: {severity: number}}`` with severities as text.
    """

    about: dict
    sets: dict[str, dict] = field(default_factory=dict)

    def get(self, name: str, corruption: str | None = None, severity: int | None = None) -> float | None:
        """An accuracy; None if it was not measured."""
        top1 = self.sets.get(name, {}).get('top1')
        if corruption is None or top1 is None:
            return top1
        return top1.get(corruption, {}).get(str(severity))

    def add(self, name: str, top1: float, corruption: str | None = None, severity: int | None = None) -> None:
        """Take an accuracy."""
        if corruption is None:
            self.sets[name]['top1'] = top1
        else:
            self.sets[name].setdefault('top1', {}).setdefault(corruption, {})[str(severity)] = top1

    def begin(self, name: str, folder: str | None, images: str = '', num_images: int | None = None) -> None:
        """Make room for a set; what was measured on other images is forgotten.

        Args:
            name: Of the set.
            folder: Where it lies.
            images: What tells its images from those that lay there before.
            num_images: How many they are, under one corruption.
        """
        about = {'folder': folder, 'images': images}
        if {key: self.sets.get(name, {}).get(key) for key in about} != about:
            self.sets[name] = about
        self.sets[name]['num_images'] = num_images

    def corrupted(self, name: str) -> tuple[list[str], torch.Tensor]:
        """Corruptions of a set that are measured at all severities, and their accuracies as fractions.

        Returns:
            Names in the published order, and a float64 tensor (corruptions, 5).
        """
        measured = self.sets[name].get('top1', {})
        names = [each for each in CORRUPTIONS if len(measured.get(each, {})) == NUM_SEVERITIES]
        rows = [[measured[each][str(severity)] for severity in range(1, NUM_SEVERITIES + 1)] for each in names]
        return names, torch.tensor(rows, dtype=torch.float64).reshape(-1, NUM_SEVERITIES) / 100

    def summary(self) -> dict[str, dict[str, float]]:
        """Figures of each set, in percent, under the names of ``MEANING``.

        The figures that compare with AlexNet exist for all 15 corruptions of ImageNet-C; those that compare with clean
        images need the accuracy on the config's own test set.
        """
        figures: dict[str, dict[str, float]] = {}
        clean = self.get('clean')
        for name in sorted(self.sets, key=ORDER.index):
            if name not in CORRUPTED:
                if (top1 := self.get(name)) is not None:
                    figures[name] = {'top1': top1}
                continue
            corruptions, accuracy = self.corrupted(name)
            if not corruptions:
                continue
            values = {'mean_error': mean_error(accuracy)}
            has_reference = name == 'imagenet_c' and corruptions == list(CORRUPTIONS)
            if has_reference and self.about['num_classes'] == NUM_IMAGENET_CLASSES:
                values['mCE'] = mean_corruption_error(accuracy)
                if clean is not None:
                    values['relative_mCE'] = relative_mean_corruption_error(accuracy, 1 - clean / 100)
            if clean is not None:
                values['mean_error_increase'] = mean_error_increase(accuracy, 1 - clean / 100)
            figures[name] = {key: 100 * float(value) for key, value in values.items()}
        return figures

    def tables(self) -> list[Table]:
        """One table for each corrupted set, and one of the figures."""
        tables = []
        for name in CORRUPTED:
            if name not in self.sets:
                continue
            table = Table(title=f'Top-1 accuracy in percent, {markup(self.sets[name]["folder"])}')
            table.add_column('corruption', no_wrap=True)
            for column in (*map(str, range(1, NUM_SEVERITIES + 1)), 'mean', 'error'):
                table.add_column(column, justify='right')
            corruptions, accuracy = self.corrupted(name)
            for corruption, row, error in zip(corruptions, accuracy, corruption_error(accuracy), strict=True):
                cells = [*row, row.mean(), error]
                table.add_row(corruption, *(f'{100 * float(value):.1f}' for value in cells))
            tables.append(table)
        summary = Table(title='Robustness')
        for column in ('set', 'images', 'figure', 'percent'):
            summary.add_column(column, no_wrap=True)
        summary.add_column('what it is')
        for name, figures in self.summary().items():
            number = self.sets[name].get('num_images')  # not in the files of earlier versions
            images = '' if number is None else f'{number:,}'
            for figure, value in figures.items():
                summary.add_row(name, images, figure, f'{value:.2f}', self._meaning(name, figure))
        return [*tables, summary]

    def _meaning(self, name: str, figure: str) -> str:
        text = MEANING[figure]
        if name == 'imagenet_c' and figure == 'mean_error':
            text += ' ("mCE" in the README of PaCo, GPaCo and ResCom)'
        if name in CORRUPTED and (count := len(self.corrupted(name)[0])) < len(CORRUPTIONS):
            text += f'; of {count} corruptions only'
        return text

    def save(self, path: Path) -> None:
        """Write the results as JSON and, beside it, as CSV."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps({**asdict(self), 'summary': self.summary()}, indent=1) + '\n')
        rows = []
        for name, content in self.sets.items():
            if isinstance(content.get('top1'), dict):
                for corruption, row in content['top1'].items():
                    rows += [[name, corruption, severity, 'top1', top1] for severity, top1 in row.items()]
        for name, figures in self.summary().items():
            rows += [[name, '', '', figure, value] for figure, value in figures.items()]
        write_atomic(path.with_suffix('.csv'), csv_text(['set', 'corruption', 'severity', 'figure', 'percent'], rows))


def load_results(path: Path, about: dict) -> RobustnessResults:
    """What an earlier, perhaps unfinished, test of the same checkpoint has measured.

    Args:
        path: JSON file of :meth:`RobustnessResults.save`; it need not be there.
        about: What is tested now.

    Raises:
        UserError: The file is damaged, or has the results of something else.
    """
    if not path.exists():
        return RobustnessResults(about)
    try:
        found = json.loads(path.read_text(encoding='utf-8'))
        results = RobustnessResults(found['about'], found['sets'])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f'{path} is damaged ({error}): remove it') from error
    for key, value in about.items():
        if results.about.get(key) != value:
            raise UserError(f'{path} has the results of another {key}: remove it or choose another --work-dir')
    return results
