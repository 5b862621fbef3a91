"""The explorer as files for any static host: the page trains in the browser that shows it.

Everything is relative, so that any path will do. Beside the site lies `live.html`, the page as one
file, which runs from a disk too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

import tegum
from tegum.analysis.catalogue import catalogue
from tegum.errors import SpecError, TegumError
from tegum.explorer.app import STATIC, lessons
from tegum.explorer.frames import to_json
from tegum.explorer.gallery import gallery
from tegum.explorer.limits import DictionaryLimits, Limits
from tegum.explorer.session import PROTOCOL
from tegum.explorer.state import FIRST
from tegum.explorer.vocabulary import vocabulary
from tegum.report.files import is_report_file
from tegum.store.writer import write

#: The page as one file, of a build and of a site.
SINGLE, LIVE = "single.html", "live.html"
#: What one thread of a browser can be asked for.
LIMITS: Final = replace(
    Limits(),
    features=200,
    hidden=100,
    seeds=512,
    weights=1_000_000,
    batch_size=4096,
    step_work=100_000_000,
    history_bytes=32_000_000,
    dictionary=DictionaryLimits(latents=128, seeds=32, weights=40_000),
)
_HEAD: Final = "<head>"
_HTML: Final = '<html lang="en"'
_BODY: Final = '<div id="app"></div>'
#: A host of static files says no policy of its own: nothing is asked of anybody else.
_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data: blob:; worker-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
_ALONE: Final = (
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; worker-src blob:; base-uri 'none'; form-action 'none'"
)


class Site(NamedTuple):
    """What was written: how many files, and bytes."""

    files: int
    size: int


def write_site(out: Path, report: Path | None = None, static: Path = STATIC) -> Site:
    """Write the site into a folder, over what is there.

    Args:
        out: the folder, which is made if it is not there.
        report: a report folder, whose figures and verdicts the gallery shows; None for none.
        static: the built page.

    Returns:
        What was written.

    Raises:
        TegumError: where the page is not built, the report is no folder, or `out` cannot be
            written to.

    Source: method, "the explorer without a server".
    """
    if not (static / SINGLE).is_file():
        raise TegumError(
            "the page is not built: run `make page` in a clone of the repository (it needs "
            "Node.js 20 or newer), or install a released wheel"
        )
    if report is not None and not report.is_dir():
        raise SpecError.of("site", "report", "must be a folder", str(report))
    found = _page(static) | _data(report)
    alone = {"site": _known(), "lessons": lessons(), "gallery": _alone(gallery(None))}
    found[LIVE] = _single((static / SINGLE).read_text("utf-8"), alone)
    shown = {} if report is None else _report(report)
    found["sw.js"] = _worker(found)
    for name, content in (found | shown).items():
        write(out / name, content)
    return Site(len(found | shown), sum(map(len, (found | shown).values())))


def _page(static: Path) -> dict[str, bytes]:
    """The files of the page, which is told that there is no server."""
    paths = [path for path in static.rglob("*") if path.is_file()]
    found = {path.relative_to(static).as_posix(): path for path in paths}
    names = [name for name in found if not name.startswith("widget.") and name != SINGLE]
    contents = {name: found[name].read_bytes() for name in names}
    contents["index.html"] = _without_server(contents["index.html"].decode(), _POLICY).encode()
    return contents


def _without_server(page: str, policy: str) -> str:
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}" />'
    page = page.replace(_HTML, f'{_HTML} data-backend="browser"', 1)
    return page.replace(_HEAD, f"{_HEAD}\n    {meta}", 1)


def _data(report: Path | None) -> dict[str, bytes]:
    """What a server would answer, under the same names."""
    told = {"site": _known(), "lessons": lessons(), "gallery": _relative(gallery(report))}
    return {f"api/{name}": to_json(data).encode() for name, data in told.items()}


def _known() -> dict[str, Any]:
    """What the page's own worker is told: a server's first words, and the polytopes by name."""
    hello = {
        "type": "hello",
        "protocol": PROTOCOL,
        "session": "",
        "version": tegum.__version__,
        "limits": LIMITS.data(),
        "vocabulary": vocabulary(),
        "default": FIRST.data(),
    }
    shapes = [
        {"name": shape.name, "rank": shape.rank, "gram": shape.gram.round(12).tolist()}
        for shape in catalogue().values()
    ]
    return {"hello": hello, "catalogue": shapes}


def _relative(shown: dict[str, Any]) -> dict[str, Any]:
    """The gallery with addresses from the page on, and without the name of a folder here."""
    if shown["report"] is not None:
        shown["report"] |= {"folder": "report", "page": _from_page(shown["report"]["page"])}
    for experiment in shown["experiments"]:
        for figure in experiment["figures"]:
            figure |= {kind: _from_page(figure[kind]) for kind in ("svg", "png", "gif")}
    return shown


def _from_page(address: str | None) -> str | None:
    return None if address is None else address.removeprefix("/")


def _alone(shown: dict[str, Any]) -> dict[str, Any]:
    """The gallery of a page that has no files beside it."""
    return {**shown, "report": None}


def _single(page: str, data: Mapping[str, Any]) -> bytes:
    """The page as one file, with its data."""
    text = to_json(data).replace("<", "\\u003c")
    held = f'<script type="application/json" id="tegum-data">{text}</script>'
    page = _without_server(page, _ALONE)
    return page.replace(_BODY, f"{_BODY}\n    {held}", 1).encode()


def _report(report: Path) -> dict[str, bytes]:
    paths = ((path.relative_to(report).as_posix(), path) for path in sorted(report.rglob("*")))
    return {
        f"report/{name}": path.read_bytes()
        for name, path in paths
        if path.is_file() and is_report_file(name)
    }


def _worker(found: Mapping[str, bytes]) -> bytes:
    """The service worker, with the files that it keeps and a name for this version of them."""
    digest = blake2b(digest_size=8)
    for name, content in sorted(found.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    kept = ["./", *(name for name in sorted(found) if name not in ("index.html", LIVE))]
    text = files("tegum.explorer").joinpath("site_worker.js").read_text("utf-8")
    head = f"const VERSION = {json.dumps(digest.hexdigest())};\nconst FILES = {json.dumps(kept)};\n"
    return (head + text).encode()
