"""What bad input gets, through Python and the command line.

The bad values of single fields are tested beside each description; here are the ways they reach
a run, and what goes wrong around it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr
from refusals import PROBLEM, QUICK, TRAIN, Capture, refused

import tegum as tg
from tegum.cli.main import main
from tegum.errors import SpecError, TegumError, UnknownNameError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- Fields, shapes, names ---------------------------------------------------------------------

IN_SETS = "train --distribution anticorrelated --hidden 1 --probability 0.5 "


@pytest.mark.parametrize(
    ("line", "said"),
    [
        # every number out of range
        (TRAIN + "--features 0", "Independent.n_features must be an integer >= 1; got 0"),
        (TRAIN + "--hidden 0", "ReLUOutput.n_hidden must be an integer >= 1; got 0"),
        (IN_SETS + "--sets 0 --set-size 2", "Anticorrelated.n_sets must be an integer >= 1; got 0"),
        (IN_SETS + "--sets 2 --set-size 0", "Anticorrelated.set_size must be an integer >= 1"),
        (TRAIN + "--probability -0.5", "feature_probability must be in [0, 1]; got -0.5"),
        (TRAIN + "--probability 0.5,-1,1", "feature_probability[1] must be in [0, 1]; got -1.0"),
        (TRAIN + "--importance -1", "Problem.importance must be >= 0; got -1.0"),
        (TRAIN + "--importance 1,nan,1", "--importance must be finite; got 'nan'"),
        (TRAIN + "--importance 1e300^i", "--importance must have powers up to 2 that are finite"),
        (TRAIN + "--importance 0", "Problem.importance must not be all zero; got 0.0"),
        (TRAIN + "--l1 -1", "Problem.l1 must be >= 0; got -1.0"),
        (TRAIN + "--steps 100000000000000000000", "Training.steps must be < 2^63; got 1000000"),
        (TRAIN + "--batch-size 0", "Training.batch_size must be an integer >= 1; got 0"),
        (TRAIN + "--batch-size 1000000000", "draws (3) must be < 2^31; got 1000000000"),
        (TRAIN + "--learning-rate 0", "Training.learning_rate must be > 0; got 0.0"),
        (TRAIN + "--learning-rate nan", "Training.learning_rate must be finite; got nan"),
        (TRAIN + "--momentum 1", "Training.momentum must be in [0, 1); got 1.0"),
        (TRAIN + "--weight-decay -1", "Training.weight_decay must be >= 0; got -1.0"),
        (TRAIN + "--warmup -1", "Training.warmup must be an integer >= 0; got -1"),
        (TRAIN + "--final-fraction 2", "Training.final_fraction must be in [0, 1]; got 2.0"),
        (TRAIN + "--init-std 0", "Training.init_std must be > 0; got 0.0"),
        (TRAIN + "--held-out 0", "Training.held_out must be an integer >= 1; got 0"),
        (TRAIN + "--checkpoints 2,1", "Training.checkpoints must be strictly increasing"),
        (TRAIN + "--checkpoints 1,3", "Training.checkpoints must be at most steps = 2; got 3"),
        (TRAIN + "--seeds -1", "train.seeds must be an integer >= 1 of at most 31 bits; got -1"),
        (TRAIN + "--seed -1", "--seed must be in [0, 2^64); got -1"),
        (TRAIN + "--jobs 0", "--jobs must be at least 1; got 0"),
        # shapes that do not agree
        (TRAIN + "--probability 0.5,0.5", "or have n_features = 3 entries; got 2 entries"),
        (IN_SETS + "--sets 2 --set-size 2 --probability 1,1,1", "n_sets = 2 entries; got 3"),
        (IN_SETS + "--sets 2 --set-size 3 --importance 1,1", "or have 6 entries"),
        # unknown names
        (TRAIN + "--magnitude normal", "Independent.magnitude must be 'uniform', 'signed', 'exp"),
        (TRAIN + "--activation tanh", "ReLUOutput.activation must be 'relu', 'gelu', 'leaky'"),
        (TRAIN + "--schedule step", "Training.schedule must be 'constant', 'linear' or 'cosine'"),
        (TRAIN + "--hidden-activation relu", 'ReLUOutput has no field "hidden_activation"'),
        (TRAIN + "--hidden-bias", 'ReLUOutput has no field "hidden_bias"'),
        (
            TRAIN + "--model two-layer --hidden-activation gelu",
            "TwoLayer.hidden_activation must be identity or relu for the sampled engine; got 'gelu",
        ),
        # axes
        (TRAIN + "--axis l1=", "--axis must be NAME=VALUES or NAME:TARGET=VALUES; got 'l1='"),
        (TRAIN + "--axis l1=0,nan", "--axis l1 must be finite; got 'nan'"),
        (TRAIN + "--axis l1=0,0", "train.axes['l1'] must hold distinct values"),
        (
            TRAIN + "--axis sparsity=0.5",
            "unknown axis 'sparsity': p = 1 − S, feature_probability=1 − S; known: feature",
        ),
        (TRAIN + "--axis seed=1", "train.axes['seed'] needs another name"),
        (TRAIN + "--axis W:l1=1", "train.axes['W'] needs another name"),
        (TRAIN + "--axis n_hidden=1,2", "axis 'n_hidden' cannot be swept"),
        (TRAIN + "--axis importance[3]=1", "Problem.importance has entries 0 to 2; got index 3"),
        (TRAIN + "--axis l1[0]=1", "axis 'l1[0]' cannot have an index"),
        (TRAIN + "--axis feature_probability=0.5,-1", "must be in [0, 1]; got -1.0"),
        (TRAIN + "--axis learning_rate=0.1,-1", "Training.learning_rate must be > 0; got -1.0"),
        (TRAIN + "--axis l1=1 --axis z:l1=2", "train.axes: 'z' sets l1 again, after 'l1'"),
    ],
)
def test_command_line(line: str, said: str, capsys: Capture, here: Path) -> None:
    assert said in refused(line, capsys)
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PROBLEM.to_json().replace('"n_hidden":2', '"n_hidden":0'), "ReLUOutput.n_hidden must be"),
        (PROBLEM.to_json().replace("1.0", "[1,1]"), "Problem.importance must be a number or have"),
        (PROBLEM.to_json().replace("1.0", "[1,1,NaN]"), "Problem.importance[2] must be finite"),
        (PROBLEM.to_json().replace("relu_output", "transformer"), "a kind among deep, linear,"),
        (PROBLEM.to_json().replace('"l1"', '"l2"'), 'Problem has no field "l2"'),
        (PROBLEM.to_json()[:-1], "Problem JSON cannot be read"),
        ("[]", "must be a Problem"),
    ],
)
def test_problem_file(text: str, said: str, capsys: Capture, here: Path) -> None:
    (here / "p.json").write_text(text)
    assert said in refused("train --problem p.json", capsys)


@pytest.mark.parametrize(
    ("model", "training", "axes", "said"),
    [
        (
            tg.TwoLayer(2, hidden_activation="quadratic"),
            QUICK,
            {},
            "TwoLayer.hidden_activation must be identity or relu for the sampled engine; "
            "got 'quadratic'",
        ),
        (
            tg.ReLUOutput(2),
            QUICK.replace(batch_size=2**30),
            {},
            "Training.batch_size times the number of on/off draws (3) must be < 2^31; "
            "got 1073741824",
        ),
        (
            tg.ReLUOutput(2),
            QUICK,
            {"importance": [[1, 1, 1], [1, np.nan, 1]]},
            "train.axes['importance'] must not hold NaN; got [[1, 1, 1], [1, nan, 1]]",
        ),
        (
            tg.ReLUOutput(2),
            QUICK,
            {f"axis {k}": (name, np.linspace(0.1, 0.2, 9999)) for k, name in enumerate(
                ("l1", "learning_rate", "weight_decay", "momentum", "init_std")
            )},
            "train.axes must make at most 2147483648 points together; got 99950009999000049999",
        ),
    ],
    ids=["hidden activation", "batch size", "NaN importance", "2^66 points"],
)  # fmt: skip
def test_python(model: Any, training: tg.Training, axes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        tg.train(PROBLEM.replace(model=model), axes, training, progress=False)
    assert str(caught.value) == said


def test_every_error_is_one_of_ours() -> None:
    """One `except tegum.TegumError` is enough, and the usual built-in names work too."""
    for wrong, kind in (
        ({"axes": {"sparsity": [1.0]}}, LookupError),
        ({"seeds": 0}, ValueError),
        ({"store": "/proc/tegum-store"}, OSError),
    ):
        with pytest.raises(TegumError) as caught:
            tg.train(PROBLEM, training=QUICK, progress=False, **wrong)  # type: ignore[arg-type]
        assert isinstance(caught.value, kind)
        assert "\n" not in str(caught.value)
    assert issubclass(UnknownNameError, TegumError)


# --- More than memory --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        "--seeds 2147483647",
        "--hidden 1000000000",
        "--features 1000000000000000000",
        "--features 100000000 --hidden 100",
        "--steps 1000000000 --checkpoints 1000000000",
        "--steps 10000000000000 --curve-points 10000000000000",
        "--axis l1=lin:0:1:300 --axis learning_rate=lin:1:2:300 --seeds 1000000000",
    ],
)
def test_what_does_not_fit_is_refused_before_it_starts(
    options: str, capsys: Capture, here: Path
) -> None:
    message = refused(TRAIN + options + " --store st", capsys)
    assert "GB of memory" in message
    assert "GB are free" in message
    assert list(here.iterdir()) == []


def test_memory_that_runs_out_all_the_same(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate\n1 TiB")

    monkeypatch.setattr("tegum.ensemble.train", too_much)
    assert refused(TRAIN, capsys) == "error: out of memory: Unable to allocate 1 TiB\n"


# --- Foreign files -----------------------------------------------------------------------------


def _png(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", "y")


def _hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(3)


def _unit(path: Path) -> None:
    """A file of the store, which is not what `train --out` writes."""
    tg.train(PROBLEM, training=QUICK, store="st", progress=False)
    (unit,) = Path("st/units").iterdir()
    unit.rename(path)


def _netcdf(change: Callable[[xr.Dataset], xr.Dataset]) -> Callable[[Path], None]:
    """A result that somebody has changed."""

    def write(path: Path) -> None:
        runs = tg.train(PROBLEM, {"learning_rate": [0.01, 0.1]}, QUICK, seeds=2, progress=False)
        change(runs).to_netcdf(path, engine="h5netcdf")

    return write


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (_png, "is not a whole netCDF file"),
        (_zip, "is not a whole netCDF file"),
        (_unit, "is not a whole netCDF file"),
        (lambda path: path.touch(), "is not a whole netCDF file"),
        (_hdf5, "it has no attribute 'problem'"),
        (_netcdf(lambda runs: runs.assign_attrs(problem=3)), "it has no attribute 'problem'"),
        (_netcdf(lambda runs: runs.drop_vars("W")), "it has no weights"),
        (_netcdf(tg.best), "it has no loss for each seed"),
        (
            _netcdf(lambda runs: runs.assign(W=runs.W.isel(hidden=0))),
            "its weights have dimensions learning_rate, seed, feature",
        ),
        (
            _netcdf(lambda runs: runs.assign(W=runs.W.isel(learning_rate=0))),
            "its weights have dimensions seed, hidden, feature",
        ),
        (
            _netcdf(lambda runs: runs.assign(loss=runs.loss.expand_dims(other=2))),
            "its weights have dimensions learning_rate, seed, hidden, feature",
        ),
        (
            _netcdf(lambda runs: runs.assign(loss=runs.loss.expand_dims(feature=3))),
            "it has a loss for each feature",
        ),
        (_netcdf(lambda runs: runs.assign(loss=runs.loss.astype(str))), "its loss is <U"),
        (_netcdf(lambda runs: runs.assign(W=runs.W > 0)), "its W is bool"),
    ],
    ids=["PNG", "zip", "unit", "empty", "HDF5", "attribute", "no weights", "best", "no hidden",
         "weights without axis", "loss with axis", "loss of features", "loss of text",
         "weights of bits"],
)  # fmt: skip
@pytest.mark.parametrize("option", ["", "--json"])
def test_foreign_file(
    write: Callable[[Path], None], said: str, option: str, capsys: Capture, here: Path
) -> None:
    write(here / "f.nc")
    message = refused(f"show f.nc {option}", capsys)
    assert message.startswith("error: f.nc ")
    assert said in message


@pytest.mark.parametrize(
    "change",
    [
        lambda runs: runs.drop_vars("learning_rate"),
        lambda runs: runs.assign_coords(learning_rate=["none", "some"]),
        lambda runs: runs.assign_attrs(run_seed=[1, 2], tegum_version="?"),
        lambda runs: runs.assign(loss=runs.loss * np.nan),
        lambda runs: runs.transpose("feature", "learning_rate", ...),
    ],
)
@pytest.mark.parametrize("option", ["", "--json"])
def test_a_result_with_other_labels_is_shown(
    change: Callable[[xr.Dataset], xr.Dataset], option: str, here: Path
) -> None:
    _netcdf(change)(here / "f.nc")
    assert main(["show", "f.nc", *option.split()]) == 0
