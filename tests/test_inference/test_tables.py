"""The table of predictions, as programs of other people read it."""

import io

import pandas as pd

from ltcl.inference.answers import Prediction
from ltcl.inference.tables import table_of


def test_classes_that_are_called_as_nothing_are_read_by_pandas_as_the_documentation_says():
    names = ['NA', 'None', 'null', 'nan']
    predictions = [Prediction(name, (name, 'x'), (0.5, 0.25)) for name in names]
    text = table_of([*predictions, Prediction('broken', error='cut off')], '.csv', top=2)
    empty = {'probability': [''], 'probability_2': ['']}
    found = pd.read_csv(io.StringIO(text), keep_default_na=False, na_values=empty)
    assert found['class'].tolist() == [*names, '']
    assert found['path'].tolist() == [*names, 'broken']
    assert found['probability_2'].isna().tolist() == [False] * 4 + [True]
    assert found['probability'].dtype == float
