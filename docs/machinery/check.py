"""Checks a built site: `python docs/machinery/check.py build/docs/html`.

Every link of a page leads to a file and an anchor that is there, nothing is loaded from elsewhere,
every picture says what it shows, and the whole, compressed, stays below its limit.
"""

from __future__ import annotations

import io
import re
import sys
import tarfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: Of the whole site as a .tar.gz, in bytes.
LIMIT = 3_000_000
#: Attributes whose address a browser fetches by itself, by tag.
LOADED = {"img": "src", "script": "src", "source": "src", "video": "src", "iframe": "src"}


class Page(HTMLParser):
    """What a page links to, loads, and can be linked to by."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.mute: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one tag."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag in LOADED and LOADED[tag] in given:
            self.loads.append(given[LOADED[tag]])
        if tag == "link" and "href" in given:
            self.loads.append(given["href"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "img" and not given.get("alt"):
            self.mute.append(given.get("src", ""))


def faults(root: Path) -> list[str]:
    """What is wrong with a site, a line each."""
    pages = {path: Page(path.read_text("utf-8")) for path in sorted(root.rglob("*.html"))}
    found = [f"{root} has no pages"] if not pages else []
    for path, page in pages.items():
        where = path.relative_to(root)
        found += [f"{where}: {src} does not say what it shows" for src in page.mute]
        for address in page.loads:
            if urlsplit(address).netloc:
                found.append(f"{where}: loads {address} from elsewhere")
        for address in page.links + page.loads:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                found.append(f"{where}: {address} leads nowhere")
            elif parts.fragment.startswith("/"):  # the settings of a live page
                continue
            elif target in pages and unquote(parts.fragment) not in {"", *pages[target].anchors}:
                found.append(f"{where}: {address} has no such anchor")
    for path in root.rglob("*.css"):
        for address in re.findall(r"url\(['\"]?((?:https?:)?//[^)'\"]*)", path.read_text("utf-8")):
            found.append(f"{path.relative_to(root)}: loads {address} from elsewhere")
    size = compressed(root)
    if size > LIMIT:
        found.append(f"{size} bytes compressed are more than {LIMIT}")
    return found


def compressed(root: Path) -> int:
    """The size of the site as a .tar.gz, in bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(root, arcname=".")
    return packed.tell()


def main() -> None:
    """Print what is wrong, and end with 1 where something is."""
    root = Path(sys.argv[1]).resolve()
    found = faults(root)
    print(*found, sep="\n", end="\n" if found else "")
    if found:
        sys.exit(1)
    pages = len(list(root.rglob("*.html")))
    print(f"{pages} pages, {compressed(root) / 1e6:.2f} MB compressed: {root / 'index.html'}")


if __name__ == "__main__":
    main()
