"""Checkpoints of every kind, and damage to them: of bits, lengths, operations of the pickle, the structure of a zip."""

import argparse
import io
import pickle
import pickletools
import random
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable

import numpy as np
import torch
from hostile import HOSTILE, in_checkpoint, in_legacy, in_zip, zip_of
from mmengine.logging import HistoryBuffer
from torch import nn

LENGTHS = (b'\xff\xff\xff\xff', b'\xff\xff\xff\x7f', b'\x00\x00\x00\x80', b'\x00\x00\x00\x00', bytes(8), b'\xff' * 8)


def saved(value: object, new: bool = True, protocol: int = 2) -> bytes:
    """What ``torch.save`` writes."""
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=new, pickle_protocol=protocol)
    return file.getvalue()


def contents() -> dict[str, dict]:
    """What checkpoints hold: a run's, an older run's, an original's."""
    torch.manual_seed(0)
    net = nn.Sequential(OrderedDict(backbone=nn.Linear(4, 3), norm=nn.BatchNorm1d(3)))
    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    meta = dict(epoch=1, iter=5, cfg='a = 1\n', seed=7, dataset_meta=dict(classes=('a', 'b')), class_counts=[3, 1])
    run = dict(meta=meta, state_dict=net.state_dict(), optimizer=optimizer.state_dict())
    run['param_schedulers'] = [dict(milestones=Counter([3, 5]), last_step=5, gamma=0.1)]
    history = dict(log_history=torch.rand(5).double(), count_history=torch.ones(5).long(), max_length=10)
    hub = dict(log_scalars={'train/loss': history}, runtime_info=dict(epoch=1), resumed_keys={'train/loss': True})
    older = hub | dict(log_scalars=OrderedDict({'train/loss': HistoryBuffer([0.5, 0.25], [1, 1])}))
    options = argparse.Namespace(lr=0.1, milestones=[3], name='x')
    original = dict(
        model=net.state_dict(), args=options, acc=np.float64(0.5), counts=np.arange(4), shape=torch.Size([2])
    )
    original |= dict(weight=nn.Parameter(torch.ones(2)), half=torch.ones(3, dtype=torch.bfloat16), dtype=torch.int8)
    return dict(run=run | dict(message_hub=hub), older=run | dict(message_hub=older), original=original)


def whole_files() -> dict[str, bytes]:
    """A file of each kind and format."""
    files = {}
    for name, content in contents().items():
        files[f'{name}_zip'] = saved(content)
        files[f'{name}_zip_4'] = saved(content, protocol=4)
        files[f'{name}_legacy'] = saved(content, new=False)
    original = contents()['original']
    for protocol in (0, 2, 4, 5):
        files[f'pickle_{protocol}'] = pickle.dumps(original | dict(model=original['counts']), protocol)
    for name in ('reduce_exec', 'build_setstate_by_getattr', 'history_statistics', 'memo'):
        part = in_checkpoint(HOSTILE[name]('code_was_run'))
        files |= {f'{name}_zip': in_zip(part), f'{name}_legacy': in_legacy(part)}
    return files


def flip(rng: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def truncate(rng: random.Random, content: bytes) -> bytes:
    return content[: rng.randrange(len(content))]


def remove(rng: random.Random, content: bytes) -> bytes:
    start, length = rng.randrange(len(content)), rng.choice((1, 2, 4, 64, 1000))
    return content[:start] + content[start + length :]


def splice(rng: random.Random, content: bytes) -> bytes:
    """A part of the file in another place of it."""
    start, place = rng.randrange(len(content)), rng.randrange(len(content))
    return content[:place] + content[start : start + rng.choice((1, 8, 200))] + content[place + rng.choice((0, 8)) :]


def lengthen(rng: random.Random, content: bytes) -> bytes:
    """A number replaced by the largest, the smallest or none."""
    place, number = rng.randrange(len(content)), rng.choice(LENGTHS)
    return content[:place] + number + content[place + len(number) :]


def change_operation(rng: random.Random, content: bytes) -> bytes:
    """An operation of the pickle, or its argument, replaced or moved: the file around it stays whole."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return _change_operation(rng, content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name in entries if name.endswith('/data.pkl'))
    return zip_of(entries | {name: _change_operation(rng, entries[name])})


def _change_operation(rng: random.Random, content: bytes) -> bytes:
    places = [place for _, _, place in pickletools.genops(content)]
    if rng.random() < 0.4:  # what follows it, such as a number or the place of a value in the memo
        changed = bytearray(content)
        changed[min(rng.choice(places) + rng.choice((1, 1, 1, 2, 5)), len(changed) - 1)] = rng.choice(
            (0, 1, 2, 3, 7, 255)
        )
        return bytes(changed)
    for _ in range(rng.choice((1, 1, 3))):
        place = rng.choice(places)
        code = rng.choice(pickletools.opcodes).code.encode('latin-1')
        kept = content[place + rng.randrange(2) :]
        content = content[:place] + code + kept if rng.random() < 0.8 else content[:place] + kept[:20] + content[place:]
    return content


def damage_structure(rng: random.Random, content: bytes) -> bytes:
    """Bytes of the tables at the end, or of the first header."""
    changed = bytearray(content)
    end = max(0, len(changed) - 600)
    for _ in range(rng.choice((1, 2, 4))):
        place = rng.randrange(end, len(changed)) if rng.random() < 0.8 else rng.randrange(min(64, len(changed)))
        changed[place] = rng.choice((0, 1, 0x7F, 0xFF, rng.randrange(256)))
    return bytes(changed)


MUTATIONS: list[Callable[[random.Random, bytes], bytes]] = [
    flip,
    truncate,
    remove,
    splice,
    lengthen,
    change_operation,
    change_operation,
    damage_structure,
]


def mutated(seed: int, files: dict[str, bytes]) -> tuple[str, bytes]:
    """The damaged file of a number: what it was and what was done, and its bytes."""
    rng = random.Random(seed)
    name = rng.choice(sorted(files))
    content, done = files[name], []
    for _ in range(rng.choice((1, 1, 1, 2))):
        mutation = rng.choice(MUTATIONS)
        try:
            content = mutation(rng, content) or b'\x00'
        except Exception:  # it no longer has the structure that would be changed
            content = flip(rng, content)
        done.append(mutation.__name__)
    return f'{name}: {", ".join(done)} (seed {seed})', content
