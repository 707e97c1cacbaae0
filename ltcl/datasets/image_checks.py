"""Which image files of a data set cannot be read, found before a training starts."""

from collections.abc import Iterator
from typing import Any

from mmengine.dist import all_gather_object, get_rank, get_world_size
from torch.utils.data import DataLoader, Dataset

from ltcl.errors import UserError
from ltcl.notices import note_progress
from ltcl.progress_bars import tracked

from .transforms import LoadImage
from .transforms.load_image import why
from .transforms.skipped_images import SkippedImages

CHECKS = ('decode', 'ends', 'none')


def leaves(dataset: Any) -> Iterator[Any]:
    """The data sets that a data set wraps or joins, those that read images; itself if it is one."""
    inner = [dataset.dataset] if hasattr(dataset, 'dataset') else getattr(dataset, 'datasets', [])
    for each in inner:
        yield from leaves(each)
    if not inner:
        yield dataset


def image_loader(leaf: Dataset) -> LoadImage | None:
    """The step of a data set's pipeline that reads files, if it is ours."""
    transforms = getattr(getattr(leaf, 'pipeline', None), 'transforms', [])
    return next((each for each in transforms if isinstance(each, LoadImage)), None)


def find_skipped(dataset: Dataset) -> Iterator[SkippedImages]:
    """What each :class:`LoadImage` with ``broken='skip'`` skips, of a data set and of those that it wraps or joins."""
    for loader in map(image_loader, leaves(dataset)):
        if loader is not None and loader.skipped is not None:
            yield loader.skipped


def image_files(dataset: Dataset) -> dict[str, LoadImage]:
    """Paths of all images of a data set, each with the step that reads it."""
    files: dict[str, LoadImage] = {}
    for leaf in leaves(dataset):
        loader = image_loader(leaf)
        if loader is None or not hasattr(leaf, 'get_data_info'):
            continue
        paths = (leaf.get_data_info(index).get('img_path') for index in range(len(leaf)))
        files.update((path, loader) for path in paths if path is not None)
    return files


class _Reasons(Dataset):
    """For each file the reason why it cannot be read, or None."""

    def __init__(self, files: dict[str, LoadImage], check: str) -> None:
        self.files = list(files.items())
        self.check = check

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> str | None:
        path, loader = self.files[index]
        try:
            loader.read(path) if self.check == 'decode' else loader.check_ends(path)
        except UserError:  # an option is missing, the file is whole
            raise
        except Exception as error:  # Pillow's plugins raise more than their documentation says
            return why(error)
        return None


def find_broken(files: dict[str, LoadImage], check: str, num_workers: int = 0) -> dict[str, str]:
    """Look for files that cannot be read; with several processes, each looks at a share of them.

    Args:
        files: As :func:`image_files` gives them.
        check: 'decode' reads all of each, 'ends' the first and last bytes, 'none' nothing.
        num_workers: Worker processes of each process.

    Returns:
        Path and reason of each broken file, in the order of ``files``, the same in all processes.

    Raises:
        UserError: A file needs an option to be read.
    """
    if check == 'none' or not files:
        return {}
    share = dict(list(files.items())[get_rank() :: get_world_size()])
    reasons = DataLoader(_Reasons(share, check), batch_size=16, num_workers=num_workers, collate_fn=list)
    told = tracked(reasons, 'looking for damaged files', unit='batches', say=note_progress)
    found = zip(share, (reason for batch in told for reason in batch), strict=True)
    shares = all_gather_object({path: reason for path, reason in found if reason is not None})
    broken = {path: reason for each in shares for path, reason in each.items()}
    return {path: broken[path] for path in files if path in broken}
