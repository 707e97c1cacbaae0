import pytest
from own_folders import images, touch

from ltcl.cli import train
from ltcl.errors import UserError
from ltcl.launch import load_config
from ltcl.recipe_rules.counting import class_counts_of

CONFIG = 'configs/custom/gpaco_resnet50_1xb32-100e_own-images.py'


@pytest.fixture
def birds(tmp_path):
    """80, 12 and 8 images to train on, a quarter as many to validate on."""
    return touch(tmp_path / 'birds', *images('a', 100), *images('b', 15), *images('c', 10))


@pytest.fixture
def command(monkeypatch, birds, tmp_path):
    """Runs ``ltcl train`` up to the runner; gives the config that it would train."""

    def run(*words):
        seen = []
        runner = type('Runner', (), dict(train=lambda self: None))
        monkeypatch.setattr(train, 'build_runner', lambda cfg, training: seen.append(cfg) or runner())
        work_dir = ('--work-dir', tmp_path / 'run')
        monkeypatch.setattr('sys.argv', ['ltcl train', *map(str, (CONFIG, *work_dir, *words))])
        train.main()
        return seen[0]

    return run


def test_fit_recipe(command, birds, capsys):
    cfg = command('--fit-recipe', '--cfg-options', f'data_root={birds}', 'model.head.alpha=0.07')
    assert class_counts_of(cfg) == [80, 12, 8]
    assert (cfg.model.head.num_classes, cfg.model.head.queue_len, cfg.model.head.alpha) == (3, 0, 0.07)
    assert (cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs) == (16, 200)
    assert 'alpha 0.07: share 0.36 for the centre of the largest class, of 80 images\n' in capsys.readouterr().out


def test_without_it_the_config_stays(command, birds):
    cfg = command('--cfg-options', f'data_root={birds}')
    untouched = load_config(CONFIG)
    assert cfg.model.head.queue_len == untouched.model.head.queue_len
    assert cfg.train_cfg.max_epochs == 100


def test_counts_of_images_behind_a_cache(command, birds):
    cfg = command('--cfg-options', f'data_root={birds}')
    cfg.train_dataloader.dataset = dict(type='ltcl.CachedFeatures', dataset=cfg.train_dataloader.dataset)
    assert class_counts_of(cfg) == [80, 12, 8]


def test_counts_of_a_long_tail_that_is_drawn(command, birds):
    cfg = command('--cfg-options', f'data_root={birds}')
    tail = dict(type='ltcl.LongTailedDataset', dataset=cfg.train_dataloader.dataset, imbalance_factor=4)
    for dataset in (tail, dict(type='RepeatDataset', dataset=tail, times=3)):
        cfg.train_dataloader.dataset = dataset
        assert class_counts_of(cfg) == [8, 4, 2]


def test_segmentation_has_no_class_counts():
    cfg = load_config('configs/seg/gpaco/gpaco-lovasz_deeplabv3plus-r18_1xb8-2000i_fashion-scenes.py')
    with pytest.raises(UserError, match='EncoderDecoder has no head of a classifier'):
        class_counts_of(cfg)
