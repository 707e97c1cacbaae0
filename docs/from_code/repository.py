"""Where things lie in the repository."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / 'docs'
CONFIGS = ROOT / 'configs'
METHOD_PAGES = DOCS / 'methods'


def method_page(folder: Path) -> Path:
    """The page of a folder of configs: ``configs/seg/gpaco`` has ``docs/methods/seg-gpaco.md``."""
    return METHOD_PAGES / f'{"-".join(folder.relative_to(CONFIGS).parts)}.md'
