"""What Sphinx calls: generated pages are written before it reads, generated passages filled in while it reads.

A passage is asked for by a comment of its own line, such as ``<!-- from: zoo -->``, which GitHub does not show.
"""

import re
from collections.abc import Callable
from pathlib import Path

from docutils.nodes import Element
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from .api_pages import API_PAGES, api_pages
from .benchmark_list import benchmarks
from .command_list import commands
from .documented import documented
from .links import relinked
from .method_pages import folders, page
from .repository import METHOD_PAGES, ROOT, method_page
from .sections import section
from .tail_pictures import PICTURES
from .zoo import method_list, zoo

PASSAGE = re.compile(r'^<!-- from: (\w+) ?(.*?) -->$', re.MULTILINE)
PASSAGES: dict[str, Callable[[str, Path], str]] = {
    'zoo': lambda *_: zoo(),
    'methods': lambda *_: method_list(),
    'commands': lambda *_: commands(),
    'benchmarks': lambda *_: benchmarks(),
    'picture': lambda name, _: PICTURES[name](),
    'readme': lambda heading, shown_on: section(ROOT / 'README.md', heading, shown_on),
}


def write_pages(app: Sphinx) -> None:
    """Write the pages of methods and of the reference."""
    write(METHOD_PAGES, {method_page(folder).name: page(folder) for folder in folders()})
    write(API_PAGES, api_pages())


def write(folder: Path, pages: dict[str, str]) -> None:
    """Write pages into a folder of their own; one that is the same keeps its time, so it is not built anew."""
    folder.mkdir(exist_ok=True)
    for path in folder.glob('*.md'):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding='utf-8') != text:
            path.write_text(text, encoding='utf-8')


def fill_in(app: Sphinx, docname: str, source: list[str]) -> None:
    """Fill in what a page takes from elsewhere, and make the links of a page of the repository right for the site."""
    path = Path(app.srcdir, f'{docname}.md')
    if path.parent not in (METHOD_PAGES, API_PAGES):
        source[0] = filled(source[0], path)


def filled(text: str, path: Path) -> str:
    """Text of a page with its passages."""
    text = relinked(text, path, path)
    return PASSAGE.sub(lambda found: PASSAGES[found[1]](found[2], path), text)


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: Element) -> Element | None:
    """Where a short or inner name leads that a docstring uses: ``UserError``, or the module that defines a class."""
    full = documented().get(node.get('reftarget', '').rpartition('.')[2])
    if node.get('refdomain') != 'py' or full is None:
        return None
    return env.domains.python_domain.resolve_xref(env, node['refdoc'], app.builder, 'obj', full, node, contnode)
