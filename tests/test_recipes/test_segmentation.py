"""The numbers of the published recipes of segmentation, and what a recipe's head says of itself."""

import re

import mmengine
import numpy as np
import pytest
import rates
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DATASETS, MODELS, PARAM_SCHEDULERS, init_default_scope
from small_seg_config import CONFIGS, RECIPES, data_set_of, load_small

from ltcl.cli.test import augment_test
from ltcl.engine import Runner
from ltcl.engine.unwrapped import is_augmented
from ltcl.errors import UserError
from ltcl.launch import build_runner, load_config
from ltcl.launch.config_values import use_plain_norms

SWIN = {
    'tiny': (96, [2, 2, 6, 2], [3, 6, 12, 24], 7, 'swin_tiny_patch4_window7_224'),
    'base': (128, [2, 2, 18, 2], [4, 8, 16, 32], 12, 'swin_base_patch4_window12_384_22k'),
    'large': (192, [2, 2, 18, 2], [6, 12, 24, 48], 12, 'swin_large_patch4_window12_384_22k'),
}
# Crop, box of the resize, classes, images a step, iterations, test.
DATA = {
    'ade20k': ((512, 512), (2048, 512), 150, 16, 160000, 'whole'),
    'coco-stuff10k': ((512, 512), (2048, 512), 171, 16, 40000, 'whole'),
    'pascal-context59': ((480, 480), (520, 520), 59, 16, 40000, 'slide'),
    'cityscapes': ((512, 1024), (2048, 1024), 19, 8, 80000, 'whole'),
}
ALPHA = {'r50_4xb2-80k_cityscapes': 0.03, 'r101_4xb2-80k_cityscapes': 0.02}
BRANCHES = {'gpaco': {'gpaco'}, 'cross_entropy': set(), 'region_rebalance': {'region'}, 'ceco': {'region'}}


def all_recipes():
    return pytest.mark.parametrize('path', RECIPES, ids=lambda path: path.stem)


def recipe(pattern):
    (path,) = [path for path in RECIPES if re.search(pattern, path.stem)]
    return load_config(str(path))


def learning_rates(cfg):
    """The rate of each iteration."""
    optimizer = rates.sgd(cfg.optim_wrapper.optimizer.lr)
    schedulers = [PARAM_SCHEDULERS.build(one, default_args=dict(optimizer=optimizer)) for one in cfg.param_scheduler]
    return np.array(rates.learning_rates(optimizer, schedulers, cfg.train_cfg.max_iters))


@all_recipes()
def test_model_data_and_steps(path):
    cfg = load_config(str(path))
    crop, box, num_classes, images_a_step, max_iters, mode = DATA[data_set_of(path)]
    num_gpus, batch_size, thousands = map(int, re.search(r'_(\d+)xb(\d+)-(\d+)k_', path.stem).groups())
    assert cfg.train_dataloader.batch_size == batch_size
    assert num_gpus * batch_size == images_a_step
    assert cfg.train_cfg.max_iters == 1000 * thousands == max_iters
    interval = 8000 if num_classes == 19 else 4000
    assert cfg.train_cfg.val_interval == cfg.default_hooks.checkpoint.interval == interval
    assert path.stem.endswith('-{}x{}'.format(*crop))
    assert cfg.data_preprocessor.size == crop
    steps = {step.type: step for step in cfg.train_dataloader.dataset.pipeline}
    assert list(steps)[2:] == ['RandomResize', 'RandomCrop', 'RandomFlip', 'PhotoMetricDistortion', 'PackSegInputs']
    assert (steps['RandomResize'].scale, steps['RandomResize'].ratio_range) == (box, (0.5, 2.0))
    assert (steps['RandomCrop'].crop_size, steps['RandomCrop'].cat_max_ratio) == (crop, 0.75)
    assert cfg.val_dataloader.dataset.pipeline[1] == dict(type='Resize', scale=box, keep_ratio=True)
    assert cfg.model.test_cfg.mode == mode
    assert cfg.model.decode_head.num_classes == cfg.model.auxiliary_head.num_classes == num_classes
    assert cfg.model.auxiliary_head.loss_decode.loss_weight == 0.4
    if mode == 'slide':
        assert (cfg.model.test_cfg.crop_size, cfg.model.test_cfg.stride) == ((480, 480), (320, 320))
    sgd = (0.004, 1e-4) if num_classes == 59 else (0.01, 5e-4)
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.lr, optimizer.weight_decay) == (sgd if 'deeplab' in path.stem else (6e-5, 0.01))
    assert 'clip_grad' not in cfg.optim_wrapper


@all_recipes()
def test_branches(path):
    head = load_config(str(path)).model.decode_head
    branches = head.get('branches', {})
    assert set(branches) == BRANCHES[path.parent.name]
    losses = head.loss_decode if isinstance(head.loss_decode, list) else [head.loss_decode]
    expected = ['CrossEntropyLoss', 'ltcl.LovaszSoftmaxLoss'][: 1 + ('lovasz' in path.stem)]
    assert [(loss.type, loss.get('loss_weight', 1.0)) for loss in losses] == [(name, 1.0) for name in expected]
    if 'gpaco' in branches:
        branch = branches.gpaco
        alpha = next((alpha for name, alpha in ALPHA.items() if name in path.stem), 0.01)
        assert (branch.alpha, branch.temperature, branch.embed_channels) == (alpha, 0.07, 128)
        assert branch.sampler.num_samples == 8192
        assert 'with_prior' not in branch
    if 'region' in branches:
        built = MODELS.build(dict(branches.region, in_channels=8, num_classes=150, dropout_ratio=0.1))
        weight = {'tiny': 0.8, 'base': 0.2} if 'ceco' in path.stem else {'tiny': 1.0, 'base': 1.0}
        assert built.loss_weight == weight[re.search('tiny|base', path.stem)[0]]
        rest = (built.smooth, built.scale, built.normalize)
        assert rest == ((1.0, 5.0, True) if 'ceco' in path.stem else (0.5, 1.0, False))
        assert not any(parameter.requires_grad for parameter in built.parameters())


@pytest.mark.parametrize('size', SWIN)
def test_swin(size):
    cfg = recipe(f'^cross-entropy_upernet-swin-{size}_')
    backbone = cfg.model.backbone
    width, depths, num_heads, window, file = SWIN[size]
    assert (backbone.embed_dims, backbone.depths, backbone.num_heads) == (width, depths, num_heads)
    assert (backbone.window_size, backbone.drop_path_rate) == (window, 0.3)
    assert cfg.load_from == f'checkpoints/{file}.ltcl.pth'
    assert cfg.model.decode_head.in_channels == [width * 2**stage for stage in range(4)]


@pytest.mark.parametrize('depth', [18, 50, 101])
def test_deeplab(depth):
    cfg = recipe(f'^cross-entropy_deeplabv3plus-r{depth}_.*cityscapes')
    backbone, head = cfg.model.backbone, cfg.model.decode_head
    assert (backbone.depth, backbone.strides, backbone.dilations) == (depth, (1, 2, 1, 1), (1, 1, 2, 4))
    assert backbone.init_cfg.checkpoint == f'open-mmlab://resnet{depth}_v1c'
    expected = (512, 128, 64, 12) if depth == 18 else (2048, 512, 256, 48)
    assert (head.in_channels, head.channels, head.c1_in_channels, head.c1_channels) == expected
    assert head.dilations == (1, 12, 24, 36)
    assert cfg.model.auxiliary_head.channels == (64 if depth == 18 else 256)


def test_rates_of_adamw_are_those_of_0x():
    """The warm-up multiplies a decay that has begun at iteration 0."""
    iteration = np.arange(160000)
    decay = 6e-5 * (1 - iteration / 160000)
    warm_up = 1 - (1 - iteration / 1500).clip(0) * (1 - 1e-6)
    np.testing.assert_allclose(learning_rates(recipe('^gpaco_upernet-swin-tiny')), decay * warm_up, rtol=1e-9)


@pytest.mark.parametrize(('name', 'lr', 'max_iters'), [('context', 0.004, 40000), ('city', 0.01, 80000)])
def test_rates_of_sgd_are_those_of_0x(name, lr, max_iters):
    expected = (lr - 1e-4) * (1 - np.arange(max_iters) / max_iters) ** 0.9 + 1e-4
    actual = learning_rates(recipe(f'^gpaco_deeplabv3plus-r50.*{name}'))
    np.testing.assert_allclose(actual, expected, rtol=1e-9)


def test_norms_and_position_tables_of_the_encoder_do_not_decay(seg_layout, tmp_path):
    (path,) = CONFIGS.glob('gpaco/gpaco_upernet-swin-tiny*')
    cfg = load_small(path, seg_layout('ade20k'), tmp_path)
    init_default_scope('mmseg')
    model = MODELS.build(cfg.model)
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper).optimizer
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    decay = {names[id(each)]: group['weight_decay'] for group in optimizer.param_groups for each in group['params']}
    free = {name for name, value in decay.items() if value == 0}
    assert set(decay.values()) == {0, 0.01}
    assert free == {name for name in decay if re.search('norm|relative_position_bias_table', name)}
    assert 'backbone.stages.0.blocks.0.attn.w_msa.relative_position_bias_table' in free
    assert 'decode_head.branches.gpaco.projector.0.bn.weight' not in free


@pytest.mark.parametrize('data_set', DATA)
def test_scales_of_the_multi_scale_test(data_set, seg_layout):
    """Of the box, not of the image: a ratio of 0.5 makes half of 512 of a short side of whatever length."""
    cfg = recipe(f'^cross-entropy_(upernet-swin-tiny|deeplabv3plus-r50).*{data_set}')
    init_default_scope('mmseg')
    part = dict(data_root=str(seg_layout(data_set)), pipeline=cfg.tta_pipeline)
    passes = DATASETS.build({**cfg.test_dataloader.dataset, **part})[0]
    height, width = passes['data_samples'][0].ori_shape
    long, short = max(DATA[data_set][1]), min(DATA[data_set][1])
    expected = []
    for ratio in (0.5, 0.75, 1.0, 1.25, 1.5, 1.75):
        factor = min(int(long * ratio) / max(height, width), int(short * ratio) / min(height, width))
        expected += [(int(height * factor + 0.5), int(width * factor + 0.5))] * 2
    assert [tuple(image.shape[1:]) for image in passes['inputs']] == expected
    assert [sample.flip for sample in passes['data_samples']] == [False, True] * 6
    assert passes['inputs'][1].equal(passes['inputs'][0].flip(2))


def test_multi_scale_test_of_a_checkpoint(seg_layout, tmp_path):
    (path,) = CONFIGS.glob('gpaco/gpaco_*r50*context*')
    cfg = load_small(path, seg_layout('pascal-context59'), tmp_path)
    runner = Runner.from_cfg(cfg)
    torch.nn.init.normal_(runner.model.decode_head.conv_seg.weight)  # so that not all pixels are of one class
    torch.save(dict(state_dict=runner.model.state_dict(), meta={}), tmp_path / 'last.pth')
    cfg = load_small(path, seg_layout('pascal-context59'), tmp_path / 'tta')
    cfg.load_from = str(tmp_path / 'last.pth')
    augment_test(cfg)
    tta = Runner.from_cfg(cfg)
    assert 'seg/mIoU' in tta.test()
    assert is_augmented(tta.model)
    assert not is_augmented(tta.model.module)
    batch = next(iter(tta.test_dataloader))
    tta.model.eval()
    (merged,) = tta.model.test_step(batch)
    singles = [
        tta.model.module.test_step(dict(inputs=inputs, data_samples=samples))[0].seg_logits.data.softmax(0)
        for inputs, samples in zip(batch['inputs'], batch['data_samples'], strict=True)
    ]
    assert len(singles) == 12
    prediction = sum(singles).argmax(0)
    assert merged.pred_sem_seg.data.squeeze(0).equal(prediction)
    assert len(prediction.unique()) > 1


def test_multi_scale_test_that_cannot_be():
    with pytest.raises(UserError, match='--tta: None has no tta_model; test it without --tta'):
        augment_test(Config(dict(tta_pipeline=[])))
    with pytest.raises(UserError, match='--tta tests one checkpoint'):
        augment_test(recipe('^gpaco_upernet-swin-tiny'), num_members=2)


def test_norms_are_synchronised_under_a_launcher_only(monkeypatch):
    def norms(launcher, has_gpus):
        monkeypatch.setattr(torch.cuda, 'is_available', lambda: has_gpus)
        monkeypatch.setattr('ltcl.engine.Runner.from_cfg', lambda cfg: cfg)
        cfg = recipe('^ceco_upernet-swin-tiny')
        cfg.launcher = launcher
        cfg = build_runner(cfg)
        return {cfg.model[head].norm_cfg.type for head in ('decode_head', 'auxiliary_head')}

    assert norms('pytorch', True) == {'SyncBN'}
    assert norms('pytorch', False) == norms('none', True) == {'BN'}


def test_plain_norms_leave_the_rest():
    cfg = Config(dict(model=dict(a=[dict(type='SyncBN', eps=1)], b=dict(type='LN'))))
    use_plain_norms(cfg)
    assert cfg.model == dict(a=[dict(type='BN', eps=1)], b=dict(type='LN'))


@all_recipes()
def test_header(path):
    header = re.sub(r'\n#\s*', ' ', path.read_text().partition('\n_base_')[0])
    num_gpus, batch_size, thousands = map(int, re.search(r'_(\d+)xb(\d+)-(\d+)k_', path.stem).groups())
    assert f'CONFIG={path.relative_to(CONFIGS.parents[1])} ' in header
    assert f'tools/dist_train.sh $CONFIG {num_gpus} ' in header
    assert f'CHECKPOINT=work_dirs/{path.stem}/iter_{1000 * thousands}.pth ' in header
    assert f'$CHECKPOINT {num_gpus} --tta ' in header
    words = {2: '2 images on each', 4: '4 images on each|Four images on each'}[batch_size]
    assert re.search(words, header)
    assert header.endswith('Not run here.')
    if 'swin' in path.stem:
        assert load_config(str(path)).load_from.split('/')[-1].replace('.ltcl.pth', '.pth') in header


@pytest.mark.parametrize('method', BRANCHES)
def test_metafile_and_readme_name_every_config(method):
    folder = CONFIGS / method
    configs = sorted(path.stem for path in folder.glob('*.py'))
    assert sorted(model['Name'] for model in mmengine.load(folder / 'metafile.yml')['Models']) == configs
    readme = (folder / 'README.md').read_text()
    assert [name for name in configs if f'({name}.py)' not in readme] == []
