"""One set of buffers for all processes."""

from mmengine.dist import broadcast, get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ltcl.registry import HOOKS


@HOOKS.register_module()
class BroadcastBuffersHook(Hook):
    """Gives every process the buffers of rank 0, before training and before each validation.

    Queues start with random rows. MMEngine's DDP synchronises parameters at its construction but no buffers, so
    processes with different seeds would each contrast with a queue of their own until it is overwritten. And a
    checkpoint holds the running statistics of rank 0: a validation, shared by all processes, must score these.
    """

    def before_train(self, runner: Runner) -> None:
        """Broadcast all buffers of the model from rank 0."""
        if get_world_size() > 1:
            for buffer in runner.model.buffers():
                broadcast(buffer, src=0)

    before_val = before_train
