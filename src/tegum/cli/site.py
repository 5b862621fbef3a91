"""`tegum site`: the explorer as files for a static host."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from tegum.cli.options import Flag, MaybeFolder


@dataclass(frozen=True)
class Site:
    """Write the explorer as a site: files for any static host, with training in the browser.

    Page, lessons, gallery and phase diagrams need no server: models train in the browser that
    shows them. What it writes works under any path, without a network after the first visit, and
    DIR/live.html is all of it in one file, which can be opened from a disk. What only Python can
    do (the exact engine, files of models) says so.
    """

    out: Annotated[Path, arg(metavar="DIR")]
    """Folder of the site; files that are there already are replaced."""
    report: MaybeFolder = None
    """Report folder whose figures and verdicts the gallery shows."""
    json: Flag = False
    """Print what was written as JSON: folder, files and bytes."""

    def run(self, arguments: list[str]) -> int:
        """Write it, and say what it came to."""
        from tegum.explorer.site import LIVE, write_site

        written = write_site(self.out, self.report)
        if self.json:
            about = {"folder": str(self.out), "files": written.files, "bytes": written.size}
            print(json.dumps(about))
        else:
            print(f"{written.files} files, {written.size / 1e6:.1f} MB, in {self.out}")
            print(f"put them on a static host, or open {self.out / LIVE}")
        return 0
