"""The documentation site: `make docs` builds it into docs/_build."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))

from from_code import mathml
from from_code.hooks import fill_in, resolve, write_pages

from ltcl.version import __version__

project = 'ltcl'
version = release = __version__
copyright = 'the authors of ltcl, Apache 2.0'

extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon', 'sphinx.ext.viewcode']
exclude_patterns = ['_build']
html_theme = 'furo'
html_title = 'ltcl'
html_math_renderer = 'mathml'
html_static_path = ['_static']
html_css_files = ['site.css']
html_copy_source = False

# Anchors as GitHub makes them, so that a link works in both places.
myst_heading_anchors = 4
myst_enable_extensions = ['colon_fence']
suppress_warnings = ['myst.header']
nitpicky = True
# Pages refer to the reference by `obj`: those must be right. Docstrings also name what others document.
nitpick_ignore_regex = [('py:(?!obj).*', '.*')]

autodoc_typehints = 'signature'
autodoc_member_order = 'groupwise'
autodoc_default_options = {'members': True, 'show-inheritance': True}
napoleon_google_docstring = True
napoleon_numpy_docstring = False


def setup(app: Sphinx) -> None:
    """The pages whose text comes from code, metafiles and docstrings."""
    app.add_html_math_renderer('mathml', (mathml.inline, None), (mathml.block, None))
    app.connect('builder-inited', write_pages)
    app.connect('source-read', fill_in)
    app.connect('missing-reference', resolve)
