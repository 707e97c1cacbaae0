"""The path that a wrong one may have meant."""

import pytest

from ltcl.similar_paths import meant_path, nearest_path


@pytest.mark.parametrize(
    ('word', 'nearest'),
    [
        ('data/bird', 'data/birds'),
        ('daat/bird', 'data/birds'),
        ('Data/Birds', 'data/birds'),
        ('data/birds/trian', 'data/birds/train'),
        ('data/birds/labels.csvv', 'data/birds/labels.csv'),
        ('data/birds/labels.csv/train', None),
        ('data/vehicles', None),
        ('elsewhere/birds', None),
    ],
)
def test_nearest_existing_name(tmp_path, monkeypatch, word, nearest):
    (tmp_path / 'data' / 'birds' / 'train').mkdir(parents=True)
    (tmp_path / 'data' / 'birds' / 'labels.csv').touch()
    monkeypatch.chdir(tmp_path)
    found = nearest_path(word)
    assert (None if found is None else str(found)) == nearest
    assert meant_path(word, 'correct it') == (f'did you mean {nearest}?' if nearest else 'correct it')
