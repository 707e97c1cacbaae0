"""Decoded images are kept in memory, once for all workers and processes of a machine."""

import os
import socket

from mmengine.dist import all_gather_object, get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ltcl.datasets.image_checks import image_files
from ltcl.datasets.shared_images import GIB, SharedImages, keep
from ltcl.datasets.transforms import LoadImage
from ltcl.errors import UserError
from ltcl.notices import note
from ltcl.registry import HOOKS


@HOOKS.register_module()
class SharedImagesHook(Hook):
    """Keeps the decoded images of training and validation in memory, which all workers and processes share.

    For small sets whose files are slow to decode, such as large photographs or PNG. An image is decoded when it is met
    first, with the options of its ``ltcl.LoadImage``, and copied from memory afterwards; the samples stay the same.
    Whether there is memory enough is known before the first iteration, by the headers of the files. The system frees
    it with the last process, however that one ends. A file that is changed during the training is read anew.

    Raises:
        UserError: There is not enough memory, no image file, another system than Linux, or a ``ltcl.LoadImage`` with
            ``reduced``, which decodes each view as needed.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Take the memory, before any worker starts."""
        loaders = [runner.train_dataloader] + ([runner.val_dataloader] if runner.val_loop is not None else [])
        alike: dict[str, list[dict[str, LoadImage]]] = {}
        for files in (image_files(loader.dataset) for loader in loaders):
            for loader in {id(each): each for each in files.values()}.values():
                own = {path: loader for path, each in files.items() if each is loader}
                alike.setdefault(_options_of(loader), []).append(own)
        for group in alike.values():
            _keep_together(group)


def _options_of(loader: LoadImage) -> str:
    """What files that are decoded alike have in common: they are kept together, and none of them twice."""
    if loader.reduced:
        raise UserError('ltcl.SharedImagesHook keeps whole images, and ltcl.LoadImage has reduced=True: omit one')
    return repr((loader.value_range, loader.background, loader.max_pixels, loader.backend_args))


def _keep_together(group: list[dict[str, LoadImage]]) -> None:
    loaders = [next(iter(files.values())) for files in group]
    kept = _shared_by_all([path for files in group for path in files], loaders[0].max_pixels)
    for loader in loaders:
        loader.kept = kept
    gibibytes = kept.size / GIB
    note(f'{len(kept.entries)} decoded images are kept in {gibibytes:.2f} GiB of memory, shared by all workers')


def _shared_by_all(paths: list[str], max_pixels: float | None) -> SharedImages:
    """Of the processes of one machine the first takes the memory, and the others open it."""
    machine = socket.gethostname(), os.readlink('/proc/self/ns/pid') if os.path.exists('/proc/self/ns/pid') else ''
    first = all_gather_object(machine).index(machine)
    made: SharedImages | str | None = None
    if first == get_rank():
        try:
            made = keep(paths, max_pixels)
        except UserError as error:  # the others wait for the answer
            made = str(error)
    answers = all_gather_object(made if isinstance(made, str) else made and (made.entries, made.size, made.handle))
    refusal = next((each for each in answers if isinstance(each, str)), None)
    if refusal is not None:
        raise UserError(refusal)
    return made if isinstance(made, SharedImages) else SharedImages(*answers[first])
