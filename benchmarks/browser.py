"""Training in the browser: the kernel in WebAssembly against a loop over typed arrays.

    python benchmarks/browser.py [--out benchmarks/BROWSER.md]

Both train on one thread of Chromium, batch 1024, in turns of some milliseconds in the same run;
the rates are those of the fastest tenth of turns, the ones that nothing interrupted. The kernel
trains four models at once, which see the same samples; `web/bench/loop.ts` is the loop. Needs
Node.js, the page's packages (`make page`) and Chromium, by playwright.
"""

from __future__ import annotations

import argparse
import gzip
import re
import subprocess
from base64 import b64decode
from pathlib import Path
from typing import Any

from machine import describe
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
WEB = HERE.parent / "web"
SCRIPT = HERE.parent / "build" / "bench" / "bench.js"
OUT = HERE / "BROWSER.md"
ROUNDS = 3
#: A WebAssembly module begins so, in base64.
_MODULE = re.compile(r"[\"'`](AGFzbQ[0-9A-Za-z+/=]+)[\"'`]")


def measured() -> tuple[str, list[list[dict[str, Any]]]]:
    """The browser's version, and all rounds."""
    subprocess.run(
        ["npx", "vite", "build", "--config", "vite.bench.config.ts"], cwd=WEB, check=True
    )
    found = subprocess.run(
        [HERE.parent / "tests" / "browser" / "chromium.sh"],
        capture_output=True,
        text=True,
        check=True,
    )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=found.stdout.strip().splitlines()[-1], args=["--no-sandbox"]
        )
        page = chromium.new_page()
        page.add_script_tag(path=SCRIPT)
        rounds = [page.evaluate("() => globalThis.bench()") for _ in range(ROUNDS)]
        version = chromium.version
        chromium.close()
    return version, rounds


def table(rounds: list[list[dict[str, Any]]]) -> str:
    """A row for each size: the round of the median ratio."""
    lines = [
        "| (n, m), p | kernel | loop | ratio | in the rounds |",
        "| :-- | --: | --: | --: | :-- |",
    ]
    for row in zip(*rounds, strict=True):
        ratios = [one["kernel"] / one["loop"] for one in row]
        middle = row[sorted(range(len(row)), key=ratios.__getitem__)[len(row) // 2]]
        size = f"({middle['n']}, {middle['m']}), p = {middle['p']:g}"
        rates = f"{middle['kernel']:,.0f} | {middle['loop']:,.0f}"
        ratio = f"{middle['kernel'] / middle['loop']:.1f} ×"
        lines.append(f"| {size} | {rates} | {ratio} | {', '.join(f'{x:.1f}' for x in ratios)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=OUT)
    out = parser.parse_args().out
    version, rounds = measured()
    module = _MODULE.search(SCRIPT.read_text("utf-8"))
    assert module is not None
    size = len(gzip.compress(b64decode(module[1]), 9))
    machine = describe()
    where = f"Chromium {version}, {machine['cpu']} ({machine['vector_units']})"
    out.write_text(
        "# Training in the browser\n\n"
        f"Model-steps per second on one thread of {where}, batch 1024:\n"
        "the kernel of `web/kernel/` against the typed-array loop of `web/bench/loop.ts`, in\n"
        f"turns in the same run. The module has {size / 1000:.1f} kB compressed.\n\n"
        f"{table(rounds)}\n",
        "utf-8",
    )
    print(out.read_text("utf-8"))


if __name__ == "__main__":
    main()
