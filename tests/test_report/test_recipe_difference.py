"""What a run changed in its config; the config in a report is data, whatever it says."""

from ltcl.report.recipe_difference import flatten, read_config_text, recipe_difference
from ltcl.shipped import shipped_configs


def test_a_config_is_read_as_data():
    assert read_config_text('a = dict(b=[dict(c=1)], d=(1, 2))\ne = None\n') == {
        'a': {'b': [{'c': 1}], 'd': [1, 2]},
        'e': None,
    }
    assert read_config_text('import os\n') is None
    assert read_config_text("a = __import__('os').system('true')") is None


def test_changes_of_a_shipped_config():
    from mmengine.config import Config

    path = next(path for path in shipped_configs().values() if path.name.startswith('bcl'))
    cfg = Config.fromfile(path)
    assert recipe_difference(str(path), cfg.pretty_text)[1] == []
    cfg.train_dataloader.batch_size, cfg.extra = 7, 'x'
    name, changes = recipe_difference(str(path), cfg.pretty_text)
    assert name.startswith('ltcl::')
    assert [change[0] for change in changes] == ['train_dataloader.batch_size', 'extra']
    assert changes[0][2] == 7


def test_a_config_of_ones_own_has_no_recipe(tmp_path):
    assert recipe_difference(str(tmp_path / 'mine.py'), 'a = 1') is None
    assert recipe_difference(None, '') is None


def test_flatten_names_lists_of_dicts():
    assert flatten({'a': [{'b': 1}, {'b': 2}], 'c': [1]}) == {'a.0.b': 1, 'a.1.b': 2, 'c': [1]}
