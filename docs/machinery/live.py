"""Models that train in a page of the documentation: the explorer as one file, in a frame."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from running import DOCS
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tegum.explorer.site import LIVE, write_site

#: Where the file lies in the built site; it runs from a disk too.
PLACE = Path("_static") / LIVE


def frame(self: SphinxDirective, settings: str, title: str) -> nodes.raw:
    """The page in a frame, which loads when it is scrolled to, and a way to open it alone."""
    page = Path(self.env.doc2path(self.env.docname)).relative_to(DOCS)
    address = escape(f"{os.path.relpath(PLACE, page.parent)}#/live?{settings}")
    return nodes.raw(
        "",
        f'<div class="live">'
        f'<iframe src="{address}" title="{escape(title)}" loading="lazy"></iframe>\n'
        f'<p><a href="{address}">Open it alone</a>: these models train in your browser.</p></div>',
        format="html",
    )


class Live(SphinxDirective):
    """Settings as the explorer's address has them, and what the frame shows."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"settings": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """The node of the frame."""
        return [frame(self, self.options["settings"], self.arguments[0])]


def place(app: Sphinx, error: Exception | None) -> None:
    """Put the file where the frames look for it."""
    if error is None and app.builder.format == "html":
        with TemporaryDirectory() as folder:
            write_site(Path(folder))
            (Path(app.outdir) / PLACE).write_bytes((Path(folder) / LIVE).read_bytes())


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("live", Live)
    app.connect("build-finished", place)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
