from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from tegum.errors import SpecError, UnknownNameError
from tegum.runs.select import average, best, best_rows, drop_worst

NAN = float("nan")


def dataset(losses, **more) -> xr.Dataset:
    """Runs whose weights say which cell they come from."""
    loss = np.asarray(losses, dtype=np.float64)
    dims = (*("p", "q")[: loss.ndim - 1], "seed")
    cell = np.arange(loss.size, dtype=np.float32).reshape(*loss.shape, 1)
    variables = {
        "W": ((*dims, "feature"), np.repeat(cell, 2, axis=-1)),
        "loss": (dims, loss),
        "diverged": (dims, np.isnan(loss)),
        "reference": ("feature", np.array([1.0, 2.0])),
    }
    coordinates = {"seed": np.arange(loss.shape[-1]) * 10, "p": [0.1, 0.2][: loss.shape[0]]}
    if loss.ndim == 1:
        del coordinates["p"]
    return xr.Dataset({**variables, **more}, coordinates, {"problem": "x"})


TABLE = dataset([[3.0, 1.0, 2.0], [5.0, NAN, 4.0]])


def test_best_by_hand():
    chosen = best(TABLE)
    assert chosen.loss.values.tolist() == [1.0, 4.0]
    assert chosen.seed.values.tolist() == [10, 20]
    assert chosen.W.values.tolist() == [[1, 1], [5, 5]]
    assert chosen.loss_all.dims == ("p", "candidate")
    np.testing.assert_array_equal(chosen.loss_all, [[1, 2, 3], [4, 5, NAN]])
    assert chosen.n_seeds.values.tolist() == [3, 2]
    assert "seed" not in chosen.dims
    assert chosen.reference.values.tolist() == [1.0, 2.0]
    assert chosen.attrs == {"problem": "x"}
    assert chosen.sel(p=0.2).loss == 4.0


def test_best_of_a_tie_is_the_lowest_seed():
    assert best(dataset([2.0, 1.0, 1.0])).seed == 10
    assert best(dataset([2.0, *[1.0] * 200, *[0.5] * 300])).seed == 2010


def test_best_when_all_diverged_keeps_the_status():
    chosen = best(dataset([[NAN, NAN], [1.0, NAN]]))
    assert chosen.diverged.values.tolist() == [True, False]
    assert np.isnan(chosen.loss[0])
    assert chosen.n_seeds.values.tolist() == [0, 1]
    assert chosen.seed.values.tolist() == [0, 0]


@given(st.data())
def test_best_agrees_with_numpy(data):
    shape = data.draw(st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 5)))
    entry = st.one_of(st.just(NAN), st.sampled_from([0.0, 0.5, 1.0, 7.0]))
    size = int(np.prod(shape))
    losses = np.array(data.draw(st.lists(entry, min_size=size, max_size=size))).reshape(shape)
    runs = dataset(losses)
    chosen = best(runs.transpose(..., "seed", "p", "q") if data.draw(st.booleans()) else runs)
    filled = np.where(np.isnan(losses), np.inf, losses)
    k = filled.argmin(-1)
    take = np.take_along_axis(losses, k[..., None], -1)[..., 0]
    np.testing.assert_array_equal(chosen.loss.transpose("p", "q"), take)
    np.testing.assert_array_equal(chosen.seed.transpose("p", "q"), 10 * k)
    ids = np.take_along_axis(np.arange(size).reshape(shape), k[..., None], -1)
    np.testing.assert_array_equal(chosen.W.transpose("p", "q", "feature")[..., :1], ids)
    np.testing.assert_array_equal(
        chosen.loss_all.transpose("p", "q", "candidate"), np.sort(losses, -1)
    )


def test_drop_worst_by_hand():
    kept = drop_worst(TABLE)
    assert kept.loss.dims == ("p", "candidate")
    np.testing.assert_array_equal(kept.loss, [[1, 2], [4, 5]])
    assert kept.seed.values.tolist() == [[10, 20], [20, 0]]
    assert kept.W[1].values.tolist() == [[5, 5], [3, 3]]
    assert drop_worst(TABLE, k=2).loss.values.tolist() == [[1], [4]]
    np.testing.assert_array_equal(drop_worst(TABLE, k=0).loss, [[1, 2, 3], [4, 5, NAN]])


def test_drop_the_worst_then_average_by_hand():
    runs = TABLE.assign(norm=TABLE.W.mean("feature"))
    answer = average(drop_worst(runs), "loss", "norm")
    assert set(answer.data_vars) == {"loss", "norm"}
    assert answer.loss.values.tolist() == [1.5, 4.5]
    assert answer.norm.values.tolist() == [1.5, 4.0]
    assert answer.loss.dims == ("p",)


def test_average_leaves_diverged_seeds_out():
    assert average(TABLE, "loss").loss.values.tolist() == [2.0, 4.5]
    assert np.isnan(average(dataset([NAN, NAN]), "loss").loss)


@pytest.mark.parametrize("k", [-1, 3, 1.0, True])
def test_drop_worst_bounds(k):
    with pytest.raises(SpecError, match=r"drop_worst.k must be an integer in \[0, 3\); got"):
        drop_worst(TABLE, k)


@pytest.mark.parametrize("rule", [best, drop_worst])
def test_rules_need_losses_by_seed(rule):
    with pytest.raises(SpecError, match="must hold loss"):
        rule(TABLE.drop_vars("loss"))
    with pytest.raises(SpecError, match="must hold loss"):
        rule(best(TABLE))


def test_quantities_that_are_no_variables_are_refused_in_a_line():
    runs = dataset([2.0, 1.0])
    with pytest.raises(SpecError, match=r"best\.runs must have n_seeds as a variable; reset_coor"):
        best(runs.assign_coords(n_seeds=3))
    with pytest.raises(SpecError, match=r"best\.runs must have no candidate, which ranks seeds"):
        best(runs.assign_coords(candidate=3))


def test_average_of_what_is_not_there():
    for names in (("nothing",), ("loss", "reference"), ()):
        with pytest.raises(UnknownNameError, match="known: W, diverged, loss"):
            average(TABLE, *names)
    with pytest.raises(SpecError):
        average(TABLE.isel(seed=0), "loss")


def test_best_rows_of_a_table_by_hand() -> None:
    rows = pd.DataFrame(
        {"p": [2, 1, 2, 1, 3], "loss": [0.5, NAN, 0.25, 4.0, NAN], "name": list("abcde")},
        index=[10, 11, 12, 13, 14],
    )
    chosen = best_rows(rows, "p")
    assert chosen.index.tolist() == [13, 12]
    assert chosen["name"].tolist() == ["d", "c"]
    equal = rows.assign(loss=1.0)
    assert best_rows(equal, ["p"]).index.tolist() == [11, 10, 14]
