"""The API reference, made of the docstrings when the site is built (`entries` has its pages)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from entries import missing, write
from sphinx.application import Sphinx
from sphinx.errors import SphinxError


def _escaped(text: str) -> str:
    """Plain text as reStructuredText: only what stands in backticks means something."""
    parts = re.split(r"(``.+?``|`[^`]+`)", text)
    parts[::2] = [re.sub(r"([*|\\]|(?<=\w)_(?!\w))", r"\\\1", part) for part in parts[::2]]
    parts[2::2] = [re.sub(r"^(?=\w)", r"\\ ", part) for part in parts[2::2]]
    return "".join(parts)


def plain(
    _app: Sphinx, _what: str, _name: str, _thing: Any, _options: Any, lines: list[str]
) -> None:
    """Docstrings are plain text: marks are no markup, what is indented below a colon stays."""
    made: list[str] = []
    for paragraph in "\n".join(lines).split("\n\n"):
        if paragraph.startswith("    ") and made and made[-1].endswith((":", "::")):
            made[-1] = f"{made[-1].rstrip(':')}::"
            made.append(paragraph)
        else:
            made.append(_escaped(paragraph))
    lines[:] = "\n\n".join(made).split("\n")


def complete(app: Sphinx, failed: Exception | None) -> None:
    """Every public name has an entry in what was built."""
    if failed is not None or app.builder.format != "html":
        return
    found = missing(name for name, *_ in app.env.domains.python_domain.get_objects())
    if found:
        raise SphinxError(f"no entry in the reference: {', '.join(found)}")


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir) / "reference" / "made"))
    app.connect("autodoc-process-docstring", plain, priority=400)  # before napoleon, at 500
    app.connect("build-finished", complete)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
