"""A sharded model trains, saves and resumes like one under DDP."""

from pathlib import Path

import pytest
import torch
from mmengine.hooks import EMAHook
from mmengine.registry import init_default_scope
from processes import run_processes
from shipped_configs import CONFIGS, read
from torch import nn
from toy import toy_config

from ltcl.checkpoints.reading import load_from_local
from ltcl.engine import Runner
from ltcl.engine.finite import are_finite, first_not_finite
from ltcl.engine.sharded import FullyShardedModel, refuse_unfit
from ltcl.engine.sharded.tensors import cut_like, is_sharded, local_part, whole
from ltcl.errors import UserError

DDP = dict(type='MMDistributedDataParallel', device_ids=None, broadcast_buffers=False)
SHARDED = dict(type='ltcl.FullyShardedModel')
VIT = dict(
    type='VisionTransformer',
    arch=dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32),
    img_size=16,
    patch_size=8,
    out_type='avg_featmap',
    final_norm=False,
)
# The gradient of a bias of keys is 0 but for rounding, which a smaller eps would make a step of.
OPTIMIZER = dict(type='AdamW', lr=1e-2, weight_decay=0.05, eps=1e-3)


def test_the_sharded_recipe_is_the_other_one():
    recipe, sharded = (
        read(CONFIGS / 'gpaco' / f'{name}_vit-large_8xb16-50e_imagenet.py').to_dict()
        for name in ('gpaco', 'gpaco-sharded')
    )
    assert sharded == {**recipe, 'model_wrapper_cfg': SHARDED}


def run(images: str, folder: Path, wrapper: dict, method: str, **changes: object) -> Runner:
    """A training of a small vision transformer, four batches of two processes an epoch, two of them a step."""
    cfg = toy_config(Path(images), folder, method, launcher='pytorch', train_cfg__max_epochs=3, **changes)
    cfg.model.backbone = VIT
    cfg.model.neck = None
    cfg.optim_wrapper = dict(
        type='OptimWrapper', optimizer=OPTIMIZER, accumulative_counts=2, clip_grad=dict(max_norm=1.0)
    )
    cfg.default_hooks.checkpoint.max_keep_ckpts = -1
    cfg.model_wrapper_cfg = wrapper
    cfg.train_dataloader.batch_size = 5
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def assert_same_run(folder: Path, other: Path) -> None:
    ours, theirs = (load_from_local(str(each / 'epoch_3.pth'), 'cpu') for each in (folder, other))
    assert ours['meta']['iter'] == theirs['meta']['iter'] == 12
    for part in ('state_dict', 'optimizer'):
        torch.testing.assert_close(ours[part], theirs[part], rtol=1e-4, atol=1e-5)


def train_both_ways(rank: int, images: str, folder: str, method: str) -> None:
    init_default_scope('mmpretrain')
    plain, sharded, resumed, changed = (Path(folder, name) for name in ('plain', 'sharded', 'resumed', 'changed'))
    run(images, plain, DDP, method)
    model = run(images, sharded, SHARDED, method).model
    weights = dict(model.module.named_parameters())
    assert all(map(is_sharded, weights.values()))
    weight = weights['backbone.layers.0.ffn.layers.0.0.weight']
    assert weight.shape == (32, 16)
    assert local_part(weight).shape == (16, 16)
    assert_same_run(sharded, plain)
    first = str(sharded / 'epoch_1.pth')
    run(images, resumed, SHARDED, method, resume=True, load_from=first)
    assert_same_run(resumed, sharded)
    run(images, changed, DDP, method, resume=True, load_from=first)
    assert_same_run(changed, sharded)


@pytest.mark.slow
@pytest.mark.parametrize('method', ['gpaco', 'paco', 'bcl', 'cross_entropy'])
def test_sharded_run_is_that_of_ddp(images, tmp_path, method):
    run_processes(train_both_ways, world_size=2, images=str(images), folder=str(tmp_path), method=method)


class Net(nn.Module):
    """Two layers; three rows of the first are dealt out to two processes as two and one."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 3), nn.Linear(3, 1)])

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.layers[1](self.layers[0](rows))


def check_shards(rank: int) -> None:
    torch.manual_seed(0)
    net, twin = Net(), Net()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    model = FullyShardedModel(net)
    model.shard()
    assert local_part(net.layers[0].weight).shape == ((2, 4), (1, 4))[rank]
    assert local_part(net.layers[1].weight).shape == ((1, 3), (0, 3))[rank]
    assert {name: value.tolist() for name, value in whole(net.state_dict()).items()} == {
        name: value.tolist() for name, value in before.items()
    }
    net.load_state_dict(twin.state_dict())  # whole weights into shares of them
    rows = torch.arange(8.0).reshape(2, 4)
    torch.testing.assert_close(model(rows[rank : rank + 1]), twin(rows[rank : rank + 1]))
    with model.no_sync():
        model(rows[rank : rank + 1]).sum().backward()
    model(rows[rank : rank + 1]).sum().backward()
    (2 * twin(rows)).mean().backward()
    for ours, theirs in zip(net.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours.grad.full_tensor(), theirs.grad)
    # Only the process that holds a bad number sees it.
    bad = cut_like(torch.tensor([[0.0], [1.0], [torch.nan]]).expand(3, 4), net.layers[0].weight)
    assert are_finite([bad]) == (rank == 0)
    assert first_not_finite({'bad': bad}) == (None if rank == 0 else 'bad')


def test_shards_of_two_processes():
    run_processes(check_shards, world_size=2)


def test_a_model_without_such_layers_is_refused():
    with pytest.raises(UserError, match=r"layers='\\\\.stem' matches no layer .* vision transformers"):
        FullyShardedModel(Net(), layers=r'\.stem')


def test_a_head_that_compares_features_is_refused():
    net = Net()
    net.head = nn.Identity()
    net.head.has_classifier = False
    with pytest.raises(UserError, match=r'Identity has no classifier, .* take model_wrapper_cfg out'):
        FullyShardedModel(net, layers=r'layers\.\d')


@pytest.mark.parametrize(
    ('hooks', 'optim_wrapper', 'message'),
    [
        ([EMAHook()], dict(type='OptimWrapper'), 'EMAHook averages whole weights'),
        ([], dict(type='AmpOptimWrapper'), 'trains in bfloat16 or float32'),
    ],
)
def test_what_needs_whole_weights_is_refused(hooks, optim_wrapper, message):
    with pytest.raises(UserError, match=message):
        refuse_unfit(hooks, optim_wrapper)
