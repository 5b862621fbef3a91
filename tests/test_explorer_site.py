"""The explorer as files: what is written, and that it is what a server would say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tegum.analysis.catalogue import catalogue
from tegum.cli.main import main
from tegum.errors import TegumError
from tegum.explorer.app import lessons
from tegum.explorer.frames import to_json
from tegum.explorer.gallery import gallery
from tegum.explorer.limits import Limits
from tegum.explorer.site import LIMITS, write_site
from tegum.explorer.vocabulary import vocabulary

PAGE = (
    '<!doctype html>\n<html lang="en" class="tegum-page">\n  <head></head>\n'
    '  <body>\n    <div id="app"></div>\n  </body>\n</html>\n'
)


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A built page, in brief."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "single.html").write_text(PAGE)
    (folder / "widget.js").write_text("export default {};")
    (folder / "assets" / "page-1a2b.js").write_text("start();")
    return folder


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A report folder, with files that are nobody's business."""
    folder = tmp_path / "our report"
    (folder / "figures").mkdir(parents=True)
    (folder / "store").mkdir()
    (folder / "store" / "unit.safetensors").write_bytes(b"0")
    (folder / "report.html").write_text("<title>Report</title>")
    (folder / "figures" / "introduction-features.svg").write_text("<svg/>")
    entries = [{"id": "1.a", "status": "holds", "measured": "90°", "quick": True}]
    (folder / "claims.json").write_text(json.dumps(entries))
    return folder


def _said(out: Path, name: str) -> Any:
    return json.loads((out / "api" / name).read_text("utf-8"))


def test_it_holds_the_page_and_what_a_server_would_answer(static: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    written = write_site(out, static=static)
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert found == {
        *("index.html", "live.html", "sw.js", "assets/page-1a2b.js"),
        *("api/site", "api/lessons", "api/gallery"),
    }
    assert written.files == len(found)
    assert written.size == sum((out / name).stat().st_size for name in found)
    assert _said(out, "lessons") == lessons()
    assert _said(out, "gallery") == json.loads(to_json(gallery(None)))
    hello = _said(out, "site")["hello"]
    assert hello["vocabulary"] == json.loads(to_json(vocabulary()))
    assert hello["limits"]["features"] == LIMITS.features < Limits().features


def test_the_polytopes_are_the_catalogues(static: Path, tmp_path: Path) -> None:
    write_site(tmp_path, static=static)
    told = _said(tmp_path, "site")["catalogue"]
    assert [shape["name"] for shape in told] == list(catalogue())
    for shape in told:
        known = catalogue()[shape["name"]]
        assert shape["rank"] == known.rank
        np.testing.assert_allclose(shape["gram"], known.gram, atol=1e-12)


def test_the_page_knows_that_it_is_alone_and_asks_nobody(static: Path, tmp_path: Path) -> None:
    write_site(tmp_path, static=static)
    for name in ("index.html", "live.html"):
        page = (tmp_path / name).read_text("utf-8")
        assert '<html lang="en" data-backend="browser"' in page
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
        assert policy is not None
        assert policy[1].startswith("default-src 'none'")
        assert "http" not in policy[1]
        assert "*" not in policy[1]


def test_a_report_comes_along_without_what_is_not_its_own(
    static: Path, report: Path, tmp_path: Path
) -> None:
    out = tmp_path / "site"
    write_site(out, report, static)
    shown = _said(out, "gallery")
    assert shown["report"] == {"folder": "report", "page": "report/report.html", "quick": True}
    first = next(e for e in shown["experiments"] if e["name"] == "introduction")
    drawn = next(f for f in first["figures"] if f["name"] == "features")
    assert drawn["svg"] == "report/figures/introduction-features.svg"
    assert (out / drawn["svg"]).read_text() == "<svg/>"
    assert (out / shown["report"]["page"]).is_file()
    assert not (out / "report" / "store").exists()
    assert "our report" not in (out / "api" / "gallery").read_text("utf-8")


def test_the_single_file_holds_its_data_and_no_address_of_files(
    static: Path, report: Path, tmp_path: Path
) -> None:
    write_site(tmp_path, report, static)
    page = (tmp_path / "live.html").read_text("utf-8")
    held = re.search(r'<script type="application/json" id="tegum-data">(.*?)</script>', page)
    assert held is not None
    data = json.loads(held[1])
    assert data["lessons"] == lessons()
    assert data["gallery"]["report"] is None
    assert not any(f["svg"] for e in data["gallery"]["experiments"] for f in e["figures"])
    assert data["site"] == _said(tmp_path, "site")


def test_the_service_worker_keeps_all_files_and_has_a_name_for_each_version(
    static: Path, tmp_path: Path
) -> None:
    def worker() -> tuple[str, list[str]]:
        write_site(tmp_path / "site", static=static)
        version, files = (tmp_path / "site" / "sw.js").read_text("utf-8").splitlines()[:2]
        return version, json.loads(files.removeprefix("const FILES = ").removesuffix(";"))

    version, files = worker()
    assert set(files) == {
        *("./", "api/gallery", "api/lessons", "api/site", "assets/page-1a2b.js"),
    }
    assert worker()[0] == version
    (static / "assets" / "page-1a2b.js").write_text("restart();")
    assert worker()[0] != version


def test_the_command_writes_it_over_what_is_there(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    static: Path,
) -> None:
    monkeypatch.setattr(write_site, "__defaults__", (None, static))
    out = tmp_path / "site"
    for _ in range(2):
        assert main(["site", "--out", str(out), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told == {"folder": str(out), "files": 7, "bytes": told["bytes"]}
    assert main(["site", "--out", str(out)]) == 0
    assert f"open {out / 'live.html'}" in capsys.readouterr().out


def test_what_cannot_be_written_is_one_line(
    static: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(TegumError, match="the page is not built: run `make page`"):
        write_site(tmp_path / "site", static=tmp_path)
    with pytest.raises(TegumError, match=r"site\.report must be a folder"):
        write_site(tmp_path / "site", tmp_path / "nowhere", static)
    (tmp_path / "file").write_text("")
    with pytest.raises(TegumError, match="cannot write"):
        write_site(tmp_path / "file", static=static)
    assert main(["site"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
