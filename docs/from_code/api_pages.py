"""A page of the reference for each public package."""

from .documented import PACKAGES
from .repository import DOCS

API_PAGES = DOCS / 'api'


def api_pages() -> dict[str, str]:
    """Text of the pages by their file names."""
    return {f'{package.replace(".", "-")}.md': _page(package, title) for package, title in PACKAGES.items()}


def _page(package: str, title: str) -> str:
    return f'# {title}\n\n`ltcl.{package}`\n\n```{{eval-rst}}\n.. automodule:: ltcl.{package}\n   :members:\n```\n'
