"""A Chromium, and the explorer's page in it. What is missing fails: nothing is skipped."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from explorer_page import ExplorerPage, pages
from explorer_server import Running, running
from playwright.sync_api import Browser, expect, sync_playwright

from tegum.explorer.app import STATIC

HERE = Path(__file__).parent
#: How many pages that server has room for.
PAGES = 4
expect.set_options(timeout=300_000)
_OPTIONS = [
    "--no-sandbox",  # root has none
    "--disable-dev-shm-usage",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--hide-scrollbars",
]


@pytest.fixture(scope="session")
def explorer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The server of the built page, with a small report for the gallery."""
    if not (STATIC / "index.html").is_file():
        pytest.fail("the explorer's page is not built: run `make page`", pytrace=False)
    report = tmp_path_factory.mktemp("report")
    _write_report(report)
    with running(STATIC, report, PAGES) as it:
        yield it


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium of this machine."""
    found = subprocess.run([HERE / "chromium.sh"], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.fail(found.stderr.strip(), pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=found.stdout.strip().splitlines()[-1], args=_OPTIONS
        )
        yield chromium
        chromium.close()


@pytest.fixture
def visit(explorer: Running, browser: Browser) -> Iterator[Callable[..., ExplorerPage]]:
    """Opens pages of the explorer."""
    with pages(partial(ExplorerPage, explorer, browser)) as open_page:
        yield open_page


def _write_report(folder: Path) -> None:
    """As `tegum reproduce` leaves it: verdicts, and a figure."""
    (folder / "figures").mkdir()
    (folder / "report.html").write_text("<!doctype html><title>Report</title><p>the report")
    (folder / "figures" / "introduction-features.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">'
        '<rect width="40" height="30" fill="#4477aa"/></svg>'
    )
    (folder / "claims.json").write_text(
        '[{"id": "1.a", "status": "holds", "measured": "angle 90.1", "quick": true},'
        ' {"id": "1.b", "status": "differs", "measured": "norm 0.2", "quick": true}]'
    )
