"""Places that cannot be written: forbidden, read only, full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import xarray as xr
from fake_lab import FAKES, start
from refusals import PROBLEM, QUICK, TRAIN, Capture, refused
from small_disk import fill, small_disk

import tegum as tg
from tegum.cli.main import main
from tegum.errors import StoreError
from tegum.report import overview
from tegum.runs.files import load
from tegum.store import Store


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


#: Nobody can write here, root included.
NOWHERE = "/proc/tegum"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
@pytest.mark.parametrize("option", ["--store", "--out"])
def test_a_place_that_cannot_be_written(option: str, capsys: Capture, here: Path) -> None:
    message = refused(f"{TRAIN} {option} {NOWHERE}/deep/x.nc", capsys)
    assert NOWHERE in message or "/proc" in message
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("option", ["--store", "--out", "--start"])
@pytest.mark.parametrize("joint", [True, False])
def test_an_empty_path_is_not_the_current_folder(
    option: str, joint: bool, capsys: Capture, here: Path
) -> None:
    given = [f"{option}="] if joint else [option, ""]
    assert main([*TRAIN.split(), *given]) == 2
    assert capsys.readouterr().err == f"error: {option} must not be empty; got ''\n"
    assert list(here.iterdir()) == []


def test_a_store_without_permission(capsys: Capture, here: Path) -> None:
    """A folder of somebody else's, or, as root may write there, a disk that is read only."""
    place = here / "disk"
    if os.geteuid():
        place.mkdir(mode=0o500)
        assert "cannot use disk/st: Permission denied" in refused(TRAIN + "--store disk/st", capsys)
        return
    with small_disk(place, "1m"):
        Store(place / "st")
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        message = refused(TRAIN + "--store disk/st", capsys)
    assert message.startswith("error: store cannot ")
    assert "disk/st" in message


@pytest.fixture
def disk(here: Path) -> Iterator[Path]:
    with small_disk(here / "disk", "1m") as place:
        yield place


@pytest.mark.parametrize(
    "seeds", [20_000, *(pytest.param(size, marks=pytest.mark.slow) for size in (9_000, 12_000))]
)
def test_full_disk_under_the_result(disk: Path, seeds: int) -> None:
    """Sizes around what is left: one line and the old file kept, or a whole new file.

    In a process of its own, as the library behind netCDF may crash where a disk is full.
    """
    assert main(f"{TRAIN} --out disk/a.nc".split()) == 0
    old = (disk / "a.nc").read_bytes()
    process = start(*f"{TRAIN} --seeds {seeds} --out disk/a.nc".split())
    out, err = process.communicate(timeout=120)
    assert [path.name for path in disk.iterdir()] == ["a.nc"]
    if process.returncode == 0:
        assert seeds < 13_000
        assert load(disk / "a.nc").sizes["seed"] == seeds
        return
    assert seeds > 9_000
    assert process.returncode == 2
    assert err.splitlines()[-1] == "error: cannot write disk/a.nc: No space left on device"
    assert "Traceback" not in err
    assert out == ""
    assert (disk / "a.nc").read_bytes() == old


def test_full_disk_under_the_store(disk: Path, capsys: Capture) -> None:
    """What was finished before stays, and the same run goes through once there is room."""
    assert main(f"{TRAIN} --store disk/st".split()) == 0
    fill(disk)
    capsys.readouterr()
    assert main(f"{TRAIN} --seeds 2 --store disk/st --out two.nc".split()) == 2
    err = capsys.readouterr().err
    assert err.splitlines()[-1].startswith("error: store cannot ")
    assert "Traceback" not in err
    (disk / "filler").unlink()
    assert main(f"{TRAIN} --seeds 2 --store disk/st --out two.nc".split()) == 0
    expected = tg.train(PROBLEM, training=QUICK, seeds=2, progress=False)
    with xr.open_dataset("two.nc", engine="h5netcdf") as found:
        xr.testing.assert_identical(found.load(), expected)


def test_full_disk_in_python(disk: Path) -> None:
    store = Store(disk / "st")
    fill(disk)
    with pytest.raises(StoreError) as caught:
        tg.train(PROBLEM, training=QUICK, store=store, progress=False)
    assert "\n" not in str(caught.value)


def test_full_disk_under_a_report(
    disk: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "PACKAGE", FAKES)
    fill(disk)
    assert main(["reproduce", "antipodal-pairs", "--quick", "--out", "disk/report"]) == 2
    err = capsys.readouterr().err
    assert err.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in err
