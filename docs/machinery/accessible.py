"""What Sphinx and furo write that a screen reader or a keyboard cannot follow, put right."""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

#: The heading of a signature, within which each argument has a line.
SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.DOTALL)


def lines(match: re.Match[str]) -> str:
    """A signature whose arguments are lines, and no list of descriptions without terms."""
    signature = match[0].replace("<dl>", '<span class="sig-lines">').replace("</dl>", "</span>")
    return signature.replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>")


def readable(page: str) -> str:
    """A page whose captions have a level, and whose scrolling code the keyboard reaches."""
    page = page.replace('role="heading"><', 'role="heading" aria-level="2"><')
    page = page.replace("<pre>", '<pre tabindex="0">')
    page = page.replace('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper')
    return SIGNATURE.sub(lines, page)


def mend(app: Sphinx, error: Exception | None) -> None:
    """Put right all pages that were written."""
    if error is None and app.builder.format == "html":
        for path in Path(app.outdir).rglob("*.html"):
            if "_static" in path.parts:
                continue
            path.write_text(readable(path.read_text("utf-8")), "utf-8")


def setup(app: Sphinx) -> dict[str, object]:
    """Called by Sphinx."""
    app.connect("build-finished", mend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
