"""What the head of a recipe says of itself is what its config does."""

import re
from pathlib import Path

import mmengine
import pytest
from cifar_recipes import CONFIGS
from mmengine.config import Config

FOLDERS = sorted(path.parent for path in CONFIGS.glob('*/metafile.yml'))
ALL = [path for folder in FOLDERS for path in sorted(folder.glob('*.py'))]
PATHS = [path for path in ALL if not re.search('fashion-mnist|own-images', path.stem)]
TRAINING_IMAGES = {
    'cifar10-lt-if10': 20431,
    'cifar10-lt-if50': 13996,
    'cifar10-lt-if100': 12406,
    'cifar100-lt-if10': 19573,
    'cifar100-lt-if50': 12608,
    'cifar100-lt-if100': 10847,
    'cifar100': 50000,
    'imagenet': 1281167,
    'imagenet-lt': 115846,
    'inat2018': 437513,
    'places-lt': 62500,
}


def header_of(path: Path) -> str:
    """The comment that a config begins with, as one line."""
    text, _, _ = path.read_text().partition('\n_base_')
    return re.sub(r'\n#\s*', ' ', text)


def steps_of_epoch(cfg: Config, num_images: int, num_gpus: int) -> int:
    """Iterations of an epoch: images are shared out, and an incomplete batch counts where it is kept."""
    share = -(-num_images // num_gpus)
    loader = cfg.train_dataloader
    return share // loader.batch_size if loader.drop_last else -(-share // loader.batch_size)


@pytest.mark.parametrize('path', PATHS, ids=lambda path: path.stem)
def test_header_name_and_numbers_agree(path):
    header, cfg = header_of(path), Config.fromfile(path)
    num_gpus, batch_size, num_epochs = map(int, re.search(r'_(\d+)xb(\d+)-(\d+)e_', path.stem).groups())
    assert (cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs) == (batch_size, num_epochs)
    config = path.relative_to(CONFIGS.parent)
    command = f'python tools/train.py {config}' if num_gpus == 1 else f'tools/dist_train.sh {config} {num_gpus} '
    # The other factors may leave it to the config of factor 100 that they change.
    assert command in header or path.stem.endswith(('-if10', '-if50'))
    assert header.endswith('Not run here.')
    data_set = max((name for name in TRAINING_IMAGES if f'_{name}' in path.stem), key=len)
    steps = steps_of_epoch(cfg, TRAINING_IMAGES[data_set], num_gpus)
    told = re.findall(r'([\d,]+) steps an epoch|epochs of ([\d,]+) steps', header)
    assert all(int(''.join(pair).replace(',', '')) == steps for pair in told)
    if images := re.search(r'([\d,]+) training images', header):
        assert int(images[1].replace(',', '')) == TRAINING_IMAGES[data_set]
    # Other configs that it sends the reader to.
    for name in re.findall(r'[\w/.-]+\.py', header):
        assert any((folder / name).is_file() for folder in (CONFIGS.parent, path.parent)), name


@pytest.mark.parametrize('folder', FOLDERS, ids=lambda folder: folder.name)
def test_metafile_and_readme_name_every_config(folder):
    listed = [model['Name'] for model in mmengine.load(folder / 'metafile.yml')['Models']]
    configs = sorted(path.stem for path in folder.glob('*.py'))
    assert sorted(listed) == configs
    readme = (folder / 'README.md').read_text()
    assert [name for name in configs if f'({name}.py)' not in readme] == []
