"""The benchmark of the start-up, which needs data: what it says where there is no config."""

import pytest

from ltcl.errors import UserError


def test_start_up_says_why_a_training_ended(load):
    with pytest.raises(UserError, match=r'config file missing\.py does not exist'):
        load('start_up').seconds_to_first_iteration('missing.py')
