"""Builds the explorer's page into wheels and source archives, where it is not built yet."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageHook(BuildHookInterface[Any]):
    """Runs npm before a wheel or a source archive is packed.

    An editable install reads the page from the source tree, where `make` builds it.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make sure that static/ holds the page; without npm, say that it will be missing."""
        root = Path(self.root)
        shipped = root / "src" / "tegum" / "engines" / "shipped"
        if self.target_name == "wheel" and version != "editable" and not shipped.is_dir():
            self.app.display_warning(
                "no kernels are shipped: the first use of this build compiles (see `make wheel`)"
            )
        page = root / "src" / "tegum" / "explorer" / "static" / "index.html"
        if version == "editable" or page.is_file():
            return
        npm = shutil.which("npm")
        if npm is None or not (root / "web" / "package.json").is_file():
            self.app.display_warning(
                "npm (Node.js 20 or newer) is not there: this build has no explorer page, "
                "and `tegum explore` will say so"
            )
            return
        for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            subprocess.run([npm, *command], cwd=root / "web", check=True)
