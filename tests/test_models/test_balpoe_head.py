"""Head of BalPoE: what its experts share, how they are trained and how they answer."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample
from processes import run_processes
from resume_checks import assert_same_state, train
from toy import CLASS_COUNTS, toy_config

from ltcl.engine.hooks.stop_signal_hook import TrainingStopped
from ltcl.errors import UserError
from ltcl.models import BalPoEHead

COUNTS = [60, 30, 10]
LABELS = [0, 1, 2, 0]


def build(**changes: object) -> BalPoEHead:
    torch.manual_seed(0)
    return BalPoEHead(3, 5, class_counts=COUNTS, **changes)


def samples(scores: torch.Tensor | None = None) -> list[DataSample]:
    made = [DataSample().set_gt_label(label) for label in LABELS]
    for sample, score in zip(made, [] if scores is None else scores, strict=False):
        sample.set_gt_score(score)
    return made


def feats() -> tuple[torch.Tensor]:
    return (torch.randn(len(LABELS), 5, generator=torch.Generator().manual_seed(1)),)


@pytest.mark.parametrize('cosine_scale', [None, 30.0])
def test_experts_are_separate_classifiers_side_by_side(cosine_scale):
    head = build(cosine_scale=cosine_scale)
    logits = head.expert_logits(feats())
    assert logits.shape == (4, 3, 3)
    second = head.experts.weight[3:6]
    if cosine_scale is None:
        expected = F.linear(feats()[0], second, head.experts.bias[3:6])
    else:
        expected = 30 * F.normalize(feats()[0]) @ F.normalize(second).T
    torch.testing.assert_close(logits[:, 1], expected)


def test_the_answer_is_the_normalised_product_of_the_experts():
    head = build()
    shares = head.expert_logits(feats()).softmax(2)
    product = shares.prod(1) ** (1 / 3)
    predicted = torch.stack([sample.pred_score for sample in head.predict(feats())])
    torch.testing.assert_close(predicted, product / product.sum(1, keepdim=True))


def test_experts_of_exact_posteriors_make_a_balanced_one():
    """An expert of strength tau that fits its data has the logits log p(x|y) + (1 - tau) log p(y)."""
    log_likelihood = torch.randn(6, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    log_prior = torch.log(torch.tensor(COUNTS).double() / 100)
    head = BalPoEHead(3, 9, cosine_scale=None).double()
    with torch.no_grad():
        head.experts.weight.copy_(torch.eye(9))
        head.experts.bias.zero_()
    fitted = [log_likelihood + (1 - tau) * log_prior for tau in head.taus]
    torch.testing.assert_close(head((torch.cat(fitted, 1),)), log_likelihood)


def test_loss_and_gradients():
    head = build()
    loss = head.loss(feats(), samples())['loss_cls']
    logits, log_prior = head.expert_logits(feats()), torch.log(torch.tensor(COUNTS) / 100)
    losses = [F.cross_entropy(logits[:, e] + tau * log_prior, torch.tensor(LABELS)) for e, tau in enumerate((0, 1, 2))]
    torch.testing.assert_close(loss, sum(losses) / 3)
    loss.backward()
    assert (head.experts.weight.grad.norm(dim=1) > 0).all()


def test_mixed_images():
    shares = torch.tensor([[0.7, 0.3, 0.0]] * 4)
    loss = build().loss(feats(), samples(shares))['loss_cls']
    logits = build().expert_logits(feats()) + torch.tensor([[0.0], [1.0], [2.0]]) * torch.log(
        torch.tensor(COUNTS) / 100
    )
    torch.testing.assert_close(loss, -(shares[:, None] * logits.log_softmax(2)).sum(2).mean())


def test_counts_are_needed_and_travel():
    head = BalPoEHead(3, 5)
    with pytest.raises(UserError, match=r'ltcl\.ClassCountsHook'):
        head.loss(feats(), samples())
    head.load_state_dict(build().state_dict())
    assert head.loss(feats(), samples())['loss_cls'].isfinite()


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(taus=()), 'taus of BalPoEHead is empty'),
        (dict(taus=(0.0, -1.0)), r'taus=\(0.0, -1.0\) must be a number of at least 0'),
        (dict(cosine_scale=0.0), 'cosine_scale=0.0 must be a number above 0'),
    ],
)
def test_mistakes(changes, message):
    with pytest.raises(UserError, match=message):
        build(**changes)


def test_mixup_of_other_classes_is_refused():
    with pytest.raises(UserError, match=r'labels of 5 classes, .* num_classes=3: set data_preprocessor.num_classes=3'):
        build().loss(feats(), samples(torch.ones(4, 5)))


def with_mixup(tmp_path) -> torch.nn.Module:
    cfg = toy_config(tmp_path, tmp_path, 'balpoe')
    mixup = dict(augments=dict(type='Mixup', alpha=0.4))
    cfg.model.data_preprocessor.update(num_classes=len(CLASS_COUNTS), batch_augments=mixup)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.head.set_class_counts(CLASS_COUNTS)
    return model


def batch() -> dict:
    images = torch.randint(256, (4, 3, 16, 16), generator=torch.Generator().manual_seed(3), dtype=torch.uint8)
    return dict(inputs=images, data_samples=samples())


def test_mixup_of_the_data_preprocessor_reaches_the_loss(tmp_path, monkeypatch):
    """Images and labels are mixed in the same shares in training, and not at all in a test."""
    model, order = with_mixup(tmp_path), torch.tensor([1, 2, 3, 0])
    monkeypatch.setattr('numpy.random.beta', lambda *alphas: 0.7)
    monkeypatch.setattr('torch.randperm', lambda size: order)
    mixed, plain = (model.data_preprocessor(batch(), training=training) for training in (True, False))
    torch.testing.assert_close(mixed['inputs'], 0.7 * plain['inputs'] + 0.3 * plain['inputs'][order])
    shares = torch.stack([sample.gt_score for sample in mixed['data_samples']])
    one_hot = F.one_hot(torch.tensor(LABELS), 3)
    torch.testing.assert_close(shares, 0.7 * one_hot + 0.3 * one_hot[order])
    torch.testing.assert_close(
        model(**mixed, mode='loss')['loss_cls'],
        model.head.loss(model.extract_feat(mixed['inputs']), samples(shares))['loss_cls'],
    )
    assert model(**plain, mode='predict')[0].pred_score.shape == (3,)


def test_a_resumed_run_draws_the_same_mixtures(images, tmp_path):
    mixup = dict(augments=dict(type='Mixup', alpha=1.0))
    changes = dict(
        train_cfg__max_epochs=2,
        model__data_preprocessor__num_classes=len(CLASS_COUNTS),
        model__data_preprocessor__batch_augments=mixup,
    )
    whole = train(toy_config(images, tmp_path / 'whole', 'balpoe', **changes))
    with pytest.raises(TrainingStopped):
        train(toy_config(images, tmp_path / 'part', 'balpoe', **changes), stop_at=2)
    assert_same_state(train(toy_config(images, tmp_path / 'part', 'balpoe', resume=True, **changes)), whole)


def mean_gradient(rank: int) -> None:
    """Two processes with half of the batch each have the mean of the gradients of one."""
    import torch.distributed as dist

    whole, part = build(), build()
    whole.loss(feats(), samples())['loss_cls'].backward()
    half = slice(2 * rank, 2 * rank + 2)
    part.loss((feats()[0][half],), samples()[half])['loss_cls'].backward()
    gradient = part.experts.weight.grad
    dist.all_reduce(gradient)
    torch.testing.assert_close(gradient / 2, whole.experts.weight.grad)


def test_two_processes_train_as_one():
    run_processes(mean_gradient, world_size=2)
