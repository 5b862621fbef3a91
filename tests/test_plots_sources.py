"""Every drawing function takes a Dataset, or says which call makes its table."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.animation import Animation
from matplotlib.figure import Figure
from plot_tables import DENSITIES, DRAWING, FOR, PAIR, TABLES_ALONE, runs_of_every_kind, tables_for

import tegum as tg
from tegum import plots
from tegum.errors import SpecError
from tegum.plots._sources import CALLS


@pytest.fixture(scope="module")
def datasets() -> dict[str, xr.Dataset]:
    """Runs of every kind that figures are made for."""
    return runs_of_every_kind()


def of(name: str, datasets: dict[str, xr.Dataset]) -> tuple[Callable[..., Any], xr.Dataset, Any]:
    """A function, its Dataset and its other arguments; what nobody listed is tried like others."""
    which, more = FOR.get(name, ("plane", {}))
    return getattr(plots, name), datasets[which], more


def assert_drawn(figure: Any) -> None:
    if isinstance(figure, Animation):
        figure._draw_was_started = True  # or it warns that it was never shown
        figure = figure._fig
    assert isinstance(figure, Figure)
    assert figure.axes
    assert any(
        axes.lines or axes.patches or axes.images or axes.collections for axes in figure.axes
    )
    figure.canvas.draw()


def test_every_function_has_its_call() -> None:
    assert set(DRAWING) <= CALLS.keys()
    for owner in CALLS:
        name, _, argument = owner.partition(".")
        assert argument in ("", *inspect.signature(getattr(plots, name)).parameters)


@pytest.mark.parametrize("name", DRAWING)
def test_a_dataset_is_drawn_or_the_call_is_named(
    name: str, datasets: dict[str, xr.Dataset]
) -> None:
    draw, runs, more = of(name, datasets)
    if name in TABLES_ALONE:
        with pytest.raises(SpecError) as caught:
            draw(runs, **more)
        assert f"{name}.table must be a table ({CALLS[name]} makes a table)" in str(caught.value)
    else:
        assert_drawn(draw(runs, **more))


@pytest.mark.parametrize("name", DRAWING)
def test_the_call_that_is_named_makes_the_table(name: str, datasets: dict[str, xr.Dataset]) -> None:
    """With tables for all arguments of which a call is known."""
    assert_drawn(getattr(plots, name)(**tables_for(name, datasets)))


@pytest.mark.parametrize("name", DRAWING)
def test_what_lacks_a_column_is_told_the_call(name: str, datasets: dict[str, xr.Dataset]) -> None:
    draw, _, more = of(name, datasets)
    with pytest.raises(SpecError) as caught:
        draw(pd.DataFrame({"colour": ["red"]}), **more)
    said = str(caught.value)
    assert re.match(rf"{name}(\.pairs)?\.?\w* must (have the columns|have a column|be given)", said)
    assert f"({CALLS.get(said.split(' ')[0].removesuffix('.table'), CALLS[name])} makes" in said
    assert "\n" not in said


@pytest.mark.parametrize("name", DRAWING)
@pytest.mark.parametrize("given", [None, [], 3, {"feature": [1]}], ids=repr)
def test_what_is_neither_is_refused(name: str, given: Any, datasets: dict[str, xr.Dataset]) -> None:
    draw, _, more = of(name, datasets)
    with pytest.raises(SpecError, match=rf"^{name}\.table must be a table") as caught:
        draw(given, **more)
    assert "\n" not in str(caught.value)


def test_a_phase_map_of_a_run_shows_the_best_of_the_varied_feature(
    datasets: dict[str, xr.Dataset],
) -> None:
    """Colours of the cells, against a loop over the models."""
    runs = datasets["grid"]
    table = tg.runs.sweep_tables.phase_table(runs).set_index(
        ["feature_probability", "relative_importance"]
    )
    assert len(table) == 12
    for p in runs["p"].values:
        for r in runs["r"].values:
            here = runs.sel(p=p, r=r)
            w = here["W"].values[int(np.argmin(here["loss"].values)), 0].astype(float)
            row = table.loc[(p, r)]
            assert row["norm"] == pytest.approx(abs(w[1]))
            assert row["superposition"] == pytest.approx(w[0] ** 2 if w[1] else 0)
    cells = plots.phase_map(runs).axes[0].collections[0].get_array()
    assert np.shape(cells)[:2] == (3, 4)
    halved = tg.runs.sweep_tables.phase_table(
        runs.assign_attrs(problem=PAIR.replace(importance=(2.0, 1.0)).to_json())
    )
    assert sorted(set(halved["relative_importance"])) == [0.1, 0.5, 1.5, 4.5]


def test_dimensions_per_feature_of_a_run(datasets: dict[str, xr.Dataset]) -> None:
    runs = datasets["sweep"]
    table = tg.runs.sweep_tables.model_table(runs)
    W = runs["W"].values.astype(float)
    np.testing.assert_allclose(table["D_star"], 2 / (W**2).sum((-1, -2)).ravel())
    chosen = table[table["chosen"]]["seed"]  # in the order of the run
    assert chosen.tolist() == runs["loss"].values.argmin(-1).tolist()
    line = plots.dimensions_per_feature(runs).axes[0].lines[-1].get_xydata()
    best = tg.best(runs)["W"].values.astype(float)
    np.testing.assert_allclose(line[:, 0], 1 / np.array(DENSITIES))
    np.testing.assert_allclose(line[:, 1], 2 / (best**2).sum((-1, -2)))
    renamed = runs.rename(feature_probability="p").assign_attrs(axes='{"p":"feature_probability"}')
    assert tg.runs.sweep_tables.model_table(renamed).equals(table)


def test_edges_are_the_rescaled_weights_of_both_sides(datasets: dict[str, xr.Dataset]) -> None:
    runs = datasets["neurons"]
    table = tg.analysis.figure_tables.edge_table(runs)
    W_in, W_out = (runs[name].values.astype(float) for name in ("W_in", "W_out"))
    v, w = tg.analysis.neurons.rescale((W_in, W_out))
    sides = dict(list(table.groupby("side")))
    np.testing.assert_allclose(sides["in"]["weight"].to_numpy().reshape(v.shape), v)
    np.testing.assert_allclose(sides["out"]["weight"].to_numpy().reshape(v.shape), w.T)


def test_links_join_the_features_of_one_factor() -> None:
    W = np.array([[1.0, -1.0, 0.0, 0.1], [0.0, 0.0, 1.0, 0.0]])
    table = tg.analysis.figure_tables.link_table(W)
    assert table.to_numpy().tolist() == [[0, 1, -1.0]]


def test_places_go_round_from_the_first_feature(datasets: dict[str, xr.Dataset]) -> None:
    table = tg.analysis.figure_tables.place_table(datasets["plane"])
    for _, rows in table.groupby("feature_probability"):
        angle = np.degrees(np.arctan2(rows["w1"], rows["w0"])).round(6) % 360
        assert rows["place"].tolist() == [0, 1, 2, 3, 4]
        assert rows["feature"].tolist()[0] == 0
        assert (np.diff(angle.to_numpy()[1:]) >= 0).all()
        assert sorted(rows["feature"]) == [0, 1, 2, 3, 4]
        np.testing.assert_allclose(np.hypot(rows["w0"], rows["w1"]), rows["norm"])


def test_a_surface_is_the_expected_loss() -> None:
    table = tg.analysis.figure_tables.surface_table(PAIR, points=5)
    assert len(table) == 25
    one = table.iloc[7]
    exact = tg.expected_loss(PAIR, np.array([[one["w1"], one["w2"]]])).loss
    assert one["loss"] == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize(
    ("draw", "which", "said"),
    [
        (plots.phase_map, "sweep", "phase_table.data must have one axis of an importance: {'r'"),
        (plots.phase_map, "seeds", "must have the axis feature_probability: tg.train(problem, {"),
        (plots.counts, "seeds", "counts.data must have the axis feature_probability"),
        (plots.dimensionality, "space", "dimensionality.data must have the axis feature_proba"),
        (plots.features_2d, "sweep", "has 3 models along 'seed': take tg.best(runs), runs.sel({"),
        (plots.sets_2d, "space", "sets_2d.data must have 2 hidden dimensions: see features_3d"),
        (plots.motion_3d, "plane", "motion_3d.data must have 3 hidden dimensions: see level_tr"),
        (
            plots.motion_3d,
            "seeds",
            "one row per step, and has 3 models along 'seed': take tg.best(",
        ),
        (plots.level_traces, "plane", "has 3 models along 'feature_probability': take runs.sel({"),
        (plots.stage_curve, "sweep", "per seed and step, and has 3 models along 'feature_probab"),
    ],
)
def test_datasets_that_do_not_fit_are_told_the_next_step(
    draw: Callable[..., Any], which: str, said: str, datasets: dict[str, xr.Dataset]
) -> None:
    with pytest.raises(SpecError) as caught:
        draw(datasets[which])
    assert said in str(caught.value)
    assert "None" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_checkpoints_the_way_to_them_is_said(datasets: dict[str, xr.Dataset]) -> None:
    runs = datasets["seeds"].drop_dims("checkpoint")
    for draw in (plots.level_traces, plots.stage_curve, plots.excess_curves, plots.motion_3d):
        with pytest.raises(SpecError, match=r"train with Training\(checkpoints=\.\.\.\)"):
            draw(runs)


def test_a_jump_from_the_beginning_is_drawn_from_where_the_axis_begins() -> None:
    steps = [0, 10, 100]
    features = pd.DataFrame({"step": steps, "feature": 0, "dimensionality": [0.0, 0.5, 0.5]})
    curve = pd.DataFrame({"step": steps, "loss": [0.3, 0.2, 0.1]})
    jumps = pd.DataFrame({"start": [0], "end": [100], "feature": [0]})
    figure = plots.level_traces(features, curve, jumps)
    figure.canvas.draw()  # and no warning that there is no room
    (number,) = figure.axes[0].texts
    assert number.xy[0] == pytest.approx(np.sqrt(10 * 100))


@pytest.mark.parametrize("draw", [plots.features_2d, plots.gram, plots.norms, plots.neurons])
def test_weights_alone_are_told_how_to_become_a_dataset(draw: Any) -> None:
    rule = r"must be a table or a Dataset \(tg\.from_weights\(problem, W=W\) makes a Dataset of w"
    for weights in (np.zeros((2, 5)), xr.DataArray(np.zeros((2, 5)), dims=("hidden", "feature"))):
        with pytest.raises(SpecError, match=rule):
            draw(weights)
