"""Rules of the phase diagrams on hand-made tables that hold and that differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from claim_checks import changed, judged, quick_run_as_expected

from tegum.experiments import phase_change, phase_diagrams
from tegum.experiments._shared import phase_plane as plane
from tegum.experiments.base import Experiment, Judgement, Tables
from tegum.experiments.phase_change import crossing, wells
from tegum.experiments.phase_change.theory import tables as theory_tables
from tegum.experiments.phase_diagrams.measure import by_rule
from tegum.report.lab import RunLab
from tegum.theory.phases import boundary_two

P, R = "feature_probability", "relative_importance"
EXPERIMENTS = (phase_change.EXPERIMENT, phase_diagrams.EXPERIMENT)


def judge(identity: str, tables: Tables) -> Judgement:
    return judged([c for e in EXPERIMENTS for c in e.claims], identity, tables)


def status(identity: str, tables: Tables) -> str:
    return judge(identity, tables).status


@pytest.fixture(scope="module")
def theory() -> Tables:
    return theory_tables(12, 8)


@pytest.fixture(scope="module")
def unbiased() -> Tables:
    return wells.tables(RunLab(quick=True))


def test_10a_and_12a_bound_the_corners(theory: Tables) -> None:
    assert status("10.a", theory) == status("12.a", theory) == "holds"
    corners = theory["corners"]
    for k, row in corners.iterrows():
        moved = changed(theory, "corners", k, edge=row["edge"] + 2e-6)
        identity = "10.a" if row["n_features"] == 2 else "12.a"
        other = "12.a" if identity == "10.a" else "10.a"
        assert status(identity, moved) == "differs"
        assert status(other, moved) == "holds"


def test_10b_wants_formulas_and_regions(theory: Tables) -> None:
    assert status("10.b", theory) == "holds"
    exact = theory["candidate_losses"].loc[5, "exact"]
    wrong = changed(theory, "candidate_losses", 5, exact=exact * (1 + 1e-8))
    assert status("10.b", wrong) == status("12.a", wrong) == "differs"
    for outcome in range(3):
        row = int((theory["candidates"]["outcome"] != outcome).to_numpy().argmax())
        assert status("10.b", changed(theory, "candidates", row, outcome=outcome)) == "differs"


def cells(agrees: int, of: int, **columns: Any) -> pd.DataFrame:
    """So many cells, the first of which agree with the theory; the last is within the margin."""
    good = np.arange(of + 1) < agrees
    table = {R: np.geomspace(0.1, 10, of + 1), P: np.linspace(0.1, 1, of + 1)}
    table |= {"outcome": np.where(good, 1, 2), "outcome_theory": 1, "agrees": good}
    table |= {"margin": np.where(np.arange(of + 1) < of, 0.06, 0.04)}
    table |= {"loss": 0.9, "first_loss": 0.9, "loss_theory": 1.0, "excess": 1 / 0.9 - 1}
    return pd.DataFrame({**table, **columns})


@pytest.mark.parametrize(("identity", "name"), [("10.c", "truth"), ("12.b", "truth_three")])
def test_agreement_is_counted_outside_the_margin(identity: str, name: str) -> None:
    assert status(identity, {name: cells(97, 100)}) == "holds"
    found = judge(identity, {name: cells(96, 100, first_loss=1.0)})
    assert found.status == "differs"
    assert found.values["clear"] == pytest.approx(0.96)
    assert found.values["everywhere"] == pytest.approx(96 / 101)
    assert found.values["from_neighbours"] == 1.0
    assert "4 of the 4 cells that differ are superposition in the optimum only" in found.measured


def gains(most: float = 1 / 0.9 - 1) -> Tables:
    """The excess of the candidates, which is the largest along their boundary."""
    r, p = (values.ravel() for values in plane.cells(12))
    near = np.exp(-(np.log(p / boundary_two(r)) ** 2))
    return {"truth": pd.DataFrame({R: r, P: p, "excess": most * near / near.max()})}


def test_10d_bounds_the_gain_on_both_sides() -> None:
    assert judge("10.d", gains()).values["most"] == pytest.approx(0.1)
    assert status("10.d", gains()) == "holds"
    for excess in (0.04, 0.3):
        assert status("10.d", gains(excess)) == "differs"
    assert status("10.d", changed(gains(), "truth", 2, excess=-1e-8)) == "differs"


def test_10d_wants_the_gain_along_the_boundary() -> None:
    tables = gains()
    away = np.log(tables["truth"][P] / boundary_two(tables["truth"][R])) / np.log(100) * 11
    assert judge("10.d", tables).values["cells_away"] == pytest.approx(
        away.abs().groupby(tables["truth"][R]).min().max()
    )
    near, far = (int(np.flatnonzero(away.between(*cells))[0]) for cells in ((-1, 0), (-2, -1.1)))
    # at one r the largest gain is a cell further away, if no more than all others
    assert status("10.d", changed(tables, "truth", near, excess=0.115)) == "holds"
    assert status("10.d", changed(tables, "truth", far, excess=0.115)) == "differs"


def test_12c_counts_the_arrangement_that_is_left_out() -> None:
    first = np.arange(101) < 3
    assert status("12.c", {"truth_three": cells(5, 100, triangle=first)}) == "holds"
    assert status("12.c", {"truth_three": cells(5, 100, triangle=np.arange(101) < 4)}) == "differs"
    assert status("12.c", {"truth_three": cells(5, 100, triangle=False)}) == "holds"


def test_11a_and_11b_want_equal_losses_and_slopes_that_differ(
    theory: Tables, unbiased: Tables
) -> None:
    assert status("11.a", theory) == status("11.b", unbiased) == "holds"
    for identity, tables, name, one in (
        ("11.a", theory, "corners", "alone"),
        ("11.b", unbiased, "switches", "one"),
    ):
        row = tables[name].loc[1]
        tilted = changed(tables, name, 1, **{f"slope_{one}": 0.95 * row["slope_pair"]})
        assert status(identity, tilted) == "differs"
        apart = changed(tables, name, 1, **{f"loss_{one}": row["loss_pair"] * (1 + 1e-5)})
        assert status(identity, apart) == "differs"


def transition_table() -> Tables:
    columns = {R: [0.1, 1.0], P: [0.2, 0.7], "width": 5e-6}
    columns |= {"weak_sparse": [0.6, 0.7], "weak_dense": [0.0, 0.04]}
    columns |= {"loss_sparse": 0.01, "loss_dense": 0.01 + 4e-8}
    columns |= {"slope_sparse": 0.01, "slope_dense": 0.005}
    columns |= {"slope_r_sparse": 0.2, "slope_r_dense": 0.2}
    return {"transitions": pd.DataFrame(columns)}


def test_11c_wants_a_leap_a_kink_and_no_step() -> None:
    tables = transition_table()
    assert status("11.c", tables) == "holds"
    for values in (
        {"weak_dense": 0.65},
        {"slope_dense": 0.0095},
        {"loss_dense": 0.01 + 7e-8},  # 5e-6 · 0.01 + 1e-6 · 0.01 is 6e-8
    ):
        assert status("11.c", changed(tables, "transitions", 1, **values)) == "differs"
    # a jump of either slope will do
    other = changed(tables, "transitions", 1, slope_dense=0.0095, slope_r_dense=0.1)
    assert status("11.c", other) == "holds"


def test_11d_wants_nothing_left() -> None:
    tables = transition_table()
    assert status("11.d", tables) == "holds"
    assert status("11.d", changed(tables, "transitions", 1, weak_dense=0.06)) == "differs"


def coexisting_table() -> Tables:
    p = 0.5 * (1 + np.array([-0.01, -0.001, 0.001, 0.01]))
    pair = pd.DataFrame({P: p, "branch": crossing.PAIR, "loss": p})
    lost = pd.DataFrame({P: p, "branch": crossing.LOST, "loss": 0.25 + p / 2})
    return {
        "coexisting": pd.concat([pair, lost], ignore_index=True).assign(**{R: 1.0, "edge": 0.5})
    }


def test_11f_wants_them_further_away() -> None:
    tables = coexisting_table()
    assert status("11.f", tables) == "holds"
    for row in (0, 3, 4, 7):
        lost = changed(tables, "coexisting", row, loss=np.nan)
        assert (status("11.e", lost), status("11.f", lost)) == ("holds", "differs")
    # the branches are no longer the lower ones where they should be
    assert status("11.f", changed(tables, "coexisting", 3, loss=0.1)) == "differs"
    beyond = tables["coexisting"].assign(**{P: lambda rows: rows[P] * 1.03})
    assert status("11.f", {"coexisting": beyond}) == "differs"


def test_11e_wants_both_minima_on_both_sides() -> None:
    tables = coexisting_table()
    assert judge("11.e", tables).status == "holds"
    assert judge("11.e", tables).values["smallest_reach"] == pytest.approx(0.01)
    assert status("11.e", changed(tables, "coexisting", 1, loss=np.nan)) == "differs"
    assert status("11.e", changed(tables, "coexisting", 6, loss=np.nan)) == "differs"
    # further away they may end
    assert status("11.e", changed(tables, "coexisting", 3, loss=np.nan)) == "holds"
    assert status("11.e", changed(tables, "coexisting", 1, loss=0.9)) == "differs"


def test_55a_compares_two_ways_to_the_loss() -> None:
    columns = {"w1": [1.0, 1.0], "w2": [0.5, 1e-9], "loss": 0.1, "closed_form": 0.1}
    rows = pd.DataFrame({**columns, "nearest": [0.1, np.nan], "is_best": [True, False]})
    tables = {"unbiased_trained": rows}
    found = judge("55.a", tables)
    assert found.status == "holds"
    assert (found.values["ended"], found.values["at_kink"]) == (0.5, 0.5)
    off = changed(tables, "unbiased_trained", 0, closed_form=0.1 * (1 + 1e-8))
    assert status("55.a", off) == "differs"


def test_55b_counts_minima_up_to_their_sign(unbiased: Tables) -> None:
    assert status("55.b", unbiased) == "holds"
    rows = unbiased["minima"]
    here = rows[(rows[P] == 0.55) & (rows[R] == 1)].index
    assert status("55.b", {"minima": rows.drop(index=here[2:])}) == "differs"
    more = pd.concat([rows, rows.loc[here[:1]]])
    assert status("55.b", {"minima": more}) == "differs"


def test_55c_wants_the_switch_its_jump_and_equal_weights(unbiased: Tables) -> None:
    assert status("55.c", unbiased) == "holds"
    k = int(unbiased["switches"].index[unbiased["switches"][R] == 1.0][0])
    for values in ({P: 0.5825}, {"jump": 0.9}):
        assert status("55.c", changed(unbiased, "switches", k, **values)) == "differs"
    rows = unbiased["unbiased_branches"]
    dense = rows[(rows[R] == 1) & (rows["branch"] == wells.SAME) & (rows[P] > 0.9)].index[0]
    assert status("55.c", changed(unbiased, "unbiased_branches", dense, w1=0.72)) == "differs"
    sparse = rows[(rows[R] == 1) & (rows["branch"] == wells.SAME) & (rows[P] < 0.3)].index[0]
    assert status("55.c", changed(unbiased, "unbiased_branches", sparse, loss=0.0)) == "differs"


def test_55d_follows_the_optimum(unbiased: Tables) -> None:
    assert status("55.d", unbiased) == "holds"
    rows = unbiased["walk"]
    for p, values in ((0.2, {"w2": -0.67}), (0.02, {"w1": 1.02}), (0.1, {"w2": -0.8})):
        k = rows[(rows[P] == p) & (rows["branch"] == wells.OPPOSITE)].index[0]
        assert status("55.d", changed(unbiased, "walk", k, **values)) == "differs"


def test_55e_looks_for_a_small_well_of_the_optimum(unbiased: Tables) -> None:
    assert status("55.e", unbiased) == "holds"
    rows = unbiased["wells"]
    # the same wells, but the optimum always in the larger one
    larger = np.where(rows["area_pair"] > rows["area_one"], wells.OPPOSITE, wells.SAME)
    assert status("55.e", {"wells": rows.assign(lowest=larger)}) == "differs"
    lonely = rows.assign(lowest=wells.SAME, area_pair=0.0)
    assert status("55.e", {"wells": lonely}) == "differs"


def test_55f_looks_for_two_weights_of_one_sign() -> None:
    biased = pd.DataFrame({P: [0.5, 1.0], "w1": [1.0, 0.7], "w2": [-1.0, 0.7]})
    without = pd.DataFrame({P: [0.8], "w1": [0.7], "w2": [0.7]})
    tables = {"truth": biased, "unbiased": without}
    assert status("55.f", tables) == "holds"
    assert status("55.f", changed(tables, "truth", 0, w2=0.4)) == "differs"
    assert status("55.f", changed(tables, "truth", 0, w2=0.2)) == "holds"
    assert status("55.f", changed(tables, "unbiased", 0, w2=-0.7)) == "differs"


def trained_cells(agrees: int, of: int, looks: int | None = None) -> pd.DataFrame:
    """So many cells, the first of which agree with the optimum; the last has no clear outcome."""
    good = np.arange(of + 1) < agrees
    alike = good if looks is None else np.arange(of + 1) < looks
    table: dict[str, Any] = {"gap": np.where(np.arange(of + 1) < of, 0.06, 0.04)}
    table |= {"outcome_truth": 2, "norm_truth": 1.0, "superposition_truth": 1.0}
    for rule in ("", "_mean"):
        table |= {f"outcome{rule}": np.where(good, 2, 0), f"superposition{rule}": 0.95}
        table |= {f"norm{rule}": np.where(alike, 0.95, 0.85)}
    table |= {"loss": 1.01, "loss_truth": 1.0, "found": 0.5}
    return pd.DataFrame({**table, "outcome_theory": table["outcome_truth"], "margin": table["gap"]})


@pytest.mark.parametrize(
    ("identity", "name"), [("9.a", "two"), ("9.b", "two"), ("12.d", "three"), ("12.e", "three")]
)
def test_trained_models_must_end_and_look_like_the_optimum(identity: str, name: str) -> None:
    assert status(identity, {name: trained_cells(97, 100)}) == "holds"
    assert status(identity, {name: trained_cells(96, 100)}) == "differs"
    found = judge(identity, {name: trained_cells(100, 100, looks=96)})
    assert found.status == "differs"
    assert found.values["clear"] == 1.0
    assert found.values["looks"] == pytest.approx(0.96)
    # superposition counts, but for a feature that the optimum does not represent
    apart = trained_cells(100, 100).assign(superposition=0.8, superposition_mean=0.8)
    assert status(identity, {name: apart}) == "differs"
    left_out = {"outcome_truth": 0, "outcome": 0, "outcome_mean": 0}
    assert status(identity, {name: apart.assign(**left_out)}) == "holds"


def test_9a_and_9b_look_at_their_own_columns() -> None:
    cells = trained_cells(100, 100)
    assert status("9.a", {"two": cells.assign(norm_mean=0.5)}) == "holds"
    assert status("9.b", {"two": cells.assign(norm_mean=0.5)}) == "differs"
    assert status("9.b", {"two": cells.assign(norm=0.5)}) == "holds"


def test_9c_compares_with_the_candidates() -> None:
    assert status("9.c", {"two": trained_cells(97, 100)}) == "holds"
    assert status("9.c", {"two": trained_cells(96, 100)}) == "differs"
    assert status("9.c", {"two": trained_cells(100, 100).assign(outcome_theory=1)}) == "differs"


def test_rules_choose_the_lowest_loss_and_average_all_but_the_worst() -> None:
    W = np.zeros((2, 2, 3, 1, 2))
    W[..., 0, :] = [[1.0, -1.0], [1.0, 0.5], [1.0, 0.0]]  # by seed
    loss = np.broadcast_to([0.2, 0.4, 0.3], (2, 2, 3)).copy()
    loss[1, 1] = [0.4, 0.2, 0.3]
    dims = (P, R, "seed")
    runs = xr.Dataset(
        {"W": ((*dims, "hidden", "feature"), W), "loss": (dims, loss)},
        {P: plane.densities(2), R: plane.ratios(2), "seed": np.arange(3)},
    )
    true = pd.DataFrame({"loss": [0.2, 0.29, 0.1, 0.3]})
    rows = by_rule(runs, true)
    assert rows["norm"].tolist() == [1.0, 1.0, 1.0, 0.5]
    assert rows["outcome"].tolist() == [2, 2, 2, 0]
    assert rows["loss"].tolist() == [0.2] * 4
    # seeds 0 and 2 are kept, in the last cell 1 and 2; a zero feature shares with nothing
    np.testing.assert_allclose(rows["norm_mean"], [0.5, 0.5, 0.5, 0.25])
    np.testing.assert_allclose(rows["superposition_mean"], [0.5] * 4)
    np.testing.assert_allclose(rows["found"], [1 / 3, 2 / 3, 0, 2 / 3])


@pytest.mark.slow
@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.name)
def test_a_quick_run_finds_what_is_expected(experiment: Experiment) -> None:
    quick_run_as_expected(experiment)
