"""Segmentation: GPaCo among pixels, region branches, region bias, Lovász-softmax, whole heads."""

import numpy as np
import torch
import torch.nn.functional as F
from harness import Case, adapter, close, tensor
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from torch import nn

from ltcl.functional import dense_paco_loss, lovasz_softmax_loss

NORM = dict(type='BN')


def decode_heads():
    """The package under test; importing it imports mmseg, which only these cases need."""
    import ltcl.models.decode_heads as package

    init_default_scope('mmseg')
    return package


def double(case: Case, name: str, requires_grad: bool = False) -> torch.Tensor:
    return tensor(case, name).double().requires_grad_(requires_grad)


def labels_of(case: Case) -> torch.Tensor:
    return tensor(case, 'in_gt').long()


def samples_of(case: Case) -> list:
    from mmseg.structures import SegDataSample

    return [SegDataSample(gt_sem_seg=PixelData(data=label)) for label in labels_of(case)]


def gradient(loss: torch.Tensor, leaf: torch.Tensor) -> torch.Tensor:
    return torch.autograd.grad(loss, leaf, retain_graph=True)[0]


def pick(case: Case, **names: str) -> dict:
    """Settings under our names, those only that the case holds."""
    return {ours: case[theirs].item() for ours, theirs in names.items() if theirs in case}


PACO_ARGS = {name: name for name in ('alpha', 'beta', 'gamma', 'temperature', 'base_temperature')}


@adapter('seg', 'gpaco_set')
def gpaco_set(case: Case) -> None:
    rows, logits = double(case, 'in_z', True), double(case, 'in_logits', True)
    labels = tensor(case, 'in_labels').long()
    assert logits.shape[1] == case['num_classes']
    args = pick(case, **PACO_ARGS)

    def loss_of(rows: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        anchors = rows[None], labels[None]
        return dense_paco_loss(*anchors, *(each[:, :0] for each in anchors), logits=logits[None], **args)

    loss = loss_of(rows, logits)
    close(loss, case['out_loss'])
    close(gradient(loss, rows), case['out_grad_z'])
    close(gradient(loss, logits), case['out_grad_logits'])
    close(loss_of(rows.float(), logits.float()).double(), case['out_loss'], rtol=1e-5)


@adapter('seg', 'gpaco_dense')
def gpaco_dense(case: Case) -> None:
    package = decode_heads()
    from mmseg.models.losses import CrossEntropyLoss, accuracy

    maps, logits, gt = double(case, 'in_embed', True), double(case, 'in_logits', True), labels_of(case)
    num_classes, ignore_index = case['num_classes'].item(), case['ignore_index'].item()
    small = package.shrink_labels(gt, maps.shape[2:])
    close(small, case['out_label_small'])
    index = tensor(case, 'in_index').long()
    num_positions = maps.shape[2] * maps.shape[3]
    drawn = package.RandomPixelSampler(case['num_samples'].item())(len(maps), num_positions)
    assert drawn.shape == index.shape

    def loss_of(maps: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        void = package.mark_void(small, num_classes, ignore_index)
        return package.pixel_paco_loss(maps, logits, void, index, reduction='none', **pick(case, **PACO_ARGS))

    per_image = loss_of(maps, logits)
    close(per_image, case['out_loss_per_image'])
    loss = float(case.get('gpaco_weight', 1.0)) * per_image.mean()
    close(loss, case['out_loss_gpaco'])
    close(float(case.get('gpaco_weight', 1.0)) * loss_of(maps.float(), logits.float()).mean(), loss, rtol=1e-5)
    close(gradient(loss, maps), case['out_grad_embed'])
    close(gradient(loss, logits), case['out_grad_logits_gpaco'])

    enlarged = F.interpolate(logits, gt.shape[2:], mode='bilinear', align_corners=False)
    cross_entropy = CrossEntropyLoss(loss_weight=case['ce_weight'].item())
    loss_ce = cross_entropy(enlarged, gt.squeeze(1), ignore_index=ignore_index)
    close(loss_ce, case['out_loss_ce'])
    total = loss + loss_ce
    if 'lovasz_weight' in case:
        lovasz = package.LovaszSoftmaxLoss(loss_weight=case['lovasz_weight'].item())
        loss_lovasz = lovasz(enlarged, gt.squeeze(1), ignore_index=ignore_index)
        close(loss_lovasz, case['out_loss_lovasz'])
        close(gradient(loss_lovasz, logits), case['out_grad_logits_lovasz'])
        total = total + loss_lovasz
    close(gradient(total, logits), case['out_grad_logits_total'])
    valid_share = (gt != ignore_index).double().mean()
    close(accuracy(enlarged, gt.squeeze(1), ignore_index=ignore_index)[0] * valid_share, case['out_acc'], rtol=1e-5)


def region_config(case: Case, prefix: str = 'in_', **weights: str) -> dict:
    """Branch of a case: a simplex is what is normalised."""
    counts = case['in_class_counts'].tolist()
    scale = case['scale'].item() if 'scale' in case else 1.0
    is_simplex = bool(case['normalize']) if 'normalize' in case else scale != 1
    return dict(
        type='ltcl.CenterCollapseBranch' if is_simplex else 'ltcl.RegionRebalanceBranch',
        class_counts=counts,
        scale=scale,
        smooth=case['smooth'].item(),
        normalize=is_simplex,
        **weights,
    )


def pixel_head(case: Case, branches: dict, head_type: str = 'BranchedFCNHead', **kwargs) -> nn.Module:
    """A head that is nothing but the pixel classifier of the case."""
    package = decode_heads()
    channels = case['in_feat'].shape[1]
    head = getattr(package, head_type)(
        in_channels=channels,
        channels=channels,
        num_classes=case['num_classes'].item(),
        ignore_index=case['ignore_index'].item(),
        num_convs=0,
        concat_input=False,
        dropout_ratio=0,
        **(dict(branches=branches) if branches else {}),
        **kwargs,
    ).double()
    load(head.conv_seg, case, 'in_seg')
    return head.train()


def load(layer: nn.Module, case: Case, name: str) -> None:
    """Weight and bias of a layer, in the layer's own shape; a simplex has no bias."""
    weight = double(case, f'{name}_weight')
    layer.weight.data = weight.view(*weight.shape, *[1] * (layer.weight.ndim - 2))
    if f'{name}_bias' in case:
        if getattr(layer, 'bias', None) is None:
            assert not case[f'{name}_bias'].any()
        else:
            layer.bias.data = double(case, f'{name}_bias')


class Masked(nn.Module):
    def __init__(self, mask: torch.Tensor) -> None:
        super().__init__()
        self.mask = mask

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return rows * self.mask.to(rows.dtype)


def load_region(branch: nn.Module, case: Case) -> None:
    load(branch.reduce[0], case, 'in_reduce')
    load(branch.expand[0], case, 'in_expand')
    load(branch.classifier, case, 'in_cls')
    if 'in_dropout_mask' in case:
        branch.dropout = Masked(double(case, 'in_dropout_mask'))


def widths(case: Case) -> dict:
    hidden_channels, reduce_channels = case['in_expand_weight'].shape
    return dict(hidden_channels=hidden_channels, reduce_channels=reduce_channels)


@adapter('seg', 'rr_region', 'ceco_region')
def region(case: Case) -> None:
    package = decode_heads()
    cfg = region_config(case, loss_weight=case['loss_weight'].item(), **widths(case))
    head = pixel_head(case, dict(region=cfg))
    branch = head.branches['region']
    load_region(branch, case)
    feats = double(case, 'in_feat', True)
    losses = head.loss((feats,), samples_of(case), None)
    close(losses['loss_region'], case['out_loss_region'])
    close(losses['loss_ce'], case['out_loss_ce'])
    close(gradient(losses['loss_region'], feats), case['out_grad_feat_region'])
    close(gradient(losses['loss_region'] + losses['loss_ce'], feats), case['out_grad_feat_total'])
    close(branch.reduce[1].running_mean, case['out_bn_running_mean'])
    close(branch.reduce[1].running_var, case['out_bn_running_var'])
    void = package.mark_void(labels_of(case), head.num_classes, head.ignore_index)
    means, classes = package.region_means(branch.reduce(feats), void, head.num_classes)
    close(classes, case['out_region_classes'])
    close(means, case['out_region_feats'])
    close(branch.region_logits(feats, labels_of(case))[0], case['out_region_logits'])
    narrow = head.float().loss((feats.float(),), samples_of(case), None)
    close(narrow['loss_region'].double(), case['out_loss_region'], rtol=1e-5)


class Recorded:
    """A sampler that returns the positions of the case."""

    def __init__(self, case: Case) -> None:
        self.index = tensor(case, 'in_index').long()

    def __call__(self, num_images: int, num_positions: int) -> torch.Tensor:
        assert len(self.index) == num_images
        return self.index


@adapter('seg', 'gpaco_rr')
def gpaco_and_region(case: Case) -> None:
    gpaco = dict(type='ltcl.GPaCoBranch', loss_weight=case['gpaco_weight'].item(), **pick(case, **PACO_ARGS))
    cfg = region_config(case, loss_weight=case['region_weight'].item(), **widths(case)) | dict(keep_void=True)
    head = pixel_head(case, dict(gpaco=gpaco, region=cfg))
    load_region(head.branches['region'], case)
    embed = nn.Conv2d(*case['in_embed_weight'].shape[::-1], 1)
    load(embed, case, 'in_embed')
    head.branches['gpaco'].projector = embed
    head.branches['gpaco'].sampler = Recorded(case)
    feats = double(case, 'in_feat', True)
    losses = head.loss((feats,), samples_of(case), None)
    for name in ('region', 'gpaco', 'ce'):
        close(losses[f'loss_{name}'], case[f'out_loss_{name}'])
    close(gradient(losses['loss_region'], feats), case['out_grad_feat_region'])
    total = losses['loss_region'] + losses['loss_gpaco'] + losses['loss_ce']
    close(gradient(total, feats), case['out_grad_feat_total'])
    logits, classes = head.branches['region'].region_logits(feats, labels_of(case))
    close(classes.where(classes < head.num_classes, head.ignore_index), case['out_region_labels'])
    close(logits, case['out_region_logits'])


@adapter('seg', 'rr_bias')
def region_bias(case: Case) -> None:
    package = decode_heads()
    head = pixel_head(
        case,
        {},
        'RegionBiasFCNHead',
        with_absent=bool(case['neg_weight']),
        with_prior=bool(case['prior']),
        class_counts=case['in_class_counts'].tolist(),
        **pick(case, main_weight='main_weight', region_weight='region_weight', smooth='smooth'),
    )
    load(head.region_classifier[0], case, 'in_region1')
    load(head.region_classifier[3], case, 'in_region2')
    feats = double(case, 'in_feat', True)
    losses = head.loss((feats,), samples_of(case), None)
    terms = ('seg', 'all', 'all_masked', 'soft_region', 'gt_region')
    for name in terms:
        close(losses[f'loss_{name}'], case[f'out_loss_{name}'])
    total = sum(losses[f'loss_{name}'] for name in terms)
    close(gradient(total, feats), case['out_grad_feat_total'])
    weight = gradient(total, head.conv_seg.weight)
    close(weight.view(weight.shape[:2]), case['out_grad_seg_weight_total'])
    close(gradient(total, head.region_classifier[3].weight), case['out_grad_region2_weight_total'])
    soft = head.region_classifier(package.region_bias.soft_region_means(feats, head.conv_seg(feats)))
    close(soft, case['out_soft_region_logits'])
    void = package.mark_void(labels_of(case), head.num_classes, head.ignore_index)
    small = package.shrink_labels(void, feats.shape[2:])
    means, classes = package.region_means(feats, small, head.num_classes, keep_void=True)
    close(classes.where(classes < head.num_classes, head.ignore_index), case['out_region_labels'])
    close(head.region_classifier(means), case['out_gt_region_logits'])
    close(head.eval()((feats,)), case['out_eval_logits'])


@adapter('seg', 'label_downsample')
def label_downsample(case: Case) -> None:
    package = decode_heads()
    for number in range(case['n'].item()):
        expected = case[f'out_small_{number}']
        labels = tensor(case, f'in_gt_{number}').long()
        close(package.shrink_labels(labels[None, None], expected.shape)[0, 0], expected)


@adapter('seg', 'ceco_etf')
def simplex(case: Case) -> None:
    close(decode_heads().simplex_etf(double(case, 'in_orth'), case['num_classes'].item()), case['out_etf'])


@adapter('seg', 'lovasz')
def lovasz(case: Case) -> None:
    logits = double(case, 'in_logits', True)
    assert logits.shape[1] == case['num_classes']
    loss = lovasz_softmax_loss(logits, labels_of(case).squeeze(1), case['ignore_index'].item())
    close(loss, case['out_loss'])
    close(gradient(loss, logits), case['out_grad_logits'])


def head_config(case: Case) -> dict:
    """The stock head of the case."""
    levels = sorted(name for name in case if name.startswith('in_x'))
    in_channels = [case[name].shape[1] for name in levels]
    common = dict(
        channels=case['channels'].item(),
        num_classes=case['num_classes'].item(),
        ignore_index=case['ignore_index'].item(),
        dropout_ratio=0,
        norm_cfg=NORM,
        align_corners=False,
    )
    if 'c1_channels' in case:
        return dict(
            type='ltcl.BranchedDepthwiseSeparableASPPHead',
            in_channels=in_channels[-1],
            in_index=len(levels) - 1,
            c1_in_channels=in_channels[0],
            c1_channels=case['c1_channels'].item(),
            dilations=case['dilations'].tolist(),
            **common,
        )
    return dict(
        type='ltcl.BranchedUPerHead',
        in_channels=in_channels,
        in_index=list(range(len(levels))),
        pool_scales=(1, 2, 3, 6),
        **common,
    )


def head_branches(case: Case, state: Case) -> dict:
    branches = {}
    if 'projector.2.weight' in state:
        branches['gpaco'] = dict(
            type='ltcl.GPaCoBranch',
            embed_channels=len(state['projector.2.weight']),
            sampler=dict(type='ltcl.RandomPixelSampler', num_samples=case['num_samples'].item()),
            **pick(case, loss_weight='gpaco_weight', **PACO_ARGS),
        )
    if 'region.expand.0.weight' in state:
        hidden_channels, reduce_channels = state['region.expand.0.weight'].shape
        branches['region'] = region_config(
            case,
            hidden_channels=hidden_channels,
            reduce_channels=reduce_channels,
            **pick(case, loss_weight='region_weight'),
            **pick(case, loss_weight='loss_weight'),
        )
    return branches


def load_head(head: nn.Module, state: Case) -> None:
    ours = {}
    for name, value in state.items():
        name = name.replace('projector.', 'branches.gpaco.projector.').replace('region.', 'branches.region.')
        ours[name] = torch.from_numpy(np.array(value))
    prior = ours.pop('branches.region.prior', None)
    if prior is not None:
        close(head.branches['region'].class_frequencies(), prior.flatten())
    if 'branches.region.classifier.bias' not in head.state_dict():
        assert not ours.pop('branches.region.classifier.bias', torch.zeros(1)).any()
    missing, unexpected = head.load_state_dict(ours, strict=False)
    assert not unexpected, unexpected
    assert all(name.endswith(('class_counts', 'num_batches_tracked')) for name in missing), missing


@adapter('seg', 'head')
def whole_head(case: Case) -> None:
    from ltcl.registry import MODELS

    decode_heads()
    state = {name.removeprefix('sd::'): value for name, value in case.items() if name.startswith('sd::')}
    head = MODELS.build(dict(head_config(case), branches=head_branches(case, state))).double()
    load_head(head, state)
    inputs = {name: double(case, name, True) for name in sorted(case) if name.startswith('in_x')}
    close(head.eval()(list(inputs.values())), case['out_eval_logits'])
    head.train()
    seen = {}
    if 'gpaco' in head.branches:
        head.branches['gpaco'].sampler = Recorded(case)
        head.branches['gpaco'].projector.register_forward_hook(lambda *args: seen.update(embed=args[-1]))
    head.conv_seg.register_forward_hook(lambda *args: seen.update(logits=args[-1]))
    losses = head.loss(list(inputs.values()), samples_of(case), None)
    for recorded, actual in dict(out_train_logits='logits', out_train_embed='embed').items():
        if recorded in case:
            close(seen[actual], case[recorded])
    terms = [name for name in losses if name.startswith('loss')]
    for name in terms:
        close(losses[name], case[f'out_{name}'])
    total = sum(losses[name] for name in terms)
    total.backward()
    parameters = dict(head.named_parameters())
    for name in case:
        if name.startswith('out_grad::'):
            ours = name.removeprefix('out_grad::').replace('projector.', 'branches.gpaco.projector.')
            close(parameters[ours].grad, case[name])
        elif name.startswith('out_grad_x'):
            close(inputs[name.replace('out_grad', 'in')].grad, case[name])
