"""What the lessons say is true of the models that they train."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from tegum.analysis import geometry
from tegum.explorer.app import lessons
from tegum.explorer.dictionary import DictionaryJob, source_of
from tegum.explorer.limits import Limits
from tegum.explorer.live import Live
from tegum.explorer.looking import directions, shape
from tegum.explorer.messages import Dictionary
from tegum.explorer.state import PageState

pytestmark = pytest.mark.slow


class Seen(NamedTuple):
    """The best model, and how many models have each shape."""

    W: np.ndarray
    b: np.ndarray
    parameters: dict[str, np.ndarray]
    shape: str
    shapes: Counter[str]


def _train(live: Live, steps: int) -> Seen:
    end = min(live.step + steps, live.training.steps)
    while live.step < end:
        live.advance(end - live.step)
    live.score()
    everything, best = live.parameters(), live.best()
    W = directions(everything)
    own = {name: np.asarray(array[best], np.float64) for name, array in everything.items()}
    names = Counter(shape(model) for model in W)
    return Seen(W[best], own["b"], own, shape(W[best]), names)


def _lesson(number: int, **changes: Any) -> tuple[Live, Callable[[int], Seen]]:
    state = PageState.read(lessons()[number - 1]["state"])  # type: ignore[arg-type]
    live = Live(state.replace(**changes), Limits(), jobs=2)
    return live, lambda steps: _train(live, steps)


def test_1_dense_features_two_are_kept_at_right_angles_two_come_back() -> None:
    live, train = _lesson(1)
    seen = train(6000)
    lengths = np.linalg.norm(seen.W, axis=0)
    assert lengths[:2] == pytest.approx([1, 1], abs=0.03)
    assert lengths[2:].max() < 0.1
    assert abs(seen.W[:, 0] @ seen.W[:, 1]) < 0.03
    assert seen.b[2:] == pytest.approx([0.5] * 3, abs=0.02)
    live.change({"feature_probability": 0.3})
    assert train(6000).shape == "2 x digon"
    live.change({"feature_probability": 0.05})
    assert train(4000).shape == "2 x digon"


def test_2_sparse_features_make_a_pentagon_of_two_fifths_each() -> None:
    seen = _lesson(2)[1](4000)
    assert seen.shape == "pentagon"
    assert geometry.dimensionality(seen.W) == pytest.approx([0.4] * 5, abs=0.02)


def test_3_most_are_pentagons_some_are_two_pairs() -> None:
    shapes = _lesson(3)[1](20_000).shapes
    assert shapes["pentagon"] > 50
    assert shapes["2 x digon"] >= 3
    assert shapes["pentagon"] + shapes["2 x digon"] >= 97


def test_4_the_second_is_left_out_or_takes_or_shares_the_dimension() -> None:
    for p, ratio, name in ((0.2, 0.5, "digon"), (0.9, 0.5, "first"), (0.9, 2.0, "second")):
        live, train = _lesson(4)
        live.change({"feature_probability": p, "importance[1]": ratio})
        W = train(3000).W[0]
        assert (np.abs(W) > 0.5).tolist() == [name != "second", name != "first"], (p, ratio)
        assert name != "digon" or W[0] * W[1] < 0


def test_5_traces_settle_near_a_half_and_two_fifths_and_leave_when_features_are_denser() -> None:
    live, train = _lesson(5)
    D = np.sort(geometry.dimensionality(train(12_000).W))
    assert pytest.approx([0.4] * 5 + [0.5] * 4, abs=0.03) == D
    live.change({"feature_probability": 0.4})
    later = np.sort(geometry.dimensionality(train(8000).W))
    assert np.abs(later - D).max() > 0.2


def test_6_a_pentagon_in_a_plane_and_a_pair_across_it() -> None:
    seen = _lesson(6)[1](20_000)
    assert seen.shape == "digon + pentagon"
    assert seen.shapes["3 x digon"] >= 3


def test_7_partners_side_by_side_on_a_hexagon_then_merged_one_pair_after_another() -> None:
    live, train = _lesson(7)
    pairs = np.arange(6).reshape(3, 2)

    def apart(seen: Seen) -> list[float]:
        unit = seen.W / np.linalg.norm(seen.W, axis=0)
        return sorted(float(np.degrees(np.arccos(unit[:, i] @ unit[:, j]))) for i, j in pairs)

    seen = train(6000)
    assert seen.shape == "hexagon"
    assert 55 < apart(seen)[0] <= apart(seen)[-1] < 75
    merged = []
    for p in (0.1, 0.2, 0.5):
        live.change({"feature_probability": p})
        merged.append(sum(angle < 10 for angle in apart(train(4000))))
    assert merged == sorted(merged)
    assert merged[0] >= 1
    assert merged[-1] == 3


def test_8_dense_features_have_neurons_of_their_own_rarer_ones_share() -> None:
    live, train = _lesson(8)
    dense = train(4000).W
    assert (np.abs(dense) > 0.2).sum(axis=1).tolist() == [1] * 5
    assert (np.abs(dense[:, 5:]) < 0.1).all()
    shared = []
    for p in (0.3, 0.1):
        live.change({"feature_probability": p})
        shared.append(int(((np.abs(train(6000).W) > 0.2).sum(axis=1) >= 2).sum()))
    assert 1 <= shared[0] < shared[1]


def test_9_two_neurons_a_feature_and_several_features_on_one_where_there_are_fewer() -> None:
    seen = _lesson(9)[1](20_000)
    signs = [set(np.sign(column[np.abs(column) > 0.1])) for column in seen.W.T]
    assert (np.abs(seen.W) > 0.1).sum(axis=0).tolist() == [2, 2, 2]
    assert signs == [{-1.0, 1.0}] * 3
    state = PageState.read(lessons()[8]["state"])  # type: ignore[arg-type]
    four = state.problem.replace(model=state.problem.model.replace(n_hidden=4))
    live, train = _lesson(9, problem=four)
    live.change({"feature_probability": 0.1})
    assert ((np.abs(train(20_000).W) > 0.2).sum(axis=1) >= 2).any()


def test_10_the_most_important_are_represented_and_opposites_are_red() -> None:
    W = _lesson(10)[1](6000).W
    gram = W.T @ W
    assert (np.diag(gram)[:20] > 0.8).all()
    assert (np.diag(gram)[60:] < 0.25).all()
    off = gram - np.diag(np.diag(gram))
    assert (off < -0.8).sum() >= 2 * 8
    assert (off > 0.8).sum() == 0


def _dictionaries(number: int, **wish: Any) -> tuple[dict[str, Any], np.ndarray]:
    """What the page shows of a lesson's dictionary, and how all of them recovered."""
    live, train = _lesson(number)
    train(8000)
    source = source_of(1, live.moment(), live.best(still=True))
    asked = {"architecture": "relu", "k": None, "l1": 0.0, **lessons()[number - 1]["dictionary"]}  # type: ignore[dict-item]
    latents = {"n_latents": asked.pop("latents")}
    wish = {**latents, **asked, "steps": 20_000, **wish}
    job = DictionaryJob(1, Dictionary(type="dictionary", id=None, **wish), source, jobs=2)
    job.advance(20_000)
    return job.header(), job.arrays()["cosines"]


def test_11_atoms_come_to_rest_on_the_true_directions() -> None:
    header, cosines = _dictionaries(11)
    assert (header["represented"], header["found"]) == (5, 5)
    assert cosines[header["seed"]] > 0.99
    assert 5 <= (cosines > 0.99).sum() <= 13, "about half of sixteen get there"
    eight, _ = _dictionaries(11, n_latents=8)
    assert eight["found"] == 5
    assert _dictionaries(11, n_latents=4)[0]["found"] < 4


def test_12_a_low_price_rebuilds_well_and_finds_badly() -> None:
    low, askew = _dictionaries(12)
    assert low["explained_variance"] == pytest.approx(0.999, abs=0.001)
    assert low["l0"] > 1.8 * low["true_l0"]
    assert np.median(askew) < 0.95
    right, turned = _dictionaries(12, l1=0.3)
    assert turned.min() > 0.98
    assert right["l0"] < 1.25 * right["true_l0"]
    assert right["explained_variance"] < 0.95
    assert _dictionaries(12, l1=2.0)[0]["found"] == 0
