"""Distributions: stated moments against hand values, enumeration and samples."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import DISTRIBUTIONS
from tegum.distributions import (
    Anticorrelated,
    Block,
    Correlated,
    Distribution,
    Groups,
    Independent,
)
from tegum.distributions.magnitudes import MAGNITUDES
from tegum.errors import SpecError
from tegum.spec import Spec

ALL = pytest.mark.parametrize("name", DISTRIBUTIONS)
N_SAMPLES, CHUNK = 2_000_000, 100_000
Z_BOUND = 5.0  # two-sided 6e-7 for each of at most a few hundred entries


def _sampled_moments(x: Distribution) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Means of x and x xᵀ over samples, and their standard errors."""
    rng = np.random.default_rng(20_220_914)
    n = x.n_features
    sums = [np.zeros(n), np.zeros(n), np.zeros((n, n)), np.zeros((n, n))]
    for _ in range(N_SAMPLES // CHUNK):
        draw = x.sample(rng, CHUNK)
        square = draw**2
        for total, part in zip(
            sums, (draw.sum(0), square.sum(0), draw.T @ draw, square.T @ square), strict=True
        ):
            total += part
    mean, mean_square, moment, moment_square = (total / N_SAMPLES for total in sums)
    mean_error = np.sqrt((mean_square - mean**2) / N_SAMPLES)
    moment_error = np.sqrt((moment_square - moment**2) / N_SAMPLES)
    return mean, mean_error, moment, moment_error


@ALL
def test_moments_match_samples_and_a_2_percent_error_would_not(name: str) -> None:
    x = DISTRIBUTIONS[name]
    mean, mean_error, moment, moment_error = _sampled_moments(x)
    for stated, seen, error in (
        (x.mean(), mean, mean_error),
        (x.second_moment(), moment, moment_error),
    ):
        sure = error == 0  # such as products of features that exclude one another
        np.testing.assert_array_equal(stated[sure], seen[sure])
        z = np.abs(seen - stated)[~sure] / error[~sure]
        assert z.max() < Z_BOUND
        power = 0.02 * np.abs(stated[stated != 0]) / error[stated != 0]
        assert (power > Z_BOUND + 1).all(), "too few samples to see a 2 % error"


@ALL
def test_active_probability_matches_samples(name: str) -> None:
    x = DISTRIBUTIONS[name]
    p = x.active_probability()
    seen = (x.sample(np.random.default_rng(5), CHUNK) != 0).mean(0)
    error = np.sqrt(p * (1 - p) / CHUNK)
    assert (np.abs(seen - p) <= Z_BOUND * error).all()


@ALL
def test_features_are_active_together_as_often_as_stated(name: str) -> None:
    x = DISTRIBUTIONS[name]
    on = (x.sample(np.random.default_rng(6), CHUNK) != 0).astype(np.float64)
    p, seen = x.active_together(), on.T @ on / CHUNK
    np.testing.assert_allclose(np.diag(p), x.active_probability(), rtol=1e-14)
    assert (np.abs(seen - p) <= Z_BOUND * np.sqrt(p * (1 - p) / CHUNK)).all()


@ALL
def test_shapes_types_and_bits(name: str) -> None:
    x = DISTRIBUTIONS[name]
    n = x.n_features
    first = x.sample(np.random.default_rng(3), 17)
    assert first.shape == (17, n)
    assert first.dtype == np.float64
    np.testing.assert_array_equal(first, x.sample(np.random.default_rng(3), 17))
    assert (first != x.sample(np.random.default_rng(4), 17)).any()
    assert x.sample(np.random.default_rng(3), 0).shape == (0, n)
    assert x.mean().shape == x.active_probability().shape == (n,)
    assert x.second_moment().shape == (n, n)


@ALL
def test_blocks_tile_the_features(name: str) -> None:
    x = DISTRIBUTIONS[name]
    place = 0
    for block in x.blocks():
        assert block.start == place
        assert block.size >= 1
        assert block.kind != "independent" or block.size == 1
        assert block.magnitude in MAGNITUDES
        place += block.size
    assert place == x.n_features


@ALL
def test_json_round_trip_of_examples(name: str) -> None:
    x = DISTRIBUTIONS[name]
    for reader in (type(x), Distribution, Spec):
        back = reader.from_json(x.to_json())
        assert back == x
        assert type(back) is type(x)
        assert hash(back) == hash(x)


@pytest.mark.parametrize(
    "name", [n for n, x in DISTRIBUTIONS.items() if x.blocks()[0].kind != "joint"]
)
def test_with_probability(name: str) -> None:
    x = DISTRIBUTIONS[name]
    assert {block.probability for block in x.with_probability(0.25).blocks()} == {0.25}
    for i, before in enumerate(x.blocks()):
        after = x.with_probability(0.125, i).blocks()
        assert after[i].probability == 0.125
        assert [b for j, b in enumerate(after) if j != i] == [
            b for j, b in enumerate(x.blocks()) if j != i
        ]
        assert (after[i].start, after[i].kind) == (before.start, before.kind)
    count = len(x.blocks())
    for index in (-1, count):
        with pytest.raises(SpecError) as caught:
            x.with_probability(0.5, index)
        assert str(caught.value) == (
            f"{name}.feature_probability has entries 0 to {count - 1}; got index {index}"
        )


# --- Oracles -----------------------------------------------------------------------------------


def _enumerated_second_moment(x: Distribution) -> np.ndarray:
    """E[x xᵀ] by listing who is active: every block is off, or on in one of its ways."""
    blocks = x.blocks()
    ways: list[list[tuple[float, tuple[int, ...]]]] = []
    for block in blocks:
        members = tuple(range(block.start, block.start + block.size))
        p = block.probability
        if block.kind == "anticorrelated":
            ways.append([(1 - p, ()), *((p / block.size, (i,)) for i in members)])
        else:
            ways.append([(1 - p, ()), (p, members)])
    law = {i: MAGNITUDES[b.magnitude] for b in blocks for i in range(b.start, b.start + b.size)}
    moment = np.zeros((x.n_features, x.n_features))
    for choice in itertools.product(*ways):
        chance = float(np.prod([probability for probability, _ in choice]))
        active = [i for _, members in choice for i in members]
        for i, j in itertools.product(active, active):
            same = law[i].mean_square if i == j else law[i].mean * law[j].mean
            moment[i, j] += chance * same
    return moment


_P = st.floats(0.01, 1.0)
_NAME = st.sampled_from(sorted(MAGNITUDES))


@st.composite
def _simple(draw: st.DrawFn) -> Distribution:
    count, name = draw(st.integers(1, 2)), draw(_NAME)
    p: Any = draw(st.one_of(_P, st.lists(_P, min_size=count, max_size=count)))
    cls = draw(st.sampled_from([Correlated, Anticorrelated, Independent]))
    if cls is Independent:
        return Independent(n_features=count, feature_probability=p, magnitude=name)
    size = draw(st.integers(1, 3))
    sets: Distribution = cls(n_sets=count, set_size=size, feature_probability=p, magnitude=name)
    return sets


_ANY = st.one_of(
    _simple(), st.lists(_simple(), min_size=1, max_size=3).map(lambda parts: Groups(parts=parts))
)


@given(_ANY)
def test_second_moment_by_enumeration(x: Distribution) -> None:
    np.testing.assert_allclose(x.second_moment(), _enumerated_second_moment(x), atol=1e-12)


@given(_ANY)
def test_json_round_trip(x: Distribution) -> None:
    back = Spec.from_json(x.to_json())
    assert back == x
    assert back.to_json() == x.to_json()
    assert hash(back) == hash(x)


def test_uniform_mean_and_variance_by_hand() -> None:
    x = Independent(n_features=2, feature_probability=(0.3, 1.0))
    np.testing.assert_allclose(x.mean(), [0.15, 0.5])
    variance = x.second_moment() - np.outer(x.mean(), x.mean())
    # p/3 - p²/4: .1 - .0225, 1/3 - 1/4
    np.testing.assert_allclose(variance, [[0.0775, 0], [0, 1 / 12]], atol=1e-15)


def test_sets_by_hand() -> None:
    together = Correlated(n_sets=1, set_size=2, feature_probability=0.4)
    np.testing.assert_allclose(together.second_moment(), [[0.4 / 3, 0.1], [0.1, 0.4 / 3]])
    either = Anticorrelated(n_sets=1, set_size=2, feature_probability=0.4, magnitude="exponential")
    np.testing.assert_allclose(either.mean(), [0.2, 0.2])
    np.testing.assert_allclose(either.second_moment(), [[0.4, 0], [0, 0.4]])
    np.testing.assert_allclose(either.active_probability(), [0.2, 0.2])


def test_members_are_active_together_or_alone() -> None:
    rng = np.random.default_rng(0)
    together = Correlated(n_sets=3, set_size=4, feature_probability=0.5).sample(rng, 1000)
    count = (together != 0).reshape(1000, 3, 4).sum(2)
    assert set(np.unique(count)) == {0, 4}
    assert np.unique(count, axis=0).shape[0] == 8  # the sets by themselves
    alone = Anticorrelated(n_sets=3, set_size=4, feature_probability=0.5).sample(rng, 1000)
    count = (alone != 0).reshape(1000, 3, 4).sum(2)
    assert set(np.unique(count)) == {0, 1}


def test_a_set_of_one_is_an_independent_feature() -> None:
    one = Independent(n_features=3, feature_probability=(0.1, 0.2, 0.3), magnitude="signed")
    for cls in (Correlated, Anticorrelated):
        sets = cls(n_sets=3, set_size=1, feature_probability=(0.1, 0.2, 0.3), magnitude="signed")
        np.testing.assert_array_equal(sets.second_moment(), one.second_moment())
        np.testing.assert_array_equal(sets.mean(), one.mean())


def test_groups_are_flat_and_in_order() -> None:
    a = Independent(n_features=1, feature_probability=0.5)
    b = Correlated(n_sets=1, set_size=2, feature_probability=0.25)
    nested = Groups(parts=[Groups(parts=[a, b]), a])
    assert nested == Groups(parts=(a, b, a))
    assert nested.n_features == 4
    assert nested.feature_probability == (0.5, 0.25, 0.5)
    assert nested.blocks() == (
        Block("independent", 0, 1, 0.5, "uniform"),
        Block("correlated", 1, 2, 0.25, "uniform"),
        Block("independent", 3, 1, 0.5, "uniform"),
    )


def test_many_features() -> None:
    x = Independent(n_features=10_000, feature_probability=0.001)
    assert len(x.blocks()) == 10_000
    np.testing.assert_allclose(x.mean(), 0.0005)
    assert x.sample(np.random.default_rng(0), 8).shape == (8, 10_000)
