"""Parts of a problem that an engine does not know, and other bad input, are said in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from pydantic import Field

import tegum as tg
from tegum.distributions.base import Block, Distribution
from tegum.engines.sampled import lowering, source
from tegum.engines.sampled.targets import asked
from tegum.errors import InputFileError, SpecError
from tegum.runs import tables
from tegum.runs.models import targets_of
from tegum.targets.base import Target

QUICK = tg.Training(steps=1, batch_size=4, held_out=8, curve_points=0)


class Halved(Target):
    kind: Literal["halved"] = Field("halved", repr=False)

    def values(self, x: Any) -> Any:
        return x / 2


class Always(Distribution):
    """Features that are always there: no probability to set."""

    size: int
    magnitude: str = "uniform"
    kind: Literal["always"] = Field("always", repr=False)

    @property
    def n_features(self) -> int:
        return self.size

    def blocks(self) -> tuple[Block, ...]:
        return tuple(Block("independent", k, 1, 1.0, self.magnitude) for k in range(self.size))


def test_a_target_that_kernels_do_not_know_is_not_taken_for_zeros() -> None:
    problem = tg.Problem(tg.Independent(3, 0.5), tg.ReLUOutput(2), target=Halved())
    with pytest.raises(SpecError) as caught:
        tg.train(problem, training=QUICK, progress=False)
    assert str(caught.value) == (
        "Problem.target must be one that the sampled engine knows: x, abs, relu, square, cube, "
        "sign, step, an Elementwise, a LinearMap or a Pairs; got Halved()"
    )


@pytest.mark.parametrize("name", ["x", "abs", "relu", "square", "cube", "sign", "step"])
def test_every_named_target_is_known(name: str) -> None:
    asked(tg.Problem(tg.Independent(3, 0.5), tg.ReLUOutput(2), target=name))


def test_a_magnitude_that_kernels_do_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = {"uniform": 0}
    monkeypatch.setattr(source, "MAGNITUDE_CODES", codes)
    problem = tg.Problem(tg.Independent(3, 0.5, "signed"), tg.ReLUOutput(2))
    said = r"^Problem\.distribution\.magnitude must be one that the sampled engine knows: uniform;"
    with pytest.raises(SpecError, match=said):
        tg.train(problem, training=QUICK, progress=False)


def test_an_output_activation_that_kernels_do_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lowering, "ACTIVATION_CODES", {"identity": lowering.IDENTITY})
    with pytest.raises(SpecError, match=r"^Problem\.model\.output_activation must be one that the"):
        tg.train(
            tg.Problem(tg.Independent(3, 0.5), tg.ReLUOutput(2)), training=QUICK, progress=False
        )


@pytest.mark.parametrize("index", [None, 0])
def test_a_distribution_without_a_probability_has_none_to_set(index: int | None) -> None:
    law = Always(size=3)
    said = "Always.feature_probability cannot be set, Always has no such field; it has size, mag"
    with pytest.raises(SpecError) as caught:
        law.with_probability(0.5, index)
    assert str(caught.value).startswith(said)
    with pytest.raises(SpecError, match="cannot be set"):
        tg.Groups((tg.Independent(2, 0.5), law)).with_probability(0.5)
    name = "feature_probability" if index is None else "feature_probability[0]"
    with pytest.raises(SpecError, match="cannot be set"):
        tg.train(tg.Problem(law, tg.ReLUOutput(2)), {name: [0.5]}, QUICK, progress=False)


@pytest.mark.parametrize("axes", ["[1]", "3", '{"r": 1}', "not JSON", 7])
def test_a_file_whose_axes_are_no_names_is_refused(axes: Any, tmp_path: Path) -> None:
    W = np.ones((2, 3))
    runs = tg.from_weights(tg.Problem(tg.Independent(3, 0.5), tg.ReLUOutput(2)), W)
    bad = runs.assign_attrs(axes=axes)
    with pytest.raises(SpecError, match="must be a Dataset that tegum can load"):
        tg.save(bad, tmp_path / "bad.nc")
    bad.to_netcdf(tmp_path / "bad.nc", engine="h5netcdf")
    with pytest.raises(InputFileError, match=r"bad\.nc is not a tegum file: Dataset\.attrs\['axes"):
        tg.load(tmp_path / "bad.nc")
    for call in (tg.score, tg.problem_of, targets_of):
        with pytest.raises(SpecError, match="must be a JSON object of texts; got"):
            call(bad)


@pytest.mark.parametrize("x", [None, [[1, 2, 3], [1]], "abc", [["a", "b", "c"]], {}])
def test_inputs_that_are_no_numbers_are_refused(x: Any) -> None:
    runs = tg.from_weights(tg.Problem(tg.Independent(3, 0.5), tg.ReLUOutput(2)), np.ones((2, 3)))
    with pytest.raises(SpecError, match=r"^forward\.x must be") as caught:
        tg.forward(runs, x)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("said", ["[1]", '"x"', "{", "1" + "0" * 5000, 3, "[" * 100_000])
def test_tables_of_what_is_described_by_no_object_are_refused(said: Any) -> None:
    runs = tg.from_weights(tg.Problem(tg.Independent(3, 0.5), tg.ReLUOutput(2)), W=np.eye(2, 3))
    runs.attrs["problem"] = said
    with pytest.raises(
        SpecError, match=r"^Dataset\.attrs\['problem'\] must be a JSON object; got "
    ):
        tables.feature_table(runs)


@pytest.mark.parametrize("said", ['"x"', "null", "[1, 2]", f"[{10**400}, 1, 1]"])
def test_importances_that_are_no_numbers_are_refused(said: str) -> None:
    runs = tg.from_weights(tg.Problem(tg.Independent(3, 0.5), tg.ReLUOutput(2)), W=np.eye(2, 3))
    runs.attrs["problem"] = f'{{"importance": {said}}}'
    with pytest.raises(SpecError, match=r"^feature_table\.importance must be (an array of|one or)"):
        tables.feature_table(runs)


def test_an_axis_in_half_precision_is_a_column_of_numbers() -> None:
    problem = tg.Problem(tg.Independent(3, 0.5), tg.ReLUOutput(2))
    runs = tg.from_weights(problem, W=np.ones((2, 2, 3)), dims=("p",))
    with pytest.warns(FutureWarning, match="float16"):  # that of xarray, to who makes it
        runs = runs.assign_coords(p=np.array([0.5, 0.25], "f2"))
    table = tables.feature_table(runs)
    assert table["p"].tolist() == [0.5] * 3 + [0.25] * 3
