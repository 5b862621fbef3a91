"""Dataset files and how `tegum show` reads them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr
from test_public_face import loaded_by

import tegum
from tegum.checksum import LENGTH
from tegum.cli import values
from tegum.cli.main import main
from tegum.cli.points import summarise
from tegum.cli.show import MOST_ROWS, brief
from tegum.errors import InputFileError, SpecError
from tegum.runs.files import load, save

PROBLEM = tegum.Problem(tegum.Independent(3, 0.5), tegum.ReLUOutput(2))


def runs_by_hand() -> xr.Dataset:
    """Two axis points, three seeds: one diverged at the first, all at the second."""
    nan = np.nan
    loss = np.array([[0.3, nan, 0.1], [nan, nan, nan]])
    weights = np.full((2, 3, 2, 3), nan)
    weights[0, 0] = np.ones((2, 3))
    # norms 1, 0.5 (not above one half) and 0.6: two represented
    weights[0, 2] = [[0.6, 0.5, 0.0], [0.8, 0.0, 0.6]]
    return xr.Dataset(
        {
            "W": (("l1", "seed", "hidden", "feature"), weights),
            "loss": (("l1", "seed"), loss),
            "diverged": (("l1", "seed"), np.isnan(loss)),
        },
        {"l1": [0.0, 0.25], "seed": np.arange(3)},
        {
            "problem": PROBLEM.to_json(),
            "training": tegum.Training(steps=3).to_json(),
            "run_seed": 2**64 - 1,
            "tegum_version": "0.0",
            "machine": "x86-64-v3/a, x86-64-v4/b",
        },
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "runs.nc"
    save(runs_by_hand(), path)
    return path


class TestPoints:
    def test_by_hand(self) -> None:
        first, second = summarise(runs_by_hand())
        assert first == {
            "l1": 0.0,
            "best loss": 0.1,
            "median": pytest.approx(0.2),
            "worst": 0.3,
            "seeds": 3,
            "diverged": 1,
            "represented": 2,
        }
        assert (second["best loss"], second["diverged"], second["represented"]) == (None, 3, None)

    def test_order_of_dimensions_does_not_matter(self) -> None:
        runs = runs_by_hand()
        assert summarise(runs.transpose("feature", "seed", "hidden", "l1")) == summarise(runs)

    def test_untied_models_are_read_by_their_decoder(self) -> None:
        runs = runs_by_hand()
        untied = runs.rename(W="W_out").transpose("l1", "seed", "feature", "hidden")
        untied["W_in"] = 0 * runs["W"]
        assert summarise(untied) == summarise(runs)

    def test_two_axes_run_like_nested_loops(self) -> None:
        loss = np.arange(12.0).reshape(2, 3, 2)
        runs = xr.Dataset(
            {
                "loss": (("a", "b", "seed"), loss),
                "W": (("a", "b", "seed", "hidden", "feature"), np.zeros((2, 3, 2, 1, 4))),
            },
            {"a": [1, 2], "b": [5, 6, 7]},
        )
        rows = summarise(runs)
        assert [(row["a"], row["b"]) for row in rows] == [
            (1, 5), (1, 6), (1, 7), (2, 5), (2, 6), (2, 7),
        ]  # fmt: skip
        assert [row["best loss"] for row in rows] == [0, 2, 4, 6, 8, 10]


class TestFiles:
    def test_round_trip(self, file: Path) -> None:
        xr.testing.assert_identical(load(file), runs_by_hand())

    def test_cut_anywhere_it_is_refused(self, file: Path, tmp_path: Path) -> None:
        whole = file.read_bytes()
        for length in np.linspace(0, len(whole) - 1, 15).astype(int):
            (tmp_path / "cut.nc").write_bytes(whole[:length])
            with pytest.raises(InputFileError) as caught:
                load(tmp_path / "cut.nc")
            assert "\n" not in str(caught.value)

    def test_every_changed_byte_is_noticed(self, file: Path) -> None:
        whole = file.read_bytes()
        last = len(whole) - LENGTH
        for position in (*range(0, last, 97), *range(48), *range(last, len(whole))):
            bad = bytearray(whole)
            bad[position] ^= 1 << position % 8
            file.write_bytes(bad)
            with pytest.raises(InputFileError, match="is damaged: ") as caught:
                load(file)
            assert "\n" not in str(caught.value)
            assert str(file) in str(caught.value)

    def test_damage_is_one_line_wherever_a_file_is_read(
        self, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        bad = bytearray(file.read_bytes())
        bad[-LENGTH - 20] ^= 1
        file.write_bytes(bad)
        for command in (
            f"show {file}",
            f"train --features 3 --hidden 2 --probability 1 --start {file}",
        ):
            assert main(command.split()) == 2
            assert f"{file} is damaged: its checksum" in capsys.readouterr().err

    @pytest.mark.parametrize("engine", [None, "h5netcdf"])
    def test_other_tools_read_and_write_it(self, file: Path, engine: Any) -> None:
        """What they write to loses the checksum, and is read without one."""
        with xr.open_dataset(file, engine=engine) as opened:
            xr.testing.assert_identical(opened.load(), runs_by_hand())
        with h5py.File(file, "r+") as opened:
            opened["loss"][0, 0] = 7.0
        assert float(load(file).loss[0, 0]) == 7.0
        other = file.with_name("other.nc")
        load(file).to_netcdf(other, engine="h5netcdf")
        assert float(load(other).loss[0, 0]) == 7.0

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (xr.Dataset(), "that tegum can load: it has no attribute 'problem'"),
            (runs_by_hand().assign_attrs(problem="{"), "Problem JSON cannot be read"),
            (runs_by_hand().assign_attrs(training=3), "it has no attribute 'training'"),
            (runs_by_hand().assign_attrs(none=None), "what netCDF can hold: "),
            (runs_by_hand().assign(x=("y", np.array([{}], object))), "what netCDF can hold: "),
            (
                runs_by_hand().loss,
                "must be a Dataset of tegum.train, or of tegum.from_weights(problem, W",
            ),
            (3, "W=…, b=…); got <class 'int'>"),
        ],
    )
    def test_what_load_would_refuse_is_not_saved(
        self, given: Any, said: str, tmp_path: Path
    ) -> None:
        with pytest.raises(SpecError, match=re.escape(said)) as caught:
            save(given, tmp_path / "x.nc")
        assert "\n" not in str(caught.value)
        assert list(tmp_path.iterdir()) == []

    def test_places_where_no_file_is(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo")
        for place, said in {
            tmp_path: "is a folder",
            tmp_path / "no": "is not there",
            tmp_path / "fifo": "is not a plain file",
            tmp_path / "fifo" / "deeper": "is not there",
            tmp_path / ("x" * 300): "cannot be read: File name too long",
            "a\0b": "cannot be a path: it holds a null character",
        }.items():
            with pytest.raises(InputFileError, match=said):
                load(place)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda runs: runs.attrs.pop("problem"), "it has no attribute 'problem'"),
            (
                lambda runs: runs.attrs.update(training='{"steps": -1}'),
                "is not a tegum file: Training.steps must",
            ),
            (lambda runs: runs.attrs.update(problem="{"), "Problem JSON cannot be read"),
        ],
    )
    def test_foreign(self, change: Any, said: str, tmp_path: Path) -> None:
        runs = runs_by_hand()
        change(runs)
        runs.to_netcdf(tmp_path / "f.nc", engine="h5netcdf")
        with pytest.raises(InputFileError, match=said):
            load(tmp_path / "f.nc")

    def test_without_losses(self, tmp_path: Path) -> None:
        for name, runs in {
            "a.nc": runs_by_hand().drop_vars("loss"),
            "b.nc": runs_by_hand().isel(seed=0),
            "c.nc": runs_by_hand().isel(seed=slice(0)),
            "d.nc": runs_by_hand().drop_vars("W"),
        }.items():
            runs.to_netcdf(tmp_path / name, engine="h5netcdf")
            assert main(["show", str(tmp_path / name)]) == 2


class TestShow:
    def test_text(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["show", str(file)]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[:6] == [
            f"file        {file}",
            "problem     Problem(distribution=Independent(n_features=3, feature_probability=0.5), "
            "model=ReLUOutput(n_hidden=2))",
            "training    Training(steps=3, batch_size=1024, learning_rate=0.001, optimizer=adam)",
            f"run         seed {2**64 - 1}, tegum 0.0, on x86-64-v3/a, x86-64-v4/b",
            "dimensions  l1 2, seed 3, hidden 2, feature 3",
            "variables   W, loss, diverged",
        ]
        assert [line.split() for line in lines[7:]] == [
            ["l1", "best", "loss", "median", "worst", "seeds", "diverged", "represented"],
            ["0", "0.1", "0.2", "0.3", "3", "1", "2"],
            ["0.25", "–", "–", "–", "3", "3", "–"],
            ["2", "x", "3", "models,", "4", "of", "them", "diverged"],
        ]

    def test_json(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["show", str(file), "--json"]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert shown["run_seed"] == 2**64 - 1
        assert shown["machine"] == "x86-64-v3/a, x86-64-v4/b"
        assert shown["axes"] == {"l1": [0.0, 0.25]}
        assert shown["variables"]["W"] == {"l1": 2, "seed": 3, "hidden": 2, "feature": 3}
        assert shown["points"] == summarise(runs_by_hand())

    def test_long_tables_show_both_ends(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        one = runs_by_hand().isel(l1=0, drop=True)
        runs = one.expand_dims(l1=np.arange(100.0))
        save(runs, tmp_path / "long.nc")
        assert main(["show", str(tmp_path / "long.nc")]) == 0
        out = capsys.readouterr().out.splitlines()
        rows = [line.split()[0] for line in out[8:-2]]
        assert len(rows) == MOST_ROWS
        assert (rows[0], rows[-1]) == ("0", "99")
        assert out[-2].startswith(f"{100 - MOST_ROWS} rows between these are left out")

    def test_it_loads_what_reads_the_file_and_no_more(self, file: Path) -> None:
        loaded = loaded_by(f"from tegum.cli.main import main\nmain(['show', {str(file)!r}])")
        assert "xarray" in loaded
        assert not loaded & {"numba", "matplotlib", "scipy", "typeguard", "jaxtyping", "rich"}

    def test_brief(self) -> None:
        long = tegum.Problem(tegum.Independent(9, 1 / 3), tegum.Linear(1), importance=[0.7] * 9)
        assert brief(long) == (
            "Problem(distribution=Independent(n_features=9, feature_probability=0.3333), "
            "model=Linear(n_hidden=1), "
            "importance=(0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, … 9 in all))"
        )


class TestValues:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("1", [1.0]),
            ("1,0.3, .1", [1.0, 0.3, 0.1]),
            ("geom:1:0.01:3", [1.0, 0.1, 0.01]),
            ("lin:0:1:5", [0.0, 0.25, 0.5, 0.75, 1.0]),
            ("lin:2:9:1", [2.0]),
            ("1e-3", [0.001]),
        ],
    )
    def test_numbers(self, text: str, expected: list[float]) -> None:
        assert values.numbers("--x", text) == pytest.approx(expected)

    @pytest.mark.parametrize(
        "text", ["", "a", "1,,2", "geom:1:2", "geom:1:2:3:4", "log:1:2:3", "lin:0:1:0", "inf",
                 "geom:-1:1:3", "geom:0:1:3", "nan", "lin:0:1:9999999",
                 "lin:-1.7e308:1.7e308:3"]
    )  # fmt: skip
    def test_bad_numbers(self, text: str) -> None:
        with pytest.raises(SpecError, match=r"^--x must "):
            values.numbers("--x", text)

    def test_importance(self) -> None:
        assert values.importance("--i", "0.5^i", 4) == (1.0, 0.5, 0.25, 0.125)
        assert values.importance("--i", "2", 4) == 2.0
        assert values.importance("--i", "1,2", 2) == (1.0, 2.0)
        with pytest.raises(SpecError, match=r"--i must be a number; got 'x'"):
            values.importance("--i", "x^i", 2)

    def test_checkpoints(self) -> None:
        assert values.checkpoints("--c", "20") == 20
        assert values.checkpoints("--c", "0,10,100") == (0, 10, 100)
        assert values.checkpoints("--c", "100,") == (100,)
        for text in ("", ",", "1.5", "-3", "a,1"):
            with pytest.raises(SpecError, match=r"--c must be"):
                values.checkpoints("--c", text)

    def test_axes(self) -> None:
        assert values.axes("--axis", ("l1=0,1", "r:importance[1]=2", "a = lin:0:1:2")) == {
            "l1": [0.0, 1.0],
            "r": ("importance[1]", [2.0]),
            "a": [0.0, 1.0],
        }
        assert list(values.axes("--axis", ("b=1", "a=1"))) == ["b", "a"]
        for text in ("l1", "=1", "l1=", "l1=x"):
            with pytest.raises(SpecError, match=r"^--axis"):
                values.axes("--axis", (text,))
        with pytest.raises(SpecError, match="must not name an axis twice; got 'l1'"):
            values.axes("--axis", ("l1=1", "l1=2"))
