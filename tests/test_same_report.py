"""The comparison of two report folders notices whatever a result is made of, and nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import same_report
from fake_lab import finished_fakes, run_facts

from tegum.report.output import ReportFolder


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    finished = finished_fakes()
    folder = tmp_path_factory.mktemp("report")
    written = ReportFolder(folder, run_facts(), [done.experiment for done in finished])
    for done in finished:
        written.add(done)
    return folder


@pytest.fixture
def other(report: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(report, tmp_path / "other"))


def flip(name: str) -> Callable[[Path], None]:
    """One bit of the last byte but one of a file."""

    def change(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[-2] ^= 1
        (folder / name).write_bytes(content)

    return change


def claims(change: Callable[[list[dict[str, Any]]], object]) -> Callable[[Path], None]:
    """The claims, changed in place."""

    def write(folder: Path) -> None:
        path = folder / "claims.json"
        found = json.loads(path.read_text("utf-8"))
        change(found)
        path.write_text(json.dumps(found), "utf-8")

    return write


def gone(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def test_a_report_is_the_same_as_itself(report: Path, other: Path) -> None:
    assert list(same_report.differences(report, other)) == []


TABLE, FIGURE = "tables/antipodal-pairs-sweep.csv", "figures/antipodal-pairs-norms.svg"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (flip(TABLE), f"{TABLE} differs"),
        (flip(FIGURE), f"{FIGURE} differs"),
        (flip("figures/antipodal-pairs-grid.png"), "figures/antipodal-pairs-grid.png differs"),
        (gone(TABLE), f"{TABLE} is only in BEFORE"),
        (gone(FIGURE), f"{FIGURE} is only in BEFORE"),
        (
            claims(lambda found: found[0].update(status="differs")),
            "claim 1.a, status: 'holds' became 'differs'",
        ),
        (
            claims(lambda found: found[0].update(measured="largest ‖W_i‖ = 1.298")),
            "claim 1.a, measured: 'largest ‖W_i‖ = 1.297' became 'largest ‖W_i‖ = 1.298'",
        ),
        (
            claims(lambda found: found[3].update(rule="every loss ≤ 0")),
            "claim 3.a, rule: 'every loss < 0' became 'every loss ≤ 0'",
        ),
        (
            claims(lambda found: found[1].update(values={"ratio": 1.0})),
            "claim 1.b, values: {'ratio': 'nan'} became {'ratio': 1.0}",
        ),
        (
            claims(lambda found: found[4].pop("error")),
            "claim 3.b, error: \"KeyError: 'absent <column>'\" became None",
        ),
        (claims(lambda found: found.pop(2)), "claim 2.a is only in BEFORE/claims.json"),
        (claims(lambda found: found.reverse()), "claims have another order"),
    ],
)
def test_a_change_is_noticed_on_both_sides(
    change: Callable[[Path], None], said: str, report: Path, other: Path
) -> None:
    change(other)
    assert list(same_report.differences(report, other)) == [said.replace("BEFORE", str(report))]
    (back,) = same_report.differences(other, report)
    if "became" not in said:
        assert back == said.replace("BEFORE", str(report))


def test_the_time_that_a_run_took_is_no_result(report: Path, other: Path) -> None:
    claims(lambda found: found[0].update(seconds=99.0))(other)
    (other / "report.html").write_text("another page", "utf-8")
    (other / "report.md").unlink()
    assert list(same_report.differences(report, other)) == []


def test_as_a_command(report: Path, other: Path) -> None:
    def call(*folders: Path) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, str(same_report.__file__), *map(str, folders)],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    assert call(report, other) == (0, "the same verdicts, tables and figures\n")
    flip(TABLE)(other)
    assert call(report, other) == (1, f"{TABLE} differs\n")
    assert call(report) == (2, "")
