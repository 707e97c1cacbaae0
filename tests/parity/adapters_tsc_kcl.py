"""KCL and TSC: losses, whole steps with queue, centers and assignment, the form within a batch, schedules."""

from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from adapters_schedules import learning_rates
from harness import Case, adapter, close, entries, tensor
from mmpretrain.structures import DataSample
from torch import nn

from ltcl.functional import draw_positives
from ltcl.functional.in_batch import batch_rows, drawn_positives, log_sum_others, pair_log_probs
from ltcl.functional.k_positive import log_sum_candidates, mixed_pool_labels
from ltcl.models import ContrastiveClassifier, InBatchKCLHead, InBatchTSCHead, KCLHead, TSCHead
from ltcl.models.heads import Views


def build_head(case: Case, queue: torch.Tensor, queue_labels: torch.Tensor, centers: torch.Tensor | None) -> KCLHead:
    """The recorded head; TSC where the case holds targets."""
    args = dict(
        num_classes=int(case['num_classes']),
        feat_dim=queue.shape[1],
        queue_len=len(queue),
        num_positives=int(case['k_positives']),
        temperature=float(case['temperature']),
    )
    if 'targets' in case:
        head = TSCHead(
            **args,
            target_repeat=int(case['target_repeat']),
            target_weight=float(case['target_weight']),
            separate_targets=bool(case['separate_targets']),
            center_momentum=float(case['center_momentum']),
        ).double()
        head.targets.copy_(tensor(case, 'targets'))
        head.class_centers.copy_(centers)
    else:
        case.skip('target_repeat', 'target_weight', 'separate_targets', 'center_momentum')
        head = KCLHead(**args).double()
    head.queue.embeddings.copy_(queue)
    head.queue.labels.copy_(queue_labels)
    return head


def set_phase(head: KCLHead, is_targeted: bool) -> None:
    """What the hook with an interval of 1 sets."""
    if isinstance(head, TSCHead):
        head.targeted = head.update_centers = head.assignment_due = is_targeted


class Step:
    """One recorded step: replays its draws and compares what the head computes on the way.

    Args:
        case: The recorded case.
        prefix: Of the step's keys.
        head: The head, in the phase of the step.
    """

    def __init__(self, case: Case, prefix: str, head: KCLHead) -> None:
        self.case, self.prefix, self.head = case, prefix, head

    def has(self, name: str) -> bool:
        return self.prefix + name in self.case

    def close(self, actual: object, name: str) -> None:
        if self.has(name):
            close(actual, self.case[self.prefix + name])

    def replay(self) -> None:
        """Have the head draw the recorded numbers and keep what it is given and holds before the step."""
        drawn = self.case.get(self.prefix + 'uniform_draws', np.empty(0))
        self.draws = torch.from_numpy(drawn) if self.head.num_positives else None
        assert len(drawn) == self.head.num_positives
        self.queue, self.queue_labels = (rows.clone() for rows in self.head.queue.contents())
        self.head.draw_uniform = lambda num_anchors, device: self.draws
        contrast = type(self.head).contrast

        def recorded(queries: torch.Tensor, keys: torch.Tensor, labels: torch.Tensor) -> dict:
            queries.retain_grad()
            self.queries, self.keys, self.labels = queries, keys, labels
            return contrast(self.head, queries, keys, labels)

        self.head.contrast = recorded

    def check(self, losses: dict) -> None:
        """Compare after the backward pass."""
        self.close(losses['loss_con'], 'loss_class')
        target_term = losses.get('loss_target', torch.zeros_like(losses['loss_con']))
        self.close(target_term, 'loss_target')
        self.close(losses['loss_con'] + target_term, 'loss')
        self.close(self.queries, 'query')
        self.close(self.keys, 'key')
        self.close(self.queries.grad, 'grad_query')
        if getattr(self.head, 'targeted', False):
            self.close(self.head.class_centers, 'class_centers_after')
            self.close(self.head.class_centers @ self.head.targets.T, 'similarity')
            self.close(self.head.assignment, 'assignment')
        self.check_positives()
        queue = self.head.queue
        self.close(queue.embeddings, 'queue_after')
        self.close(queue.labels, 'queue_labels_after')
        self.close(queue.pointer[0], 'queue_ptr_after')

    def check_positives(self) -> None:
        """Compare the drawn rows, the masks and the log probabilities."""
        head, num_rows = self.head, len(self.queue)
        is_targeted = getattr(head, 'targeted', False)
        is_mixed = is_targeted and not head.target_args['separate_targets']
        copies = head.target_args['target_repeat'] if is_targeted else 0
        assignment = head.assignment if is_targeted else torch.arange(head.num_classes)
        class_of_target = assignment.argsort()
        pool = mixed_pool_labels(self.queue_labels, head.num_classes, copies)
        columns = torch.arange(num_rows + head.num_classes * copies)
        if is_targeted:  # ours have the targets in the order of the classes, the recorded ones in their own
            columns[num_rows:] = num_rows + (assignment[:, None] * copies + torch.arange(copies)).flatten()
        if not is_mixed:
            pool = pool.where(torch.arange(len(pool)) < num_rows, -1)
        candidates = torch.zeros(len(self.labels), len(pool), dtype=torch.bool)
        candidates[:, columns] = pool == self.labels[:, None]
        self.close(candidates, 'candidate_mask')
        if self.draws is None:
            positives = candidates.clone()
            self.close(torch.empty(0, len(candidates)), 'positive_index')
        else:
            chosen = draw_positives(self.draws, self.labels, pool)
            chosen = columns[chosen.clamp(min=0)].where(chosen >= 0, -1)
            self.close(chosen, 'positive_index')
            positives = torch.zeros(len(self.labels), len(pool) + 1, dtype=torch.bool)
            positives = positives.scatter(1, chosen.T % (len(pool) + 1), True)[:, :-1]
        is_own_target = class_of_target.repeat_interleave(copies) == self.labels[:, None] if is_targeted else None
        if is_targeted and not is_mixed:
            positives[:, num_rows:] = is_own_target
        own_key = torch.ones(len(positives), 1, dtype=torch.bool)
        is_target = torch.arange(len(pool) + 1) > num_rows
        mask = torch.cat([own_key, positives], 1)
        self.close(mask & ~is_target, 'positive_mask_class')
        self.close(mask & is_target, 'positive_mask_target')
        if self.has('log_prob'):
            self.check_log_prob(copies)

    def check_log_prob(self, copies: int) -> None:
        targets = self.head.class_targets() if copies else None
        queries, keys, temperature = self.queries, self.keys, self.head.temperature
        rows = (
            self.queue if targets is None else torch.cat([self.queue, self.head.targets.repeat_interleave(copies, 0)])
        )
        logits = torch.cat([(queries * keys).sum(1, keepdim=True), queries @ rows.T], 1) / temperature
        denominator = log_sum_candidates(queries, keys, self.queue, targets, copies, temperature)
        self.close(logits - denominator[:, None], 'log_prob')


@adapter('tsc_kcl', 'kcl', 'tsc')
def one_step(case: Case) -> None:
    centers = tensor(case, 'class_centers') if 'class_centers' in case else None
    head = build_head(case, tensor(case, 'queue'), tensor(case, 'queue_labels'), centers)
    head.queue.pointer.fill_(int(case['queue_ptr']))
    set_phase(head, bool(case['targeted']))
    run_raw_step(case, '', head)


def run_raw_step(case: Case, prefix: str, head: KCLHead) -> None:
    """A step whose inputs are the embeddings before they are normalised."""
    query, key = (tensor(case, f'{prefix}{name}_raw') for name in ('query', 'key'))
    query.requires_grad_()
    step = Step(case, prefix, head)
    step.replay()
    losses = head.loss(Views([], [F.normalize(query)], [F.normalize(key)], tensor(case, prefix + 'labels')))
    sum(losses.values()).backward()
    step.check(losses)
    step.close(query.grad, 'grad_query_raw')


@adapter('tsc_kcl', 'tsc_sequence')
def sequence(case: Case) -> None:
    centers = tensor(case, 'class_centers_init')
    head = build_head(case, tensor(case, 'queue_init'), tensor(case, 'queue_labels_init'), centers)
    for step in range(int(case['num_steps'])):
        set_phase(head, step >= case['first_targeted_step'])
        run_raw_step(case, f's{step}_', head)
    close(head.queue.embeddings, case['queue_final'])


class RecordedBackbone(nn.Module):
    """The recorded encoder up to its MLP: linear, batch norm, ReLU."""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.lin = nn.Linear(in_channels, width, bias=False)
        self.bn = nn.BatchNorm1d(width)

    def forward(self, rows: torch.Tensor) -> tuple[torch.Tensor]:
        return (self.bn(self.lin(rows)).relu(),)


def our_name(name: str) -> str:
    """Recorded state name -> ours."""
    encoder, part = name.split('.', 1)
    part = part.replace('fc.', 'projector.layers.') if part.startswith('fc.') else f'backbone.{part}'
    return part if encoder == 'encoder_q' else f'momentum_encoder.{part}'


BUFFERS = {
    'queue': lambda head: head.queue.embeddings.T,
    'queue_labels': lambda head: head.queue.labels[None],
    'class_centroid': lambda head: head.class_centers,
    'queue_ptr': lambda head: head.queue.pointer,
}


def build_model(case: Case) -> ContrastiveClassifier:
    arrays = entries(case, 'init/')
    width, in_channels = arrays['encoder_q.lin.weight'].shape
    feat_dim = len(arrays['queue'])
    model = ContrastiveClassifier(
        backbone=RecordedBackbone(in_channels, width),
        projector=dict(
            type='ltcl.Projector',
            in_channels=width,
            out_channels=feat_dim,
            hidden_channels=len(arrays['encoder_q.fc.0.weight']),
        ),
        head=build_head(
            case,
            tensor(case, 'init/queue').T,
            tensor(case, 'init/queue_labels')[0],
            tensor(case, 'init/class_centroid'),
        ),
        key_views=(1,),
        shuffle_bn=True,
    ).double()
    model.head.queue.pointer.copy_(tensor(case, 'init/queue_ptr'))
    state = model.state_dict()
    for name, value in arrays.items():
        if name.startswith('encoder_'):
            state[our_name(name)].copy_(torch.from_numpy(np.array(value)))
    return model.train()


def build_optimizer(case: Case, model: nn.Module) -> torch.optim.SGD | None:
    """None where the case records no learning rate: the query encoder rests."""
    if 'lr' not in case:
        return None
    return torch.optim.SGD(
        [parameter for parameter in model.parameters() if parameter.requires_grad],
        lr=float(case['lr']),
        momentum=float(case['sgd_momentum']),
        weight_decay=float(case['weight_decay']),
    )


def check_final(case: Case, prefix: str, model: ContrastiveClassifier) -> None:
    state = model.state_dict()
    for name, expected in entries(case, prefix).items():
        actual = BUFFERS[name](model.head) if name in BUFFERS else state[our_name(name)]
        close(actual, expected)


def run_steps(case: Case, rank_prefix: Callable[[int], str], average: Callable[[nn.Module], None]) -> None:
    """Whole training steps; ``rank_prefix`` maps a step to the prefix of this process's keys."""
    model = build_model(case)
    optimizer = build_optimizer(case, model)
    for index in range(int(case['num_steps'])):
        is_targeted = index >= case['first_targeted_step']
        set_phase(model.head, is_targeted)
        if optimizer and index == case['first_targeted_step']:
            optimizer.state.clear()  # as the hook does
        prefix = rank_prefix(index)
        step = Step(case, prefix, model.head)
        step.replay()
        model.update_momentum_encoder(float(case['key_momentum']))
        samples = [DataSample().set_gt_label(label) for label in tensor(case, prefix + 'labels')]
        order = case.get(f's{index}_permutation')
        with patch('torch.randperm', return_value=None if order is None else torch.from_numpy(order).clone()):
            losses = model.loss([tensor(case, f'{prefix}input_{name}') for name in ('query', 'key')], samples)
        model.zero_grad()
        sum(losses.values()).backward()
        step.check(losses)
        if prefix != f's{index}_':  # what all processes share
            shared = Step(case, f's{index}_', model.head)
            shared.close(model.head.queue.embeddings, 'queue_after')
            shared.close(model.head.queue.labels, 'queue_labels_after')
            shared.close(model.head.queue.pointer[0], 'queue_ptr_after')
            if is_targeted:
                shared.close(model.head.class_centers, 'class_centers_after')
        gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
        for name, expected in entries(case, f'{prefix}grad/').items():
            close(gradients[our_name(name)], expected)
        if optimizer:
            average(model)
            optimizer.step()
    return model


@adapter('tsc_kcl', 'encoder_momentum_steps')
def encoder_steps(case: Case) -> None:
    model = run_steps(case, lambda step: f's{step}_', lambda model: None)
    check_final(case, 'final/', model)


def average_gradients(model: nn.Module) -> None:
    """What DDP does."""
    for parameter in model.parameters():
        if parameter.grad is not None:
            dist.all_reduce(parameter.grad)
            parameter.grad /= dist.get_world_size()


def run_worker(case: Case, rank: int) -> None:
    model = run_steps(case, lambda step: f's{step}_r{rank}_', average_gradients)
    check_final(case, f'final_r{rank}/', model)
    case.assert_all_read(but=rf'world_size|(s\d+|final)_r(?!{rank}\D)\d+.*')


@adapter('tsc_kcl', 'two_workers')
def workers(case: Case) -> None:
    from processes import run_processes

    run_processes(run_worker, world_size=int(case['world_size']), case=case)
    case.skip(*case)  # each process has seen to its own


@adapter('tsc_kcl', 'assignment')
def assignment(case: Case) -> None:
    for number in range(int(case['num'])):
        instance = Case(entries(case, f'a{number}_'))
        head = TSCHead(*instance['targets'].shape, queue_len=8).double()
        head.targets.copy_(tensor(instance, 'targets'))
        head.class_centers.copy_(tensor(instance, 'centers'))
        head.match_targets()
        close(head.assignment, instance['assignment'])
        total = (head.class_centers * head.class_targets()).sum()
        close(total, instance['total_similarity'])
        assert total >= instance['greedy_total'] - 1e-12
        instance.assert_all_read()


def in_batch_head(case: Case) -> InBatchKCLHead:
    """The recorded head; TSC where the case holds targets."""
    anchors = 'first_view' if case.get('anchor_first_view_only', 0) else 'all'
    anchors = 'targets' if case.get('target_anchors_only', 0) else anchors
    args = dict(
        num_classes=int(case['num_classes']),
        num_positives=int(case['k_positives']),
        temperature=float(case['temperature']),
        base_temperature=float(case['base_temperature']),
        unbiased=bool(case['unbiased']),
        anchors=anchors,
    )
    if 'targets' not in case:
        case.skip('target_repeat', 'all_targets_positive')
        return InBatchKCLHead(**args).double()
    head = InBatchTSCHead(
        **args,
        feat_dim=case['targets'].shape[1],
        target_repeat=int(case['target_repeat']),
        all_targets_positive=bool(case['all_targets_positive']),
        target_order=case['target_class'].tolist(),
    ).double()
    head.targets.copy_(tensor(case, 'targets'))
    return head


def in_batch_order(case: Case, head: InBatchKCLHead) -> torch.Tensor:
    """Recorded row of each of our rows: ours have the targets in the order of the classes."""
    num_images, num_views = len(case['labels']), 2 - int(case['single_view'])
    block = torch.arange(num_images)
    if 'targets' in case:
        copies = torch.arange(int(case['target_repeat']))
        block = torch.cat([block, num_images + (head.assignment[:, None] * len(copies) + copies).flatten()])
    return torch.cat([view * len(block) + block for view in range(num_views)])


@adapter('tsc_kcl', 'inbatch')
def in_batch(case: Case) -> None:
    head = in_batch_head(case)
    views = {name: tensor(case, name).requires_grad_() for name in ('view1', 'view2') if name in case}
    labels = tensor(case, 'labels')
    order = in_batch_order(case, head)
    draws = None
    if head.num_positives:
        draws = torch.zeros(head.num_positives, len(order), dtype=torch.float64)
        recorded = tensor(case, 'uniform_draws')
        draws[:, : recorded.shape[1]] = recorded
        draws = draws[:, order]
    head.draw_uniform = lambda num_rows, device: draws
    weights = tensor(case, 'class_weight')
    if not (weights == 1).all():
        head.effective_number_beta = 0.9999
    with patch('ltcl.models.heads.contrastive.effective_number_weights', return_value=weights):
        head.set_class_counts([1] * head.num_classes)
        value = head.loss(Views([], list(views.values()), [], labels))['loss_con']
    value.backward()
    close(value, case['loss'])
    for name, view in views.items():
        close(view.grad, case[f'grad_{name}'])
    check_in_batch_pairs(case, head, torch.cat(list(views.values())).detach(), draws, order)


def check_in_batch_pairs(
    case: Case, head: InBatchKCLHead, embeddings: torch.Tensor, draws: torch.Tensor | None, order: torch.Tensor
) -> None:
    """Compare the drawn rows, the mask of positives and the log probabilities, and the anchors' means."""
    with_targets = 'targets' in case
    targets, classes = head.target_rows(embeddings)
    copies, num_views = int(case['target_repeat']) if with_targets else 0, 2 - int(case['single_view'])
    rows = batch_rows(embeddings, tensor(case, 'labels').repeat(num_views), targets, classes, num_views, copies)
    similarities = rows.unique @ rows.unique.T / float(case['temperature'])
    log_others = log_sum_others(similarities, rows, head.loss_args['unbiased'])
    pairs = similarities[rows.unique_of][:, rows.unique_of]
    log_prob = pair_log_probs(pairs, log_others[rows.unique_of][:, None], head.loss_args['unbiased'])
    not_self = ~torch.eye(len(order), dtype=torch.bool)
    back = order.argsort()
    same = (rows.labels[:, None] == rows.labels) & not_self
    mask = same
    if draws is not None:
        all_targets = with_targets and bool(case['all_targets_positive'])
        positives, counts = drawn_positives(draws, rows, all_targets)
        mask = torch.zeros_like(same)
        # The last one stands for all copies of the target.
        num_single = len(positives) - all_targets
        ours, found = positives[:num_single].T, counts[:num_single].T > 0
        mask[torch.arange(len(order))[:, None].expand_as(ours)[found], ours[found]] = True
        if all_targets:
            mask |= same & (rows.unique_of >= rows.num_images)
        assert torch.equal(mask.sum(1).double(), counts.sum(0))
        drawn = order[positives[: len(draws)]].where(counts[: len(draws)] > 0, -1)
        recorded = case['positive_index']
        close(drawn[:, back][:, : recorded.shape[1]], recorded)
    num_anchors = len(case['positive_mask'])
    close(mask[back][:, back][:num_anchors], case['positive_mask'].astype(bool))
    compared = not_self[:num_anchors]
    close(log_prob[back][:, back][:num_anchors][compared], case['log_prob'][compared])
    means = (log_prob * mask).where(mask, 0.0).sum(1) / mask.sum(1).clamp(min=1)
    means = means * tensor(case, 'class_weight')[rows.labels]
    close(means[back][: len(case['anchor_mean_log_prob'])], case['anchor_mean_log_prob'])


@adapter('tsc_kcl', 'lr_schedules')
def lr_schedules(case: Case) -> None:
    base_lr = float(case['lr'])
    case.skip('small_batch')  # the rate is recorded for it as it is

    def check(name: str, scheduler: dict, base_lr: float = base_lr) -> None:
        close(learning_rates(base_lr, [scheduler], len(case[name])), case[name])

    for name in ('kcl', 'tsc', 'linear'):
        assert len(case[f'{name}_lr']) == case[f'{name}_epochs']
    assert case['small_lr'].shape == (case['small_epochs'], case['small_iters_per_epoch'])
    check('kcl_lr', dict(type='CosineAnnealingLR', T_max=int(case['kcl_epochs'])))
    first = int(case['tsc_first_targeted_epoch'])
    periods = [first, int(case['tsc_epochs']) - first]
    check('tsc_lr', dict(type='CosineRestartLR', periods=periods, restart_weights=[1, 1], eta_min=0))
    check('step_lr', dict(type='MultiStepLR', milestones=case['step_milestones'].tolist()))
    # The alternative pipeline steps its schedule before an epoch, hence drops one epoch early.
    for name, early in (('linear', 0), ('linear_alt_in_lt', 1), ('linear_alt_inat', 1)):
        initial = case.get(f'{name}_lr_initial', case[f'{name}_lr'][0])
        milestones = [int(epoch) - early for epoch in case[f'{name}_milestones']]
        check(f'{name}_lr', dict(type='MultiStepLR', milestones=milestones), float(initial))
    small = float(case['small_lr_initial'])
    num_epochs, num_iters = case['small_lr'].shape
    scheduler = dict(type='ltcl.IterWarmupCosineLR', max_epochs=num_epochs, convert_to_iter_based=True)
    rates = learning_rates(small, [dict(scheduler, epoch_length=num_iters)], num_epochs * num_iters)
    close(np.reshape(rates, (num_epochs, num_iters)), case['small_lr'])
    steps = dict(type='ltcl.WarmupStepLR', warmup_epochs=5, milestones=(159, 179), gamma=0.01, overshoot=False)
    check('small_lr_noncosine', steps, small)
