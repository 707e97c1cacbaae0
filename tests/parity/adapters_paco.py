"""PaCo, GPaCo and their multi-task baselines: losses, queue, momentum and whole training steps."""

import numpy as np
import torch
from harness import Case, adapter, close, tensor
from mmpretrain.structures import DataSample
from torch import nn

from ltcl.engine.hooks import MomentumUpdateHook
from ltcl.functional import logit_adjusted_loss, paco_loss, supcon_loss
from ltcl.models import ContrastiveClassifier, FeatureQueue
from ltcl.models.heads import Views

LOSS_ARGS = ('alpha', 'beta', 'gamma', 'supt', 'temperature', 'base_temperature')


def scalars(case: Case, names: tuple[str, ...]) -> dict[str, float]:
    return {name: float(case[name]) for name in names}


def online_views(case: Case) -> dict[str, torch.Tensor]:
    names = [name for name in ('query', 'view1', 'view2') if name in case]
    return {name: tensor(case, name).requires_grad_() for name in names}


def counts(case: Case) -> torch.Tensor | None:
    return tensor(case, 'class_counts') if 'class_counts' in case else None


def check_gradients(case: Case, inputs: dict[str, torch.Tensor]) -> None:
    for name, value in inputs.items():
        close(value.grad, case[f'grad_{name}'])


@adapter('paco', 'paco_loss', 'gpaco_loss')
def loss(case: Case) -> None:
    views = online_views(case)
    logits = tensor(case, 'sup_logits').requires_grad_()
    labels, queue, queue_labels = (tensor(case, name) for name in ('labels', 'queue', 'queue_labels'))
    keys = [tensor(case, 'key')] if 'key' in case else []

    def run(dtype: torch.dtype) -> torch.Tensor:
        return paco_loss(
            torch.cat(list(views.values())).to(dtype),
            labels.repeat(len(views)),
            torch.cat([*keys, queue]).to(dtype),
            torch.cat([labels.repeat(len(keys)), queue_labels]),
            logits=logits.to(dtype),
            class_counts=counts(case),
            smoothing=float(case.get('smooth', 0.0)),
            **scalars(case, LOSS_ARGS),
        )

    value = run(torch.float64)
    value.backward()
    close(value, case['loss'])
    check_gradients(case, {**views, 'sup_logits': logits})
    close(run(torch.float32).double(), case['loss'], rtol=1e-5)


@adapter('paco', 'multitask_loss')
def multitask_loss(case: Case) -> None:
    views = online_views(case)
    logits = tensor(case, 'sup_logits').requires_grad_()
    labels = tensor(case, 'labels').repeat(len(views))
    if 'class_counts' in case:
        classification = logit_adjusted_loss(logits, labels, counts(case))
    else:
        smoothing = float(case.get('smooth', 0.0))
        classification = nn.functional.cross_entropy(logits, labels, label_smoothing=smoothing)
    weights = tensor(case, 'contrastive_class_weight') if 'contrastive_class_weight' in case else None
    contrastive = supcon_loss(
        torch.cat(list(views.values())),
        labels,
        tensor(case, 'queue'),
        tensor(case, 'queue_labels'),
        num_classes=logits.shape[1],
        class_weights=weights,
        **scalars(case, ('temperature', 'base_temperature')),
    )
    value = classification + float(case['alpha']) * contrastive
    value.backward()
    close(classification, case['loss_classification'])
    close(contrastive, case['loss_contrastive'])
    close(value, case['loss'])
    check_gradients(case, {**views, 'sup_logits': logits})


def queue_of(case: Case) -> FeatureQueue:
    slots = tensor(case, 'init_queue')
    queue = FeatureQueue(*slots.shape, num_classes=2).double()
    queue.embeddings.copy_(slots)
    queue.labels.copy_(tensor(case, 'init_queue_labels'))
    return queue


def run_queue(case: Case, rank: int) -> None:
    """Enqueue this rank's keys step by step and compare the whole state each time."""
    queue = queue_of(case)
    keys, labels = tensor(case, 'keys'), tensor(case, 'key_labels')
    for step in range(len(keys)):
        queue.enqueue(keys[step, rank], labels[step, rank])
        close(queue.embeddings, case['expected_queue'][step])
        close(queue.labels, case['expected_queue_labels'][step])
        assert int(queue.pointer) == case['expected_pointer'][step]


@adapter('paco', 'queue')
def queue(case: Case) -> None:
    from processes import run_processes

    run_processes(run_queue, world_size=case['keys'].shape[1], case=case)


class RecordedEncoder(nn.Module):
    """The tiny network of the recorded steps, under its recorded names."""

    def __init__(self, arrays: Case) -> None:
        super().__init__()
        width, in_channels = arrays['conv.weight'].shape[:2]
        self.conv = nn.Conv2d(in_channels, width, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(width)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor]:
        return (self.bn(self.conv(images)).relu(),)


def entries(case: Case, prefix: str) -> Case:
    return {name.removeprefix(prefix): value for name, value in case.items() if name.startswith(prefix)}


def projector_config(arrays: Case) -> dict:
    weights = [value for name, value in sorted(arrays.items()) if name.startswith('proj.') and value.ndim == 2]
    with_norm = any(name.startswith('proj.') and name.endswith('running_mean') for name in arrays)
    with_norm = with_norm or 'proj.1.weight' in arrays
    return dict(
        type='ltcl.Projector',
        in_channels=weights[0].shape[1],
        out_channels=weights[-1].shape[0],
        num_layers=len(weights),
        norm_cfg=dict(type='BN1d') if with_norm else None,
    )


def our_name(name: str) -> str:
    """Recorded state name -> ours."""
    name = name.replace('key_encoder.', 'momentum_encoder.').replace('proj.', 'projector.layers.')
    if name.startswith('momentum_encoder.') and '.projector' not in name:
        name = name.replace('momentum_encoder.', 'momentum_encoder.backbone.')
    if name.startswith('encoder.'):
        name = name.removeprefix('encoder.') if '.projector' in name else name.replace('encoder.', 'backbone.')
    renamed = {'queue': 'head.queue.embeddings', 'queue_l': 'head.queue.labels', 'queue_ptr': 'head.queue.pointer'}
    return renamed.get(name, name.replace('classifier.', 'head.fc.'))


def load_state(model: nn.Module, arrays: Case) -> None:
    state = {our_name(name): torch.from_numpy(np.array(value)) for name, value in arrays.items()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected, unexpected
    assert not set(missing) - {'head.class_counts', 'head.queue.fill'}, missing


@adapter('paco', 'paco_steps', 'gpaco_steps')
def training_steps(case: Case) -> None:
    encoder = entries(case, 'init/encoder.')
    is_paco = 'key_momentum' in case
    num_classes, width = case['init/classifier.weight'].shape
    queue_len, feat_dim = case['init/queue'].shape
    head = dict(
        type='ltcl.PaCoHead',
        num_classes=num_classes,
        in_channels=width,
        feat_dim=feat_dim,
        queue_len=queue_len,
        class_counts=case['class_counts'].tolist() if 'class_counts' in case else None,
        with_prior='class_counts' in case,
        smoothing=float(case.get('smooth', 0.0)),
        **scalars(case, LOSS_ARGS),
    )
    model = ContrastiveClassifier(
        backbone=RecordedEncoder(encoder),
        neck=dict(type='mmpretrain.GlobalAveragePooling'),
        projector=projector_config(encoder),
        head=head,
        online_views=(0,) if is_paco else (0, 1),
        key_views=(1,) if is_paco else (),
    ).double()
    load_state(model, entries(case, 'init/'))
    optimizer = torch.optim.SGD(
        [parameter for parameter in model.parameters() if parameter.requires_grad],
        lr=float(case['lr']),
        momentum=float(case['sgd_momentum']),
        weight_decay=float(case['weight_decay']),
    )
    recorded = {}

    def record(head_module: nn.Module, views: Views) -> None:
        rows, row_labels = head_module.contrast_rows(views)
        recorded['features'] = torch.cat([*views.embeddings, rows])
        recorded['targets'] = torch.cat([views.labels.repeat(len(views.embeddings)), row_labels])
        recorded['logits'] = head_module.fc(torch.cat(views.feats))

    head_loss = model.head.loss

    def recorded_loss(views: Views) -> dict:
        record(model.head, views)
        return head_loss(views)

    model.head.loss = recorded_loss
    model.train()
    for step, labels in enumerate(tensor(case, 'labels')):
        if is_paco:
            model.update_momentum_encoder(float(case['key_momentum']))
        samples = [DataSample().set_gt_label(label) for label in labels]
        views = [tensor(case, 'images_view1')[step], tensor(case, 'images_view2')[step]]
        value = model(views, samples, mode='loss')['loss_paco']
        optimizer.zero_grad()
        value.backward()
        close(value, case['expected_loss'][step])
        close(recorded['features'], case['expected_features'][step])
        close(recorded['targets'], case['expected_targets'][step])
        close(recorded['logits'], case['expected_logits'][step])
        if step == 0:
            gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
            for name, expected in entries(case, 'grad_step1/').items():
                close(gradients[our_name(name)], expected)
        optimizer.step()
    state = model.state_dict()
    for name, expected in entries(case, 'final/').items():
        close(state[our_name(name)], expected)
    model.eval()
    close(model(tensor(case, 'eval_images')), case['expected_eval_logits'])


@adapter('paco', 'momentum')
def momentum(case: Case) -> None:
    keys = entries(case, 'init_key/')
    model = ContrastiveClassifier(
        backbone=RecordedEncoder(keys),
        neck=dict(type='mmpretrain.GlobalAveragePooling'),
        projector=projector_config(keys),
        head=dict(type='ltcl.PaCoHead', num_classes=2, in_channels=keys['conv.weight'].shape[0], feat_dim=3),
        key_views=(1,),
    ).double()
    state = model.state_dict()
    query_name = {name: our_name(f'encoder.{name}') for name in keys}
    key_name = {name: our_name(f'key_encoder.{name}') for name in keys}
    for name, value in keys.items():
        state[key_name[name]].copy_(torch.from_numpy(value))
    state['backbone.bn.running_mean'].copy_(tensor(case, 'query_bn_running_mean'))
    state['momentum_encoder.backbone.bn.running_mean'].copy_(tensor(case, 'key_bn_running_mean'))

    class RunnerOfOneModel:
        optim_wrapper = type('AlwaysSteps', (), {'should_update': lambda self: True})()
        iter = 1  # past the start, so that the hook does not copy the query weights first
        max_iters = int(case['steps'])

    runner = RunnerOfOneModel()
    runner.model = model
    hook = MomentumUpdateHook(momentum=float(case['key_momentum']))
    hook.before_train(runner)
    for step in range(int(case['steps'])):
        for name, trajectory in entries(case, 'query_trajectory/').items():
            state[query_name[name]].copy_(torch.from_numpy(trajectory[step]))
        hook.before_train_iter(runner, step)
    for name, expected in entries(case, 'expected_key/').items():
        close(state[key_name[name]], expected)
    close(state['backbone.bn.running_mean'], case['query_bn_running_mean'])
    close(state['momentum_encoder.backbone.bn.running_mean'], case['key_bn_running_mean'])
