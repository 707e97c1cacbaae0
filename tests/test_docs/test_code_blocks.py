"""What the pages say to type exists: commands, their options, configs, modules and the names in them."""

import ast
import importlib
import re
import shlex
from collections.abc import Iterator
from functools import cache

import pytest
from from_code.command_list import help_of
from pages import ROOT, blocks, pages, without_code

from ltcl.catalogue import blocks as registered_blocks
from ltcl.cli.main import COMMANDS
from ltcl.registry import VISBACKENDS
from ltcl.shipped import find_config

# Its commands and files are run to the letter in test_guide.py.
GUIDE = 'docs/add_a_method.md'
SHELL = [block for block in blocks() if block.language in ('bash', '') and block.page not in (GUIDE, 'CHANGELOG.md')]
PYTHON = [block for block in blocks() if block.language == 'python' and block.page != GUIDE]
# Words of a command line that stand for something else, or that the shell fills in.
OPEN = re.compile(r'\.\.\.|[${}*]|[A-Z_]{4,}')


def lines_of(text: str) -> Iterator[str]:
    """Command lines of a block: continued ones joined, comments and brackets of what may be left out taken away."""
    for line in text.replace('\\\n', ' ').splitlines():
        line = re.sub(r'(^|\s)#.*', '', line)
        yield from (part.strip().replace('[--', '--') for part in re.split(r'&&|;|\|', line))


def commands() -> list[tuple[str, str]]:
    """Page and command line of everything that calls ltcl, one of its scripts or make."""
    found = [(block.page, line) for block in SHELL for line in lines_of(block.text)]
    for page in pages():
        name = page.relative_to(ROOT).as_posix()
        if name not in (GUIDE, 'CHANGELOG.md'):
            text = without_code(page.read_text(encoding='utf-8'))
            written = [*re.findall(r'^    (ltcl .*)$', text, re.M), *re.findall(r'`(ltcl [a-z][^`]*)`', text)]
            found += [(name, line.replace('\n', ' ')) for line in written]
    called = re.compile(r'(\w+=\S+ )*(ltcl [a-z]|python (tools|benchmarks)/|make [a-z])')
    return sorted({(page, line) for page, line in found if called.match(line)})


def words_of(line: str) -> list[str]:
    """Words of a command line, without variables that stand before it."""
    try:
        words = shlex.split(line)
    except ValueError:  # an apostrophe in words that follow
        words = line.split()
    while '=' in words[0]:
        words = words[1:]
    return words


def command_name(words: list[str]) -> str:
    """The command of ltcl that a line calls; empty of make and of benchmarks."""
    if words[0] == 'ltcl':
        name = ' '.join(words[1:3])
        return name if name in COMMANDS else words[1]
    if words[1].startswith('tools/'):
        [module] = re.findall(r'from ltcl\.cli\.(\w+) import', (ROOT / words[1]).read_text())
        return next(name for name in COMMANDS if re.sub('[ -]', '_', name) == module)
    return ''


@cache
def options_of(name: str) -> set[str]:
    """Options of a command, from its help without the examples."""
    return set(re.findall(r'--[\w-]+', help_of(name).partition('\nexamples:')[0]))


@pytest.mark.parametrize(('page', 'line'), commands())
def test_command_is_known(page, line):
    words = words_of(line)
    if words[0] == 'make':
        targets = re.findall(r'^\.PHONY: (.*)$', (ROOT / 'Makefile').read_text(), re.M)[0].split()
        assert words[1] in targets
        return
    if words[0] == 'python':
        assert (ROOT / words[1]).is_file()
    name = command_name(words)
    if name:
        assert name in COMMANDS
        given = {word.partition('=')[0].rstrip(']') for word in words if re.match(r'--[a-z]', word)}
        assert given <= options_of(name), page
    for word in words:
        if re.match(r'(ltcl::|configs/).', word) and not OPEN.search(word):
            assert find_config(word).exists(), f'{page}: {word}'


@cache
def registered_names() -> set[str]:
    """Names of all parts that a config can name, those of segmentation too."""
    importlib.import_module('ltcl.models.decode_heads')
    importlib.import_module('ltcl.engine')
    back_ends = {f'ltcl.{name}' for name in VISBACKENDS.module_dict}
    return back_ends.union(*registered_blocks().values())


@pytest.mark.parametrize('block', PYTHON, ids=lambda block: f'{block.page}-{block.text[:20]!r}')
def test_python_can_be_typed(block):
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and (node.module or '').startswith('ltcl'):
            module = importlib.import_module(node.module)
            assert all(hasattr(module, name.name) for name in node.names)
        if isinstance(node, ast.keyword) and node.arg == 'type' and isinstance(node.value, ast.Constant):
            named = str(node.value.value)
            assert not named.startswith('ltcl.') or named in registered_names()


RUNNABLE = [block for block in PYTHON if block.page in ('docs/class_mix.md', 'docs/faq.md')]


@pytest.mark.parametrize('block', RUNNABLE, ids=lambda block: block.page)
def test_example_runs(block):
    exec(compile(block.text, block.page, 'exec'), {})
