"""The documentation site: `make docs` writes it to build/docs/html."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path

import jaxtyping
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

import tegum

sys.path.insert(0, str(Path(__file__).parent / "machinery"))

project = "tegum"
author = "The tegum maintainers"
copyright = "The tegum maintainers, MIT licence"
version = release = tegum.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "myst_parser",
    "mathml",
    "fences",
    "reference",
    "accessible",
    "live",
]
exclude_patterns = ["machinery"]
html_math_renderer = "mathml"
# Annotations name classes by their last name, which two modules may share; links in text are full.
suppress_warnings = ["ref.python"]

# Docstrings: `name` is a link where something has that name, else code.
default_role = "py:obj"
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Source", "returns_style")]
autodoc_typehints = "signature"
# Modules import these names for type checkers alone; signatures are read with builtins too.
for _name in ("Float", "Float64"):
    setattr(builtins, _name, getattr(jaxtyping, _name))
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
maximum_signature_line_length = 80
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries_show_parents = "hide"

myst_enable_extensions = ["dollarmath", "deflist", "fieldlist"]
myst_fence_as_directive = ["python", "console"]
myst_heading_anchors = 3
pygments_style = "default"
highlight_language = "none"

html_theme = "furo"
html_title = "tegum"
html_static_path = ["static"]
html_favicon = "../web/public/icon.svg"
html_css_files = ["tegum.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_last_updated_fmt = None


def setup(app: Sphinx) -> None:
    """JSON with comments and ellipses, as GitHub calls it, which no lexer here reads."""
    app.add_lexer("jsonc", TextLexer)
