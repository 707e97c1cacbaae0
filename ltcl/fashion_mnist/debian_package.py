"""Fashion-MNIST from Debian's package of it."""

from pathlib import Path

from rich.console import Console

from ..debian_package import DebianPackage
from .files import missing_files, unpack

PACKAGE = DebianPackage('dataset-fashion-mnist', Path('usr/share/datasets/fashion-mnist'), megabytes=31)


def from_debian_package(data_root: Path, console: Console) -> None:
    """Take the files of the Debian package, installed or downloaded.

    Raises:
        SourceError: The package cannot be had, or its content is not the published one.
    """
    with PACKAGE.files(console) as folder:
        unpack(folder, data_root, missing_files(data_root))
