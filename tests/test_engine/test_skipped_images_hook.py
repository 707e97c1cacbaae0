"""Broken images are found before a training, left out of the counts, and counted while it runs."""

import contextlib
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
from image_contents import damage, encode
from mmengine.config import Config
from mmengine.registry import DATASETS
from natural_picture import draw_picture
from torch.utils.data import DataLoader, Subset
from toy import toy_config, write_images

from ltcl.datasets.image_checks import find_broken, image_files
from ltcl.engine import Runner
from ltcl.engine.hooks import ClassCountsHook, SkippedImagesHook
from ltcl.engine.hooks.class_counts_hook import count_classes
from ltcl.errors import UserError

WHOLE = encode(draw_picture(64, 80), 'JPEG', quality=90)
BROKEN = {
    'cut.jpg': WHOLE[: len(WHOLE) // 2],
    'empty.jpg': b'',
    'page.jpg': b'<html>not found</html>',
    'hole.jpg': damage(WHOLE, bytes(512)),
}
CLASSES = ('cat', 'dog')


def build(folder: Path, broken: str = 'skip', **contents: bytes) -> object:
    """A data set of two whole images of class 0, and of the given files, which are of class 1."""
    files = {'a.jpg': WHOLE, 'b.jpg': WHOLE} | contents
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    rows = [f'{name} {int(name in contents)}\n' for name in files]
    (folder / 'list.txt').write_text(''.join(rows))
    load = dict(type='ltcl.LoadImage', broken=broken)
    return DATASETS.build(
        dict(
            type='ltcl.ImageListDataset',
            data_root=str(folder),
            ann_file='list.txt',
            classes=list(CLASSES),
            test_mode=broken == 'fail',
            pipeline=[load],
        )
    )


class Log(list):
    """What a runner logs."""

    def info(self, line: str) -> None:
        self.append(line)

    warning = info


@pytest.fixture
def runner_of(tmp_path, monkeypatch):
    """A runner of a training set and perhaps a validation set."""

    def make(training: object, validation: object = None, num_workers: int = 0) -> SimpleNamespace:
        return SimpleNamespace(
            train_dataloader=DataLoader(training, num_workers=num_workers),
            val_loop=validation,
            val_dataloader=None if validation is None else DataLoader(validation),
            work_dir=str(tmp_path),
            logger=Log(),
        )

    return make


@pytest.mark.parametrize('num_workers', [0, 2])
def test_broken_images_are_listed_and_not_counted(tmp_path, runner_of, num_workers):
    training = build(tmp_path / 'train', **BROKEN, **{'whole.jpg': WHOLE})
    assert count_classes(training).tolist() == [2, 5]
    runner = runner_of(training, build(tmp_path / 'val', 'fail'), num_workers)
    SkippedImagesHook().before_train(runner)
    assert count_classes(training).tolist() == [2, 1]
    listed = dict(line.split('\t') for line in (tmp_path / 'broken_images.txt').read_text().splitlines())
    assert list(listed) == [str(tmp_path / 'train' / name) for name in BROKEN]
    assert 'it is empty' in listed[str(tmp_path / 'train' / 'empty.jpg')]
    assert 'damaged in the middle' in listed[str(tmp_path / 'train' / 'hole.jpg')]
    assert runner.logger[0].startswith('looked at 9 images in ')
    assert '4 cannot be read' in runner.logger[0]
    assert str(tmp_path / 'train' / 'cut.jpg') in runner.logger[1]
    # What is known is not tried nor named again, but counted.
    load = training.pipeline.transforms[0]
    assert load(dict(img_path=str(tmp_path / 'train' / 'hole.jpg'))) is None
    assert load.skipped.total == 1


def test_counts_come_after_the_check():
    assert (SkippedImagesHook.priority, ClassCountsHook.priority) == ('VERY_HIGH', 'HIGH')


def test_wrapped_sets(tmp_path, runner_of, monkeypatch):
    lines = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda text, **_: lines.append(text))
    training = build(tmp_path / 'train', **BROKEN)
    wrapped = DATASETS.build(dict(type='RepeatDataset', dataset=training, times=2))
    SkippedImagesHook().before_train(runner_of(wrapped))
    assert count_classes(wrapped).tolist() == [4, 0]
    assert 'none of their training images can be read: dog' in lines


def test_broken_validation_image_ends_the_run_before_the_training(tmp_path, runner_of):
    training, validation = build(tmp_path / 'train'), build(tmp_path / 'val', 'fail', **BROKEN)
    message = (
        r'3 of 6 images of val_dataloader cannot be read, such as .*cut\.jpg \(.*mend or remove them\. broken_images'
    )
    with pytest.raises(UserError, match=message):
        SkippedImagesHook().before_train(runner_of(training, validation))
    # One that libjpeg can be made to read counts there as it is, and is named.
    assert 'hole.jpg' not in (tmp_path / 'broken_images.txt').read_text()


def test_every_training_image_broken(tmp_path, runner_of):
    training = build(tmp_path / 'train', **{'a.jpg': b'', 'b.jpg': b'', 'c.jpg': b''})
    with pytest.raises(UserError, match=r'3 of 3 images of train_dataloader cannot be read, such as .*a\.jpg \(it is'):
        SkippedImagesHook().before_train(runner_of(training))


def test_class_without_a_readable_image_is_named(tmp_path, runner_of, monkeypatch):
    lines = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda text, **_: lines.append(text))
    SkippedImagesHook().before_train(runner_of(build(tmp_path / 'train', **BROKEN)))
    assert lines == ['none of their training images can be read: dog']


def test_how_thorough(tmp_path, runner_of):
    def found(check: str | None, broken: str) -> list[str]:
        training = build(tmp_path / 'train', broken, **BROKEN)
        is_refused = broken == 'fail' and check is not None
        refused = pytest.raises(UserError, match=r"or set broken='skip' of ltcl\.LoadImage")
        with refused if is_refused else contextlib.nullcontext():
            SkippedImagesHook(check).before_train(runner_of(training))
        path = tmp_path / 'broken_images.txt'
        names = [Path(line.split('\t')[0]).name for line in path.read_text().splitlines()] if path.exists() else []
        path.unlink(missing_ok=True)
        return names

    assert found('none', 'skip') == []
    assert found(None, 'fail') == []
    assert found('ends', 'skip') == ['cut.jpg', 'empty.jpg', 'page.jpg']
    assert found('ends', 'fail') == ['cut.jpg', 'empty.jpg', 'page.jpg']
    assert found(None, 'skip') == list(BROKEN)
    with pytest.raises(UserError, match=r'check of ltcl.SkippedImagesHook must be one of decode, ends, none'):
        SkippedImagesHook('all')


def test_processes_share_the_work(tmp_path, monkeypatch):
    files = image_files(build(tmp_path / 'train', **BROKEN))
    alone = find_broken(files, 'decode')
    seen = {}
    for rank in (0, 1):
        monkeypatch.setattr('ltcl.datasets.image_checks.get_rank', lambda rank=rank: rank)
        monkeypatch.setattr('ltcl.datasets.image_checks.get_world_size', lambda: 2)
        monkeypatch.setattr(
            'ltcl.datasets.image_checks.all_gather_object', lambda share, rank=rank: [seen.setdefault(rank, share)]
        )
        find_broken(files, 'decode')
    monkeypatch.setattr('ltcl.datasets.image_checks.all_gather_object', lambda share: [seen[0], seen[1]])
    assert not seen[0].keys() & seen[1].keys()
    assert list(find_broken(files, 'decode').items()) == list(alone.items())
    assert [Path(path).name for path in alone] == list(BROKEN)


def test_no_endless_search(tmp_path):
    broken = {f'{number}.jpg': b'' for number in range(50)}
    dataset = build(tmp_path / 'train', **broken, **{'a.jpg': b'', 'b.jpg': b''})
    with pytest.raises(
        UserError, match=r'100 images in a row cannot be read, the last of them .*\.jpg \(it is empty\)'
    ):
        dataset[0]
    loader = DataLoader(Subset(dataset, range(4)), num_workers=2, collate_fn=list)
    with pytest.raises(UserError, match='100 images in a row cannot be read'):
        list(loader)


def config_of(folder: Path, work_dir: Path, **changes: object) -> Config:
    cfg = toy_config(folder, work_dir, 'cross_entropy', train_cfg__max_epochs=2, train_cfg__val_interval=1, **changes)
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[name].dataset.pipeline[0] = dict(type='ltcl.LoadImage', broken='skip' if name[:5] == 'train' else 'fail')
    cfg.model.data_preprocessor.to_rgb = False
    return cfg


def test_run_with_workers(tmp_path, caplog):
    folder = write_images(tmp_path / 'images', (12, 8, 4))
    for name in ('0', '1', '2'):
        (folder / 'class_1' / f'{name}.png').write_bytes(b'')
    cfg = config_of(folder, tmp_path / 'run', train_dataloader__num_workers=2)
    cfg.val_dataloader = cfg.val_evaluator = cfg.val_cfg = None
    runner = Runner.from_cfg(cfg)
    lines = []
    runner.logger.addHandler(handler := logging.Handler())
    handler.emit = lambda record: lines.append(record.getMessage())
    runner.train()
    assert any('Training images per class: 12 5 4' in line for line in lines)
    skipped = [line for line in lines if 'broken images in this epoch' in line]
    assert len(skipped) == 2  # one of each epoch: the workers count where the main process reads
    # The validation is on the same folder.
    with pytest.raises(UserError, match='3 of 24 images of val_dataloader cannot be read'):
        Runner.from_cfg(config_of(folder, tmp_path / 'other')).train()
