"""The fences of pages that run, and the examples of the gallery, with what came of them."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from live import frame
from running import DOCS, ROOT, Block, PageError, blocks, run
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import SphinxDirective

EXAMPLES = ROOT / "examples"


def outcomes(app: Sphinx, name: str, given: list[Block]) -> tuple[list[dict[str, Any]], Path]:
    """What came of the blocks of a page, and the folder with its pictures."""
    out = Path(app.outdir).parent / "outcomes"
    try:
        return run(name, given, out), out
    except PageError as error:
        raise SphinxError(str(error)) from None


def code(text: str, language: str, kind: str) -> nodes.literal_block:
    """A block of code, or of what it said."""
    made = nodes.literal_block(text, text, language=language)
    made["classes"].append(kind)
    return made


class Fence(SphinxDirective):
    """A fence `python` or `console`: its text, then what it said, then its picture."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """The nodes of this fence."""
        page = Path(self.env.doc2path(self.env.docname))
        given = blocks(page.read_text("utf-8"))
        said, out = outcomes(self.env.app, str(page.relative_to(DOCS)), given)
        counted = self.env.current_document.setdefault("fences", [])
        block, result = given[len(counted)], said[len(counted)]
        counted.append(block.line)
        made: list[nodes.Node] = []
        if block.file:
            made.append(nodes.caption(block.file, block.file, classes=["file"]))
        made.append(code(block.source, block.kind, block.kind))
        if result["text"]:
            made.append(code(result["text"].rstrip("\n"), "text", "said"))
        if result["picture"]:
            if not self.arguments:
                raise SphinxError(f"{page}:{block.line}: say behind `python` what it shows")
            made.append(drawing(self, out / result["picture"], self.arguments[0]))
        return made


def drawing(self: SphinxDirective, path: Path, alt: str) -> nodes.image:
    """A picture that was made by code."""
    where = os.path.relpath(path, Path(self.env.doc2path(self.env.docname)).parent)
    return nodes.image(uri=where, alt=alt, classes=["drawn"])


class Example(SphinxDirective):
    """A script of `examples/`: its heading, its picture, its models live, and its source."""

    required_arguments = 1
    option_spec: ClassVar = {
        "alt": directives.unchanged_required,
        "live": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """The nodes of this example."""
        path = EXAMPLES / f"{self.arguments[0]}.py"
        self.env.note_dependency(str(path))
        source = path.read_text("utf-8")
        title, _, text = (ast.get_docstring(ast.parse(source)) or "").partition("\n")
        drawn = f"{self.arguments[0]}.svg"
        shown = f"{source}\nfigure\n"
        said, out = outcomes(self.env.app, path.name, [Block("python", "", "", 1, shown)])
        result = said[0]
        section = nodes.section(ids=[path.stem.replace("_", "-")], names=[path.stem])
        section += nodes.title(title, title.rstrip("."))
        for part in filter(None, text.strip().split("\n\n")):
            section += nodes.paragraph(part, part)
        section += drawing(self, out / (result["picture"] or drawn), self.options["alt"])
        body = source.partition('"""\n\n')[2] or source
        section += nodes.container("", code(body.strip(), "python", "python"))
        if result["text"]:
            section += code(result["text"].rstrip("\n"), "text", "said")
        if "live" in self.options:
            section += frame(self, self.options["live"], f"{title.rstrip('.')}, live")
        return [section]


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("python", Fence)
    app.add_directive("console", Fence)
    app.add_directive("example", Example)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
