"""The tools as a user starts them: train, stop, resume, test, several processes, mistakes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import Done
from mmengine.config import Config
from reports import last_figures
from toy import CLASS_COUNTS, toy_config

from ltcl.checkpoints.reading import load_from_local
from ltcl.predictions import load_predictions
from ltcl.work_dir import locked

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHON': sys.executable}


def write_config(images, folder, method='paco', **changes):
    cfg = toy_config(images, folder / 'run', method, with_report=True, **changes)
    path = folder / f'{method}.py'
    cfg.dump(path)
    return path


def run(*command, expect=0):
    result = subprocess.run(
        [str(word) for word in command], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == expect, result.stdout + result.stderr
    return result


def wait_for(path, seconds=120):
    deadline = time.time() + seconds
    while not path.exists():
        assert time.time() < deadline, f'{path} was not written'
        time.sleep(0.05)


def test_train_then_test_agree(images, tmp_path, call):
    config = write_config(images, tmp_path)
    assert call('train', config).status == 0
    trained = json.loads((tmp_path / 'run' / 'metrics.json').read_text())
    checkpoint = tmp_path / 'run' / 'epoch_4.pth'
    kept = load_predictions(tmp_path / 'run' / 'predictions.npz')
    assert (kept.split, kept.class_counts.tolist()) == ('val', list(CLASS_COUNTS))
    assert kept.checkpoint == 'run/epoch_4'
    assert 'id="diagnosis"' in (tmp_path / 'run' / 'report.html').read_text()
    out = tmp_path / 'predictions.npz'
    assert call('test', config, checkpoint, '--out', out).status == 0
    tested = json.loads((tmp_path / 'run' / 'test_metrics.json').read_text())
    assert last_figures(tmp_path / 'run', 'test_') == last_figures(tmp_path / 'run') == trained['last']['metrics']
    assert all(0 < tested['last']['metrics'][f'shot/{name}'] <= 100 for name in ('all_natural', 'macro_balanced'))
    assert [row['train_count'] for row in tested['per_class']] == list(CLASS_COUNTS)
    data = {**trained['data'], **tested['data']}
    assert {part: each['images'] for part, each in data.items()} == dict.fromkeys(data, sum(CLASS_COUNTS))
    assert sorted(data) == ['test', 'train', 'val']
    predictions = load_predictions(out)
    right = predictions.scores.argmax(axis=1) == predictions.labels
    assert len(right) == sum(CLASS_COUNTS)
    assert 100 * right.mean() == pytest.approx(tested['last']['metrics']['shot/all'])


def test_config_of_a_training_stays_where_it_lies(images, tmp_path, call):
    """A test has options of its own, and a second training there is refused."""
    config = write_config(images, tmp_path, 'cross_entropy', train_cfg__max_epochs=1)
    assert call('train', config).status == 0
    kept = tmp_path / 'run' / config.name
    text = kept.read_text()
    options = ['--cfg-options', 'test_dataloader.batch_size=1']
    assert call('test', config, tmp_path / 'run' / 'epoch_1.pth', *options).status == 0
    with locked(tmp_path / 'run'):
        assert call('train', config, '--seed', 5).status == 1
    assert kept.read_text() == text
    tested = Config.fromfile(kept.with_name(f'test_{kept.name}'))
    assert (tested.test_dataloader.batch_size, tested.load_from) == (1, str(tmp_path / 'run' / 'epoch_1.pth'))


def test_sigterm_leaves_a_checkpoint_that_resume_goes_on_from(images, tmp_path, call):
    config = write_config(images, tmp_path, train_cfg__max_epochs=400, train_cfg__val_interval=400)
    process = subprocess.Popen(
        [sys.executable, ROOT / 'tools' / 'train.py', config], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL
    )
    wait_for(tmp_path / 'run' / 'last_checkpoint')
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 128 + signal.SIGTERM
    checkpoint = Path((tmp_path / 'run' / 'last_checkpoint').read_text())
    assert checkpoint.name.startswith('stopped_iter_')
    done = load_from_local(checkpoint)['meta']
    last_epoch = done['epoch'] + 2
    assert call('train', config, '--resume', '--cfg-options', f'train_cfg.max_epochs={last_epoch}').status == 0
    assert (tmp_path / 'run' / f'epoch_{last_epoch}.pth').exists()


def test_amp_option_chooses_the_precision(images, tmp_path, call):
    config = write_config(images, tmp_path, 'gpaco', optim_wrapper__type='OptimWrapper', train_cfg__max_epochs=1)
    assert call('train', config, '--amp').status == 0
    saved = load_from_local(tmp_path / 'run' / 'epoch_1.pth')
    assert 'ltcl.Bfloat16OptimWrapper' in saved['meta']['cfg']


@pytest.mark.parametrize(
    ('words', 'cause'),
    [
        (['train', 'configs/paco/no-such.py'], 'config file configs/paco/no-such.py does not exist'),
        (['train', 'CONFIG', '--resume', 'no-such.pth'], '--resume no-such.pth: no such checkpoint'),
        (['train', 'CONFIG', '--cfg-options', 'train_clg.max_epochs=1'], 'no entry train_clg; did you mean train_cfg'),
        (['train', 'CONFIG', '--cfg-options', 'model.head.alhpa=1'], "PaCoHead has no option 'alhpa'"),
        (['train', 'CONFIG', '--cfg-options', 'model.head.queue_len=4'], 'queue_len=4 is shorter than the 8 keys'),
        (['test', 'CONFIG', 'no-such.pth'], 'checkpoint no-such.pth does not exist'),
    ],
)
def test_mistyped_words(images, tmp_path, call, words, cause):
    config = write_config(images, tmp_path)
    assert cause in call(*[config if word == 'CONFIG' else word for word in words]).mistake


def test_mistake_is_all_that_a_new_process_prints(images, tmp_path):
    """What libraries print while they are imported or torn down would stand beside it."""
    config = write_config(images, tmp_path)
    result = run(sys.executable, 'tools/train.py', config, '--cfg-options', 'model.head.num_classes=5', expect=1)
    assert 'set num_classes=3' in Done(result.returncode, result.stdout, result.stderr).mistake


def test_checkpoint_of_another_architecture(images, tmp_path, call):
    config = write_config(images, tmp_path, 'cross_entropy', train_cfg__max_epochs=1)
    assert call('train', config).status == 0
    other = write_config(images, tmp_path, 'paco')
    line = call('test', other, tmp_path / 'run' / 'epoch_1.pth').mistake
    assert 'missing head.queue.embeddings' in line
    assert 'another architecture' in line


def test_one_failing_process_ends_the_others(images, tmp_path):
    config = write_config(images, tmp_path, train_dataloader__batch_size=4)
    started = time.time()
    result = run('bash', 'tools/dist_train.sh', config, 2, '--cfg-options', 'model.head.num_classes=5', expect=1)
    assert 'set num_classes=3' in result.stderr
    assert time.time() - started < 120


def test_two_processes_agree_on_a_stop_resume_and_test(images, tmp_path):
    config = write_config(
        images, tmp_path, train_dataloader__batch_size=4, train_cfg__max_epochs=400, train_cfg__val_interval=400
    )
    process = subprocess.Popen(
        ['bash', 'tools/dist_train.sh', str(config), '2'], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL
    )
    wait_for(tmp_path / 'run' / 'last_checkpoint')
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=90) == 128 + signal.SIGTERM
    checkpoint = Path((tmp_path / 'run' / 'last_checkpoint').read_text())
    assert checkpoint.name.startswith('stopped_iter_')

    last_epoch = load_from_local(checkpoint)['meta']['epoch'] + 2
    length = [f'train_cfg.{name}={last_epoch}' for name in ('max_epochs', 'val_interval')]
    run('bash', 'tools/dist_train.sh', config, 2, '--resume', '--cfg-options', *length)
    last = tmp_path / 'run' / f'epoch_{last_epoch}.pth'
    report = json.loads((tmp_path / 'run' / 'metrics.json').read_text())
    assert [row['test_count'] for row in report['per_class']] == list(CLASS_COUNTS)

    run(sys.executable, '-m', 'ltcl', 'test', config, last, '--processes', 2)
    assert last_figures(tmp_path / 'run', 'test_') == last_figures(tmp_path / 'run')
