"""Every example in a docstring prints what it says, and what a user calls has one; losses have a test of their own."""

import doctest
import importlib
import inspect
from pathlib import Path

import pytest

import ltcl

ROOT = Path(ltcl.__file__).parent
PATHS = [path for path in sorted(ROOT.rglob('*.py')) if '>>>' in path.read_text()]
NAMES = [
    '.'.join(path.relative_to(ROOT.parent).with_suffix('').parts)
    for path in PATHS
    if path.parent != ROOT / 'functional'
]
# Base classes: their kinds have the examples.
ABSTRACT = {'PrioritySampler', 'ShotMetricMixin'}
# What a function returns, which has the example.
RECORDS = {'SavedPredictions'}


@pytest.mark.parametrize('name', NAMES)
def test_examples_hold(name):
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0
    assert results.failed == 0


# What a user computes from saved predictions is called by its module.
FIGURES = [
    f'ltcl.predictions.{name}'
    for name in ('adjusting', 'calibration', 'class_report', 'figures', 'few_of_each', 'intervals', 'prior_sweep')
]
FIGURES += ['ltcl.predictions.sweeps', 'ltcl.evaluation.functional.shot']


@pytest.mark.parametrize('name', FIGURES)
def test_every_figure_of_predictions_has_an_example(name):
    module = importlib.import_module(name)
    own = {each: found for each, found in inspect.getmembers(module, inspect.isfunction) if found.__module__ == name}
    public = {each: found for each, found in own.items() if not each.startswith('_')}
    assert public
    assert {each for each, found in public.items() if '>>>' not in (inspect.getdoc(found) or '')} == set()


@pytest.mark.parametrize('package', ['evaluation.functional', 'evaluation.metrics', 'datasets.samplers', 'predictions'])
def test_what_is_called_has_an_example(package):
    module = importlib.import_module(f'ltcl.{package}')
    called = {name for name in module.__all__ if callable(getattr(module, name))} - ABSTRACT - RECORDS
    assert {name for name in called if '>>>' not in (inspect.getdoc(getattr(module, name)) or '')} == set()
