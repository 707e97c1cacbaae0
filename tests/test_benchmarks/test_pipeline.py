"""The benchmark of the input pipeline at a small size."""

import numpy as np
import pytest
from PIL import Image

from ltcl.datasets.samplers import seed_generators
from ltcl.datasets.transforms import decode_rgb


def test_figures(load):
    pipeline = load('pipeline')
    figures = pipeline.measure_recipe('tiny', ['randcls', 'sim'], pipeline.draw_files(2, 40, 50), rounds=1)
    rates = {figure.name: figure.value for figure in figures if figure.unit == 'items/s'}
    assert len(rates) == 4
    values = {figure.name: figure.value for figure in figures}
    for backend in ('opencv', 'pillow'):
        rate = values[f'tiny, {backend} back end: rate']
        speed = values[f'tiny, {backend} back end: speed against the plain pipeline']
        share = values[f'tiny, {backend} back end: share of the rate of pure decoding']
        assert speed == pytest.approx(rate / values['tiny, plain pipeline: rate'])
        assert share == pytest.approx(rate / values['tiny, pure decoding: rate'])
    assert [figure.name for figure in figures if figure.goal] == [
        'tiny, opencv back end: speed against the plain pipeline'
    ]


@pytest.mark.parametrize('recipes', [['randcls', 'sim'], ['randcls', 'bcl_sim', 'bcl_sim']])
def test_all_forms_make_the_same_kind_of_sample(load, recipes):
    pipeline = load('pipeline')
    (content,) = pipeline.draw_files(1, 60, 80)
    assert recipes in pipeline.METHODS.values()
    plain = pipeline.plain_pipeline(recipes)(content)
    assert [tuple(view.shape) for view in plain] == [(3, 224, 224)] * len(recipes)
    for backend in ('pillow', 'opencv'):
        ours = pipeline.our_pipeline(recipes, backend)(content)['inputs']
        assert [view.shape for view in ours] == [view.shape for view in plain]


def test_plain_and_our_views_have_the_same_mean(load):
    pipeline = load('pipeline')
    content = pipeline.draw_files(1, 60, 80)[0]
    plain, ours = [], []
    for make, found in (
        (pipeline.plain_pipeline(['sim', 'randcls']), plain),
        (lambda file: pipeline.our_pipeline(['sim', 'randcls'], 'pillow')(file)['inputs'], ours),
    ):
        seed_generators(0)
        found += [[float(view.float().mean()) for view in make(content)] for _ in range(60)]
    std = np.array([0.229, 0.224, 0.225]).mean()
    levels = 255 * (0.449 + std * np.mean(plain, 0))
    np.testing.assert_allclose(np.mean(ours, 0), levels, atol=8)


def test_files_are_photograph_like(load):
    (content,) = load('pipeline').draw_files(1)
    image = decode_rgb(content)
    assert image.shape == (400, 500, 3)
    # Neighbours are alike, and the files of ImageNet have about 110 kB at this size.
    rows = image[..., 0].astype(float)
    assert np.corrcoef(rows[1:].ravel(), rows[:-1].ravel())[0, 1] > 0.8
    assert 50_000 < len(content) < 200_000
    assert Image.fromarray(image).convert('L').getextrema()[1] > 200
