"""Feedback from training to the priority samplers."""

from typing import Any

import torch
import torch.nn.functional as F
from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop, Runner
from torch import Tensor, nn

from ltcl.datasets.samplers import PrioritySampler
from ltcl.errors import UserError
from ltcl.models.utils import gather
from ltcl.registry import HOOKS

from ..unwrapped import unwrapped

SCORES = ('error', 'cross_entropy')
STATE_KEY = 'sampler_priorities'


@HOOKS.register_module()
class SamplerPriorityHook(Hook):
    """Tells a priority sampler after each iteration how badly its images were classified.

    It reads the logits that the head's classifier ``fc`` gave the first view, without prior. Priorities travel in the
    checkpoint, so a resumed run goes on with them.

    Args:
        score: ``'error'``: 1 minus the probability of the label, for a sampler with ``max_priority=1``.
            ``'cross_entropy'``: its negative logarithm.

    Raises:
        UserError: Another ``score``; no priority sampler, no classifier, or a run that counts iterations.

    Differs from the original: the priorities of an epoch hold until its end, so that the order does not depend on how
    far the dataloader reads ahead.
    """

    def __init__(self, score: str = 'error') -> None:
        if score not in SCORES:
            raise UserError(f'SamplerPriorityHook: score={score!r} must be one of {", ".join(SCORES)}')
        self.score = score
        self._logits: Tensor | None = None
        self._state: dict | None = None

    def before_train(self, runner: Runner) -> None:
        """Listen to the classifier, and give a resumed sampler its priorities."""
        if isinstance(runner.train_loop, IterBasedTrainLoop):
            # The dataloader begins an epoch ahead of the training: its priorities would hang on the workers.
            raise UserError('SamplerPriorityHook counts epochs, so the run must: set train_cfg.max_epochs')
        sampler = runner.train_dataloader.batch_sampler.sampler
        self._sampler = getattr(sampler, 'sampler', sampler)
        if not isinstance(self._sampler, PrioritySampler):
            name = type(self._sampler).__name__
            raise UserError(
                f'SamplerPriorityHook needs a priority sampler, the train_dataloader has {name}: '
                "set sampler=dict(type='ltcl.ClassPrioritySampler') or 'ltcl.InstancePrioritySampler'"
            )
        model = unwrapped(runner.model)
        classifier = getattr(model.head, 'fc', None)
        if not isinstance(classifier, nn.Module):
            raise UserError(
                f'SamplerPriorityHook needs a head with a classifier fc, {type(model.head).__name__} has none'
            )
        classifier.register_forward_hook(self._keep_logits)
        if self._state is not None and len(self._state['priorities']) == len(self._sampler.priorities):
            self._sampler.load_state_dict(self._state)
        elif self._state is not None:
            runner.logger.warning(
                f'The checkpoint has the priorities of {len(self._state["priorities"])} images and there are '
                f'{len(self._sampler.priorities)} now: all priorities begin anew'
            )

    def _keep_logits(self, module: nn.Module, inputs: tuple, logits: Tensor) -> None:
        self._logits = logits.detach()

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Score the images of all processes."""
        assert self._logits is not None
        samples = data_batch['data_samples']
        labels = torch.cat([sample.gt_label for sample in samples]).to(self._logits.device)
        losses = F.cross_entropy(self._logits[: len(labels)].float(), labels, reduction='none')
        scores = gather(losses if self.score == 'cross_entropy' else 1 - torch.exp(-losses))
        indices = gather(torch.tensor([sample.sample_idx for sample in samples], device=labels.device)).cpu().numpy()
        # An image may have been drawn more than once: its last score counts.
        last = dict(zip(indices.tolist(), scores.double().tolist(), strict=True))
        self._sampler.update(list(last), list(last.values()))

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Put the priorities into the checkpoint."""
        state = self._sampler.state_dict()
        checkpoint[STATE_KEY] = {name: torch.as_tensor(value) for name, value in state.items()}

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Take the priorities out of the checkpoint of the run that is resumed."""
        if runner._resume and STATE_KEY in checkpoint:
            state = checkpoint[STATE_KEY]
            self._state = {name: value.numpy() if value.ndim else int(value) for name, value in state.items()}
