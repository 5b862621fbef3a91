"""Formulas as MathML, which every browser draws by itself: no script, no style sheet, no fonts."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.utils.math import latex2mathml
from sphinx.application import Sphinx
from sphinx.errors import SphinxError


def markup(latex: str, *, block: bool) -> str:
    """MathML of a formula.

    Raises:
        SphinxError: the formula has what the converter does not know.
    """
    try:
        return latex2mathml.tex2mathml(latex, as_block=block)
    except (SyntaxError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise SphinxError(f"no MathML of {latex!r}: {error}") from error


def inline(self: Any, node: nodes.Element) -> None:
    """Write a formula of a line."""
    self.body.append(markup(node.astext(), block=False))
    raise nodes.SkipNode


def display(self: Any, node: nodes.Element) -> None:
    """Write a formula of its own; a wide one scrolls, and can be reached by the keyboard."""
    self.body.append('<div class="formula" tabindex="0" role="group" aria-label="formula">')
    self.body.append(markup(node.astext(), block=True))
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
