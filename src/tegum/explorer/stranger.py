"""What a browser is told that comes without the token: what this is, and how to have its own.

The state is in the fragment of the address, which browsers do not send: a script of the page puts
it into the command. Nothing else is known here, and nothing of the server is told.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

_STYLE: Final = """
:root { color-scheme: light dark; font: 1.05rem/1.5 system-ui, sans-serif; }
body { max-width: 42rem; margin: 12vh auto 0; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
pre {
  padding: 0.75rem 1rem; border: 1px solid; border-radius: 0.5rem; font-size: 0.95rem;
  white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; -webkit-user-select: all;
}
"""

#: What a shell might read as more than text goes into the command as %XX, which the page reads.
_SCRIPT: Final = """
const spell = (c) => Array.from(new TextEncoder().encode(c),
  (byte) => "%" + byte.toString(16).toUpperCase().padStart(2, "0")).join("");
const tell = () => {
  const { hash } = location;
  const state = hash.replace(/[^\\w#/?=&.,:%+~-]/gu, spell);
  const own = hash.startsWith("#/");
  document.getElementById("holds").hidden = !own;
  document.getElementById("command").textContent =
    own ? `tegum explore --state "${state}"` : "tegum explore";
};
addEventListener("hashchange", tell);
tell();
"""

_PAGE: Final = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>tegum: somebody's own explorer</title>
<style>{_STYLE}</style>
<h1>This explorer is somebody’s own</h1>
<p>The link leads to <b>tegum</b>, a laboratory for toy models of superposition, on the computer of
whoever sent it. It opens to those who have its token: the whole address that
<code>tegum explore</code> printed there.</p>
<p id="holds">What stands after the # in the link is a whole state: the data, the model, how it is
trained and looked at, the seed and the step. With tegum on your own computer you can see the same,
to the last bit:</p>
<pre id="command" tabindex="0">tegum explore</pre>
<p>That trains on your computer, and asks nobody else.</p>
<script>{_SCRIPT}</script>
</html>
"""


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"


#: Its own style and script, and nothing else.
POLICY: Final = (
    f"default-src 'none'; style-src {_digest(_STYLE)}; script-src {_digest(_SCRIPT)}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page_for(method: str, path: str, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The page, where a browser asks for the explorer's; None: a line of text is enough."""
    wants = any(n.lower() == b"accept" and b"text/html" in text for n, text in headers)
    return _PAGE if wants and method == "GET" and path == "/" else None
