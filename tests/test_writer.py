"""Files that are whole or not there, and what a killed process leaves of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tegum.errors import TegumError
from tegum.store import writer

KILLED = """
import os, signal, sys
from pathlib import Path
from tegum.store import writer
with writer.replacing(Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def kill(path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)


def test_what_a_killed_process_left_goes_with_the_next_write(tmp_path: Path) -> None:
    path = tmp_path / "x[1].txt"
    writer.write(path, "old")
    kill(path)
    kill(tmp_path / "y.txt")
    (tmp_path / ".tegum-other").write_text("somebody else's")
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 4
    writer.write(path, "new")
    assert path.read_text() == "new"
    assert len(list(tmp_path.iterdir())) == 3  # that of the other file stays until it is written
    writer.write(tmp_path / "y.txt", "")
    assert {p.name for p in tmp_path.iterdir()} == {"x[1].txt", "y.txt", ".tegum-other"}


def test_two_that_write_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with writer.replacing(path) as one:
        one.write_text("one")
        writer.write(path, "other")
        assert path.read_text() == "other"
    assert path.read_text() == "one"
    assert os.listdir(tmp_path) == ["x"]


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_files_have_the_usual_permissions(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        writer.write(tmp_path / "x", "")
    finally:
        os.umask(before)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.parametrize("name", ["", ".", "folder"])
def test_a_folder_is_no_file(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(TegumError, match=r"^cannot write ") as caught:
        writer.write(Path(name), "")
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == ["folder"]
