"""Formulas as MathML, which browsers draw themselves: a page asks nothing of a network."""

from docutils.nodes import SkipNode, math, math_block
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.writers.html5 import HTML5Translator


def inline(translator: HTML5Translator, node: math) -> None:
    """A formula within a line."""
    translator.body.append(tex2mathml(node.astext()))
    raise SkipNode


def block(translator: HTML5Translator, node: math_block) -> None:
    """A formula of its own line."""
    translator.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise SkipNode
