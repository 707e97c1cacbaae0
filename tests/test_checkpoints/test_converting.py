"""Every original to ours and back: names, values, what is left out, what is refused."""

import pytest
import torch
import torch.nn.functional as F
from fake_checkpoints import DIM, NUM_CLASSES, ORIGINALS, QUEUE, SLOTS

from ltcl.checkpoints.conversion import weights_of
from ltcl.checkpoints.converting import to_ours, to_theirs
from ltcl.checkpoints.fitting import build_model, fit_to_model
from ltcl.checkpoints.layouts import LAYOUTS, SOURCES
from ltcl.checkpoints.seg_layouts import CECO_SEG, GPACO_SEG, RR_SEG, SWIN, TORCHVISION_SWIN
from ltcl.errors import UserError


def converted(name, network=None, **options):
    original = ORIGINALS[name]
    checkpoint = original.pack(network or original.network())
    return checkpoint, to_ours(checkpoint, original.source, **options)


def loaded(name, network):
    """Our model with the weights of an original."""
    _, result = converted(name, network)
    model = build_model(ORIGINALS[name].config)
    fit_to_model(result, model)
    model.load_state_dict(result.state_dict, strict=True)
    return model.eval()


def assert_same(actual, expected):
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(actual[name], value), name
        assert actual[name].dtype == value.dtype


@pytest.mark.parametrize('name', [name for name in ORIGINALS if name != 'mae'])
def test_there_and_back_bit_for_bit(name):
    original = ORIGINALS[name]
    network = original.network()
    model = loaded(name, network)
    checkpoint, result = converted(name, network)
    theirs = weights_of(checkpoint)[0]
    kept = {key: value for key, value in theirs.items() if not _is_dropped(key, original.dropped)}
    back = to_theirs(model.state_dict(), original.source)
    assert_same({key.removeprefix(back.layout.prefix): value for key, value in back.state_dict.items()}, kept)
    assert {key for key in result.left_out if key in theirs} == theirs.keys() - kept.keys()
    assert set(checkpoint) - {'state_dict', 'model', 'state_dict_best'} - theirs.keys() <= result.left_out.keys()


def _is_dropped(name, dropped):
    return any(name.startswith(start) and (start != 'optimal_target' or name == start) for start in dropped) or (
        name == 'optimal_target_unique' and 'class_centroid' in dropped
    )


def test_every_source_and_layout_is_tested():
    # Those of segmentation are tested in test_segmentation.py, which imports mmseg.
    segmentation = (CECO_SEG, GPACO_SEG, RR_SEG, SWIN, TORCHVISION_SWIN)
    sources = {original.source for original in ORIGINALS.values()}
    assert sources | {source for layout in segmentation for source in layout.sources} == set(SOURCES)
    layouts = {converted(name)[1].layout.title for name in ORIGINALS} | {'TSC, stage 1 without MLP'}
    assert layouts == {layout.title for layout in LAYOUTS} - {layout.title for layout in segmentation}


def resnet_logits(images, encoder, classify):
    head, encoder.fc = encoder.fc, torch.nn.Identity()
    feats = encoder(images)
    encoder.fc = head
    return classify(feats)


PLAIN = {
    'paco': lambda net, images: resnet_logits(images, net.encoder_q, net.linear),
    'gpaco': lambda net, images: resnet_logits(images, net.encoder_q, net.linear),
    'bcl': lambda net, images: resnet_logits(
        images, net.encoder, lambda feats: 30 * F.normalize(feats, dim=1) @ F.normalize(net.fc.weight, dim=0)
    ),
    'proco': lambda net, images: resnet_logits(
        images, net.encoder, lambda feats: 30 * F.normalize(feats, dim=1) @ F.normalize(net.fc.weight, dim=0)
    ),
    'proco_linear': lambda net, images: resnet_logits(images, net.encoder, net.fc),
    'resco': lambda net, images: resnet_logits(images, net.encoder, net.linear),
    'rescom': lambda net, images: resnet_logits(images, net.encoder, net.linear),
    'kcl': lambda net, images: resnet_logits(images, net.encoder_q, torch.nn.Identity()),
    'tsc': lambda net, images: resnet_logits(images, net.encoder_q, torch.nn.Identity()),
    'stage2_alternative': lambda net, images: net(images),
    'torchvision': lambda net, images: net(images),
    'gpaco_vit': lambda net, images: net(images),
    'mae_fine_tuned': lambda net, images: net(images),
}


@pytest.mark.parametrize('name', PLAIN)
@torch.no_grad()
def test_logits_are_those_of_the_original(name):
    network = ORIGINALS[name].network()
    images = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(loaded(name, network)(images), PLAIN[name](network, images), rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_embeddings_are_those_of_the_original():
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    for name in ('paco', 'gpaco', 'kcl', 'kcl_linear'):
        network = ORIGINALS[name].network()
        model = loaded(name, network)
        projected = model.projector(model.extract_feat(images)[-1])
        torch.testing.assert_close(projected, network.encoder_q(images), rtol=1e-4, atol=1e-5)
        if name != 'gpaco':
            expected = F.normalize(network.encoder_k(images), dim=1)
            torch.testing.assert_close(model._encode_key(images), expected, rtol=1e-4, atol=1e-5)
    network = ORIGINALS['bcl'].network()
    expected = F.normalize(network.head_fc(network.fc.weight.T), dim=1)
    torch.testing.assert_close(loaded('bcl', network).head.prototypes(), expected, rtol=1e-4, atol=1e-5)


def test_queues_keep_their_content():
    network = ORIGINALS['paco'].network()
    queue = loaded('paco', network).head.queue
    embeddings, labels = queue.contents()
    assert torch.equal(embeddings, network.queue)
    assert torch.equal(labels, network.queue_l)
    assert (len(queue), int(queue.pointer)) == (QUEUE, 5)
    network = ORIGINALS['kcl'].network()
    embeddings, labels = loaded('kcl', network).head.queue.contents()
    assert torch.equal(embeddings, network.queue.T)
    assert torch.equal(labels, network.queue_labels[0])


def test_classwise_queues_keep_each_column_in_its_class():
    network = ORIGINALS['resco'].network()
    head = loaded('resco', network).head
    for queue, columns, slots in (
        (head.positive_queue, network.pos_queue_list, SLOTS),
        (head.negative_queue, network.neg_queue_list, 2),
    ):
        assert queue.embeddings.shape == (NUM_CLASSES, slots, DIM)
        for label in range(NUM_CLASSES):
            assert torch.equal(queue.embeddings[label], columns[:, label * slots : (label + 1) * slots].T)
        assert bool(queue.valid().all())


def test_targets_are_matched_with_the_centers():
    network = ORIGINALS['tsc'].network()
    head = loaded('tsc', network).head
    assert torch.equal(head.targets, network.optimal_target_unique.T)
    assert torch.equal(head.class_centers, network.class_centroid)
    matched = head.assignment.clone()
    head.match_targets()
    assert torch.equal(matched, head.assignment)


def test_pretrained_mae_is_an_encoder():
    original = ORIGINALS['mae']
    network = original.network()
    checkpoint, result = converted('mae', network)
    model = build_model(original.config)
    fit_to_model(result, model)
    keys = model.load_state_dict(result.state_dict, strict=False)
    assert not keys.unexpected_keys
    assert keys.missing_keys == ['head.fc.weight', 'head.fc.bias']
    assert result.filled.keys() == {'backbone.ln2.weight', 'backbone.ln2.bias'}
    assert all(name.startswith(original.dropped) or name == 'epoch' for name in result.left_out)
    assert set(checkpoint['model']) == {name for name in result.left_out if name != 'epoch'} | {
        name for name in checkpoint['model'] if name.startswith(('cls_token', 'pos_embed', 'patch_embed', 'blocks'))
    }
    back = to_theirs(result.state_dict, 'mae').state_dict
    assert_same(back, {name: checkpoint['model'][name] for name in back})
    assert len(back) == len(result.state_dict) - 2


def test_only_what_is_asked_for():
    checkpoint, result = converted('paco', keep='classifier')
    model = build_model(ORIGINALS['stage2'].config)
    fit_to_model(result, model)
    model.load_state_dict(result.state_dict, strict=True)
    back = to_theirs(result.state_dict, 'paco').state_dict
    assert_same(back, {name: checkpoint['state_dict'][name] for name in back})
    assert all(name.startswith('backbone.') for name in converted('gpaco', keep='encoder')[1].state_dict)
    assert result.left_out['encoder_k.conv1.weight'].startswith('only the encoder and classifier')


def test_trimmed_file_serves_for_what_it_holds():
    checkpoint = ORIGINALS['paco'].pack(ORIGINALS['paco'].network())
    state = checkpoint['state_dict']
    kept = {name: value for name, value in state.items() if name.startswith(('module.encoder_q', 'module.linear.'))}
    with pytest.raises(UserError, match=r'PaCo: it lacks encoder_k\.fc\.0\.weight.*more'):
        to_ours({'state_dict': kept}, 'paco')
    assert 'head.fc.weight' in to_ours({'state_dict': kept}, 'paco', keep='classifier').state_dict


def test_fresh_queue_is_the_config_s():
    _, result = converted('paco', with_queue=False)
    original = ORIGINALS['paco']
    cfg = original.config
    cfg.model.head.queue_len = 2 * QUEUE
    model = build_model(cfg)
    fit_to_model(result, model)
    assert torch.equal(result.state_dict['head.queue.embeddings'], model.head.queue.embeddings)
    assert result.left_out['queue'] == 'no queue is taken over, as asked'
    _, result = converted('paco')
    with pytest.raises(UserError, match=r'head\.queue\.embeddings has shape \(24, 16\), not.*--fresh-queue'):
        fit_to_model(result, model)


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_prefix_of_a_wrapper_does_not_matter(prefix):
    network = ORIGINALS['gpaco'].network()
    bare = {f'{prefix}{name}': value for name, value in network.state_dict().items()}
    assert_same(to_ours(bare, 'gpaco').state_dict, converted('gpaco', network)[1].state_dict)


def test_old_files_without_counters():
    checkpoint = ORIGINALS['torchvision'].pack(ORIGINALS['torchvision'].network())
    old = {name: value for name, value in checkpoint.items() if not name.endswith('num_batches_tracked')}
    result = to_ours(old, 'torchvision')
    assert sum('counter' in reason for reason in result.filled.values()) == 21
    fit_to_model(result, build_model(ORIGINALS['torchvision'].config))


def test_positions_are_interpolated_to_the_image_size():
    original = ORIGINALS['gpaco_vit']
    cfg = original.config
    cfg.model.backbone.img_size = 64
    _, result = converted('gpaco_vit')
    before = result.state_dict['backbone.pos_embed']
    model = build_model(cfg)
    fit_to_model(result, model)
    assert '2x2 to 4x4' in result.filled['backbone.pos_embed']
    after = result.state_dict['backbone.pos_embed']
    assert torch.equal(after[:, 0], before[:, 0])
    grid = before[:, 1:].unflatten(1, (2, 2)).permute(0, 3, 1, 2)
    expected = F.interpolate(grid, size=(4, 4), mode='bicubic').flatten(2).mT
    torch.testing.assert_close(after[:, 1:], expected)
    model.load_state_dict(result.state_dict, strict=True)


def test_class_counts_are_unknown():
    _, result = converted('bcl')
    assert result.state_dict['head.class_counts'].tolist() == [0] * NUM_CLASSES
    assert 'ClassCountsHook' in result.filled['head.class_counts']


@pytest.mark.parametrize('source', ['torchvision', 'stage2'])
def test_class_counts_of_a_loss_are_left_out_on_the_way_back(source):
    state = converted('torchvision')[1].state_dict
    counts = {'head.loss_module.class_counts': torch.arange(NUM_CLASSES)}
    back = to_theirs({**state, **counts}, source, is_whole=True)
    assert_same(back.state_dict, to_theirs(state, source, is_whole=True).state_dict)
    assert back.left_out['head.loss_module.class_counts'] == 'kept by ltcl only'


def test_which_of_several_weights_are_taken_is_told():
    checkpoint = ORIGINALS['paco'].pack(ORIGINALS['paco'].network())
    kept = checkpoint['state_dict']
    averaged = {name: torch.zeros_like(value) for name, value in kept.items()}
    result = to_ours({**checkpoint, 'state_dict_ema': averaged, 'student': averaged, 'epoch': 3}, 'paco')
    assert result.left_out['state_dict_ema'] == 'other weights; those of state_dict are taken'
    assert result.left_out['student'] == result.left_out['state_dict_ema']
    assert result.left_out['epoch'] == 'no weights'
    assert any(value.any() for value in result.state_dict.values())


def test_means_of_the_classes_start_anew():
    checkpoint = ORIGINALS['proco'].pack(ORIGINALS['proco'].network())
    strange = {'module.estimator.Ave': torch.zeros(NUM_CLASSES, DIM), 'module.estimator_old.kappa': torch.ones(1)}
    checkpoint['state_dict'].update(strange)
    result = to_ours(checkpoint, 'proco')
    assert {'estimator.Ave', 'estimator_old.kappa'} <= result.left_out.keys()
    means = result.state_dict['head.used.mean']
    torch.testing.assert_close(means.norm(dim=1), torch.full((NUM_CLASSES,), 0.9))
    assert torch.equal(result.state_dict['head.running.mean'], means)
    assert not result.state_dict['head.used.amount'].any()
    assert not any(name.startswith('head.used') for name in to_ours(checkpoint, 'proco', keep='classifier').state_dict)
    model = build_model(ORIGINALS['proco'].config)
    model.load_state_dict(result.state_dict, strict=True)  # without a config to fill what is absent


@pytest.mark.parametrize(
    ('name', 'lost', 'said'),
    [
        ('paco', 'module.linear.weight', r'linear\.weight'),
        ('gpaco', 'module.encoder_q.layer3.1.conv2.weight', r'encoder_q\.layer3\.1\.conv2\.weight'),
        ('bcl', 'module.encoder.layer2.0.bn1.running_var', r'encoder\.layer2\.0\.bn1\.running_var'),
        ('torchvision', 'layer2.0.downsample.1.bias', r'layer2\.0\.downsample\.1\.bias'),
        ('kcl', 'module.queue_labels', 'queue_labels'),
        ('resco', 'module.encoder.bn1.running_mean', r'encoder\.bn1\.running_mean'),
        ('gpaco_vit', 'fc_norm.bias', r'fc_norm\.bias'),
        ('gpaco_vit', 'blocks.1.mlp.fc2.bias', r'blocks\.1\.mlp\.fc2\.bias'),
    ],
)
def test_missing_name(name, lost, said):
    checkpoint = ORIGINALS[name].pack(ORIGINALS[name].network())
    state = checkpoint.get('state_dict', checkpoint.get('model', checkpoint))
    del state[lost]
    with pytest.raises(UserError, match=f'it lacks {said}$'):
        to_ours(checkpoint, ORIGINALS[name].source)


def test_missing_block_is_seen_with_a_config():
    checkpoint = ORIGINALS['torchvision'].pack(ORIGINALS['torchvision'].network())
    short = {name: value for name, value in checkpoint.items() if not name.startswith('layer3.1.')}
    result = to_ours(short, 'torchvision')
    with pytest.raises(UserError, match=r'missing backbone\.layer3\.1\.bn1\.bias'):
        fit_to_model(result, build_model(ORIGINALS['torchvision'].config))


def test_superfluous_name():
    checkpoint = ORIGINALS['bcl'].pack(ORIGINALS['bcl'].network())
    checkpoint['state_dict']['module.encoder.layer5.0.gate'] = torch.zeros(1)
    with pytest.raises(UserError, match=r'BCL: nothing reads encoder\.layer5\.0\.gate$'):
        to_ours(checkpoint, 'bcl')


@pytest.mark.parametrize(
    ('name', 'named', 'said'),
    [
        ('gpaco', 'paco', 'this file looks like GPaCo, not PaCo: use --from gpaco'),
        ('paco', 'gpaco', 'this file looks like PaCo, not GPaCo.*: use --from paco'),
        ('kcl', 'paco', 'looks like KCL, stage 1, not PaCo: use --from kcl'),
        ('rescom', 'resco', 'looks like ResCom, not ResCo: use --from rescom'),
        ('bcl', 'proco', 'looks like BCL, not ProCo: use --from bcl'),
        ('proco', 'bcl', 'looks like ProCo, not BCL: use --from proco'),
        ('torchvision', 'bcl', 'looks like torchvision, not BCL: use --from torchvision'),
        ('mae', 'gpaco', 'looks like a pre-trained MAE, not GPaCo on ViT: use --from mae'),
        ('tsc_cifar', 'bcl', 'use --from kcl'),
    ],
)
def test_another_source_is_recognised(name, named, said):
    with pytest.raises(UserError, match=said):
        to_ours(ORIGINALS[name].pack(ORIGINALS[name].network()), named)


def test_wrong_shapes_are_named():
    checkpoint, result = converted('gpaco')
    cfg = ORIGINALS['gpaco'].config
    cfg.model.head.num_classes = NUM_CLASSES + 1
    with pytest.raises(UserError, match=r'head\.fc\.bias has shape \(6,\), not \(7,\)'):
        fit_to_model(result, build_model(cfg))
    checkpoint = ORIGINALS['resco'].pack(ORIGINALS['resco'].network())
    checkpoint['state_dict']['module.pos_queue_list'] = torch.zeros(DIM, 7)
    with pytest.raises(UserError, match=r'pos_queue_list has shape \(16, 7\), which does not go with 6 classes'):
        to_ours(checkpoint, 'resco')


@pytest.mark.parametrize(
    ('content', 'said'),
    [
        ([1, 2], 'holds a list'),
        ({}, 'no weights'),
        ({'state_dict': {}}, 'no weights'),
        ({'model': 'resnet50'}, 'no weights'),
        ({'lr': 0.1}, 'no tensors: lr'),
        ({'a.weight': torch.zeros(1)}, 'no complete file of PaCo.*nothing reads a.weight'),
        ({'module.a': torch.zeros(1), 'a': torch.zeros(1)}, 'with and without module'),
    ],
)
def test_no_checkpoint_at_all(content, said):
    with pytest.raises(UserError, match=said):
        to_ours(content, 'paco')


def test_unknown_source_and_foreign_weights():
    with pytest.raises(UserError, match="no source 'moco': choose from bcl"):
        to_ours({'a': torch.zeros(1)}, 'moco')
    ours = converted('gpaco')[1].state_dict
    with pytest.raises(UserError, match=r'do not fit BCL: no place for head\.queue\.embeddings.*2 more'):
        to_theirs(ours, 'bcl')
    plain = converted('torchvision')[1].state_dict
    assert to_theirs(plain, 'paco')  # as of a file that was trimmed to encoder and classifier
    with pytest.raises(UserError, match=r'do not fit PaCo: .*would be missing; they fit --to torchvision or stage2$'):
        to_theirs(plain, 'paco', is_whole=True)
    with pytest.raises(UserError, match=r'no place for .*; they fit --to gpaco$'):
        to_theirs(ours, 'torchvision', is_whole=True)
    del ours['head.fc.weight']
    with pytest.raises(UserError, match=r'do not fit GPaCo: linear\.weight would be missing$'):
        to_theirs(ours, 'gpaco')
