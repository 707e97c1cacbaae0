"""mmpretrain's own inferencers give the probabilities of the tools' test, for every order of colours."""

from pathlib import Path

import mmcv
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.registry import METRICS
from mmpretrain import FeatureExtractor, ImageClassificationInferencer
from mmpretrain.apis import get_model
from natural_picture import draw_picture
from PIL import Image

from ltcl.launch import build_runner
from ltcl.launch.config_values import fill_num_classes, hand_down

CONFIGS = Path(__file__).parents[2] / 'configs' / 'custom'
NAMES = ('balanced-softmax', 'paco', 'linear_kcl')
CLASSES = ('ant', 'bee', 'cat')
EXTENSIONS = ('jpg', 'png', 'webp', 'bmp')


@METRICS.register_module(name='RecordScores')
class RecordScores(BaseMetric):
    """Keeps the probabilities of each file."""

    def process(self, data_batch: dict, data_samples: list[dict]) -> None:
        self.results += [(each['img_path'], each['pred_score'].numpy()) for each in data_samples]

    def compute_metrics(self, results: list) -> dict:
        return {'scores': dict(results)}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Colourful images in class folders, in files of several formats."""
    root = tmp_path_factory.mktemp('images')
    for label, name in enumerate(CLASSES):
        for number in range(4):
            picture = np.roll(draw_picture(50, 60, 4 * label + number) // (1, 2, 4), label, axis=2).astype(np.uint8)
            path = root / name / f'{number}.{EXTENSIONS[number]}'
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(picture).save(path, lossless=True)
    return root


def small_config(name: str, path: Path, load: str | None = None, to_rgb: bool = False) -> Path:
    """A config file on a shipped one, of a narrow network on small images; num_classes stays None."""
    base = next(CONFIGS.glob(f'{name}_resnet50*'))
    lines = [
        f'_base_ = [{str(base)!r}]',
        f'load = dict(type={load!r})' if load else 'load = _base_.load',
        "view = dict(type='ltcl.EvalView', resize=36, size=32)",
        'model = dict(backbone=dict(base_channels=8, stem_channels=8))',
        'dataset = dict(pipeline=[load, view, _base_.pack])',
        'test_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dataset)',
        f'data_preprocessor = dict(to_rgb={to_rgb})',
        "test_evaluator = [dict(type='RecordScores')]",
    ]
    path.write_text('\n'.join(lines))
    return path


@pytest.fixture(scope='module')
def trained(folder, tmp_path_factory):
    """For a method a config, a checkpoint as a training writes it, and the probabilities of a test with them."""
    root = tmp_path_factory.mktemp('runs')

    def run(name: str) -> tuple[Path, str, dict]:
        path = small_config(name, root / f'{name}.py')
        cfg = Config.fromfile(path)
        hand_down(cfg, 'data_root', str(folder))
        fill_num_classes(cfg)
        cfg.merge_from_dict(dict(work_dir=str(root / name), load_from=None, train_dataloader=None, train_cfg=None))
        cfg.update(optim_wrapper=None, param_scheduler=None, val_dataloader=None, val_cfg=None, val_evaluator=None)
        cfg.default_hooks = dict(channel_order=cfg.default_hooks.channel_order)
        torch.manual_seed(0)
        runner = build_runner(cfg)
        runner.model.init_weights()
        scores = runner.test()['scores']
        checkpoint = str(root / f'{name}.pth')
        meta = dict(dataset_meta=dict(classes=CLASSES))
        torch.save({'state_dict': runner.model.state_dict(), 'meta': meta}, checkpoint)
        return path, checkpoint, scores

    return {name: run(name) for name in NAMES}


@pytest.mark.parametrize('name', NAMES)
def test_files_and_arrays_have_the_probabilities_of_the_test(trained, name):
    config, checkpoint, scores = trained[name]
    infer = ImageClassificationInferencer(model=str(config), pretrained=checkpoint)
    for path, expected in scores.items():
        for given in (path, mmcv.imread(path)):
            [result] = infer(given)
            np.testing.assert_allclose(result['pred_scores'], expected, rtol=0, atol=1e-5)
            assert result['pred_class'] == CLASSES[expected.argmax()]
        [swapped] = infer(np.ascontiguousarray(mmcv.imread(path)[..., ::-1]))
        assert np.abs(swapped['pred_scores'] - expected).max() > 1e-4
    batch = infer(list(scores), batch_size=4)
    np.testing.assert_allclose([each['pred_scores'] for each in batch], list(scores.values()), rtol=0, atol=1e-5)


@pytest.mark.parametrize('to_rgb', [False, True])
@pytest.mark.parametrize('load', ['LoadImageFromFile', 'ltcl.LoadImage'])
def test_another_loader_or_order_in_the_config_swaps_no_colours(trained, tmp_path, load, to_rgb):
    _, checkpoint, scores = trained['balanced-softmax']
    config = small_config('balanced-softmax', tmp_path / 'other.py', load, to_rgb)
    infer = ImageClassificationInferencer(model=str(config), pretrained=checkpoint)
    for path, expected in scores.items():
        np.testing.assert_allclose(infer(path)[0]['pred_scores'], expected, rtol=0, atol=1e-5)


def test_feature_extractor(trained):
    config, checkpoint, scores = trained['balanced-softmax']
    model = get_model(str(config), checkpoint)
    assert FeatureExtractor(model)(next(iter(scores)))[0][0].shape == (256,)
