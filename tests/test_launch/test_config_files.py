"""Config files with what they inherit: variables that are set anew, schedules, data that run no code, mistakes."""

import json

import pytest
import yaml
from mmengine.config import Config
from shipped_configs import PATHS, name_of, read

from ltcl.errors import UserError
from ltcl.launch import load_config
from ltcl.launch.building import import_scope
from ltcl.launch.config_files import read_config
from ltcl.launch.parts import check_parts

BASE = """
data_root = 'data/x'
width = 4
crop = (width, width)
max_epochs = 100
pack = dict(type='PackInputs')
pipeline = [dict(type='Resize', scale=crop), pack]
model = dict(type='ImageClassifier', head=dict(width=2 * width), other=[dict(width=width), dict(wide=width + 1)])
train_dataloader = dict(dataset=dict(data_root=data_root, folder=f'{data_root}/train', pipeline=pipeline))
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=max_epochs)
param_scheduler = [
    dict(type='LinearLR', end=5),
    dict(type='CosineAnnealingLR', T_max=max_epochs - 4, begin=4, end=max_epochs),
]
"""


@pytest.fixture
def write(tmp_path):
    """Writes config files next to each other."""
    (tmp_path / 'base.py').write_text(BASE)

    def write(name: str, text: str) -> str:
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


def child(text: str, base: str = 'base.py') -> str:
    return f'_base_ = [{base!r}]\n{text}\n'


def lengths(cfg: Config) -> tuple:
    warmup, cosine = cfg.param_scheduler
    return cfg.train_cfg.max_epochs, warmup['end'], cosine.T_max, cosine.begin, cosine.end


@pytest.mark.parametrize('path', PATHS, ids=name_of)
def test_shipped_configs_are_what_mmengine_reads(path):
    found = read(path).to_dict()
    expected = Config.fromfile(path).to_dict()
    # mmengine leaves this variable as it was where a config only sets train_cfg.max_epochs.
    if path.stem.endswith('12e_fashion-mnist-lt-full'):
        expected['max_epochs'] = 12
    assert found == expected


def test_what_is_computed_from_a_variable_follows_it(write):
    cfg = load_config(write('child.py', child("data_root = '/big/y'\nwidth = 7")))
    data = cfg.train_dataloader.dataset
    assert (data.data_root, data.folder) == ('/big/y', '/big/y/train')
    assert (cfg.model.head.width, cfg.crop, data.pipeline[0].scale) == (14, (7, 7), (7, 7))
    assert list(cfg.model.other) == [dict(width=7), dict(wide=8)]


def test_the_last_of_several_levels_wins(write):
    write('child.py', child('width = 7\nmodel = dict(head=dict(depth=width))'))
    cfg = load_config(write('grandchild.py', child('width = 9', 'child.py')))
    assert (cfg.width, cfg.model.head.width, cfg.model.head.depth, cfg.model.other[1].wide) == (9, 18, 9, 10)


def test_what_a_file_says_of_a_copy_wins_over_the_variable(write):
    text = "data_root = '/big/y'\ntrain_dataloader = dict(dataset=dict(data_root='/small'))"
    data = load_config(write('child.py', child(text))).train_dataloader.dataset
    assert (data.data_root, data.folder) == ('/small', '/big/y/train')


def test_a_file_sees_the_value_that_it_replaces(write):
    text = 'width = _base_.width * 2\ncrop = (1, 1)\nmodel = dict(other=[_base_.model.head])\n'
    text += 'resized = _base_.pipeline\nval_cfg = dict(x=resized)'
    cfg = load_config(write('child.py', child(text)))
    assert (cfg.width, cfg.model.head.width, cfg.model.other[0].width) == (8, 16, 16)
    assert cfg.val_cfg.x[0].scale == cfg.train_dataloader.dataset.pipeline[0].scale == (1, 1)
    text = 'width = {{_base_.width}}\nwork_dir = "a"\nmodel = dict(head=dict(width={{_base_.model.head.width}}))'
    assert load_config(write('child.py', child(text))).model.head.width == 8


def test_a_variable_of_the_same_name_that_the_file_uses_itself_is_another(write):
    text = "pack = dict(type='PackSegInputs')\nval_dataloader = dict(dataset=dict(pipeline=[pack]))"
    cfg = load_config(write('child.py', child(text)))
    assert cfg.train_dataloader.dataset.pipeline[1] == dict(type='PackInputs')
    assert cfg.val_dataloader.dataset.pipeline[0].type == 'PackSegInputs'
    cfg = load_config(write('child.py', child("pack = dict(meta_keys=('x',))")))
    assert cfg.train_dataloader.dataset.pipeline[1] == dict(type='PackInputs', meta_keys=('x',))


@pytest.mark.parametrize('text', ['max_epochs = 20', 'train_cfg = dict(max_epochs=20)'])
def test_another_length_is_that_of_run_and_schedule(write, text):
    cfg = load_config(write('child.py', child(text)))
    assert lengths(cfg) == (20, 5, 16, 4, 20)
    assert cfg.max_epochs == 20
    assert lengths(load_config(write('grandchild.py', child('max_epochs = 200', 'child.py')))) == (200, 5, 196, 4, 200)


def test_schedule_that_cannot_follow_is_to_be_given(write):
    write('odd.py', BASE.replace('max_epochs - 4', '3 * max_epochs'))
    with pytest.raises(UserError, match=r'child\.py: the run has another length, and param_scheduler\.1\.T_max=300'):
        load_config(write('child.py', child('max_epochs = 20', 'odd.py')))
    schedule = "param_scheduler = [dict(type='CosineAnnealingLR', T_max=60)]"
    cfg = load_config(write('child.py', child(f'max_epochs = 20\n{schedule}', 'odd.py')))
    assert (cfg.train_cfg.max_epochs, cfg.param_scheduler[0].T_max) == (20, 60)


def test_circles_and_missing_files_are_one_line(write, tmp_path):
    write('a.py', child('', 'b.py'))
    write('b.py', child('', 'a.py'))
    with pytest.raises(UserError, match=r'circle: .*a\.py -> .*b\.py -> .*a\.py'):
        load_config(str(tmp_path / 'a.py'))
    with pytest.raises(UserError, match=r'self\.py -> .*self\.py'):
        load_config(write('self.py', child('', 'self.py')))
    with pytest.raises(UserError, match=r'child\.py: _base_ names .*bsae\.py.*did you mean .*base\.py'):
        load_config(write('child.py', child('', 'bsae.py')))
    write('other.py', "data_root = 'z'")
    with pytest.raises(UserError, match=r'two files of _base_ set data_root .*base\.py.*other\.py'):
        load_config(write('child.py', "_base_ = ['base.py', 'other.py']"))
    with pytest.raises(UserError, match='_base_ must be a path'):
        load_config(write('child.py', '_base_ = [3]'))
    with pytest.raises(UserError, match='which no installed package has'):
        load_config(write('child.py', "_base_ = ['mmpretrain::no/such.py']"))


def test_files_that_are_no_text(tmp_path):
    path = tmp_path / 'config.py'
    path.write_bytes(b'\x80\x02\xff')
    with pytest.raises(UserError, match=r'config\.py is not text'):
        load_config(str(path))
    path.write_bytes(b'x = 1\x00')
    with pytest.raises(UserError, match='correct the Python'):
        load_config(str(path))


def test_config_that_mmengine_wrote_down_reads_the_same(tmp_path):
    cfg = load_config(str(PATHS[0]))
    cfg.dump(tmp_path / 'config.py')
    assert load_config(str(tmp_path / 'config.py'))._cfg_dict == cfg._cfg_dict


DATA = dict(data_root='data/x', model=dict(type='ImageClassifier', data_root='data/x'), train_cfg=dict(max_epochs=4))


def dump(name: str, data: object) -> str:
    return json.dumps(data) if name.endswith('.json') else yaml.safe_dump(data)


@pytest.mark.parametrize('name', ['data.json', 'data.yaml', 'data.yml'])
def test_data_configs_inherit_and_hand_down(write, name):
    write(f'base_{name}', dump(name, DATA))
    cfg = load_config(write(name, dump(name, dict(_base_=f'base_{name}', data_root='y', train_cfg=dict(max_epochs=8)))))
    assert (cfg.data_root, cfg.model.data_root, cfg.train_cfg.max_epochs) == ('y', 'y', 8)


@pytest.mark.parametrize(
    ('name', 'text', 'words'),
    [
        ('a.yaml', "model: !!python/object/apply:os.system ['touch MARK']", 'plain data, without tags'),
        ('a.yaml', "model: !!python/name:os.system ''", 'plain data, without tags'),
        ('a.yml', "model: !!python/object/new:os.system ['touch MARK']", 'plain data, without tags'),
        ('a.json', '{"_base_": "evil.py"}', 'a .json config runs no code'),
        ('a.yaml', '_base_: [evil.py]', 'a .yaml config runs no code'),
        ('a.json', '{"_base_": "b.json"}', 'a .json config runs no code'),
        ('a.json', '{"custom_imports": {"imports": ["evil"]}}', 'evil names code'),
        ('a.json', '{"custom_imports": {"imports": "evil"}}', 'evil names code'),
        ('a.json', '{"default_scope": "evil"}', 'evil names code'),
        ('a.json', '{"model": {"_scope_": "evil"}}', 'evil names code'),
        ('a.json', '{"visualizer": {"type": "os.system", "command": "touch MARK"}}', 'os.system names code'),
        ('a.json', '{"visualizer": {"type": "evil"}}', 'evil names code'),
        ('a.json', '{"visualizer": {"type": "mmengine.load", "file": "x.pkl"}}', 'mmengine.load names code'),
        ('a.json', '{"visualizer": {"type": "mmengine.fileio.load"}}', 'mmengine.fileio.load names code'),
        ('a.json', '{"custom_hooks": [{"type": "EMAHook", "ema_type": "evil.x"}]}', 'evil.x names code'),
        ('a.json', '{"optim_wrapper": {"constructor": "evil.x"}}', 'evil.x names code'),
        ('a.json', '{"model": {', 'line 1'),
        ('a.json', '[1]', 'must be a mapping'),
        ('a.yaml', 'model: [', 'line 1'),
        ('a.yaml', '3: x', 'must be a mapping'),
        ('a.yaml', 'train_dataloder: {batch_size: 3}', 'train_dataloader'),
    ],
)
def test_data_configs_run_no_code(write, monkeypatch, tmp_path, name, text, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    write('evil.py', "open('MARK', 'w')")
    write('b.json', '{"_base_": "evil.py"}')
    with pytest.raises(UserError, match=words):
        load_config(write(name, text))
    assert not (tmp_path / 'MARK').exists()


def test_names_that_the_config_may_read_in_any_way_are_left_alone(write):
    assert 'spare' in load_config(write('child.py', child('spare = 3\nwork_dir = str(len(locals()))')))
    assert '_note' in load_config(write('child.py', child("_note = 'mine'")))
    assert 'spare' in load_config(write('mid.py', child('spare = 3\nwidth = spare')))


def test_functions_of_a_config_see_its_variables(write):
    text = (
        'side = 3\ndef double():\n    return 2 * side\nwidth = double()\nval_cfg = dict(x=[side * x for x in (1, 2)])'
    )
    found = read_config(write('child.py', child(text)), {'side': 5}).entries
    assert (found['model']['head']['width'], found['val_cfg']['x']) == (20, [5, 10])


def test_data_config_builds_registered_parts_only(tmp_path):
    import_scope('mmpretrain')
    model = dict(type='ImageClassifier', backbone=dict(type='ltcl.CifarResNet'), head=dict(type='mmengine.Config'))
    (tmp_path / 'a.json').write_text(json.dumps(dict(default_scope='mmpretrain', model=model)))
    with pytest.raises(UserError, match=r'model\.head: there is no model named mmengine\.Config'):
        check_parts(load_config(str(tmp_path / 'a.json')))
