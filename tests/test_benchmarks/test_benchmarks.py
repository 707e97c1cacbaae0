"""The benchmarks measure what they say; how fast anything is, no test asks."""

import importlib
import json
from pathlib import Path

import pytest
import torch

from ltcl.errors import UserError
from ltcl.models import ClasswiseQueue

FOLDER = Path(__file__).parents[2] / 'benchmarks'
SCRIPT = """
import json, sys
json.dump([dict(name={name!r}, value={value}, unit='x', goal={goal}, met={met})], open(sys.argv[2], 'w'))
"""


@pytest.fixture
def load(monkeypatch):
    """Imports a script of the benchmarks by name."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module


@pytest.fixture
def common(load):
    return load('common')


def tiny_config(**model) -> dict:
    return dict(
        model=dict(
            type='ltcl.ContrastiveClassifier',
            data_preprocessor=dict(type='ltcl.MultiViewDataPreprocessor', mean=[127.0], std=[64.0], channels_last=True),
            backbone=dict(type='ltcl.CifarResNet', in_channels=1, base_channels=4, num_blocks=(1, 1, 1)),
            neck=dict(type='GlobalAveragePooling'),
            projector=dict(type='ltcl.Projector', in_channels=16, out_channels=8),
            head=dict(type='ltcl.PaCoHead', num_classes=5, in_channels=16, feat_dim=8, queue_len=8),
            **model,
        ),
        optim_wrapper=dict(type='ltcl.Bfloat16OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9)),
        shape=(4, 1, 8, 8),
    )


def test_goals_have_a_direction(common):
    assert common.Figure.at_least('speed', 2.0, 'x', 2.0).met
    assert not common.Figure.at_least('speed', 1.9, 'x', 2.0).met
    assert common.Figure.at_most('memory', 0.3, 'x', 0.4).met
    assert not common.Figure.at_most('memory', 0.5, 'x', 0.4).met
    assert common.Figure('time', 5.0, 'ms').met is None
    figures = [common.Figure.at_least('', value, '', 2.0) for value in (1, 3)]
    figures += [common.Figure.at_most('', value, '', 2.0) for value in (1, 3)]
    assert [figure.bound for figure in figures] == ['≥ 2', '≥ 2', '≤ 2', '≤ 2']


def test_json_records_have_the_agreed_keys(common, monkeypatch, tmp_path):
    monkeypatch.setattr(common, 'use_free_cores', lambda: 1)
    monkeypatch.setattr('sys.argv', ['benchmark', '--json', str(tmp_path / 'new' / 'figures.json')])
    common.run('title', lambda: [common.Figure('time', 5.0, 'ms'), common.Figure.at_most('memory', 0.5, 'x', 0.4)])
    assert json.loads((tmp_path / 'new' / 'figures.json').read_text()) == [
        dict(name='time', value=5.0, unit='ms', goal=None, met=None),
        dict(name='memory', value=0.5, unit='x', goal=0.4, met=False),
    ]


def test_ratios_are_taken_within_rounds(common):
    # The medians are 6 and 2, but the rounds' ratios are 2, 3 and 4.5.
    assert common.median_ratio([2, 6, 9], [1, 2, 2]) == 3
    with pytest.raises(ValueError, match='shorter'):
        common.median_ratio([1, 2], [1])


def test_candidates_take_turns_after_a_warm_up(common):
    calls = []
    seconds = common.time_interleaved(dict(a=lambda: calls.append('a'), b=lambda: calls.append('b')), 3, warm_up=2)
    assert ''.join(calls) == 'ababababab'
    assert [len(times) for times in seconds.values()] == [3, 3]


def test_free_cores_are_set(common):
    num_threads = torch.get_num_threads()
    try:
        assert common.use_free_cores() == torch.get_num_threads() >= 1
    finally:
        torch.set_num_threads(num_threads)


def test_memory_is_the_peak_of_what_is_held_at_a_time(common):
    held_before = torch.empty(2**24, dtype=torch.uint8)

    def allocate() -> None:
        kept = torch.empty(2**20, dtype=torch.uint8)
        torch.empty(2**22, dtype=torch.uint8)
        torch.empty(2**21, dtype=torch.uint8)
        del kept

    assert common.extra_peak_memory(allocate) == 2**20 + 2**22
    assert common.extra_peak_memory(lambda: held_before.add_(1)) < 2**10


def test_memory_includes_temporaries_inside_an_operation(common):
    matrix = torch.zeros(512, 512)
    assert common.extra_peak_memory(lambda: torch.logsumexp(matrix, 1)) >= matrix.nbytes


def test_losses_that_are_compared_are_equal(load):
    loss = load('loss')
    inputs = loss.draw_inputs(num_anchors=6, num_contrast=20, num_classes=4, feat_dim=8, device='cpu')
    for fast, plain in zip(*(loss.gradients(name, inputs) for name in loss.LOSSES), strict=True):
        torch.testing.assert_close(fast, plain)


def test_loss_figures(load):
    sizes = dict(num_anchors=6, num_contrast=20, num_classes=4, feat_dim=8)
    figures = load('loss').measure_device('cpu', **sizes, rounds=2)
    assert [figure.goal for figure in figures] == [None] * 4 + [2.0, 0.4]
    assert all(figure.value > 0 for figure in figures)
    paco_memory, masked_memory = (figure.value for figure in figures if figure.unit == 'MiB')
    assert figures[-1].value == pytest.approx(paco_memory / masked_memory)


def test_queues_that_are_compared_are_equal(load):
    queue_script = load('classwise_queue')
    inputs = queue_script.draw_anchors(num_anchors=7, num_classes=4, feat_dim=8, device='cpu')
    queue = ClasswiseQueue(4, 3, 8)
    loop, vectorised = queue_script.Loop(queue, (2, 5)), queue_script.Vectorised(queue, (2, 5))
    for _ in range(2):
        torch.testing.assert_close(vectorised(*inputs), loop(*inputs))
    torch.testing.assert_close(queue.embeddings.flatten(0, 1).T, loop.columns)
    assert torch.equal(queue.pointer, loop.pointer)


def test_queue_figures(load):
    sizes = dict(num_classes=4, slots=3, feat_dim=8, num_hard=(1, 4))
    figures = load('classwise_queue').measure_speed('cpu', num_anchors=6, **sizes, rounds=1)
    ours, loop, speed_up = (figure.value for figure in figures)
    assert speed_up == pytest.approx(loop / ours)
    assert [figure.goal for figure in figures] == [None, None, 30]
    memory = load('classwise_queue').measure_memory('cpu', num_images=3, **sizes)
    assert memory.goal == 512
    assert 0 < memory.value < 1


@pytest.mark.parametrize('model', [dict(key_views=(1,)), dict(online_views=(0, 1))], ids=['paco', 'gpaco'])
def test_step_trains_and_bare_encoder_only_differentiates(load, model):
    config = tiny_config(**model)
    step = load('networks').TrainingStep(**config, device='cpu')
    weight, classifier = step.model.backbone.conv1.weight, step.model.head.fc.weight
    before = weight.detach().clone()
    step.bare_encoder()()
    assert weight.grad.abs().sum() > 0
    assert classifier.grad is None
    assert torch.equal(weight, before)
    step()
    assert not torch.equal(weight, before)
    assert step.model.head.queue.pointer == 4


def test_step_figures(load):
    figures = load('step').measure_step('tiny', tiny_config(key_views=(1,)), 'cpu', rounds=1, goal=0.8)
    full, bare, share = (figure.value for figure in figures)
    assert share == pytest.approx(full / bare)
    assert [figure.goal for figure in figures] == [None, None, 0.8]


def test_demo_configs_are_the_ones_that_are_trained(load):
    networks = load('networks')
    assert networks.demo_config('paco')['model']['key_views'] == (1,)
    assert networks.demo_config('gpaco')['model']['online_views'] == (0, 1)
    assert networks.demo_config('gpaco')['model']['data_preprocessor']['channels_last']


def test_layout_figures(load):
    backbone = dict(type='ltcl.CifarResNet', in_channels=1, base_channels=4, num_blocks=(1, 1, 1))
    figures = load('layout').measure_network('tiny', backbone, (2, 1, 8, 8), rounds=1, device='cpu')
    assert len({figure.name for figure in figures}) == 6
    assert all(figure.goal is None and figure.value > 0 for figure in figures)


def test_target_assignment_figures(load, monkeypatch):
    target_assignment = load('target_assignment')
    times = target_assignment.measure_device('cpu', num_classes=12, rounds=2, feat_dim=4, batch_size=6)
    assert times.keys() == {'centers', 'matching'}
    assert all(value > 0 for value in times.values())
    monkeypatch.setattr(target_assignment, 'measure_device', lambda *args: dict(centers=2.0, matching=200.0))
    figures = target_assignment.measure()
    assert [(figure.value, figure.goal, figure.met) for figure in figures[3:]][:1] == [(6.0, 5.0, False)]
    assert [figure.value for figure in figures[:4]] == [2.0, 200.0, 202.0, 6.0]
    assert figures[7].goal is None


def test_start_up_says_why_a_training_ended(load):
    with pytest.raises(UserError, match=r'config file missing\.py does not exist'):
        load('start_up').seconds_to_first_iteration('missing.py')


@pytest.mark.parametrize(('value', 'status'), [(2.5, 0), (1.5, 1)])
def test_run_all_names_the_goal_that_is_missed(load, monkeypatch, capsys, tmp_path, value, status):
    run_all = load('run_all')
    (tmp_path / 'results').mkdir()
    (tmp_path / 'a.py').write_text(SCRIPT.format(name='plain', value=1.0, goal=None, met=None))
    (tmp_path / 'b.py').write_text(SCRIPT.format(name='speed', value=value, goal=2.0, met=value >= 2))
    monkeypatch.setattr(run_all, 'FOLDER', tmp_path)
    with pytest.raises(SystemExit) as stopped:
        run_all.main()
    assert stopped.value.code == status
    expected = 'goal missed: speed is 1.5 x, goal ≥ 2' if status else 'all goals met'
    assert capsys.readouterr().out.splitlines()[-1] == expected


def test_run_all_reports_a_benchmark_that_fails(load, monkeypatch, capsys, tmp_path):
    run_all = load('run_all')
    (tmp_path / 'broken.py').write_text('import sys; sys.exit("no data")')
    monkeypatch.setattr(run_all, 'FOLDER', tmp_path)
    with pytest.raises(SystemExit) as stopped:
        run_all.main()
    output = capsys.readouterr()
    assert stopped.value.code == 1
    assert 'no data' in output.err
    assert output.out.splitlines()[-1] == 'failed: broken'
