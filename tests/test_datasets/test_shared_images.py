"""Decoded images in shared memory: the same samples, one copy for all, nothing left behind."""

import io
import os
import pickle
import signal
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from mmpretrain.datasets import CustomDataset
from natural_picture import draw_picture
from PIL import Image
from processes import run_processes
from torch.utils.data import DataLoader

from ltcl.datasets import shared_images
from ltcl.datasets.image_checks import image_files
from ltcl.datasets.samplers import SeededIndex
from ltcl.datasets.samplers.seeded import SeededDataset
from ltcl.datasets.shared_images import SharedImages, keep
from ltcl.datasets.transforms import LoadImage
from ltcl.engine.hooks import SharedImagesHook
from ltcl.engine.hooks.shared_images_hook import _shared_by_all
from ltcl.errors import UserError


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two classes of images of several kinds, and a file that is no image."""
    for name in 'ab':
        (tmp_path / name).mkdir()
        for number in range(3):
            picture = Image.fromarray(draw_picture(20 + number, 30, number))
            picture.convert('L' if number else 'RGB').save(tmp_path / name / f'{number}.{"jpg" if number else "png"}')
    (tmp_path / 'a' / 'x.jpg').write_bytes(b'<html>')
    return tmp_path


def dataset_of(folder: Path, **options: object) -> SeededDataset:
    views = dict(type='ltcl.Views', recipes=['randcls', 'sim'], size=16)
    pipeline = [dict(type='ltcl.LoadImage', broken='skip', **options), views, dict(type='PackInputs')]
    return SeededDataset(CustomDataset(data_root=str(folder), pipeline=pipeline))


def runner_of(train: SeededDataset, val: SeededDataset | None = None) -> SimpleNamespace:
    return SimpleNamespace(
        train_dataloader=SimpleNamespace(dataset=train),
        val_loop=val,
        val_dataloader=SimpleNamespace(dataset=val),
    )


def loader_of(dataset: SeededDataset) -> LoadImage:
    return dataset.pipeline.transforms[0]


def epoch_of(loader: DataLoader) -> list[np.ndarray]:
    return [view.numpy() for sample in loader for view in sample['inputs']]


def batches(dataset: SeededDataset, workers: int) -> DataLoader:
    indices = [SeededIndex(index, seed=index) for index in range(len(dataset))]
    options = dict(persistent_workers=True, multiprocessing_context='fork') if workers else {}
    return DataLoader(dataset, batch_size=None, sampler=indices, num_workers=workers, **options)


@pytest.mark.parametrize('workers', [0, 2])
def test_samples_are_the_same_and_files_are_decoded_once(folder, workers):
    expected = epoch_of(batches(dataset_of(folder), 0))
    dataset = dataset_of(folder)
    SharedImagesHook().before_train(runner_of(dataset))
    loader = batches(dataset, workers)
    for _ in range(2):
        for view, other in zip(expected, epoch_of(loader), strict=True):
            np.testing.assert_array_equal(view, other)
    kept = loader_of(dataset).kept
    assert (len(kept.entries), kept.num_kept) == (6, 6)
    assert kept.size == 6 + 3 * 2 * 30 * (20 + 21 + 22)

    def fails(path: str) -> np.ndarray:
        raise AssertionError(f'decoded again: {path}')

    for path in kept.entries:
        np.testing.assert_array_equal(kept.get(path, fails), LoadImage().read(path))
        kept.get(path, fails)[:] = 0  # a copy of its own, which a step may change


def test_training_and_validation_share_what_they_decode_alike(folder):
    train, val, other = dataset_of(folder), dataset_of(folder), dataset_of(folder, background=(255, 255, 255))
    SharedImagesHook().before_train(runner_of(train, val))
    assert loader_of(train).kept is loader_of(val).kept
    assert len(loader_of(train).kept.entries) == 6
    SharedImagesHook().before_train(runner_of(train, other))
    assert loader_of(train).kept is not loader_of(other).kept


def test_a_changed_file_is_read_anew(folder):
    path = str(folder / 'a' / '0.png')
    kept, load = keep([path]), LoadImage()
    np.testing.assert_array_equal(kept.get(path, load.read), draw_picture(20, 30, 0))
    for seed, shape in ((7, (20, 30)), (8, (25, 31))):
        Image.fromarray(draw_picture(*shape, seed)).save(path)
        os.utime(path, ns=(0, seed))
        np.testing.assert_array_equal(kept.get(path, load.read), draw_picture(*shape, seed))
    os.remove(path)
    with pytest.raises(FileNotFoundError):
        kept.get(path, load.read)


def test_a_worker_that_is_spawned_has_the_same_memory(folder):
    path = str(folder / 'a' / '0.png')
    ours = keep([path])
    theirs = pickle.loads(ForkingPickler.dumps(ours))
    theirs.get(path, LoadImage().read)
    assert ours.num_kept == theirs.num_kept == 1
    ours.memory[-1] ^= 255
    assert theirs.memory[-1] == ours.memory[-1]


def test_too_little_memory_is_said_before_anything_is_decoded(folder, monkeypatch):
    paths = list(image_files(dataset_of(folder)))
    monkeypatch.setattr(shared_images, 'free_and_total', lambda: (14_000, 10**9))
    with pytest.raises(
        UserError, match=r'^6 decoded images take 0.0 GiB of memory, and 0.0 GiB are free: take'
    ) as caught:
        keep(paths)
    assert '\n' not in str(caught.value)
    monkeypatch.setattr(shared_images, 'free_and_total', lambda: (15_000, 10**9))
    assert len(keep(paths).entries) == 6

    def full(*_: int) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'posix_fallocate', full)
    with pytest.raises(UserError, match=r'and No space left on device: take ltcl.SharedImagesHook out'):
        keep(paths)


def test_what_cannot_be_kept_is_refused(folder, monkeypatch):
    with pytest.raises(UserError, match='found no image file on a disk'):
        keep(['s3://bucket/a.jpg', str(folder / 'a' / 'x.jpg')])
    with pytest.raises(UserError, match=r'keeps whole images, and ltcl.LoadImage has reduced=True: omit one'):
        SharedImagesHook().before_train(runner_of(dataset_of(folder, reduced=True)))
    monkeypatch.delattr(os, 'memfd_create')
    with pytest.raises(UserError, match='needs Linux'):
        keep([str(folder / 'a' / '0.png')])


def test_nothing_is_left_of_a_process_that_is_killed(folder):
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        kept = keep([str(folder / 'a' / '0.png')])
        os.write(send, kept.handle.encode())
        signal.pause()
    handle = os.read(receive, 1000).decode()
    assert os.path.exists(handle)
    before = os.listdir('/dev/shm')
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert not os.path.exists(handle)
    assert os.listdir('/dev/shm') == before
    for end in (receive, send):
        os.close(end)


def of_two_processes(rank: int, path: str, content: bytes) -> None:
    kept = _shared_by_all([path], None)
    assert kept.handle.startswith(f'/proc/{os.getpid()}/') == (rank == 0)

    def decode(_: str) -> np.ndarray:
        assert rank == 1  # it comes first, the other finds what it left
        return np.asarray(Image.open(io.BytesIO(content)))

    import torch.distributed as dist

    for turn in (1, 0):
        if turn == rank:
            kept.get(path, decode)
            assert kept.num_kept == 1
        dist.barrier()


def test_processes_of_a_machine_have_one_copy(folder):
    path = folder / 'a' / '0.png'
    run_processes(of_two_processes, 2, path=str(path), content=path.read_bytes())


def test_what_one_process_cannot_take_ends_all(monkeypatch, folder):
    def refuse(*_: object) -> SharedImages:
        raise UserError('no memory')

    monkeypatch.setattr('ltcl.engine.hooks.shared_images_hook.keep', refuse)
    with pytest.raises(UserError, match='no memory'):
        SharedImagesHook().before_train(runner_of(dataset_of(folder)))
