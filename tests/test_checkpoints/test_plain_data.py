"""Whatever a run keeps becomes numbers, text, tensors and containers, and comes back."""

from collections import OrderedDict

import numpy as np
import torch
from mmengine.logging import HistoryBuffer, MessageHub

from ltcl.checkpoints.plain_data import hub_to_plain, load_hub, to_plain


class Stranger(str):
    """Text with a class of its own."""


def test_values_become_builtin_types():
    plain = to_plain(
        OrderedDict(a=np.float32(0.5), b=(np.int64(3), [True, None]), c=np.arange(3), d=Stranger('x'), e={'y'}, f=range)
    )
    assert plain == {**plain, 'a': 0.5, 'b': (3, [True, None]), 'd': 'x', 'e': ['y'], 'f': "<class 'range'>"}
    assert type(plain) is dict
    assert [type(plain[name]) for name in 'ad'] == [float, str]
    assert type(plain['b'][1][0]) is bool
    assert torch.equal(plain['c'], torch.arange(3))


def test_names_that_are_no_utf8_survive_a_file(tmp_path):
    torch.save(to_plain({'classes': ('caf\udce9', '猫')}), tmp_path / 'a.pth')
    assert torch.load(tmp_path / 'a.pth', weights_only=True) == {'classes': ('caf\udce9', '猫')}


def test_message_hub_comes_back_from_a_file_read_without_any_safe_type(tmp_path):
    ours, theirs = MessageHub('ours'), MessageHub('theirs')
    ours.update_scalar('train/loss', 1.5)
    ours.update_scalar('train/loss', 0.25, count=4)
    ours.update_info('best_score', np.float64(3.5))
    ours.update_info('unsaved', 1, resumed=False)
    torch.save(hub_to_plain(ours), tmp_path / 'a.pth')
    load_hub(theirs, torch.load(tmp_path / 'a.pth', weights_only=True))
    values, counts = theirs.get_scalar('train/loss').data
    assert values.tolist() == [1.5, 0.25]
    assert counts.tolist() == [1, 4]
    assert theirs.get_scalar('train/loss').current() == 0.25
    assert theirs.get_info('best_score') == 3.5
    assert 'unsaved' not in theirs.runtime_info


def test_histories_of_mmengine_are_taken_as_they_are():
    hub = MessageHub('mmengine')
    buffer = HistoryBuffer([1.0], [1])
    load_hub(hub, dict(log_scalars={'train/loss': buffer}, runtime_info={}, resumed_keys={'train/loss': True}))
    assert hub.get_scalar('train/loss') is buffer
