"""What `ltcl doctor` says of machines that lack something, and of this one."""

import os
import shutil
from collections import namedtuple
from importlib.metadata import PackageNotFoundError

import pytest
import torch

from ltcl.cli import doctor
from ltcl.doctor import machine, network, places, versions
from ltcl.doctor.finding import Finding, State, verdict
from ltcl.doctor.self_test import self_test

GIB = 2**30
Usage = namedtuple('Usage', 'total used free')


def states(findings):
    return {each.topic: each.state for each in findings}


@pytest.fixture
def installed(monkeypatch):
    """Packages as they might be installed: versions by name, and what each needs."""
    have = {'torch': '2.6.0', 'torchvision': '0.21.0', 'numpy': '2.1.0', 'timm': '1.0.20'}
    needs = {
        'ltcl': ['torch>=2.6', 'torchvision>=0.21', 'numpy>=2', 'timm<1.1,>=1.0; extra == "timm"', 'x; extra == "dev"'],
        'torchvision': ['torch==2.6.0', 'numpy', 'pillow>=99'],
    }

    class Stated(dict):
        def get_all(self, name):
            return ['timm', 'dev']

    monkeypatch.setattr(versions, 'installed_version', have.get)
    monkeypatch.setattr(versions, 'requires', lambda name: needs.get(name, []))
    monkeypatch.setattr(versions, 'metadata', lambda name: Stated())
    return have


def test_versions_that_fit(installed):
    found = versions.check_versions()
    assert {each.state for each in found} == {State.OK}
    assert [each.topic for each in found] == ['python', 'torch', 'torchvision', 'numpy', 'ltcl[timm]']


@pytest.mark.parametrize(
    ('package', 'version', 'line'),
    [
        ('numpy', '1.26.4', "1.26.4 is installed, and ltcl needs numpy>=2: run `pip install 'numpy>=2'`"),
        ('numpy', None, "is not installed, and ltcl needs it: run `pip install 'numpy>=2'`"),
        ('torch', '2.7.1', '2.7.1 is installed, and torchvision needs torch==2.6.0'),
    ],
)
def test_a_version_that_does_not_fit_is_broken(installed, package, version, line):
    installed[package] = version
    broken = [each for each in versions.check_versions() if each.state is State.BROKEN]
    assert [each.topic for each in broken] == [package]
    assert line in str(broken[0])


def test_a_build_of_a_version_is_that_version(installed):
    installed['torch'] = '2.6.0+cu124'
    assert states(versions.check_versions())['torch'] is State.OK


@pytest.mark.parametrize(('version', 'state'), [(None, State.NOTE), ('0.9', State.WARNING)])
def test_an_extra_that_is_absent_is_a_note_and_a_wrong_one_a_warning(installed, version, state):
    installed['timm'] = version
    last = versions.check_versions()[-1]
    assert (last.topic, last.state) == ('ltcl[timm]', state)
    assert "`pip install 'ltcl[timm]'`" in last.advice


def test_ltcl_without_metadata_is_a_warning(installed, monkeypatch):
    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(versions, 'requires', absent)
    assert states(versions.check_versions())['ltcl'] is State.WARNING


def test_threads_against_free_cores(monkeypatch):
    monkeypatch.setattr(os, 'sched_getaffinity', lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(torch, 'get_num_threads', lambda: 8)
    for there, load, state, advice in (
        (8, 0.1, State.OK, ''),
        (8, 5.0, State.WARNING, 'S=3,'),
        (8, 20.0, State.WARNING, 'S=1 until'),
        (64, 40.0, State.OK, ''),  # the jobs of others, on cores of their own
        (64, 60.0, State.WARNING, 'S=4,'),
        (64, 66.0, State.WARNING, 'S=1 until'),
    ):
        monkeypatch.setattr(os, 'cpu_count', lambda there=there: there)
        monkeypatch.setattr(os, 'getloadavg', lambda load=load: (load, 0, 0))
        found = machine.check_threads()
        assert found.state is state
        assert advice in found.advice
        assert ('8 of 64 cores' in found.text) == (there == 64)


def test_memory_is_that_of_the_container(tmp_path):
    (tmp_path / 'meminfo').write_text(f'MemTotal: {64 * 2**20} kB\nMemAvailable: {32 * 2**20} kB\n')
    assert machine.check_memory(tmp_path, tmp_path)[:3] == (State.OK, 'memory', '32.0 of 64.0 GiB free')
    (tmp_path / 'memory.max').write_text(str(4 * GIB))
    (tmp_path / 'memory.current').write_text(str(3 * GIB))
    assert machine.check_memory(tmp_path, tmp_path)[:3] == (State.WARNING, 'memory', '1.0 of 4.0 GiB free')
    (tmp_path / 'memory.max').write_text('max\n')
    assert machine.check_memory(tmp_path, tmp_path).state is State.OK
    assert machine.check_memory(tmp_path / 'no').state is State.NOTE


def test_little_shared_memory_is_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: Usage(GIB, 0, 64 * 2**20))
    found = machine.check_shared_memory(tmp_path)
    assert (found.state, '--shm-size' in found.advice) == (State.WARNING, True)


@pytest.mark.parametrize(('flags', 'state'), [('fpu amx_bf16 avx512_bf16', State.OK), ('fpu avx512f', State.NOTE)])
def test_bfloat16_of_the_processor(tmp_path, monkeypatch, flags, state):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    (tmp_path / 'cpuinfo').write_text(f'flags : {flags}\n')
    assert machine.check_bfloat16(tmp_path / 'cpuinfo').state is state


def test_a_work_dir_that_cannot_be_written_is_broken(tmp_path, monkeypatch):
    assert places.check_disk(tmp_path / 'new').state is State.OK
    assert not (tmp_path / 'new').exists()
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: Usage(GIB, 0, GIB))
    assert places.check_disk(tmp_path).state is State.WARNING
    (tmp_path / 'file').write_text('')
    assert places.check_disk(tmp_path / 'file').state is State.BROKEN


def test_caches_have_sizes(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
    assert 'nothing is kept yet' in places.check_caches()[0].text
    (tmp_path / 'ltcl' / 'features').mkdir(parents=True)
    (tmp_path / 'ltcl' / 'features' / 'a.npz').write_bytes(b'0' * 3 * 2**20)
    assert [each.text for each in places.check_caches()] == [f'3 MiB in {tmp_path}/ltcl/features']


def test_data_sets_that_are_there_are_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(places, 'data_roots', lambda: {'places-lt': 'data/places', 'svhn-lt': 'data/svhn'})
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'data' / 'places').mkdir(parents=True)
    there, absent = places.check_data()
    assert there.state is State.WARNING
    assert '`ltcl data check places-lt data/places`' in there.advice
    assert (absent.state, absent.text) == (State.NOTE, 'not here: svhn-lt')


def test_a_host_that_does_not_answer_is_a_note():
    (found,) = network.check_network(('http://127.0.0.1:9',), seconds=5)
    assert found.state is State.NOTE
    assert 'http://127.0.0.1:9 cannot be reached' in found.text


def test_verdict_names_the_worst():
    fine, poor, bad = (Finding(state, state.value, '') for state in (State.OK, State.WARNING, State.BROKEN))
    assert verdict([fine]).state is State.OK
    assert verdict([fine, poor]).text == 'ltcl works, with warnings (warning)'
    assert verdict([bad, poor]).text == 'ltcl does not work here (broken)'


@pytest.mark.parametrize(('state', 'status'), [(State.BROKEN, 1), (State.WARNING, None)])
def test_status(monkeypatch, capsys, state, status):
    monkeypatch.setattr(versions, 'check_versions', lambda: [Finding(State.OK, 'numpy', '2.0')])
    for module, name in ((machine, 'check_machine'), (places, 'check_places'), (network, 'check_network')):
        monkeypatch.setattr(module, name, lambda *words: [Finding(state, 'part', 'text', 'do this')])
    monkeypatch.setattr('sys.argv', ['ltcl doctor', '--no-self-test'])
    if status:
        with pytest.raises(SystemExit) as stop:
            doctor.main()
        assert stop.value.code == status
    else:
        doctor.main()
    assert f'{state.value:8} part             text: do this\n' in capsys.readouterr().out


def test_the_self_test_trains_and_predicts():
    found = self_test(600)
    assert found.state is State.OK, found
    assert 'two steps of GPaCo and a prediction' in found.text


def test_a_self_test_that_fails_or_takes_too_long(monkeypatch):
    def fails(folder):
        raise RuntimeError('no\noperator')

    monkeypatch.setattr('ltcl.doctor.self_test._train_and_predict', fails)
    found = self_test()
    assert (found.state, found.text) == (State.BROKEN, 'RuntimeError: no operator')

    def loops(folder):
        while True:
            pass

    monkeypatch.setattr('ltcl.doctor.self_test._train_and_predict', loops)
    assert self_test(0.2).state is State.WARNING
