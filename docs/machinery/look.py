"""Looks at a built site in Chromium: `python docs/machinery/look.py build/docs/html`.

Under a path below the root of a server, in light and in dark: no request leaves the site, nothing
fails to load, no script errs, axe-core finds nothing serious, no page is wider than a phone or than
the window at 200 %. Search finds a word over HTTP and from disk. It ends with what was wrong.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

from site_page import hosted  # noqa: E402  # as the explorer's own site is tried

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = ROOT / "tests" / "browser" / "chromium.sh"
#: CSS pixels: a screen, a phone, a screen at 200 %.
SCREEN, NARROW = (1280, 800), ((390, 844), (640, 400))
#: A word that one tutorial, one explanation and the reference have.
WORD = "antiprism"
SERIOUS = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
  .filter(one => ['serious', 'critical'].includes(one.impact))
  .map(one => `${one.id}, ${one.nodes.length} times, first ${one.nodes[0].target.join(' ')}`)"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def visited(page: Page, address: str, site: str, *, narrow: bool) -> list[str]:
    """What is wrong with one page."""
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith((site, "data:", "blob:"))
            else said.append(f"asks for {asked.url}")
        ),
    )
    page.on("response", lambda got: (
        said.append(f"{got.status} for {got.url}") if got.status >= 400 else None))  # fmt: skip
    page.goto(address)
    page.add_script_tag(path=AXE)
    said += page.evaluate(SERIOUS)
    for width, height in NARROW if narrow else ():
        page.set_viewport_size({"width": width, "height": height})
        if (more := page.evaluate(WIDER)) > 0:
            said.append(f"{more} pixels wider than {width}")
    return said


def faults(browser: Browser, folder: Path, site: str) -> Iterator[str]:
    """What is wrong with a site, a line each."""
    width, height = SCREEN
    for scheme in ("light", "dark"):
        for path in sorted(folder.rglob("*.html")):
            name = path.relative_to(folder).as_posix()
            if name.startswith("_static/"):  # the explorer, which has tests of its own
                continue
            page = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme=scheme)  # fmt: skip
            for fault in visited(page, site + name, site, narrow=scheme == "light"):
                yield f"{name} ({scheme}): {fault}"
            page.close()
    for where in (site, folder.as_uri() + "/"):
        page = browser.new_page()
        page.goto(f"{where}search.html?q={WORD}")
        try:
            page.wait_for_selector("ul.search li", timeout=10_000)
        except TimeoutError:
            yield f"{where}: search does not find {WORD!r}"
        page.close()


def main(folder: Path) -> int:
    """Say what is wrong; the exit status."""
    chromium = subprocess.run([CHROMIUM], capture_output=True, text=True, check=True)
    with sync_playwright() as playwright, hosted(folder.parent, f"{folder.name}/") as host:
        site = host.address("")
        browser = playwright.chromium.launch(
            executable_path=chromium.stdout.strip(), args=["--no-sandbox"]
        )
        found = 0
        for fault in faults(browser, folder, site):
            print(fault, flush=True)
            found += 1
        browser.close()
    count = len(list(folder.rglob("*.html")))
    print(f"{count} pages, {found} faults")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
