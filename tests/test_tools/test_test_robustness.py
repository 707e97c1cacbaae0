"""tools/test_robustness.py and the corruption tool: a whole run that is stopped and goes on, and the parts of it."""

import csv
import json
import shutil
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config, ConfigDict
from PIL import Image
from rich.console import Console
from toy import CLASS_COUNTS, toy_config
from toy_frozen import frozen_files

from ltcl.analysis.robustness import RobustnessResults, load_results
from ltcl.cli import data_corrupt as corrupt_tool
from ltcl.cli import robustness as tool
from ltcl.datasets.corruptions import frost_photos
from ltcl.errors import UserError
from ltcl.evaluation.functional import ALEXNET_ERROR, CORRUPTIONS
from ltcl.launch import build_runner
from ltcl.registry import DATASETS, MODELS

SOME = ('contrast', 'fog')


def call(module, monkeypatch, capsys, *words, fails=False):
    """What a tool prints when it is called with these words; with `fails` its one line of error."""
    monkeypatch.setattr(sys, 'argv', ['tool', *map(str, words)])
    if not fails:
        module.main()
        return capsys.readouterr().out
    with pytest.raises(SystemExit):
        module.main()
    return capsys.readouterr().err.splitlines()[-1]


@pytest.fixture
def corrupted(images, tmp_path, monkeypatch, capsys):
    """The toy images under two corruptions."""
    out = tmp_path / 'corrupted'
    call(corrupt_tool, monkeypatch, capsys, images, out, '--corruptions', *SOME, '--workers', 1)
    return out


@pytest.fixture
def checkpoint(images, tmp_path):
    """Config and checkpoint of an untrained toy classifier."""
    cfg = toy_config(images, tmp_path / 'run', 'cross_entropy')
    cfg.dump(tmp_path / f'{tmp_path.name}.py')
    torch.manual_seed(0)
    torch.save({'state_dict': MODELS.build(cfg.model).state_dict(), 'meta': {}}, tmp_path / 'model.pth')
    return tmp_path / f'{tmp_path.name}.py', tmp_path / 'model.pth'


def test_an_interrupted_test_goes_on(corrupted, checkpoint, tmp_path, monkeypatch, capsys):
    words = [*checkpoint, '--clean', '--corrupted', corrupted, '--corruptions', *SOME]
    call(tool, monkeypatch, capsys, *words)
    path = tmp_path / 'run/robustness_model.json'
    first = json.loads(path.read_text())
    assert set(first['summary']) == {'clean', 'corrupted'}
    assert set(first['summary']['corrupted']) == {'mean_error', 'mean_error_increase'}
    top1 = [value for row in first['sets']['corrupted']['top1'].values() for value in row.values()]
    assert len(top1) == 10
    assert first['summary']['corrupted']['mean_error'] == pytest.approx(100 - np.mean(top1))
    increase = first['summary']['clean']['top1'] - np.mean(top1)
    assert first['summary']['corrupted']['mean_error_increase'] == pytest.approx(increase)
    rows = list(csv.DictReader(path.with_suffix('.csv').open()))
    assert [float(row['percent']) for row in rows if row['corruption']] == top1
    assert [each['num_images'] for each in first['sets'].values()] == [sum(CLASS_COUNTS)] * 2

    del first['sets']['corrupted']['top1']['fog']['4']
    path.write_text(json.dumps(first))
    measured = []
    monkeypatch.setattr(tool, 'measure', lambda runner, part, num_classes, names: measured.append(part) or 12.5)
    printed = call(tool, monkeypatch, capsys, *words)
    assert [(part.corruption, part.severity) for part in measured] == [('fog', 4)]
    assert 'corrupted fog 4: top-1 12.50 (40 images, ' in printed
    assert json.loads(path.read_text())['sets']['corrupted']['top1']['fog']['4'] == 12.5


def test_the_config_of_the_training_stays(checkpoint, tmp_path, monkeypatch, capsys):
    kept = tmp_path / 'run' / checkpoint[0].name
    kept.parent.mkdir()
    kept.write_text('# of the training\n')
    call(tool, monkeypatch, capsys, *checkpoint, '--clean')
    assert kept.read_text() == '# of the training\n'


def test_run_of_frozen_features_is_tested_on_images(images, tmp_path, monkeypatch, capsys):
    config, checkpoint = frozen_files(images, tmp_path)
    words = [tmp_path / 'c', '--corruptions', 'fog', '--workers', 1]
    call(corrupt_tool, monkeypatch, capsys, config, *words)
    words = ['--clean', '--corrupted', tmp_path / 'c', '--corruptions', 'fog']
    call(tool, monkeypatch, capsys, config, checkpoint, *words)
    found = json.loads((tmp_path / 'frozen/robustness_frozen.json').read_text())
    assert len(found['sets']['corrupted']['top1']['fog']) == 5
    cfg = Config.fromfile(config)
    cfg.load_from = str(checkpoint)
    assert found['sets']['clean']['top1'] == pytest.approx(build_runner(cfg).test()['shot/all'])


@pytest.mark.parametrize('change', ['images', 'settings'])
def test_figures_of_images_that_were_replaced_are_forgotten(
    corrupted, checkpoint, tmp_path, monkeypatch, capsys, change
):
    settings = json.loads((corrupted / 'corruptions.json').read_text())
    del settings['images']  # as an earlier version wrote it
    (corrupted / 'corruptions.json').write_text(json.dumps(settings))
    words = [*checkpoint, '--clean', '--corrupted', corrupted, '--corruptions', *SOME]
    measured = []
    monkeypatch.setattr(tool, 'measure', lambda runner, part, num_classes, names: measured.append(part.name) or 12.5)
    call(tool, monkeypatch, capsys, *words)
    call(tool, monkeypatch, capsys, *words)
    assert measured == ['clean', *['corrupted'] * 10]
    if change == 'images':
        for path in corrupted.rglob(next((corrupted / SOME[0] / '1').rglob('*.png')).name):
            path.unlink()
    else:
        (corrupted / 'corruptions.json').write_text(json.dumps({**settings, 'seed': 1}))
    call(tool, monkeypatch, capsys, *words)
    assert measured[11:] == ['corrupted'] * 10


def test_figures_of_another_test_set_are_forgotten(images, checkpoint, tmp_path, monkeypatch, capsys):
    config, weights = checkpoint
    call(tool, monkeypatch, capsys, config, weights, '--clean')
    path = tmp_path / 'run/robustness_model.json'
    path.write_text(path.read_text().replace(str(json.loads(path.read_text())['sets']['clean']['top1']), '12.5'))
    assert 'top-1 12.50 (from' in call(tool, monkeypatch, capsys, config, weights, '--clean')
    other = shutil.copytree(images, tmp_path / 'other')
    words = ['--clean', '--cfg-options', f'test_dataloader.dataset.data_root={other}']
    assert '(from' not in call(tool, monkeypatch, capsys, config, weights, *words)


def test_a_clean_figure_is_forgotten_when_an_image_was_moved(images, checkpoint, tmp_path, monkeypatch, capsys):
    mine = shutil.copytree(images, tmp_path / 'mine')
    words = [*checkpoint, '--clean', '--cfg-options', f'test_dataloader.dataset.data_prefix={mine}']
    call(tool, monkeypatch, capsys, *words)
    assert '(from' in call(tool, monkeypatch, capsys, *words)
    (mine / 'class_0' / '0.png').rename(mine / 'class_1' / 'moved.png')
    assert '(from' not in call(tool, monkeypatch, capsys, *words)


def test_a_clean_error_of_another_test_set_counts_for_nothing(
    images, corrupted, checkpoint, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(tool, 'measure', lambda runner, part, num_classes, names: 12.5)
    words = [*checkpoint, '--corrupted', corrupted, '--corruptions', *SOME]
    path = tmp_path / 'run/robustness_model.json'
    call(tool, monkeypatch, capsys, *words, '--clean')
    call(tool, monkeypatch, capsys, *words)
    assert json.loads(path.read_text())['summary']['corrupted']['mean_error_increase'] == 0
    other = shutil.copytree(images, tmp_path / 'other')
    call(tool, monkeypatch, capsys, *words, '--cfg-options', f'test_dataloader.dataset.data_root={other}')
    assert set(json.loads(path.read_text())['summary']) == {'corrupted'}
    assert set(json.loads(path.read_text())['summary']['corrupted']) == {'mean_error'}


@pytest.mark.parametrize(
    ('trained', 'cause'),
    [
        (('class_1', 'class_0', 'class_2'), 'corrupted: '),
        (('class_0', 'class_1', 'bird'), 'corrupted: the training images have no class class_2'),
        (('class_0', 'class_1', 'class_2'), None),
        (('0', '1', '2'), None),
    ],
)
def test_classes_have_the_names_and_the_order_of_the_training(
    corrupted, checkpoint, monkeypatch, capsys, trained, cause
):
    config, weights = checkpoint
    saved = torch.load(weights, weights_only=True)
    torch.save({**saved, 'meta': {'dataset_meta': {'classes': trained}}}, weights)
    words = [config, weights, '--corrupted', corrupted, '--corruptions', 'fog']
    printed = call(tool, monkeypatch, capsys, *words, fails=cause is not None)
    assert cause is None or cause in printed


def config_of(pipeline, dataset='ltcl.ImageFolderDataset', **options):
    return Config(dict(test_dataloader=dict(dataset=dict(type=dataset, pipeline=pipeline, **options))))


def test_images_are_decoded_only_if_the_pipeline_does_not(images, fashion_mnist_root):
    assert tool.color_of(config_of([dict(type='ltcl.LoadImage')])) is None
    fashion = config_of(
        [dict(type='PackInputs')], 'ltcl.FashionMNISTLT', data_root=str(fashion_mnist_root), split='test'
    )
    assert tool.color_of(fashion) == 'grey'
    with pytest.raises(UserError, match='loads no images'):
        tool.color_of(config_of([dict(type='PackInputs')], data_root=str(images)))


def test_a_folder_is_no_checkpoint(checkpoint, tmp_path, monkeypatch, capsys):
    error = call(tool, monkeypatch, capsys, checkpoint[0], tmp_path, '--clean', fails=True)
    assert error == f'error: checkpoint {tmp_path} is a folder: name a file in it, such as epoch_100.pth'


def test_a_missing_corruption_is_named_before_any_work(corrupted, checkpoint, monkeypatch, capsys):
    error = call(tool, monkeypatch, capsys, *checkpoint, '--corrupted', corrupted, fails=True)
    assert error == f'error: {corrupted} lacks the corruption folder gaussian_noise/1: unpack or make all of them'


@pytest.mark.parametrize(
    ('is_told', 'severities', 'number', 'way'),
    [
        (True, (1, 2, 3, 4, 5), 30, 'has 30 of 40 images: the same `ltcl data corrupt` goes on with it'),
        (True, (1, 2, 3, 4, 5), 50, 'has 50 images instead of 40: remove'),
        (False, (3,), 30, 'has 30 of 40 images: unpack or make all of them'),
    ],
)
def test_a_set_that_is_there_in_part_is_refused_before_any_work(
    corrupted, checkpoint, monkeypatch, capsys, is_told, severities, number, way
):
    if not is_told:
        (corrupted / 'corruptions.json').unlink()
    for severity in severities:
        folder = corrupted / f'fog/{severity}'
        for path in sorted(folder.rglob('*.png'))[number:]:
            path.unlink()
        for extra in range(40, number):
            Image.new('RGB', (16, 16)).save(folder / 'class_0' / f'more_{extra}.png')
    words = [*checkpoint, '--clean', '--corrupted', corrupted, '--corruptions', *SOME]
    monkeypatch.setattr(tool, 'measure', lambda *_: pytest.fail('measured'))
    error = call(tool, monkeypatch, capsys, *words, fails=True)
    assert error.startswith(f'error: {corrupted}/fog/{severities[0]} {way}')


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ([], 'nothing to test: give --clean,'),
        (['--imagenet-c', 'nowhere'], 'the folder nowhere does not exist'),
        (['--clean', '--corruptions', 'rain'], '--corruptions rain: the 15 are gaussian_noise,'),
    ],
)
def test_bad_options(words, message, checkpoint, monkeypatch, capsys):
    assert message in call(tool, monkeypatch, capsys, *checkpoint, *words, fails=True)


def test_a_set_with_other_classes_than_the_model_is_refused(checkpoint, tmp_path, monkeypatch, capsys):
    for severity in range(1, 6):
        for name in 'ab':
            folder = tmp_path / f'c/fog/{severity}/{name}'
            folder.mkdir(parents=True)
            Image.new('RGB', (16, 16)).save(folder / '1.png')
    monkeypatch.setattr(tool, 'measure', lambda *_: pytest.fail('measured'))
    words = ['--clean', '--corrupted', tmp_path / 'c', '--corruptions', 'fog']
    error = call(tool, monkeypatch, capsys, *checkpoint, *words, fails=True)
    way = '`ltcl data corrupt CONFIG OUT` makes one of the test set of the config'
    assert error == f'error: corrupted has 2 classes, the model of the config has {len(CLASS_COUNTS)}: {way}'


def test_a_test_folder_may_lack_a_class_of_the_training(images, checkpoint, tmp_path, monkeypatch, capsys):
    config, weights = checkpoint
    saved = torch.load(weights, weights_only=True)
    saved['state_dict']['head.fc.bias'] += torch.tensor([0, 0, 1000])
    torch.save({**saved, 'meta': {'dataset_meta': {'classes': ('class_0', 'class_1', 'class_2')}}}, weights)
    shutil.copytree(images, tmp_path / 'mine', ignore=shutil.ignore_patterns('class_1'))
    words = ['--corruptions', 'fog', '--workers', 1]
    call(corrupt_tool, monkeypatch, capsys, tmp_path / 'mine', tmp_path / 'c', *words)
    words = [config, weights, '--clean', '--corrupted', tmp_path / 'c', '--corruptions', 'fog']
    call(tool, monkeypatch, capsys, *words)
    found = json.loads((tmp_path / 'run/robustness_model.json').read_text())
    # Every answer is class_2, which has 4 of 28 images.
    assert [*found['sets']['corrupted']['top1']['fog'].values()] == pytest.approx([100 * 4 / 28] * 5, abs=1e-4)


def test_imagenet_r_through_the_tool(tmp_path, images, monkeypatch, capsys):
    for index in range(200):
        folder = tmp_path / f'r/n{index:08}'
        folder.mkdir(parents=True)
        Image.new('RGB', (16, 16), (index, index, index)).save(folder / 'art_0.jpg')
    cfg = toy_config(images, tmp_path / 'run', 'cross_entropy')
    cfg.model.head.num_classes = 1000
    cfg.model.head.topk = (1,)
    cfg.dump(tmp_path / f'{tmp_path.name}.py')
    model = MODELS.build(cfg.model)
    with torch.no_grad():  # the best is class 0, which is not kept; of the kept ones the first, class 1
        model.head.fc.weight.zero_()
        model.head.fc.bias.copy_(torch.arange(1000, 0, -1))
    torch.save({'state_dict': model.state_dict(), 'meta': {}}, tmp_path / 'model.pth')
    call(
        tool,
        monkeypatch,
        capsys,
        tmp_path / f'{tmp_path.name}.py',
        tmp_path / 'model.pth',
        '--imagenet-r',
        tmp_path / 'r',
    )
    written = json.loads((tmp_path / 'run/robustness_model.json').read_text())
    assert written['summary'] == {'imagenet_r': {'top1': 0.5}}


def results_of(corruptions=CORRUPTIONS, name='imagenet_c', num_classes=1000):
    results = RobustnessResults(dict(num_classes=num_classes))
    results.begin(name, 'data/imagenet-c')
    for corruption in corruptions:
        for severity in range(1, 6):
            results.add(name, 100 * (1 - ALEXNET_ERROR[corruption]), corruption, severity)
    return results


def test_each_figure_has_its_name():
    results = results_of()
    assert results.summary()['imagenet_c']['mCE'] == pytest.approx(100)
    assert 'relative_mCE' not in results.summary()['imagenet_c']
    results.begin('clean', None)
    results.add('clean', 56.522)
    figures = results.summary()['imagenet_c']
    assert figures['relative_mCE'] == pytest.approx(100)
    mean = 100 * np.mean(list(ALEXNET_ERROR.values()))
    assert figures['mean_error'] == pytest.approx(mean)
    assert figures['mean_error_increase'] == pytest.approx(mean - 43.478)


@pytest.mark.parametrize('case', [dict(corruptions=CORRUPTIONS[:14]), dict(name='corrupted'), dict(num_classes=100)])
def test_no_figure_is_compared_with_alexnet_elsewhere(case):
    figures = next(iter(results_of(**case).summary().values()))
    assert set(figures) == {'mean_error'}


def test_a_corruption_counts_when_all_severities_are_there():
    results = results_of(['fog'])
    results.add('imagenet_c', 50.0, 'snow', 1)
    assert results.corrupted('imagenet_c')[0] == ['fog']
    results.begin('imagenet_c', 'elsewhere')
    assert results.summary() == {}


def test_folder_of_any_name_is_a_title_and_no_markup(tmp_path, capsys):
    results = results_of()
    results.begin('imagenet_c', '[red]\x1b[1m th\udce9')
    Console(width=200).print(*results.tables())
    assert r'Top-1 accuracy in percent, [red]\x1b[1m th\xe9' in capsys.readouterr().out
    results.save(tmp_path / 'robustness.json')
    assert load_results(tmp_path / 'robustness.json', {}).sets == results.sets


def test_results_of_something_else_are_not_mixed_in(tmp_path):
    path = tmp_path / 'robustness.json'
    results_of().save(path)
    assert load_results(path, dict(num_classes=1000)).sets == results_of().sets
    with pytest.raises(UserError, match='has the results of another num_classes: remove it'):
        load_results(path, dict(num_classes=10))
    path.write_text('{')
    with pytest.raises(UserError, match='is damaged'):
        load_results(path, {})


def test_test_set_of_a_config_is_corrupted_under_its_labels(fashion_mnist_root, tmp_path, monkeypatch, capsys):
    config = tmp_path / f'{tmp_path.name}.py'
    dataset = dict(type='ltcl.FashionMNISTLT', data_root=str(fashion_mnist_root), split='test', pipeline=[])
    Config(ConfigDict(test_dataloader=dict(dataset=dataset))).dump(config)
    words = [config, tmp_path / 'out', '--corruptions', 'contrast', '--limit', 30, '--workers', 1]
    call(corrupt_tool, monkeypatch, capsys, *words)
    files = list((tmp_path / 'out/contrast/3').glob('*/*.png'))
    assert len(files) == 30
    infos = DATASETS.build(dataset).load_data_list()
    assert all(infos[int(file.stem)]['gt_label'] == int(file.parent.name) for file in files)
    assert {Image.open(file).mode for file in files} == {'L'}
    settings = json.loads((tmp_path / 'out/corruptions.json').read_text())
    assert settings['classes'] == list('0123456789')
    assert settings['profile'] == 'small'
    assert settings['images'] == 30
    error = call(corrupt_tool, monkeypatch, capsys, *words, '--seed', 1, fails=True)
    assert 'was begun with seed = 0, now it is 1' in error


def test_frost_goes_on_as_it_was_begun(images, tmp_path, monkeypatch, capsys):
    def run(*words, fails=False):
        words = (images, *words, '--corruptions', 'contrast', '--workers', 1)
        monkeypatch.setattr(sys, 'argv', ['tool', *map(str, words)])
        if not fails:
            corrupt_tool.main()
            return ' '.join(capsys.readouterr().err.split())
        return call(corrupt_tool, monkeypatch, capsys, *words, fails=True)

    def begun(out):
        return json.loads((out / 'corruptions.json').read_text())['frost_images']

    package, drawn, own = tmp_path / 'package', tmp_path / 'drawn', tmp_path / 'own'
    own.mkdir()
    Image.new('RGB', (300, 300)).save(own / 'frost.png')
    monkeypatch.setattr(frost_photos, 'published_photos', list)
    assert 'frost is drawn' in run(drawn)
    paths = [own / 'frost.png'] * len(frost_photos.PUBLISHED)
    monkeypatch.setattr(frost_photos, 'published_photos', lambda: paths)
    assert 'frost is drawn' in run(drawn)
    assert 'photographs of ImageNet-C' in run(package)
    assert (begun(drawn), begun(package)) == (None, 'imagecorruptions-imaug')
    assert "was begun with frost_images = 'imagecorruptions-imaug', now it is None" in run(
        package, '--draw-frost', fails=True
    )
    assert f'frost from {own}' in run(tmp_path / 'mine', '--frost-images', own)
    monkeypatch.setattr(frost_photos, 'published_photos', list)
    assert 'pip install imagecorruptions-imaug' in run(package, fails=True)


def test_two_processes_write_the_same_as_one(images, corrupted, tmp_path, monkeypatch, capsys):
    call(corrupt_tool, monkeypatch, capsys, images, tmp_path / 'two', '--corruptions', *SOME, '--workers', 2)
    files = sorted(path.relative_to(corrupted) for path in corrupted.rglob('*.png'))
    assert len(files) == sum(CLASS_COUNTS) * 10
    for file in files:
        assert (tmp_path / 'two' / file).read_bytes() == (corrupted / file).read_bytes()


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['--corruptions', 'rain'], '--corruptions rain: the 15 are gaussian_noise'),
        (['--limit', '0'], '--limit 0 must be at least 1'),
        (['--frost-images', 'nowhere'], '--frost-images nowhere is no folder'),
    ],
)
def test_bad_options_of_the_corruption_tool(words, message, images, tmp_path, monkeypatch, capsys):
    assert message in call(corrupt_tool, monkeypatch, capsys, images, tmp_path / 'out', *words, fails=True)


def test_images_that_would_overwrite_each_other(tmp_path):
    (tmp_path / 'a').mkdir()
    for suffix in ('png', 'jpg'):
        Image.new('RGB', (4, 4)).save(tmp_path / f'a/1.{suffix}')
    with pytest.raises(UserError, match='would become the same file'):
        corrupt_tool.images_of_folder(str(tmp_path))
