"""What a test keeps of its answers: the file that it always wrote, by way of the disk and not of the memory."""

import errno
import os
import re
import warnings
import zipfile

import numpy as np
import pytest
import torch
from peak_memory import peak
from processes import run_processes

from ltcl.errors import UserError
from ltcl.evaluation import SavePredictions
from ltcl.predictions import score_rows

CLASSES = 800
IMAGES = 1000
BYTES = 4 * CLASSES * IMAGES


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Where the file is written; blocks are small, so that there are many of them."""
    monkeypatch.setattr(score_rows, 'BLOCK', 2**12)
    return tmp_path / 'predictions.npz'


def batches(number=IMAGES, size=50):
    generator = torch.Generator().manual_seed(0)
    for start in range(0, number, size):
        scores = torch.randn(size, CLASSES, generator=generator).mul_(3).softmax(1)
        yield [
            dict(pred_score=row, gt_label=torch.tensor([(start + place) % CLASSES]), img_path=f'{start + place}.png')
            for place, row in enumerate(scores)
        ]


def run(metric, number=IMAGES):
    metric.dataset_meta = dict(classes=[f'c{label}' for label in range(CLASSES)])
    metric.set_class_counts(np.arange(CLASSES, 0, -1))
    for samples in batches(number):
        metric.process(None, samples)
    return metric.evaluate(number)


def test_the_file_is_that_of_all_rows_at_once(path):
    assert run(SavePredictions(str(path), split='val'), 150) == {}
    samples = [sample for batch in batches(150) for sample in batch]
    expected = torch.stack([sample['pred_score'] for sample in samples]).log().numpy()
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    np.testing.assert_array_equal(arrays['scores'], expected)
    assert arrays['labels'].tolist() == [int(sample['gt_label']) for sample in samples]
    assert arrays['paths'].tolist() == [f'{number}.png' for number in range(150)]
    # Not only the arrays: the parts of the file are those that NumPy writes.
    np.savez_compressed(path.with_name('numpy.npz'), **arrays)
    with zipfile.ZipFile(path) as ours, zipfile.ZipFile(path.with_name('numpy.npz')) as theirs:
        assert {name: ours.read(name) for name in ours.namelist()} == {
            name: theirs.read(name) for name in theirs.namelist()
        }
    assert sorted(each.name for each in path.parent.iterdir()) == ['numpy.npz', 'predictions.npz']


def test_no_process_holds_all_scores(path):
    assert peak(lambda: run(SavePredictions(str(path)))) < BYTES / 2  # labels and paths, most of it


def test_a_full_disk_costs_the_file_and_no_figure(path, monkeypatch):
    def full(self, scores):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(score_rows.ScoreFile, 'append', full)
    with pytest.raises(UserError, match=r'predictions\.npz: No space left on device'):
        run(SavePredictions(str(path)), 100)
    assert not list(path.parent.iterdir())
    with warnings.catch_warnings(record=True):
        assert run(SavePredictions(str(path), is_asked=False), 100) == {}
    assert not list(path.parent.iterdir())


def cut_off(metric):
    os.truncate(metric.results[0][0], 4 * CLASSES * 99)


def take_away(metric):
    metric.results[0] = ('elsewhere', *metric.results[0][1:])


@pytest.mark.parametrize('change', [cut_off, take_away])
def test_scores_that_the_main_process_does_not_see_cost_the_file_and_no_figure(path, monkeypatch, change):
    told = []
    monkeypatch.setattr('ltcl.evaluation.metrics.told.warn', told.append)
    message = 'cannot read the scores of another one .* name a folder that all machines share'
    for is_asked in (True, False):
        metric = SavePredictions(str(path), is_asked=is_asked)
        for samples in batches(100):
            metric.process(None, samples)
        change(metric)
        if is_asked:
            with pytest.raises(UserError, match=message):
                metric.evaluate(100)
        else:
            assert metric.evaluate(100) == {}
    assert [re.search(message, line) is not None for line in told] == [True]
    assert not list(path.parent.iterdir())


def evaluate_with_a_full_disk(rank: int, path: str) -> None:
    """The disk of the second process turns out to be full when the first one is to see its scores."""

    def full(descriptor):
        raise OSError(errno.ENOSPC, 'No space left on device')

    if rank:
        os.fsync = full
    metric = SavePredictions(path, is_asked=False, collect_device='gpu')
    for samples in batches(100):
        metric.process(None, samples)
    assert metric.evaluate(200) == {}
    assert not os.path.exists(path)


def test_a_full_disk_of_another_process_leaves_no_file_of_some_images(path):
    run_processes(evaluate_with_a_full_disk, world_size=2, path=str(path))


def test_a_test_that_stops_leaves_the_old_file_and_nothing_else(path):
    path.write_bytes(b'old')
    metric = SavePredictions(str(path))
    for samples in batches(100):
        metric.process(None, samples)
    assert len(list(path.parent.iterdir())) == 2
    del metric
    assert [each.read_bytes() for each in path.parent.iterdir()] == [b'old']


def test_scores_that_are_not_finite_are_refused(path):
    metric = SavePredictions(str(path))
    metric.process(None, [dict(pred_score=torch.tensor([0.5, float('nan')]), gt_label=torch.tensor([0]))])
    with pytest.raises(UserError, match='scores are not finite'):
        metric.evaluate(1)
    assert not path.exists()
