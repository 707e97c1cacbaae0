"""Fashion-MNIST from the first place that has it."""

from pathlib import Path

from rich.console import Console

from ..errors import SourceError, UserError
from ..neutral_text import markup
from .debian_package import PACKAGE, from_debian_package
from .files import missing_files, unpack
from .torchvision_mirrors import from_torchvision


def from_data_root(data_root: Path, console: Console) -> None:
    """Unpack what the data root holds as .gz and lacks unpacked.

    Raises:
        SourceError: Files are still missing.
    """
    names = missing_files(data_root)
    lacking = [name for name in names if not (data_root / f'{name}.gz').exists()]
    if lacking:
        raise SourceError(f'lacks an intact {", ".join(lacking)}')
    unpack(data_root, data_root, names)


SOURCES = {
    'the data root': from_data_root,
    "torchvision's download": from_torchvision,
    f'the Debian package {PACKAGE.name}': from_debian_package,
}


def get_fashion_mnist(data_root: Path, console: Console) -> None:
    """Fill the data root from the first source that can.

    Args:
        data_root: Folder of the four uncompressed files, made when needed.
        console: Where progress and the source are printed.

    Raises:
        UserError: No source has the files; names each with its reason.
    """
    if not missing_files(data_root):
        console.print(f'Fashion-MNIST is in {markup(data_root)}, all checksums match', soft_wrap=True)
        return
    reasons = []
    for source, fetch in SOURCES.items():
        try:
            fetch(data_root, console)
        except SourceError as error:
            reasons.append(f'{source} ({error})')
        except OSError as error:
            raise UserError(f'cannot write to {data_root}: {error}') from error
        else:
            console.print(
                f'Fashion-MNIST from {source} is now in {markup(data_root)}, all checksums match', soft_wrap=True
            )
            return
    raise UserError(
        f'Fashion-MNIST is in none of its three places, {"; ".join(reasons)}: '
        f'connect to a network, or put the four .gz files of the original release into {data_root}, and run this again'
    )
