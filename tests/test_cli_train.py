"""`tegum train`: from options to a file, and what is left when it is stopped."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from fake_lab import start

import tegum
from tegum.cli.main import main
from tegum.errors import SpecError

SMALL = ("train", "--features", "3", "--hidden", "2", "--steps", "4", "--batch-size", "8")
SMALL += ("--held-out", "64")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


Capture = pytest.CaptureFixture[str]


@pytest.mark.usefixtures("here")
class TestTrain:
    def test_the_file_is_what_python_would_have_got(self, here: Path, capsys: Capture) -> None:
        line = [*SMALL, "--importance", "0.5^i", "--seeds", "3", "--seed", "7", "--out", "d/a.nc"]
        line += ["--axis", "feature_probability=1,0.1", "--axis", "r:importance[1]=lin:1:2:3"]
        line += ["--model", "relu-hidden", "--weight-decay", "0.01", "--checkpoints", "0,4"]
        assert main(line) == 0
        problem = tegum.Problem(
            tegum.Independent(3, 1.0),
            tegum.ReLUHidden(2),
            importance=(1.0, 0.5, 0.25),
        )
        expected = tegum.train(
            problem,
            {"feature_probability": [1.0, 0.1], "r": ("importance[1]", [1.0, 1.5, 2.0])},
            tegum.Training(
                steps=4, batch_size=8, held_out=64, weight_decay=0.01, checkpoints=(0, 4)
            ),
            seeds=3,
            seed=7,
            progress=False,
        )
        with xr.open_dataset(here / "d/a.nc", engine="h5netcdf") as read:
            xr.testing.assert_identical(read.load(), expected)
        assert "6 x 3 models, 0 of them diverged" in capsys.readouterr().out
        assert [path.name for path in (here / "d").iterdir()] == ["a.nc"]

    def test_every_kind_of_problem(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = []

        def no_further(problem: tegum.Problem, *_: object, **__: object) -> None:
            asked.append(problem)
            raise SpecError("that is enough")  # each kind would compile kernels of its own

        monkeypatch.setattr("tegum.ensemble.train", no_further)
        options = {
            "--distribution anticorrelated --sets 2 --set-size 3 --probability 0.2 --hidden 2 "
            "--model two-layer --activation gelu --hidden-activation identity --hidden-bias "
            "--no-bias --target abs --magnitude signed": tegum.Problem(
                tegum.Anticorrelated(2, 3, 0.2, "signed"),
                tegum.TwoLayer(
                    2,
                    bias=False,
                    hidden_bias=True,
                    hidden_activation="identity",
                    activation="gelu",
                ),
                target="abs",
            ),
            "--distribution correlated --sets 2 --set-size 2 --probability 0.2,0.3 --hidden 1 "
            "--model linear --importance 1,2,3,4 --l1 0.01": tegum.Problem(
                tegum.Correlated(2, 2, (0.2, 0.3)),
                tegum.Linear(1),
                importance=(1, 2, 3, 4),
                l1=0.01,
            ),
            "--features 4 --probability 0.2 --hidden 2 --magnitude one --target and": tegum.Problem(
                tegum.Independent(4, 0.2, "one"), tegum.ReLUOutput(2), target=tegum.Pairs("and")
            ),
            "--features 4 --probability 0.2 --hidden 2 --target xor --pairs 0+1,3+2": tegum.Problem(
                tegum.Independent(4, 0.2),
                tegum.ReLUOutput(2),
                target=tegum.Pairs("xor", ((0, 1), (3, 2))),
            ),
            "--features 2 --probability 0.2 --hidden 1 --target-table 1,0,2": tegum.Problem(
                tegum.Independent(2, 0.2), tegum.ReLUOutput(1), target=tegum.Elementwise((1, 0, 2))
            ),
            "--distribution hierarchy --parents=-1,0,0 --probability 0.2,0.5,0.1 --exclusive "
            "--hidden 2": tegum.Problem(
                tegum.Hierarchy([-1, 0, 0], [0.2, 0.5, 0.1], exclusive=True), tegum.ReLUOutput(2)
            ),
            "--distribution copula --probability 0.2 --factors [[0.5],[-0.5]] --hidden 1": (
                tegum.Problem(tegum.Copula(0.2, factors=[[0.5], [-0.5]]), tegum.ReLUOutput(1))
            ),
            "--distribution samples --x [[1,0],[0,2],[0,0]] --weights 1,2,3 --hidden 1": (
                tegum.Problem(
                    tegum.Samples([[1, 0], [0, 2], [0, 0]], weights=[1, 2, 3]), tegum.ReLUOutput(1)
                )
            ),
            '--distribution mixture --weights 9,1 --hidden 1 --parts [{"kind":"independent",'
            '"n_features":2,"feature_probability":0.1},{"kind":"correlated","n_sets":1,'
            '"set_size":2,"feature_probability":0.5}]': tegum.Problem(
                tegum.Mixture([tegum.Independent(2, 0.1), tegum.Correlated(1, 2, 0.5)], [9, 1]),
                tegum.ReLUOutput(1),
            ),
            "--distribution activations --of [[1,0],[0,1]] --model sae --latents 4 --nested 1,2 "
            '--features-as {"kind":"independent","n_features":2,"feature_probability":0.1}': (
                tegum.Problem(
                    tegum.Activations([[1, 0], [0, 1]], distribution=tegum.Independent(2, 0.1)),
                    tegum.SAE(4, nested=(1, 2)),
                )
            ),
        }
        for line in options:
            assert main(["train", *line.split()]) == 2
        assert asked == list(options.values())

    def test_a_problem_from_a_file(self, here: Path, capsys: Capture) -> None:
        groups = tegum.Groups((tegum.Independent(2, 0.5), tegum.Correlated(1, 2, 0.1)))
        problem = tegum.Problem(groups, tegum.ReLUOutput(2))
        (here / "p.json").write_text(problem.to_json())
        line = ["train", "--problem", "p.json", "--steps", "1", "--held-out", "16", "--json"]
        assert main(line) == 0
        shown = json.loads(capsys.readouterr().out)
        assert tegum.Problem.from_json(json.dumps(shown["problem"])) == problem
        assert shown["training"]["steps"] == 1

    def test_training_options_reach_the_training(self, capsys: Capture) -> None:
        line = "--optimizer sgd --momentum 0.5 --weight-decay 0.1 --schedule cosine --warmup 2"
        line += " --final-fraction 0.2 --init-std 0.3 --learning-rate 0.02 --probability 1 --json"
        assert main([*SMALL, *line.split()]) == 0
        training = json.loads(capsys.readouterr().out)["training"]
        assert tegum.Training.from_json(json.dumps(training)) == tegum.Training(
            steps=4, batch_size=8, held_out=64, optimizer="sgd", momentum=0.5, weight_decay=0.1,
            schedule="cosine", warmup=2, final_fraction=0.2, init_std=0.3, learning_rate=0.02,
        )  # fmt: skip

    def test_a_failed_write_keeps_the_old_file(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
    ) -> None:
        assert main([*SMALL, "--probability", "1"]) == 0
        old = (here / "tegum-run.nc").read_bytes()

        def full(self: xr.Dataset, path: Path, **_: object) -> None:
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
        assert main([*SMALL, "--probability", "0.5"]) == 2
        assert "cannot write tegum-run.nc: No space left" in capsys.readouterr().err
        assert (here / "tegum-run.nc").read_bytes() == old
        assert os.listdir(here) == ["tegum-run.nc"]

    @pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
    @pytest.mark.parametrize("store", [True, pytest.param(False, marks=pytest.mark.slow)])
    def test_ctrl_c(self, here: Path, store: bool) -> None:
        options = ["train", "--features", "20", "--hidden", "5", "--probability", "0.5"]
        options += ["--steps", "10000000", "--seeds", "8", *(["--store", "st"] if store else [])]
        with start(*options, cwd=here) as process:
            assert process.stderr is not None
            # once it knows the time left, kernels are compiled and steps are being done
            while " left" not in (line := process.stderr.readline()):
                assert line.startswith("training: ")
            process.send_signal(signal.SIGINT)
            err = process.stderr.read()
        assert process.returncode == 130
        promise = "the store keeps what is done" if store else "nothing was saved; with --store"
        assert f"interrupted; {promise}" in err.splitlines()[-1]
        assert "Traceback" not in err
        assert not (here / "tegum-run.nc").exists()
        if store:
            assert list((here / "st/partial").glob("*.safetensors"))


def test_losses_in_the_table_are_those_of_numpy(here: Path, capsys: Capture) -> None:
    assert main([*SMALL, "--probability", "0.5", "--seeds", "5", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["points"]
    with xr.open_dataset("tegum-run.nc", engine="h5netcdf") as runs:
        loss = runs["loss"].to_numpy()
    assert row["best loss"] == pytest.approx(np.min(loss))
    assert row["median"] == pytest.approx(np.median(loss))
    assert row["worst"] == pytest.approx(np.max(loss))


@pytest.mark.usefixtures("here")
def test_the_exact_engine_chooses_its_own_steps_and_rate(capsys: Capture) -> None:
    line = ["train", "--features", "2", "--hidden", "1", "--probability", "0.1", "--out", "a.nc"]
    assert main([*line, "--engine", "exact", "--seeds", "6", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["training"]["engine"] == "exact"
    assert (said["training"]["steps"], said["training"]["learning_rate"]) == (5000, 0.01)
    # two features on one line, opposite: at most the loss of the weights 1 and -1
    assert said["points"][0]["best loss"] <= 2 * 0.1**2 / 6
    assert main([*line, "--engine", "exact", "--optimizer", "sgd"]) == 2
    message = "Training.optimizer must be 'adam' for the exact engine; got 'sgd'"
    assert message in capsys.readouterr().err
