"""Several checkpoints as one classifier: the sum, the loading, the mistakes."""

import copy

import mmengine
import pytest
import torch
from mmpretrain.structures import DataSample
from toy import CLASS_COUNTS, CONFIGS, toy_config

from ltcl.cli import test
from ltcl.engine import Runner
from ltcl.engine.ensemble import ensemble_config, load_members
from ltcl.errors import UserError
from ltcl.launch import build_runner
from ltcl.models import EnsembleClassifier
from ltcl.predictions import load_predictions
from ltcl.registry import MODELS

RUNTIME = CONFIGS / '_base_' / 'default_runtime.py'
CLASSES = ('class_0', 'class_1', 'class_2')


def save(cfg, path, seed=0, **meta):
    """A checkpoint of random weights."""
    torch.manual_seed(seed)
    model = MODELS.build(cfg.model).eval()
    torch.save(dict(state_dict=model.state_dict(), meta=dict(class_counts=list(CLASS_COUNTS)) | meta), path)
    return model


@pytest.fixture
def members(images, tmp_path):
    """Configs, checkpoints and models of two methods with images prepared in different ways."""
    configs = [toy_config(images, tmp_path / 'run', method) for method in ('cross_entropy', 'paco')]
    configs[1].model.data_preprocessor.mean = [90.0, 100.0, 110.0]
    paths = [str(tmp_path / f'{number}.pth') for number in range(2)]
    models = [save(cfg, path, seed) for seed, (cfg, path) in enumerate(zip(configs, paths, strict=True))]
    return configs, paths, models


def batch(num_images=6):
    pixels = torch.randint(0, 256, (num_images, 3, 16, 16), generator=torch.Generator().manual_seed(0)).byte()
    return dict(inputs=pixels, data_samples=[DataSample().set_gt_label(i % 3) for i in range(num_images)])


@torch.no_grad()
def test_raw_logits_are_summed_each_member_preparing_its_own_images(members):
    _, _, models = members
    ensemble = EnsembleClassifier(models).eval()
    logits = [model(model.data_preprocessor(batch())['inputs']) for model in models]
    samples = ensemble.test_step(batch())
    scores = torch.stack([sample.pred_score for sample in samples])
    torch.testing.assert_close(scores, (logits[0] + logits[1]).softmax(1))
    assert [sample.pred_label.item() for sample in samples] == (logits[0] + logits[1]).argmax(1).tolist()
    assert [sample.gt_label.item() for sample in samples] == [0, 1, 2, 0, 1, 2]
    # Neither the mean of probabilities nor one shared preprocessor gives the same.
    assert not torch.allclose(scores, (logits[0].softmax(1) + logits[1].softmax(1)) / 2, atol=1e-4)
    shared = models[1](models[0].data_preprocessor(batch())['inputs'])
    assert not torch.allclose(logits[1], shared, atol=1e-4)


def test_half_precision_is_summed_in_single(members):
    _, _, models = members
    ensemble = EnsembleClassifier([model.bfloat16() for model in models]).eval()
    logits = ensemble([batch()['inputs'].bfloat16() / 255] * 2)
    assert logits.dtype == torch.float32


def test_every_member_gets_its_checkpoint(members):
    configs, paths, models = members
    configs[0].load_from = 'elsewhere.pth'
    runner = build_runner(ensemble_config(configs))
    load_members(runner, paths)
    for member, model in zip(runner.model.members, models, strict=True):
        torch.testing.assert_close(member.state_dict(), model.state_dict())


@pytest.fixture
def tool(monkeypatch):
    """Runs `ltcl test` in this process."""

    def run(*words):
        monkeypatch.setattr('sys.argv', ['ltcl test', *map(str, words)])
        test.main()

    return run


@torch.no_grad()
def test_the_tool_sums_what_its_options_ask_for(members, tool, images, tmp_path, monkeypatch):
    configs, paths, models = members
    monkeypatch.chdir(tmp_path)
    configs[0] = toy_config(images, tmp_path / 'run', 'cross_entropy', with_report=True)
    configs[0].pop('work_dir')
    for name, cfg in zip(('first', 'second'), configs, strict=True):
        cfg.dump(f'{name}.py')
    batches = ('--cfg-options', 'test_dataloader.batch_size=40')
    tool('first.py', paths[0], '--out', 'scores.npz', 'second.py', paths[1], *batches)

    folder = tmp_path / 'work_dirs' / 'first_ensemble-of-2'
    report = mmengine.load(folder / 'test_metrics.json')
    assert report['checkpoint'] == ' + '.join(paths)
    assert [row['train_count'] for row in report['per_class']] == list(CLASS_COUNTS)
    configs[1].test_dataloader.batch_size = 40
    (data,) = Runner.build_dataloader(configs[1].test_dataloader)
    logits = sum(model(model.data_preprocessor(data)['inputs']) for model in models)
    scores = torch.from_numpy(load_predictions('scores.npz').scores)
    torch.testing.assert_close(scores.softmax(1), logits.softmax(1))


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (('A', 'B', 'C'), 'error: C stands alone: an ensemble takes pairs'),
        (('CONFIG', 'TEST', 'a.pth', 'CONFIG'), 'a.pth stands where a config file is expected'),
        (('CONFIG', 'TEST', 'CONFIG', 'no.pth'), 'checkpoint no.pth does not exist'),
        (('CONFIG', 'TEST', 'no.py', 'TEST'), 'config file no.py does not exist'),
    ],
)
def test_mistyped_words(tool, capsys, words, message):
    known = {'CONFIG': RUNTIME, 'TEST': test.__file__}
    with pytest.raises(SystemExit):
        tool(*(known.get(word, word) for word in words))
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_a_checkpoint_of_another_member_is_named(members):
    configs, paths, _ = members
    runner = build_runner(ensemble_config(configs))
    with pytest.raises(UserError, match=rf'{paths[0]} is of another architecture.*missing head\.queue'):
        load_members(runner, [paths[0], paths[0]])


def test_classes_of_other_names(members, tmp_path):
    configs, paths, _ = members
    save(configs[0], paths[0], dataset_meta=dict(classes=CLASSES))
    runner = build_runner(ensemble_config(configs))
    load_members(runner, paths)  # the second one tells no names
    save(configs[1], paths[1], dataset_meta=dict(classes=CLASSES[::-1]))
    with pytest.raises(UserError, match=r'0\.pth and .*1\.pth were trained on classes of different names'):
        load_members(runner, paths)


def test_members_that_cannot_be_summed(members, images, tmp_path):
    configs, _, models = members
    other = copy.deepcopy(configs[0])
    other.model.head.num_classes = 5
    with pytest.raises(UserError, match='different numbers of classes, 3, 5'):
        EnsembleClassifier([models[0], MODELS.build(other.model)])
    kcl = toy_config(images, tmp_path, 'kcl').model
    with pytest.raises(UserError, match='member 2 of the ensemble has a KCLHead, which has no classifier'):
        EnsembleClassifier([models[0], kcl])
    with pytest.raises(UserError, match='at least one'):
        EnsembleClassifier([])
    with pytest.raises(UserError, match='is not trained'):
        EnsembleClassifier(models)([], mode='loss')
