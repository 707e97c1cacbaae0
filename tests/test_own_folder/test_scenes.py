"""`ltcl train DATA` of images and masks: what it says before it starts."""

from own_scenes import write_scenes

from ltcl.launch import load_config


def test_dry_run_tells_the_time_and_writes_a_config_that_can_be_trained(call, capsys, tmp_path):
    data, run = write_scenes(tmp_path / 'scenes', 8), tmp_path / 'run'
    words = ('--image-size', '32', '--scratch', '--backbone', 'resnet18', '--batch-size', '2', '--patience', '4')
    assert call('train', data, '--work-dir', run, *words, '--dry-run') == 0
    printed = capsys.readouterr().out
    assert 'expected on this machine' in printed
    assert {path.name for path in run.iterdir()} <= {'config.py', '.lock'}
    cfg = load_config(run / 'config.py')
    assert (cfg.train_dataloader.dataset.data_root, cfg.model.decode_head.num_classes) == (str(data), 3)
    assert [hook.type for hook in cfg.custom_hooks] == ['ltcl.PatienceHook']
