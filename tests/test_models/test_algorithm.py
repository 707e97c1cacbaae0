import pytest
import torch
import torch.nn.functional as F
from mmpretrain.structures import DataSample
from torch import nn

from ltcl.errors import UserError
from ltcl.models import ContrastiveClassifier
from ltcl.models.heads import Views
from ltcl.models.heads.contrastive import ContrastiveHead
from ltcl.registry import MODELS

LABELS = [0, 1, 2, 0, 1, 2]


def build(norm_cfg: dict | None = None, **kwargs) -> ContrastiveClassifier:
    torch.manual_seed(0)
    head = dict(type='ltcl.PaCoHead', num_classes=3, in_channels=4, feat_dim=5, queue_len=16, class_counts=[9, 3, 1])
    cfg = dict(
        type='ltcl.ContrastiveClassifier',
        backbone=dict(type='ltcl.CifarResNet', num_blocks=(1,), base_channels=4),
        neck=dict(type='GlobalAveragePooling'),
        projector=dict(type='ltcl.Projector', in_channels=4, out_channels=5, norm_cfg=norm_cfg),
        head=head,
        data_preprocessor=dict(type='ltcl.MultiViewDataPreprocessor'),
    )
    return MODELS.build(cfg | kwargs)


def views(num: int = 3) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(6, 3, 8, 8, generator=generator) + shift for shift in range(num)]


def samples() -> list[DataSample]:
    return [DataSample().set_gt_label(label) for label in LABELS]


def embed(encoder: nn.Module, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Pooled features, and unit embeddings, through the parts of an encoder one by one."""
    parts = encoder if isinstance(encoder, nn.ModuleDict) else encoder._modules
    feats = parts['backbone'](images)[0].mean((2, 3))
    return feats, F.normalize(parts['projector'](feats), dim=1)


def perturb(module: nn.Module) -> None:
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))


def recorded_head_inputs(model: ContrastiveClassifier, monkeypatch, inputs) -> Views:
    recorded = []
    monkeypatch.setattr(model.head, 'loss', lambda encoded: recorded.append(encoded) or {})
    model(inputs, samples(), mode='loss')
    return recorded[0]


@pytest.mark.parametrize('joint_forward', [False, True])
@pytest.mark.parametrize(('online', 'key'), [((0,), (1,)), ((2, 0), (1,)), ((0, 1), ()), ((1,), (0, 2))])
def test_views_meet_their_encoders(monkeypatch, online, key, joint_forward):
    model = build(online_views=online, key_views=key, joint_forward=joint_forward).eval()
    if key:
        perturb(model.momentum_encoder)
    feats, embeddings, keys, labels = recorded_head_inputs(model, monkeypatch, views())
    assert labels.tolist() == LABELS
    assert (len(feats), len(embeddings), len(keys)) == (len(online), len(online), len(key))
    for i, view in enumerate(online):
        torch.testing.assert_close((feats[i], embeddings[i]), embed(model, views()[view]))
        assert embeddings[i].requires_grad
    for i, view in enumerate(key):
        torch.testing.assert_close(keys[i], embed(model.momentum_encoder, views()[view])[1])
        assert not keys[i].requires_grad


def test_frozen_parameters_get_no_gradient_and_no_weight_decay():
    model = build(key_views=(1,), frozen=[r'^backbone\..*conv\d\.weight$', r'^projector\.layers\.0\.'])
    frozen = {name for name, value in model.named_parameters() if not value.requires_grad}
    convolutions = {f'backbone.{name}.weight' for name in ('conv1', 'layer1.0.conv1', 'layer1.0.conv2')}
    of_key = {name for name in frozen if name.startswith('momentum_encoder.')}
    assert frozen - of_key == convolutions | {'projector.layers.0.weight', 'projector.layers.0.bias'}
    before = {name: value.clone() for name, value in model.named_parameters()}
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0, weight_decay=0.1)
    model(views(), samples(), mode='loss')['loss_paco'].backward()
    optimizer.step()
    assert {name for name, value in model.named_parameters() if value.equal(before[name])} == frozen


def test_frozen_that_names_nothing():
    with pytest.raises(UserError, match=r'\^backbon\\. is found in no parameter name, such as backbone\.conv1'):
        build(frozen=[r'^backbon\.'])
    with pytest.raises(UserError, match=r"=\['\.'\] of ContrastiveClassifier leaves nothing to train: freeze less"):
        build(frozen=['.'])


def test_momentum_encoder_is_not_trained():
    model = build(key_views=(1,))
    perturb(model.momentum_encoder)
    before = [parameter.clone() for parameter in model.momentum_encoder.parameters()]
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0, weight_decay=0.1)
    model(views(), samples(), mode='loss')['loss_paco'].backward()
    optimizer.step()
    for parameter, value in zip(model.momentum_encoder.parameters(), before, strict=True):
        assert not parameter.requires_grad
        assert parameter.grad is None
        assert torch.equal(parameter, value)
    trained = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    assert not [name for name in trained if name.startswith('momentum_encoder')]
    assert all(model.get_parameter(name).grad is not None for name in trained)


def test_no_momentum_encoder_without_key_views():
    assert not [name for name in build(online_views=(0, 1)).state_dict() if 'momentum' in name]


def norm_statistics(norm: nn.Module) -> tuple[torch.Tensor, int]:
    return norm.running_mean, int(norm.num_batches_tracked)


def test_joint_and_separate_passes_differ_in_batch_statistics():
    separate, joint = build(online_views=(0, 1)), build(online_views=(0, 1), joint_forward=True)
    for model in (separate, joint):
        model(views(), samples(), mode='loss')
    maps = [separate.backbone.conv1(view).mean((0, 2, 3)) for view in views()[:2]]
    mean, count = norm_statistics(joint.backbone.bn1)
    assert count == 1
    torch.testing.assert_close(mean, 0.1 * (maps[0] + maps[1]) / 2)
    mean, count = norm_statistics(separate.backbone.bn1)
    assert count == 2
    torch.testing.assert_close(mean, 0.9 * 0.1 * maps[0] + 0.1 * maps[1])


def test_joint_pass_includes_the_norm_of_the_projector():
    # BCL sends the stack of all views through backbone and projector at once.
    model = build(online_views=(0, 1), joint_forward=True, norm_cfg=dict(type='BN1d'))
    model(views(), samples(), mode='loss')
    assert norm_statistics(model.projector.layers[1])[1] == 1


def test_key_pass_moves_only_its_own_batch_statistics():
    model = build(key_views=(1,))
    model(views(), samples(), mode='loss')
    for encoder, view in ((model, 0), (model.momentum_encoder, 1)):
        backbone = encoder.backbone if view == 0 else encoder['backbone']
        mean, count = norm_statistics(backbone.bn1)
        assert count == 1
        torch.testing.assert_close(mean, 0.1 * backbone.conv1(views()[view]).mean((0, 2, 3)))


@MODELS.register_module(force=True)
class TwoViewHead(ContrastiveHead):
    """A head that classifies two views and contrasts nothing."""

    online_views = 2
    uses_embeddings = False

    def loss(self, views: Views) -> dict[str, torch.Tensor]:
        assert views.embeddings == views.keys == []
        rows = self.fc(torch.cat(views.feats))
        return dict(loss_cls=F.cross_entropy(rows, views.labels.repeat(2)))


@pytest.mark.parametrize('joint_forward', [False, True])
def test_head_without_embeddings(joint_forward):
    head = dict(type='ltcl.TwoViewHead', num_classes=3)
    model = build(head=head, projector=None, online_views=(0, 1), joint_forward=joint_forward)
    model(views(), samples(), mode='loss')['loss_cls'].backward()
    assert model.backbone.conv1.weight.grad.abs().sum() > 0
    with pytest.raises(UserError, match=r'takes 2 online views and 0 key views, but gets 1 and 0: set'):
        build(head=head, projector=None)(views(), samples(), mode='loss')
    with pytest.raises(UserError, match=r'key views become embeddings: give .* a projector'):
        build(head=head, projector=None, key_views=(1,))


@pytest.mark.parametrize('inputs', [views(1), views(1)[0]])
def test_too_few_views(inputs):
    with pytest.raises(UserError, match=r'uses view 1 but gets 1: .* MultiView of 2 views.*collate_fn.*Preprocessor'):
        build(key_views=(1,))(inputs, samples(), mode='loss')


def test_one_view_may_come_as_a_tensor():
    model = build().eval()
    expected = model(views(1), samples(), mode='loss')['loss_paco']
    torch.testing.assert_close(build().eval()(views(1)[0], samples(), mode='loss')['loss_paco'], expected)


def test_initialisation_ends_with_equal_encoders():
    model = build(key_views=(1,))
    perturb(model.momentum_encoder)
    conv = model.backbone.conv1.weight.clone()
    model.init_weights()
    assert not torch.equal(model.backbone.conv1.weight, conv)
    state = model.state_dict()
    keys = [name for name in state if name.startswith('momentum_encoder.')]
    assert len(keys) == len(model.backbone.state_dict()) + len(model.projector.state_dict())
    for name in keys:
        assert torch.equal(state[name], state[name.removeprefix('momentum_encoder.')]), name
    assert not any(parameter.requires_grad for parameter in model.momentum_encoder.parameters())


def test_momentum_update_moves_parameters_and_no_buffers():
    model = build(key_views=(1,), norm_cfg=dict(type='BN1d'))
    perturb(model.momentum_encoder)
    model.backbone.bn1.running_mean.fill_(5.0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.update_momentum_encoder(0.9)
    parameters = {name for name, _ in model.named_parameters()}
    for name, value in model.state_dict().items():
        expected = before[name]
        if name.startswith('momentum_encoder.') and name in parameters:
            query = before[name.removeprefix('momentum_encoder.')]
            expected = 0.9 * before[name] + 0.1 * query
            assert not torch.allclose(expected, before[name])
        torch.testing.assert_close(value, expected)


def test_shuffled_norm_costs_nothing_on_one_process():
    plain, shuffled = build(key_views=(1,)), build(key_views=(1,), shuffle_bn=True)
    losses = [model(views(), samples(), mode='loss')['loss_paco'] for model in (plain, shuffled)]
    assert torch.equal(*losses)


@pytest.mark.parametrize('key', [(), (1,)])
def test_step_under_autocast(monkeypatch, key):
    model = build(online_views=(0,) if key else (0, 1), key_views=key)
    head_loss = model.head.loss
    recorded = []
    monkeypatch.setattr(model.head, 'loss', lambda encoded: recorded.append(encoded) or head_loss(encoded))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = model(views(), samples(), mode='loss')['loss_paco']
    assert loss.dtype == torch.float32
    loss.backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters() if parameter.requires_grad)
    for rows in (*recorded[0].embeddings, *recorded[0].keys):
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(6))


def test_training_step_from_raw_batches():
    model = build(
        key_views=(1,),
        data_preprocessor=dict(type='ltcl.MultiViewDataPreprocessor', mean=[2.0], std=[4.0], channels_last=True),
    ).eval()
    raw = model.data_preprocessor({'inputs': views(), 'data_samples': samples()}, training=True)
    losses = model(**raw, mode='loss')
    scaled = [(view - 2) / 4 for view in views()]
    expected = build(key_views=(1,)).eval()(scaled, samples(), mode='loss')
    torch.testing.assert_close(losses, expected)


def test_prediction_is_that_of_a_plain_classifier():
    model = build(key_views=(1,)).eval()
    predicted = model(views(1)[0], samples(), mode='predict')
    logits = model.head.fc(embed(model, views(1)[0])[0])
    torch.testing.assert_close(torch.stack([sample.pred_score for sample in predicted]), logits.softmax(1))
    assert [sample.gt_label.item() for sample in predicted] == LABELS
    assert int(model.head.queue.pointer) == 0


def test_backbone_that_pools_itself_needs_no_neck():
    vit = dict(
        type='mmpretrain.VisionTransformer',
        arch=dict(embed_dims=16, num_layers=1, num_heads=2, feedforward_channels=32),
        img_size=16,
        patch_size=8,
        out_type='avg_featmap',
        final_norm=False,
    )
    model = ContrastiveClassifier(
        backbone=vit,
        projector=dict(type='ltcl.Projector', in_channels=16, out_channels=4, num_layers=3, act='GELU'),
        head=dict(type='ltcl.PaCoHead', num_classes=3, in_channels=16, feat_dim=4, queue_len=8, with_prior=False),
        key_views=(1,),
    )
    images = [torch.randn(2, 3, 16, 16) for _ in range(2)]
    labelled = [DataSample().set_gt_label(label) for label in (0, 2)]
    loss = model(images, labelled, mode='loss')['loss_paco']
    loss.backward()
    assert torch.isfinite(loss)
    assert model(images[0]).shape == (2, 3)
