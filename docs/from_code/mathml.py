"""Formulas as MathML, which browsers draw themselves: a page asks nothing of a network."""

from docutils.nodes import SkipNode, math, math_block
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util.logging import getLogger
from sphinx.writers.html5 import HTML5Translator


def inline(translator: HTML5Translator, node: math) -> None:
    """A formula within a line."""
    translator.body.append(_drawn(node, as_block=False))
    raise SkipNode


def block(translator: HTML5Translator, node: math_block) -> None:
    """A formula of its own line."""
    translator.body.append(f'<div class="math">{_drawn(node, as_block=True)}</div>')
    raise SkipNode


def _drawn(node: math | math_block, as_block: bool) -> str:
    """The formula; nothing, and a warning, where it cannot be drawn."""
    words = node.astext()
    try:
        return tex2mathml(words, as_block=as_block)
    except MathError as error:
        getLogger(__name__).warning('formula %r: %s', words, error, location=node)
        return ''
