"""Every function of the room has an example, and every example holds."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

from ltcl import functional

MODULES = [module.name for module in pkgutil.iter_modules(functional.__path__, 'ltcl.functional.')]


@pytest.mark.parametrize('name', MODULES)
def test_examples_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize('name', [name for name in functional.__all__ if inspect.isfunction(getattr(functional, name))])
def test_has_an_example(name):
    function = getattr(functional, name)
    finder = doctest.DocTestFinder(recurse=False)
    assert any(found.examples for found in finder.find(function, name, globs={}))
