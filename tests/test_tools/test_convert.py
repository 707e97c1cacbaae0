"""tools/model_converters/convert.py: files in, files out, reports and one-line errors."""

import argparse
from pathlib import Path

import pytest
import torch
from fake_checkpoints import ORIGINALS
from toy import toy_config

from ltcl.checkpoints.converting import to_theirs
from ltcl.checkpoints.reading import read_checkpoint
from ltcl.cli import convert
from ltcl.engine import Runner
from ltcl.errors import UserError


def options(checkpoint, source=None, **others):
    defaults = dict(target=None, out=None, keep='all', fresh_queue=False, config=None, verify=None, data=False)
    return argparse.Namespace(checkpoint=checkpoint, source=source, **defaults | others)


@pytest.fixture
def original_file(tmp_path):
    """A function that writes a file of an original, and the config of our model."""

    def write(name, **changes):
        original = ORIGINALS[name]
        path = tmp_path / f'{name}.pth.tar'
        torch.save(original.pack(original.network()), path)
        config = original.config
        config.merge_from_dict(changes)
        config.dump(tmp_path / f'{name}.py')
        return path, tmp_path / f'{name}.py'

    return write


def test_report_and_statistics(original_file, capsys):
    path, config = original_file('paco')
    before = path.read_bytes()
    out = convert.convert(options(path, 'paco', verify=str(config)))
    assert out == path.with_name('paco.ltcl.pth')
    assert path.read_bytes() == before
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == 'PaCo: 275 tensors converted'
    assert '  left out: linear_k.* (2) (a momentum copy of the classifier that nothing reads)' in lines
    assert '  left out: epoch, arch, optimizer, acc (no weights)' in lines
    assert '  filled: head.queue.fill (every slot counts, as published)' in lines
    assert any(line.startswith('logits: shape (16, 6), mean ') for line in lines)
    assert any(line.startswith('top-1 of the 16 fixed images: class ') for line in lines)
    assert lines[-1] == f'saved: {out}'
    checkpoint = read_checkpoint(out)
    assert checkpoint['meta'] == {'converted_from': 'paco'}
    back = convert.convert_back(options(out, target='paco'))
    assert back == path.with_name('paco.ltcl.paco.pth')
    state = read_checkpoint(path)['state_dict']
    restored = read_checkpoint(back)['state_dict']
    assert restored.keys() == {name for name in state if 'linear_k' not in name}
    assert all(torch.equal(value, state[name]) for name, value in restored.items())


@pytest.mark.parametrize('name', ['mae', 'kcl_cifar'])
def test_features_where_there_is_no_classifier(original_file, capsys, name):
    path, config = original_file(name)
    convert.convert(options(path, ORIGINALS[name].source, verify=str(config)))
    out = capsys.readouterr().out
    assert 'features: shape (16, ' in out
    assert 'top-1' not in out


@pytest.mark.parametrize(('value', 'said'), [(0.0, 'same for every image'), (float('nan'), 'not finite')])
def test_weights_that_are_none_are_noticed(tmp_path, value, said):
    original = ORIGINALS['gpaco_vit']
    checkpoint = original.pack(original.network())
    for tensor in checkpoint['model'].values():
        if tensor.is_floating_point():
            tensor.fill_(value)
    torch.save(checkpoint, tmp_path / 'empty.pth')
    original.config.dump(tmp_path / 'vit.py')
    with pytest.raises(UserError, match=said):
        convert.convert(options(tmp_path / 'empty.pth', 'gpaco', verify=str(tmp_path / 'vit.py')))
    assert not (tmp_path / 'empty.ltcl.pth').exists()


@pytest.fixture(scope='module')
def trained(images, tmp_path_factory):
    """A trained toy run of PaCo, its config, and its weights as the original would have saved them."""
    from mmengine.registry import init_default_scope

    init_default_scope('mmpretrain')
    root = tmp_path_factory.mktemp('trained')
    cfg = toy_config(images, root / 'run', 'paco', train_cfg__max_epochs=2)
    cfg.dump(root / 'toy.py')
    runner = Runner.from_cfg(cfg)
    runner.train()
    theirs = to_theirs(runner.model.state_dict(), 'paco').state_dict
    torch.save(dict(state_dict=theirs, epoch=2, arch='resnet32', optimizer={}), root / 'paco.pth.tar')
    return runner, root / 'toy.py', root / 'paco.pth.tar', images


def test_converted_file_goes_straight_into_a_test(trained, tmp_path):
    runner, config, path, images = trained
    out = convert.convert(options(path, 'paco', config=str(config), out=tmp_path / 'ours.pth'))
    # Counts are unknown to the file: the hook takes them from the training set.
    tested = Runner.from_cfg(toy_config(images, tmp_path / 'test', 'paco', load_from=str(out)))
    assert tested.test() == pytest.approx(runner.test())
    assert tested.model.head.class_counts.tolist() == [24, 12, 4]
    state = tested.model.state_dict()
    for name, value in runner.model.state_dict().items():
        assert torch.equal(state[name].cpu(), value.cpu()), name


def test_command_measures_accuracy_on_data(trained, tmp_path, call):
    runner, config, path, _ = trained
    before = {file: file.stat().st_mtime_ns for file in config.parent.rglob('*')}
    done = call('convert', path, '--from', 'paco', '--out', tmp_path / 'a.pth', '--verify', config, '--data')
    assert done.status == 0, done.err
    assert {file: file.stat().st_mtime_ns for file in config.parent.rglob('*')} == before
    assert f'shot/all: {runner.test()["shot/all"]:.4f}' in done.out
    assert f'saved: {tmp_path / "a.pth"}' in done.out
    assert (tmp_path / 'a_test' / 'test_toy.py').is_file()


def test_mistakes(original_file, tmp_path):
    path, config = original_file('gpaco')
    with pytest.raises(UserError, match='use --from gpaco'):
        convert.convert(options(path, 'paco'))
    with pytest.raises(UserError, match='is the input, which is never overwritten'):
        convert.convert(options(path, 'gpaco', out=path))
    with pytest.raises(UserError, match=r'must end in \.pth, \.pt, \.tar or \.ckpt'):
        convert.convert(options(path, 'gpaco', out=config))
    with pytest.raises(UserError, match='give --verify CONFIG'):
        convert.convert(options(path, 'gpaco', data=True))
    with pytest.raises(UserError, match=r'config file nowhere\.py does not exist'):
        convert.convert(options(path, 'gpaco', config='nowhere.py'))
    with pytest.raises(UserError, match='--data needs a classifier'):
        convert.convert(options(path, 'gpaco', keep='encoder', verify=str(config), data=True))
    link = tmp_path / 'link.pth'
    link.symlink_to(path)
    with pytest.raises(UserError, match='never overwritten'):
        convert.convert(options(path, 'gpaco', out=link))
    assert read_checkpoint(path)['arch'] == 'resnet18'


def test_a_file_of_ours_is_no_original(original_file, call):
    path, _ = original_file('paco')
    assert call('convert', path, '--from', 'paco').status == 0
    again = call('convert', path.with_name('paco.ltcl.pth'), '--from', 'paco', '--out', path.with_name('again.pth'))
    assert 'one of ltcl already' in again.mistake


def test_weights_that_are_none_are_noticed_without_a_config(original_file):
    path, _ = original_file('paco')
    checkpoint = torch.load(path, weights_only=False)
    checkpoint['state_dict']['module.encoder_q.conv1.weight'][0] = float('inf')
    torch.save(checkpoint, path)
    with pytest.raises(UserError, match=r'numbers that are not finite, in backbone\.conv1\.weight: '):
        convert.convert(options(path, 'paco'))


def test_weights_that_are_none_do_not_go_back(original_file, call):
    path, _ = original_file('paco')
    ours = convert.convert(options(path, 'paco'))
    checkpoint = torch.load(ours, weights_only=True)
    checkpoint['state_dict']['backbone.conv1.weight'][0] = float('nan')
    torch.save(checkpoint, ours)
    done = call('convert', ours, '--to', 'paco')
    assert 'numbers that are not finite, in backbone.conv1.weight: ' in done.mistake
    assert not ours.with_name('paco.ltcl.paco.pth').exists()


@pytest.mark.parametrize(
    'words', [('--keep', 'encoder'), ('--fresh-queue',), ('--config', 'a.py'), ('--verify', 'a.py'), ('--data',)]
)
def test_options_of_one_direction_are_refused_in_the_other(words, tmp_path, call):
    done = call('convert', tmp_path / 'epoch_1.pth', '--to', 'paco', *words)
    assert done.mistake.startswith(f'error: {words[0]} is for --from: leave it out')


def test_names_of_files():
    for name, stem in (('a.pth.tar', 'a'), ('b.pth', 'b'), ('gpaco_r50', 'gpaco_r50'), ('v1.2.pth', 'v1.2')):
        assert convert.output_path(Path('x', name), None, 'ltcl') == Path('x', f'{stem}.ltcl.pth')
