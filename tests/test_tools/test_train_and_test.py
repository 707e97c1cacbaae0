"""The tools as a user starts them: train, stop, resume, test, several processes, mistakes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import mmengine
import pytest
from toy import CLASS_COUNTS, toy_config

from ltcl.checkpoints.reading import load_from_local

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


def python(tool, *args, expect=0):
    return run(sys.executable, ROOT / 'tools' / tool, *args, expect=expect)


def wait_for(path, seconds=120):
    deadline = time.time() + seconds
    while not path.exists():
        assert time.time() < deadline, f'{path} was not written'
        time.sleep(0.05)


def one_line(result):
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith('error: ')
    return lines[0]


def test_train_then_test_agree(images, tmp_path):
    config = write_config(images, tmp_path)
    python('train.py', config)
    trained = json.loads((tmp_path / 'run' / 'metrics.json').read_text())
    checkpoint = tmp_path / 'run' / 'epoch_4.pth'
    out = tmp_path / 'predictions.pkl'
    python('test.py', config, checkpoint, '--out', out)
    tested = json.loads((tmp_path / 'run' / 'test_metrics.json').read_text())
    mixes = {name: tested['last']['metrics'].pop(name) for name in ('shot/all_natural', 'shot/macro_balanced')}
    assert tested['last']['metrics'] == trained['last']['metrics']
    assert all(0 < value <= 100 for value in mixes.values())
    assert [row['train_count'] for row in tested['per_class']] == list(CLASS_COUNTS)
    predictions = mmengine.load(out)
    assert len(predictions) == sum(CLASS_COUNTS)
    assert set(predictions[0]) >= {'pred_score', 'pred_label', 'gt_label'}


def test_sigterm_leaves_a_checkpoint_that_resume_goes_on_from(images, tmp_path):
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
    python('train.py', config, '--resume', '--cfg-options', f'train_cfg.max_epochs={last_epoch}')
    assert (tmp_path / 'run' / f'epoch_{last_epoch}.pth').exists()


def test_two_processes_train_and_test(images, tmp_path):
    config = write_config(images, tmp_path, train_dataloader__batch_size=4, train_cfg__max_epochs=2)
    run('bash', 'tools/dist_train.sh', config, 2)
    report = json.loads((tmp_path / 'run' / 'metrics.json').read_text())
    assert [row['test_count'] for row in report['per_class']] == list(CLASS_COUNTS)
    run(sys.executable, '-m', 'ltcl', 'test', config, tmp_path / 'run' / 'epoch_2.pth', '--processes', 2)
    tested = json.loads((tmp_path / 'run' / 'test_metrics.json').read_text())
    assert tested['last']['metrics'] == report['last']['metrics']


def test_amp_option_chooses_the_precision(images, tmp_path):
    config = write_config(images, tmp_path, 'gpaco', optim_wrapper__type='OptimWrapper', train_cfg__max_epochs=1)
    python('train.py', config, '--amp')
    saved = load_from_local(tmp_path / 'run' / 'epoch_1.pth')
    assert 'ltcl.Bfloat16OptimWrapper' in saved['meta']['cfg']


@pytest.mark.parametrize(
    ('tool', 'words', 'cause'),
    [
        ('train.py', ['configs/paco/no-such.py'], 'config file configs/paco/no-such.py does not exist'),
        ('train.py', ['CONFIG', '--resume', 'no-such.pth'], '--resume no-such.pth: no such checkpoint'),
        (
            'train.py',
            ['CONFIG', '--cfg-options', 'train_clg.max_epochs=1'],
            'no entry train_clg; did you mean train_cfg',
        ),
        ('train.py', ['CONFIG', '--cfg-options', 'model.head.alhpa=1'], "PaCoHead has no option 'alhpa'"),
        ('test.py', ['CONFIG', 'no-such.pth'], 'checkpoint no-such.pth does not exist'),
    ],
)
def test_mistyped_words(images, tmp_path, tool, words, cause):
    config = write_config(images, tmp_path)
    words = [config if word == 'CONFIG' else word for word in words]
    assert cause in one_line(python(tool, *words, expect=1))


def test_queue_shorter_than_a_batch(images, tmp_path):
    config = write_config(images, tmp_path)
    result = python('train.py', config, '--cfg-options', 'model.head.queue_len=4', expect=1)
    assert 'queue_len=4 is shorter than the 8 keys' in one_line(result)


def test_wrong_number_of_classes(images, tmp_path):
    config = write_config(images, tmp_path)
    result = python('train.py', config, '--cfg-options', 'model.head.num_classes=5', expect=1)
    assert 'set num_classes=3' in one_line(result)


def test_checkpoint_of_another_architecture(images, tmp_path):
    config = write_config(images, tmp_path, 'cross_entropy', train_cfg__max_epochs=1)
    python('train.py', config)
    other = write_config(images, tmp_path, 'paco')
    line = one_line(python('test.py', other, tmp_path / 'run' / 'epoch_1.pth', expect=1))
    assert 'missing head.queue.embeddings' in line
    assert 'another architecture' in line


def test_one_failing_process_ends_the_others(images, tmp_path):
    config = write_config(images, tmp_path, train_dataloader__batch_size=4)
    started = time.time()
    result = run('bash', 'tools/dist_train.sh', config, 2, '--cfg-options', 'model.head.num_classes=5', expect=1)
    assert 'set num_classes=3' in result.stderr
    assert time.time() - started < 120


def test_two_processes_agree_on_a_stop(images, tmp_path):
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
    options = ['--resume', '--cfg-options', f'train_cfg.max_epochs={last_epoch}']
    run('bash', 'tools/dist_train.sh', config, 2, *options)
    assert (tmp_path / 'run' / f'epoch_{last_epoch}.pth').exists()
