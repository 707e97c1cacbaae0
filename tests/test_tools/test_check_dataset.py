"""The tool that compares a data set on disk with what is known of it."""

import dataclasses
import io
import subprocess
import sys
from pathlib import Path

import pytest
from layouts import TRAIN_COUNTS, write_imagenet, write_imagenet_lt, write_inat2018, write_places_lt
from rich.console import Console

from ltcl.cli.data_check import table_of
from ltcl.datasets.check_published import check_set, sort_into_class_folders
from ltcl.datasets.published import PUBLISHED, PublishedSet
from ltcl.errors import UserError

TOOL = Path(__file__).parents[2] / 'tools' / 'dataset_converters' / 'check_dataset.py'
TRAIN = (sum(TRAIN_COUNTS), max(TRAIN_COUNTS), min(TRAIN_COUNTS))
# What the generated layouts hold: images, largest and smallest class of each part.
GENERATED = {
    'imagenet': (write_imagenet, {'train': TRAIN, 'val': (10, 2, 2)}),
    'imagenet-lt': (write_imagenet_lt, {'train': TRAIN, 'val': (5, 1, 1), 'test': (10, 2, 2)}),
    'inat2018': (write_inat2018, {'train': TRAIN, 'val': (15, 3, 3)}),
    'places-lt': (write_places_lt, {'train': TRAIN, 'val': (5, 1, 1), 'test': (10, 2, 2)}),
}


def small(name: str) -> PublishedSet:
    """The table's entry with the numbers of the generated layout."""
    published, sizes = PUBLISHED[name], GENERATED[name][1]
    parts = {
        part: dataclasses.replace(known, images=size[0], largest=size[1], smallest=size[2])
        for (part, known), size in zip(published.parts.items(), sizes.values(), strict=True)
    }
    return dataclasses.replace(published, num_classes=5, parts=parts, shots=(0, 0, 5) if published.shots else None)


def problems(name: str, root: Path, **arguments: object) -> list[str]:
    return [problem for finding in check_set(small(name), root, **arguments) for problem in finding.problems]


@pytest.fixture
def imagenet_lt(tmp_path) -> Path:
    write_imagenet_lt(tmp_path)
    return tmp_path


def flatten(root: Path) -> None:
    """What unpacking the validation archive of ImageNet leaves."""
    for path in list(root.glob('val/*/*.JPEG')):
        path.rename(root / 'val' / path.name)
    for folder in root.glob('val/n*'):
        folder.rmdir()


@pytest.mark.parametrize('name', GENERATED)
@pytest.mark.parametrize('files', ['sample', 'all', 'none'])
def test_a_complete_set_has_no_problem(name, files, tmp_path):
    GENERATED[name][0](tmp_path)
    findings = check_set(small(name), tmp_path, files)
    assert [finding.problems for finding in findings] == [[]] * len(findings)
    assert findings[0].counts.tolist() == list(TRAIN_COUNTS)


@pytest.mark.parametrize('name', GENERATED)
def test_wrong_totals(name, tmp_path):
    write, sizes = GENERATED[name]
    write(tmp_path, [*TRAIN_COUNTS[:4], 2])
    (problem,) = problems(name, tmp_path)
    origin = PUBLISHED[name].parts['train'].origin
    assert f'has {sizes["train"][0] + 1} images instead of {sizes["train"][0]}: get it anew from {origin}' in problem


def test_classes_of_other_sizes(tmp_path):
    write_inat2018(tmp_path, (6, 2, 2, 2, 0))
    published = dataclasses.replace(small('inat2018'), shots=(1, 0, 4))
    train, _ = check_set(published, tmp_path, 'none')
    (problem,) = train.problems
    assert 'has 6 images of the largest class instead of 5, 0 images of the smallest class instead of 1' in problem
    assert '(0, 0, 5) many-, medium- and few-shot classes instead of (1, 0, 4)' in problem


def test_missing_list_names_where_it_is_obtained(imagenet_lt):
    (imagenet_lt / 'ImageNet_LT/ImageNet_LT_train.txt').unlink()
    (problem,) = problems('imagenet-lt', imagenet_lt)
    assert problem.endswith(
        'ImageNet_LT_train.txt is missing: get it from data/ImageNet_LT of '
        'https://github.com/facebookresearch/classifier-balancing'
    )


@pytest.mark.parametrize('files', ['sample', 'all'])
def test_missing_image(imagenet_lt, files):
    (imagenet_lt / 'train/n01443537/n01443537_1.JPEG').unlink()
    (problem,) = problems('imagenet-lt', imagenet_lt, files=files)
    assert 'ImageNet_LT_train.txt, line 7: the image ' in problem
    assert 'n01443537_1.JPEG does not exist (1 of 12 images looked for are missing)' in problem
    assert problem.endswith('the images are ILSVRC 2012 of https://image-net.org/download (registration)')
    assert problems('imagenet-lt', imagenet_lt, files='none') == []


def test_duplicate_line(tmp_path):
    write_places_lt(tmp_path)
    path = tmp_path / 'Places_LT/Places_LT_val.txt'
    lines = path.read_text().splitlines()
    path.write_text('\n'.join([*lines[:4], lines[3]]))
    count, duplicate = problems('places-lt', tmp_path)
    assert '2 images of the largest class instead of 1, 0 images of the smallest class' in count
    assert 'Places_LT_val.txt, line 5: data_256/b/bow_window/indoor/00000101.jpg is named before' in duplicate


def test_label_outside_the_classes(tmp_path):
    write_inat2018(tmp_path)
    with (tmp_path / 'iNaturalist18_val.txt').open('a') as file:
        file.write('train_val2018/Aves/1/a.jpg 5\n')
    (problem,) = problems('inat2018', tmp_path)
    assert 'iNaturalist18_val.txt, line 16: label 5' in problem


@pytest.mark.parametrize('name', ['imagenet', 'imagenet-lt'])
def test_flat_validation_folder_is_sorted(name, imagenet_lt):
    flatten(imagenet_lt)
    *_, finding = check_set(small(name), imagenet_lt)
    (problem,) = finding.problems
    assert problem.startswith(f'10 images lie in {imagenet_lt / "val"} itself')
    assert 'add --sort-val' in problem
    assert sort_into_class_folders(imagenet_lt) == 10
    *_, finding = check_set(small(name), imagenet_lt)
    assert finding.problems == []
    assert sort_into_class_folders(imagenet_lt) == 0


def test_sorting_needs_the_list(tmp_path):
    with pytest.raises(UserError, match=r'cannot read the list .*ImageNet_LT_test\.txt'):
        sort_into_class_folders(tmp_path)


def test_fewer_class_folders(tmp_path):
    write_imagenet(tmp_path, TRAIN_COUNTS[:4])
    train, val = (finding.problems[0] for finding in check_set(small('imagenet'), tmp_path))
    assert 'train has 4 classes instead of 5, 11 images instead of 12' in train
    assert 'val has 4 classes instead of 5' in val


def test_arrays(data_layout, tmp_path):
    root = data_layout('svhn-lt')['train_dataloader.dataset.data_root']
    published = PUBLISHED['svhn-lt']
    published = dataclasses.replace(published, reader={**published.reader, 'num_max': 100}, shots=(0, 4, 6))
    train, test = check_set(published, root)
    assert train.counts.tolist() == [1, 100, 59, 35, 21, 12, 7, 4, 2, 1]
    assert 'svhn_files0/train has 242 images instead of 2478' in train.problems[0]
    assert '20 images instead of 26032' in test.problems[0]
    missing = [finding.problems for finding in check_set(PUBLISHED['cifar100-lt'], tmp_path)]
    assert all('cifar-100-python is missing or corrupt and download is off' in problem for (problem,) in missing)


def test_fashion_mnist(fashion_mnist_root):
    findings = check_set(PUBLISHED['fashion-mnist-lt-small'], fashion_mnist_root)
    assert [finding.problems for finding in findings] == [[], []]


def test_table_shows_what_differs(tmp_path):
    write_inat2018(tmp_path)
    (tmp_path / 'iNaturalist18_val.txt').unlink()
    published = PUBLISHED['inat2018']
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(table_of(published, check_set(published, tmp_path, 'none')))
    train, val = (line for line in console.export_text().splitlines() if line.startswith('│'))
    assert train.split()[3:6] == ['12', 'of', '437,513']
    assert val.split()[3:6] == ['none', 'of', '24,426']


def test_known_totals_of_a_set_are_consistent():
    for published in PUBLISHED.values():
        for part in published.parts.values():
            average = part.images / published.num_classes
            assert part.smallest <= average <= part.largest
            assert (part.smallest == part.largest) == (part.smallest == average)


def test_command_line(imagenet_lt):
    command = [sys.executable, TOOL, 'imagenet-lt', imagenet_lt]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 3
    assert all(line.startswith(f'error: {imagenet_lt}/ImageNet_LT/') for line in result.stderr.splitlines())
    assert 'ImageNet-LT' in result.stdout.splitlines()[0]
    assert 'OneDL' not in result.stdout
