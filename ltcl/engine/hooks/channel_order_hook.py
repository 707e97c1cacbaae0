"""Networks see the colours in one order, whatever reads the images."""

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import Dataset

from ltcl.datasets.image_checks import leaves
from ltcl.datasets.transforms.channel_order import OTHER, order_of
from ltcl.errors import UserError
from ltcl.models import MultiViewDataPreprocessor
from ltcl.notices import warn
from ltcl.registry import HOOKS

from ..unwrapped import unwrapped


@HOOKS.register_module()
class ChannelOrderHook(Hook):
    """Compares what the pipelines read, RGB or BGR, with ``to_rgb`` of the data preprocessor, before the first batch.

    ``ltcl.LoadImage`` gives RGB, mmcv's ``LoadImageFromFile`` BGR. A wrong pair trains and tests a network on swapped
    colours. Only a warning with other preprocessors than ours, which do not tell what the network takes.

    Raises:
        UserError: They do not go together.
    """

    def before_train(self, runner: Runner) -> None:
        """Compare training and validation."""
        _compare(runner, runner.train_dataloader.dataset, 'train_dataloader')
        if runner.val_loop is not None:
            self.before_val(runner)

    def before_val(self, runner: Runner) -> None:
        """Compare the validation."""
        _compare(runner, runner.val_dataloader.dataset, 'val_dataloader')

    def before_test(self, runner: Runner) -> None:
        """Compare the test."""
        _compare(runner, runner.test_dataloader.dataset, 'test_dataloader')


def _compare(runner: Runner, dataset: Dataset, name: str) -> None:
    preprocessor = unwrapped(runner.model).data_preprocessor
    swaps = getattr(preprocessor, 'to_rgb', None)
    if swaps is None:
        return
    pipelines = [getattr(getattr(leaf, 'pipeline', None), 'transforms', []) for leaf in leaves(dataset)]
    is_ours = isinstance(preprocessor, MultiViewDataPreprocessor)
    taken = str(preprocessor.channel_order) if is_ours else 'rgb'
    for given in filter(None, map(order_of, pipelines)):
        if (OTHER[given] if swaps else given) != taken:
            text = (
                f'the images of {name} are {given.upper()}, and to_rgb={swaps} of the data preprocessor makes '
                f'{OTHER[taken].upper()} of them, but the network takes {taken.upper()}: set to_rgb={not swaps}, or '
                f'begin the pipeline with {"LoadImageFromFile" if given == "rgb" else "ltcl.LoadImage"}'
            )
            if is_ours:
                raise UserError(f'{text}; a network of {OTHER[taken].upper()} needs channel_order={OTHER[taken]!r}')
            warn(text)
