"""Every config builds at full size. That all of them train is tested in test_recipes/test_every_config.py."""

import functools
import re
import statistics
from pathlib import Path

import mmengine
import pytest
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS
from shipped_configs import CONFIGS, PATHS, name_of, read, undrawn_weights
from yapf.yapflib.yapf_api import FormatCode

from ltcl.launch import load_config
from ltcl.launch.building import import_scope
from ltcl.launch.config_source import Source
from ltcl.launch.contract import check_contract
from ltcl.launch.parts import check_parts
from ltcl.launch.values import check_values

CLASSIFICATION = [path for path in PATHS if 'seg' not in path.parts]
# The name of a config that is trained tells its epochs. Those for own images, which cannot be built without them, are
# built in test_tools/test_own_images.py and test_recipes/test_every_config.py.
TRAINED = [path for path in CLASSIFICATION if re.search(r'-\d+e_', path.stem) and 'own-images' not in path.stem]


@pytest.fixture
def undrawn():
    with undrawn_weights():
        yield


@pytest.mark.parametrize('path', TRAINED, ids=name_of)
@pytest.mark.usefixtures('undrawn')
def test_config_builds(path):
    cfg = Config.fromfile(path)
    model = MODELS.build(cfg.model)
    dataset = DATASETS.build({**cfg.train_dataloader.dataset, 'lazy_init': True})
    assert model.head.num_classes == len(dataset.metainfo['classes'])
    assert cfg.param_scheduler


@pytest.mark.parametrize('path', PATHS, ids=name_of)
def test_parts_fit_each_other(path):
    cfg = read(path)
    import_scope(cfg.default_scope)
    check_contract(cfg)


SECOND_STAGES = sorted((*CONFIGS.glob('stage2/*.py'), *CONFIGS.glob('mislas/mislas_*.py')))


@pytest.mark.parametrize('path', SECOND_STAGES, ids=name_of)
@pytest.mark.usefixtures('undrawn')
def test_second_stage_fits_its_first(path):
    cfg = Config.fromfile(path)
    stage1 = Config.fromfile(CONFIGS.parent / cfg.stage1_config)
    encoders = [MODELS.build(each.model).backbone.state_dict() for each in (cfg, stage1)]
    shapes = [{name: value.shape for name, value in encoder.items()} for encoder in encoders]
    assert shapes[0] == shapes[1]
    assert cfg.test_dataloader == stage1.test_dataloader
    if cfg.train_cfg is None:
        assert (cfg.train_dataloader, cfg.optim_wrapper) == (None, None)
        return
    last = f'epoch_{stage1.train_cfg.max_epochs}.pth'
    assert cfg.load_from == f'work_dirs/{Path(cfg.stage1_config).stem}/{last}'
    # As published, an epoch has as many samples as there are images.
    images, of_stage1 = ({**each.train_dataloader.dataset, 'pipeline': None} for each in (cfg, stage1))
    assert images == of_stage1
    assert 'num_samples' not in cfg.train_dataloader.sampler


@functools.cache
def bases_of(path: Path) -> list[Path]:
    return [(path.parent / named).resolve() for named in Source(path).bases()]


def levels_of(path: Path) -> int:
    """Files on the longest way from a config to one that inherits from nothing."""
    return 1 + max(map(levels_of, bases_of(path)), default=0)


def files_of(path: Path) -> set[Path]:
    """All files that tell what a config says."""
    return {path}.union(*map(files_of, bases_of(path)))


def test_configs_are_told_in_few_files():
    assert max(map(levels_of, PATHS)) == 3
    assert statistics.median(len(files_of(path)) for path in PATHS) <= 6


def test_every_base_is_some_config_s():
    used = set().union(*map(files_of, PATHS))
    assert {path.stem for path in (CONFIGS / '_base_').rglob('*.py') if path not in used} == {'svhn-lt'}


PRINTED = [next(path for path in PATHS if path.parent.name == name) for name in ('paco', 'stage2', 'custom', 'ceco')]


@pytest.mark.parametrize('path', PRINTED, ids=name_of)
def test_printed_config_reads_back_the_same(path, tmp_path, monkeypatch):
    monkeypatch.setattr('yapf.yapflib.yapf_api.FormatCode', FormatCode)
    printed = tmp_path / 'printed.py'
    printed.write_text(read(path).pretty_text)
    assert Config.fromfile(printed).to_dict() == read(path).to_dict()


EXAMPLES = re.findall(r'```python\n(.*?)```', (CONFIGS.parent / 'docs' / 'configs.md').read_text(), re.DOTALL)


@pytest.mark.parametrize('number', range(len(EXAMPLES)))
@pytest.mark.usefixtures('undrawn')
def test_examples_of_the_page_are_configs(number, tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(EXAMPLES[number].replace("'../", f"'{CONFIGS}/"))
    cfg = load_config(str(path))
    check_values(cfg)
    check_parts(cfg)
    check_contract(cfg)
    MODELS.build(cfg.model)
    if number == 0:
        assert cfg.to_dict() == read(CONFIGS / 'paco' / 'paco_resnet50_4xb32-400e_imagenet-lt.py').to_dict()


def test_metafiles_name_files_that_exist():
    root = CONFIGS.parent
    metafiles = [root / path for path in mmengine.load(root / 'model-index.yml')['Import']]
    assert {path.parent for path in metafiles} == {path.parent for path in CONFIGS.rglob('metafile.yml')}
    for metafile in map(mmengine.load, metafiles):
        assert all((root / collection['README']).is_file() for collection in metafile['Collections'])
        for model in metafile['Models']:
            assert (root / model['Config']).stem == model['Name']
            assert (root / model['Config']).is_file()
            assert all(result['Metrics'] for result in model['Results'])
