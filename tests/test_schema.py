"""Every name of a result is in the schema, and none of them can be an axis."""

from __future__ import annotations

from typing import Any

import distant
import numpy as np
import pytest
import xarray as xr

import tegum as tg
from tegum import ensemble
from tegum.analysis import circuits, figure_tables
from tegum.analysis.branches import follow
from tegum.dims import SEED
from tegum.errors import SpecError
from tegum.models.base import Model
from tegum.runs import schema, sweep_tables, tables
from tegum.runs.models import targets_of
from tegum.runs.write import variables
from tegum.sweepable import TARGETS

X = tg.Independent(3, 0.4)
AXES = {"r": ("importance", [[1.0, 1, 1], [1, 2, 3]]), "feature_probability": [0.2, 0.4]}
SAMPLED = tg.Training(steps=6, batch_size=8, held_out=64, checkpoints=3, curve_points=3)
EXACT = tg.Training(engine="exact", steps=12, warm_start=4, checkpoints=3, curve_points=3)


def train(model: Model, training: tg.Training, axes: Any = AXES, **options: Any) -> xr.Dataset:
    problem = tg.Problem(X, model, l1=options.pop("l1", 0.0))
    return tg.train(problem, axes, training, seeds=3, progress=False, **options)


@pytest.fixture(scope="module")
def trained() -> dict[str, xr.Dataset]:
    """By both engines, tied and untied, with every bias, with a penalty, from given weights."""
    hidden = train(tg.TwoLayer(2, hidden_bias=True), SAMPLED, l1=0.1)
    point = hidden.isel(r=0, feature_probability=0)
    return {
        "sampled": hidden,
        "from given weights": train(hidden_model(), SAMPLED, None, start=point),
        "exact": train(tg.ReLUOutput(2), EXACT),
        "a dictionary": of_a_dictionary(),
        "by several machines": train(tg.ReLUOutput(2), SAMPLED, executor=distant.Mixed()),
        "exact, untied": train(tg.TwoLayer(2, hidden_activation="identity"), EXACT),
    }


def of_a_dictionary() -> xr.Dataset:
    """All but the arrays that are called by its model."""
    model = tg.SAE(n_latents=4)
    own = list(model.dimensions(X.n_features))
    runs = train(model, SAMPLED, {"l1": [0.0, 0.1]})
    return runs.drop_vars([*own, *map(schema.at_checkpoints, own)])


def hidden_model() -> Model:
    return tg.TwoLayer(2, hidden_bias=True)


@pytest.fixture(scope="module")
def results(trained: dict[str, xr.Dataset]) -> dict[str, xr.Dataset]:
    """These, and everything that is made of them."""
    exact, low = trained["exact"], {"r": 0, "feature_probability": 0}
    settled = tg.polish(exact)
    branch = follow(
        tg.problem_of(exact, r=0, feature_probability=0.2),
        *(tg.best(settled).isel(low)[name].to_numpy() for name in ("W", "b")),
        target="feature_probability",
        values=[0.2, 0.201],
    )
    return {
        **trained,
        "scored": tg.score(trained["exact, untied"]),
        "polished": tg.polish(tg.best(exact), steps=3),
        "best": tg.best(trained["sampled"]),
        "without the worst": tg.drop_worst(exact),
        "average": tg.average(trained["sampled"], "loss"),
        "minima": tg.minima(settled, hessian=False).models,
        "branch": branch,
    }


def strangers(runs: xr.Dataset) -> list[str]:
    """What of a Dataset the schema does not know."""
    axes = set(targets_of(runs))
    known = {*axes, *schema.DIMENSIONS}
    found = [f"variable {name}" for name in runs if name not in schema.VARIABLES]
    found += [f"dimension {dim}" for dim in runs.dims if dim not in known]
    found += [
        f"coordinate {name}"
        for name in runs.coords
        if name not in known | {schema.vectors_of(axis) for axis in axes}
    ]
    found += [f"attribute {name}" for name in runs.attrs if name not in schema.ATTRIBUTES]
    for name, array in runs.data_vars.items():
        own = schema.VARIABLES[str(name)].own if name in schema.VARIABLES else ()
        lead = array.dims[: array.ndim - len(own)]
        if array.dims[len(lead) :] != own or not set(lead) <= known:
            found.append(f"dimensions {array.dims} of {name}")
    return found


def test_every_name_of_every_result_is_in_the_schema(results: dict[str, xr.Dataset]) -> None:
    assert {name: strangers(runs) for name, runs in results.items() if strangers(runs)} == {}


def test_every_name_of_the_schema_is_in_a_result(results: dict[str, xr.Dataset]) -> None:
    variables = {str(name) for runs in results.values() for name in runs}
    assert variables == set(schema.VARIABLES)
    assert {name for runs in results.values() for name in runs.attrs} == set(schema.ATTRIBUTES)


@pytest.mark.parametrize(
    "change",
    [
        lambda runs: runs.assign(surprise=1.0),
        lambda runs: runs.assign_coords(surprise=1.0),
        lambda runs: runs.assign_attrs(surprise=1.0),
        lambda runs: runs.rename(step="surprise"),
        lambda runs: runs.assign(W=runs["W"].transpose(..., "feature", "hidden")),
    ],
)
def test_the_check_sees(change: Any, trained: dict[str, xr.Dataset]) -> None:
    assert strangers(change(trained["exact"]))


def test_variables_stand_in_the_order_of_the_schema(trained: dict[str, xr.Dataset]) -> None:
    for runs in trained.values():
        assert list(runs) == [name for name in schema.VARIABLES if name in runs]


def test_words_are_those_of_the_schema(results: dict[str, xr.Dataset]) -> None:
    for name, runs in results.items():
        for variable, array in runs.data_vars.items():
            words = schema.VARIABLES[str(variable)].attributes
            known = (words, schema.EXPECTED.get(str(variable), words))
            said = array.attrs.get("long_name")
            assert said in [table.get("long_name") for table in known], (name, variable)
        if SEED in runs.dims:
            assert runs[SEED].attrs == {"long_name": "seed index"}
    assert results["exact"]["loss"].attrs["long_name"] == "held-out loss"
    for name in ("scored", "polished", "branch"):
        assert results[name]["loss"].attrs["long_name"] == "expected loss"


def test_a_name_that_is_not_in_the_schema_is_not_written() -> None:
    with pytest.raises(KeyError, match="surprise"):
        variables({"surprise": np.zeros(3)}, ("seed",), (3,))


@pytest.mark.parametrize("name", sorted(schema.RESERVED))
def test_an_axis_of_a_reserved_name_is_refused_before_anything_trains(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ensemble, "Solver", lambda *given: pytest.fail("it trains"))
    with pytest.raises(SpecError) as caught:
        train(tg.ReLUOutput(2), SAMPLED, {name: ("l1", [0.1])})
    assert str(caught.value) == (
        f"train.axes[{name!r}] needs another name, {name!r} means something else in a Dataset "
        "or a table; rename it: {'r': ('l1', values)}"
    )


def columns(runs: xr.Dataset) -> dict[str, set[str]]:
    """What tables and measures of a run call their columns and dimensions, beside its axes."""
    W, labels = runs["W"], [0, 0, 1]
    settled = tg.polish(runs)
    problem = tg.problem_of(runs, r=0.5)
    organised = tg.analysis.sets.organisation(W, labels)
    found = tg.minima(settled)
    made = {
        "features": tables.feature_table(runs),
        "pairs": tables.gram_table(runs),
        "counts": tables.count_table(runs),
        "neurons": tables.neuron_table(runs),
        "losses": tables.loss_table(runs),
        "models": sweep_tables.model_table(runs.rename(r="feature_probability")),
        "sets": figure_tables.set_table(runs),
        "edges": figure_tables.edge_table(runs),
        "links": figure_tables.link_table(W),
        "places": figure_tables.place_table(runs),
        "checkpoints": figure_tables.checkpoint_table(runs),
        "curves": figure_tables.curve_table(runs),
        "factors": tg.analysis.tegum_factors.factor_table(W),
        "feature factors": tg.analysis.feature_factors.feature_factor_table(W),
        "jumps": tg.jumps(runs),
        "stages": tg.analysis.loss_stages.stages(runs),
        "shares": tg.analysis.jump_share.jump_share(runs, shifts=3).table,
        "minima": found.table,
        "points": found.points,
        "organisation": [*organised, *organised.dims],
        "by active": [*(by := tg.loss_by_active(problem, W, runs["b"])), *by.dims],
        "arrays": [
            *tg.analysis.sets.angles(W, labels).within.dims[2:],
            *tg.analysis.plane.gaps_2d(W).dims,
        ],
        "printed": str(found).splitlines()[1].split(),
        "traces": [*(seen := tg.analysis.dynamics.traces(runs)), *seen.dims],
    }
    axes = {"r", "feature_probability", "seed"}
    return {name: {str(c) for c in table} - axes for name, table in made.items()}


def test_no_axis_may_be_called_like_a_column_of_what_is_made_of_a_run() -> None:
    """All that is measured is known to the schema, which a name of an axis is compared with."""
    longer = SAMPLED.replace(steps=60, checkpoints=12)
    runs = train(tg.ReLUOutput(2), longer, {"r": ("feature_probability", [0.3, 0.5])})
    allowed = schema.RESERVED | {"importance"}  # the axis of importances takes that column's place
    found = columns(runs)
    assert {name: own - allowed for name, own in found.items() if own - allowed} == {}
    assert not schema.RESERVED & {*TARGETS, "relative_importance"}
    motif = {*circuits.Candidate._fields, *circuits.Proof._fields}
    assert motif <= schema.RESERVED
    known = set().union(*found.values()) | motif
    assert schema.MEASURES - known == {"weight_out", "w2", "panel"}  # of other models, of figures
