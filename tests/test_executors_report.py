"""A report whose trainings workers elsewhere do: the same tables, the same verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from refusals import Capture

from tegum.cli.main import main


def judged(folder: Path) -> list[dict[str, Any]]:
    """The verdicts, without what a clock says."""
    claims = json.loads((folder / "claims.json").read_text("utf-8"))
    return [
        {name: value for name, value in claim.items() if name not in ("seconds", "checksum")}
        for claim in claims
    ]


def test_reports_agree(tmp_path: Path, capsys: Capture) -> None:
    for name, more in (("here", []), ("there", ["--executor", "processes:2"])):
        line = ["reproduce", "setup", "--quick", "--out", str(tmp_path / name), *more]
        assert main(line) == 0, capsys.readouterr().err
    here, there = tmp_path / "here", tmp_path / "there"
    tables = sorted(path.relative_to(here) for path in (here / "tables").rglob("*.*"))
    assert tables
    for path in tables:
        assert (there / path).read_bytes() == (here / path).read_bytes()
    assert judged(there) == judged(here) != []
