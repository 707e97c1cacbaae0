"""Passages of the site that stand elsewhere: zoo, README, commands, keys of the configs."""

import re

import pytest
import yaml
from from_code.benchmark_list import benchmarks
from from_code.command_list import commands
from from_code.comparison_picture import PANELS, PLACE, comparison, told
from from_code.method_pages import folders
from from_code.readme_tables import results
from from_code.repository import CONFIGS, DOCS, ROOT, method_page
from from_code.sections import section
from from_code.tail_pictures import FASHION, PICTURES
from from_code.zoo import method_list, zoo
from PIL import Image

from ltcl.cli.main import COMMANDS
from ltcl.launch import load_config
from ltcl.launch.building import import_scope
from ltcl.launch.parts import check_parts


def test_zoo_has_every_config_and_marks_what_others_measured():
    text = zoo()
    names = [
        model['Name'] for path in CONFIGS.rglob('metafile.yml') for model in yaml.safe_load(path.read_text())['Models']
    ]
    assert all(f'| [`{name}`]' in text for name in names)
    row = next(line for line in text.splitlines() if '`bcl_resnext50-32x4d_4xb64-90e_imagenet-lt-rand-rand`' in line)
    assert row.endswith("| ImageNet-LT | not run | 57.8 top-1 (authors' README) |")
    row = next(line for line in text.splitlines() if '`bcl_resnet20_1xb128-100e_fashion-mnist-lt-small`' in line)
    assert row.endswith('| Fashion-MNIST-LT small | 80.9 top-1 | – |')


def test_every_method_has_a_page_in_the_contents():
    written = {method_page(folder).stem for folder in folders()}
    listed = {entry.removeprefix('methods/') for entry in method_list().splitlines()}
    assert listed | {'custom'} == written  # own images stand in another chapter


def test_every_command_shows_its_help():
    text = commands()
    assert re.findall(r'^## ltcl (.*)$', text, re.M) == list(COMMANDS)
    assert '--prior' in text
    assert 'examples:' in text


def test_benchmarks_are_those_of_the_folder():
    text = benchmarks()
    assert '`python benchmarks/step.py`' in text
    assert 'run_all' not in text
    assert 'networks.py' not in text


def test_section_ends_at_the_next_heading_of_its_level():
    text = section(ROOT / 'README.md', 'Results', DOCS / 'choosing.md')
    assert '### Fashion-MNIST-LT, from scratch' in text
    assert '# All figures' not in text
    assert '## Segmentation' not in text
    with pytest.raises(KeyError, match='no section "Nothing"'):
        section(ROOT / 'README.md', 'Nothing', DOCS / 'choosing.md')


def test_pictures_are_of_our_figures():
    rows = {row.method: row.figures for row in results('Fashion-MNIST-LT, from scratch')}
    gain = rows['BCL']['few'] - rows['cross entropy']['few']
    assert f'>{gain:+.1f}<' in PICTURES['gains']()
    assert all(f'>{count}<' in PICTURES['tail']() for count in (500, 299, 5))
    assert PICTURES['boundary']().startswith('<figure')


MIGRATE = (DOCS / 'migrate.md').read_text(encoding='utf-8')
TABLES = re.findall(r'^\| .*\| ltcl, `([^`]+)` \|\n\| --- \| --- \|\n((?:\|.*\n)+)', MIGRATE, re.MULTILINE)
KEY = re.compile(r'`((?:model|optim_wrapper|param_scheduler|train_dataloader|default_hooks|randomness)\.[\w.]+)`')


@pytest.mark.parametrize(('name', 'rows'), TABLES, ids=[name for name, _ in TABLES])
def test_our_keys_are_read_by_the_config(name, rows):
    """Each is set on the config, and nothing says that no part of it reads such a key."""
    cfg = load_config(str(CONFIGS / f'{name}.py'))
    keys = KEY.findall(rows)
    assert keys
    for key in keys:
        parent, _, last = key.rpartition('.')
        node = cfg
        for step in parent.split('.'):
            node = node[step]
        node.setdefault(last, None)
    import_scope(cfg.default_scope)
    check_parts(cfg)


def test_the_picture_of_the_methods_is_of_the_table_as_it_is():
    rows = results(FASHION)
    with Image.open(PLACE) as picture:
        assert picture.text['Description'] == told(rows), 'cd docs; python -m from_code.comparison_picture'
    row = next(row for row in rows if row.method == 'BCL')
    assert (row.figures['all'], row.spreads['all'], row.spreads['few']) == (80.9, 0.2, 1.0)
    figure = comparison(rows)
    for axes, name in zip(figure.axes, PANELS, strict=True):
        assert axes.get_title(loc='left') == name
        assert list(axes.lines[0].get_xdata()) == [row.figures[name] for row in rows]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [row.method for row in rows]
