"""What is promised in one printable line: odd names, huge numbers, no plain files, no stdout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from fuzz._words import runs_by_hand
from refusals import PROBLEM, QUICK, TRAIN, Capture

import tegum as tg
from tegum import memory
from tegum.cli.main import main
from tegum.errors import InputFileError, SpecError, TegumError, joined, printable, shorten
from tegum.runs import tables
from tegum.runs.files import load
from tegum.runs.models import targets_of
from tegum.sweepable import with_axis
from tegum.targets import Pairs


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(line: list[str], capsys: Capture) -> str:
    """As `refusals.refused`, of words that may hold spaces; the line is printable."""
    assert main(line) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.endswith("\n")
    assert printed.err[:-1].isprintable()
    return printed.err


# --- Words -------------------------------------------------------------------------------------


def test_what_no_line_shows_is_written_out() -> None:
    assert printable("µ 日本 é") == "µ 日本 é"
    assert (
        printable("a\nb\t\x1b[31m\u202e\udcff\U000e0001") == r"a\nb\t\x1b[31m\u202e\udcff\U000e0001"
    )
    assert joined("one\n  two\r\n\x07") == r"one two \x07"
    assert str(TegumError("a\nb", 3)) == r"a\nb 3"


def test_values_are_shortened_whatever_they_are() -> None:
    assert shorten([1, 2]) == "[1, 2]"
    assert shorten("x" * 81) == "'" + "x" * 78 + "…"
    assert len(shorten(list(range(10**6)))) == 80
    assert shorten(10**5000) == "a large int"
    assert shorten([10**5000]) == "a large list"
    deep: list[Any] = []
    for _ in range(10**5):
        deep = [deep]
    assert shorten(deep) == "a large list"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["\x1b[31mx\n"], r"unknown command '\x1b[31mx\n'"),
        (["show", "gone\n\x1b[2J.nc"], r"gone\n\x1b[2J.nc is not there"),
        (["show", "\udcff"], r"\udcff is not there"),
        (["show", "a\0b"], "cannot be a path: it holds a null character"),
        (["show", "x" * 300], "cannot be read: File name too long"),
        ([*TRAIN.split(), "--axis", "a\nb=1"], r"must be a name that a file can hold"),
        ([*TRAIN.split(), "--distribution", "a\nb"], r"unknown distribution 'a\nb'"),
        ([*TRAIN.split(), "--importance", "1e300^i"], "powers up to 2 that are finite"),
        ([*TRAIN.split(), "--steps", "9" * 5000], "--steps must be an integer"),
        ([*TRAIN.split(), "--checkpoints", "9" * 5000], "numbers of at most 4300 digits; got '99"),
        ([*TRAIN.split(), "--axis", "l1=lin:0:1:" + "9" * 5000], "at most 4300 digits"),
        ([*TRAIN.split(), "--target", "and", "--pairs", "0+" + "9" * 5000], "at most 4300 digits"),
        ([*TRAIN.split(), "--features", "99999999", "--importance", "1^i"], "at most 10000000"),
        ([*TRAIN.split(), "--seed", str(2**64)], "--seed must be in [0, 2^64); got 18446744"),
        (["reproduce", "--seed", str(2**64)], "--seed must be in [0, 2^64); got 18446744"),
    ],
)  # fmt: skip
def test_words(words: list[str], said: str, capsys: Capture) -> None:
    assert said in refused(words, capsys)


def test_the_largest_seed_is_that_of_train(capsys: Capture, here: Path) -> None:
    assert main([*TRAIN.split(), "--seed", str(2**64 - 1), "--out", "a.nc"]) == 0
    expected = tg.train(PROBLEM, training=QUICK, seed=2**64 - 1, progress=False)
    xr.testing.assert_identical(load(here / "a.nc"), expected)


# --- Descriptions ------------------------------------------------------------------------------


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"kind": "independent", "n_features": 3, "feature_probability": 0.3}
    for _ in range(depth):
        value = {"kind": "groups", "parts": [value]}
    return value


def test_keys_called_as_python_calls_things() -> None:
    text = PROBLEM.to_json()
    for key in ("self", "cls", "values", "named", "a\nb"):
        with pytest.raises(SpecError, match="Problem has no field"):
            tg.Problem.from_json(text[:-1] + f",{json.dumps(key)}:1}}")
        with pytest.raises(SpecError, match="Problem has no field"):
            PROBLEM.replace(**{key: 1})


def test_descriptions_within_descriptions() -> None:
    flat = tg.Groups([tg.Independent(3, 0.3)])
    assert tg.Groups([nested(10)]) == flat
    for depth in (20, 200):
        with pytest.raises(SpecError, match="must be nested at most 16 deep"):
            tg.Groups([nested(depth)])
    assert tg.Groups([nested(10)]) == flat  # what was refused leaves nothing behind


def test_numbers_that_python_does_not_write() -> None:
    with pytest.raises(SpecError, match=r"^Training.steps must be < 2\^63; got a large int$"):
        tg.Training(steps=10**5000)
    with pytest.raises(SpecError, match="must be finite"):
        tg.Training(learning_rate=Fraction(10**5000))
    with pytest.raises(SpecError, match="cannot be read"):
        tg.Training.from_json('{"steps":' + "9" * 5000 + "}")
    with pytest.raises(SpecError, match="must be finite"):
        tg.Elementwise(np.longdouble("1e4000"))


def test_sizes_are_asked_before_memory_is_taken() -> None:
    large = PROBLEM.replace(distribution=tg.Independent(10**9, 0.3))
    with pytest.raises(SpecError, match="importance can have at most 10000000 entries"):
        with_axis(large, QUICK, "importance[1]", 0.5)
    with pytest.raises(SpecError, match="feature_probability can have at most 10000000 entries"):
        with_axis(large, QUICK, "feature_probability[1]", 0.5)
    pairs = large.replace(target=Pairs())
    assert pairs.target.n_outputs(10**9) == 10**9  # type: ignore[union-attr]
    with pytest.raises(SpecError, match="pairs can have at most 10000000 entries"):
        Pairs().pairs_of(10**9)
    long = QUICK.replace(steps=10**13, curve_points=10**13)
    with pytest.raises(SpecError, match="GB of memory"):
        tg.train(PROBLEM, training=long, progress=False)


def test_a_table_over_next_to_nothing() -> None:
    for low, high in ((0, 5e-324), (-1e-40, 1e-40)):
        with pytest.raises(SpecError, match="must have low and high at least 1e-30 apart"):
            tg.Elementwise((0.0, 1.0), low=low, high=high)
    narrow = tg.Elementwise((0.0, 1.0), low=0, high=1e-30)
    assert narrow.values(np.array([[0.5e-30]]))[0, 0] == pytest.approx(0.5)


# --- Files -------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes with names")
@pytest.mark.parametrize("place", ["pipe", "folder", "/dev/null"])
def test_what_is_no_plain_file_is_neither_opened_nor_replaced(
    place: str, capsys: Capture, here: Path
) -> None:
    os.mkfifo(here / "pipe")
    (here / "folder").mkdir()
    kind = "folder" if place == "folder" else "not a plain file"
    train = TRAIN.split()
    for words in (["show", place], ["train", "--problem", place], [*train, "--start", place]):
        assert f"{place} is {'a ' * (kind == 'folder')}{kind}" in refused(words, capsys)
    assert f"cannot write {place}: it is" in refused([*train, "--out", place], capsys)
    with pytest.raises(TegumError, match="cannot write"):
        tg.save(runs_by_hand(), place)
    assert not Path(place).is_file()


def test_more_than_memory_in_a_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tg.save(runs_by_hand(), "a.nc")
    monkeypatch.setattr(memory, "available_memory", lambda: 100)
    with pytest.raises(InputFileError, match=r"a\.nc needs .* GB of memory, and 1e-07 GB are free"):
        tg.load("a.nc")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([np.nan, np.inf], [None, None]),
        ([1 + 2j, 3j], ["(1+2j)", "3j"]),
        (["a\nb", "\x1b[31m"], ["a\nb", "\x1b[31m"]),
        (np.zeros(2, "M8[ns]"), [0, 0]),
    ],
)
def test_coordinates_that_json_does_not_have(
    values: Any, said: list[Any], capsys: Capture, here: Path
) -> None:
    runs_by_hand().assign_coords(p=np.asarray(values)).to_netcdf("a.nc", engine="h5netcdf")
    assert main(["show", "a.nc", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out, parse_constant=lambda name: 1 / 0)
    assert shown["axes"]["p"] == said
    assert [row["p"] for row in shown["points"]] == said
    assert main(["show", "a.nc"]) == 0
    assert all(line.isprintable() for line in capsys.readouterr().out.split("\n"))


def test_names_in_a_table_are_printable(capsys: Capture, here: Path) -> None:
    tg.save(runs_by_hand().rename(p="a\n\x1b[2J"), "b\n.nc")
    assert main(["show", "b\n.nc"]) == 0
    out = capsys.readouterr().out.split("\n")
    assert all(line.isprintable() for line in out)
    assert out[0] == r"file        b\n.nc"
    assert r"a\n\x1b[2J" in out[7]


GOOD = runs_by_hand()


@pytest.mark.parametrize(
    ("read", "runs", "said"),
    [
        (tg.best, GOOD.assign(loss=GOOD.loss.astype(str)), "runs.loss must be real numbers"),
        (tg.best, GOOD.isel(seed=[]), "runs.loss must not be empty"),
        (tg.drop_worst, GOOD.expand_dims(candidate=2), "have no candidate, which ranks seeds"),
        (tg.problem_of, GOOD.isel(p=0, seed=[]), "problem_of.runs must not be empty"),
        (lambda runs: tg.problem_of(runs, p=0.5), GOOD.isel(p=[]), "problem_of.runs must not be"),
        (targets_of, GOOD.assign_attrs(axes="{"), "must be a JSON object of texts; got '{'"),
        (targets_of, GOOD.assign_attrs(axes='{"p": 3}'), "must be a JSON object of texts"),
        (
            lambda runs: tg.problem_of(runs, p=1),
            GOOD.assign_coords(p=[0j, 1 + 0j]),
            "Dataset.coords['p'] must be real numbers; got dtype('complex128')",
        ),
        (
            lambda runs: tg.forward(runs, np.ones(3)),
            GOOD.assign(b=GOOD.b.isel(seed=0, drop=True)),
            "forward.runs.b must have the dimensions ('p', 'seed', 'feature'); got ('p', 'feat",
        ),
        (
            tables.count_table,
            GOOD.assign(loss=GOOD.loss.expand_dims(x=2)),
            "table.runs.loss must have the dimensions ('p', 'seed') at most; got ('x', 'p', 's",
        ),
        (tables.gram_table, GOOD.rename(p="feature_j"), "must have no axis feature_j or neuron"),
    ],
)  # fmt: skip
def test_datasets_of_others(read: Any, runs: xr.Dataset, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(runs)
    assert said in str(caught.value)


def test_tables_of_a_dataset_with_other_labels() -> None:
    """Bytes in the other order, and a coordinate that is called as a column."""
    wanted = tables.feature_table(GOOD)
    turned = GOOD.assign_coords(p=GOOD.p.astype(">f8"))
    named = GOOD.assign_coords(norm=(("p", "seed"), np.zeros((2, 2))))
    for runs in (turned, named):
        assert tables.feature_table(runs).equals(wanted)


# --- Streams -----------------------------------------------------------------------------------


def shell(redirection: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`tegum` as a shell starts it."""
    line = f'"$@" {redirection}; exit "${{PIPESTATUS[0]}}"'
    command = ["bash", "-c", line, "bash", sys.executable, "-m", "tegum.cli.main", *words]
    # as a user has it: unbuffered streams have nothing left to write at the end
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**usual, **environment}
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no device that is full")
@pytest.mark.parametrize(
    ("redirection", "said"),
    [
        (">/dev/full", "error: cannot write to stdout: No space left on device\n"),
        (">&-", "error: cannot write to stdout: it is closed\n"),
    ],
)
def test_a_stdout_that_takes_nothing(redirection: str, said: str, here: Path) -> None:
    tg.save(runs_by_hand(), "a.nc")
    # help is more than a buffer holds, and the parser writes it
    done = shell(redirection, *(["train", "--help"] if "full" in redirection else ["show", "a.nc"]))
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_without_stderr(here: Path) -> None:
    where = "/dev/full" if Path("/dev/full").exists() else "&-"
    done = shell(f"2>{where}", "show", "gone.nc")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


def test_neither_stream_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a system gives a program none: Python then has None in their place."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["list"]) == 2
    runs = tg.train(PROBLEM, training=QUICK, progress=True)
    assert runs.sizes["seed"] == 1


def test_a_terminal_of_ascii(here: Path) -> None:
    runs = runs_by_hand().assign(loss=runs_by_hand().loss * np.nan)
    tg.save(runs, "é.nc")
    done = shell("", "show", "é.nc", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(r"file        \xe9.nc")
    assert r"\u2013" in done.stdout  # the dash where there is no loss


def test_stdout_is_as_it_was(capsys: Capture) -> None:
    before = sys.stdout.errors
    assert main(["--version"]) == 0
    assert sys.stdout.errors == before
