"""The front end of a widget: what Vite built, and a page of HTML that holds all of it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tegum.errors import TegumError

#: What Vite builds for notebooks.
STATIC: Final = Path(__file__).parents[1] / "explorer" / "static"

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8"><title>tegum</title><link rel="icon" href="data:,">
<style>{style}</style>
<body>{still}<div id="view"></div>
<script type="text/plain" id="licences">{licences}</script>
<script type="text/plain" id="code">{code}</script>
<script type="text/plain" id="frame">{frame}</script>
<script type="module">
const bytes = (id) =>
  Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
const code = new Blob([bytes("code")], {{ type: "text/javascript" }});
const {{ default: widget }} = await import(URL.createObjectURL(code));
const traits = {{ ...{traits}, frame: new DataView(bytes("frame").buffer) }};
const model = {{
  get: (name) => traits[name],
  set: (name, value) => void (traits[name] = value),
  save_changes: () => {{}},
  on: () => {{}},
  off: () => {{}},
}};
widget.render({{ model, el: document.getElementById("view") }});
</script>
</html>
"""


def front_end() -> tuple[Path, str]:
    """The script and the style sheet; TegumError where they are not built."""
    module, style = STATIC / "widget.js", STATIC / "widget.css"
    if not module.is_file():
        raise TegumError(
            "view: the front end is not built: run `make page` in a clone of the repository "
            "(it needs Node.js 20 or newer), or install a released wheel"
        )
    return module, style.read_text("utf-8") if style.is_file() else ""


def still_html(png: bytes, name: str) -> str:
    """The picture of a widget, which the live view of that name hides."""
    source = f"data:image/png;base64,{as_text(png)}"
    picture = f'<img alt="The model shown first" style="max-width: 100%" src="{source}">'
    return f'<div class="tegum-still" data-of="{name}">{picture}</div>'


def page(frame: bytes, png: bytes, traits: Mapping[str, Any]) -> str:
    """One HTML file that shows the live view, or where scripts do not run the picture."""
    module, style = front_end()
    licences = STATIC / "third-party-licences.txt"
    return _PAGE.format(
        style=style,
        still=still_html(png, traits["still"]),
        licences=licences.read_text("utf-8") if licences.is_file() else "",
        code=as_text(module.read_bytes()),
        frame=as_text(frame),
        traits=json.dumps(dict(traits)),
    )


def as_text(data: bytes) -> str:
    """Base64."""
    return b64encode(data).decode("ascii")
