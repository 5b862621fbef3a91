"""The law of what the kernels draw: exact probabilities, scipy's tests, independence of addresses.

Every bound is stated as the chance with which a right generator fails; seeds are fixed.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numba import njit
from scipy import stats

import tegum as tg
from tegum.distributions import Distribution
from tegum.distributions.magnitudes import MAGNITUDES
from tegum.engines.base import Batch
from tegum.engines.sampled import draw
from tegum.engines.sampled.data import Source
from tegum.engines.sampled.engine import SampledEngine
from tegum.engines.sampled.lowering import lower
from tegum.engines.sampled.random import binomial_draw, binomial_table

Array = np.ndarray[Any, Any]

Z_BOUND = 5.0  # two-sided 6e-7 each
P_BOUND = 1e-6
BATCH, STEPS = 1024, 288

#: A probability and a number of hidden dimensions for each way of drawing.
WAYS = {"lane": (0.3, 2), "lane, skipping": (0.05, 2), "dense": (0.3, 16), "sparse": (0.05, 16)}
EVERY_WAY = pytest.mark.parametrize("way", WAYS)
UNEVEN = np.array([0.3, 1.0, 0.6, 0.8])


def problem_of(distribution: Distribution, n_hidden: int) -> tg.Problem:
    return tg.Problem(distribution, tg.ReLUOutput(n_hidden=n_hidden))


def drawn(distribution: Distribution, way: str, *, seed: int = 0, steps: int = STEPS) -> Array:
    """(steps, BATCH, n), drawn in the way that its name says."""
    problem, training = problem_of(distribution, WAYS[way][1]), tg.Training(batch_size=BATCH)
    low = lower(Batch(problem, (problem,), (training,), (seed,), 0))
    assert low.forms[0].kernel == way.partition(",")[0]
    return draw.samples(problem, training, seed=seed, steps=steps)


def flat(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1]).astype(np.float64)


def laws(p: float) -> dict[str, Distribution]:
    found: dict[str, Distribution] = {}
    for name in MAGNITUDES:
        sets: dict[str, Any] = {"n_sets": 2, "set_size": 3, "magnitude": name}
        alone = tg.Independent(4, tuple(p * UNEVEN), name)
        parts = (tg.Correlated(feature_probability=p, **sets), alone)
        found |= {f"independent {name}": alone, f"correlated {name}": parts[0]}
        found[f"anticorrelated {name}"] = tg.Anticorrelated(feature_probability=p, **sets)
        found[f"groups {name}"] = tg.Groups(parts=(*parts, found[f"anticorrelated {name}"]))
    return found


def chi_square(seen: Array, expected: Array) -> float:
    """The p-value of counts; rare cells (expected < 10) are put together with the next ones."""
    cells, held = [], np.zeros(2)
    for pair in zip(seen, expected, strict=True):
        held = held + pair
        if held[1] >= 10:
            cells.append(held)
            held = np.zeros(2)
    cells[-1] = cells[-1] + held
    a, b = np.array(cells).T
    return float(stats.chi2.sf(((a - b) ** 2 / b).sum(), len(a) - 1))


@EVERY_WAY
@pytest.mark.parametrize("name", laws(0.3))
def test_moments_are_the_stated_ones(way: str, name: str) -> None:
    distribution = laws(WAYS[way][0])[name]
    x = flat(drawn(distribution, way))
    size = len(x)
    squared = x**2
    mean, second, fourth = x.mean(0), x.T @ x / size, squared.T @ squared / size
    for stated, seen, square in (
        (distribution.mean(), mean, np.diag(second)),
        (distribution.second_moment(), second, fourth),
    ):
        error = np.sqrt((square - seen**2) / size)
        sure = square == 0  # features that exclude one another
        np.testing.assert_array_equal(stated[sure], 0.0)
        assert np.abs((seen - stated)[~sure] / error[~sure]).max() < Z_BOUND
    spread = np.sqrt((np.diag(fourth) - np.diag(second) ** 2) / size) / np.diag(second)
    assert spread.max() < 0.04, "too few samples to see an error of 20 %"


@EVERY_WAY
def test_the_number_of_active_features_is_binomial(way: str) -> None:
    p, _ = WAYS[way]
    x = flat(drawn(tg.Independent(20, p), way))
    seen = np.bincount((x != 0).sum(1), minlength=21)
    assert chi_square(seen, len(x) * stats.binom.pmf(np.arange(21), 20, p)) > P_BOUND


@EVERY_WAY
def test_every_pattern_of_uneven_features_has_its_probability(way: str) -> None:
    p = WAYS[way][0] * UNEVEN
    x = flat(drawn(tg.Independent(4, tuple(p)), way))
    seen = np.bincount(((x != 0) * 2 ** np.arange(4)).sum(1), minlength=16)
    patterns = np.array([bits[::-1] for bits in product((0, 1), repeat=4)])
    expected = len(x) * np.where(patterns, p, 1 - p).prod(1)
    assert chi_square(seen, expected) > P_BOUND


@EVERY_WAY
def test_each_member_of_an_anticorrelated_set_has_the_same_chance(way: str) -> None:
    p, _ = WAYS[way]
    x = flat(drawn(tg.Anticorrelated(2, 3, feature_probability=p), way))
    first, second = ((x[:, 3 * k : 3 * k + 3] != 0) @ np.array([1, 2, 3]) for k in range(2))
    assert ((x != 0).reshape(-1, 2, 3).sum(2) <= 1).all()
    one = np.array([1 - p, p / 3, p / 3, p / 3])
    seen = np.bincount(4 * first + second, minlength=16)
    assert chi_square(seen, len(x) * np.outer(one, one).ravel()) > P_BOUND


@EVERY_WAY
def test_members_of_a_correlated_set_are_on_together_and_otherwise_apart(way: str) -> None:
    p, _ = WAYS[way]
    x = flat(drawn(tg.Correlated(2, 3, feature_probability=p), way))
    on = (x != 0).reshape(-1, 2, 3)
    assert (on.all(2) == on.any(2)).all()
    both = np.bincount(on[:, :, 0] @ np.array([1, 2]), minlength=4)
    one = np.array([1 - p, p])
    assert chi_square(both, len(x) * np.outer(one, one).ravel()) > P_BOUND
    members = x[on[:, 0, 0], :3]
    off = np.corrcoef(members.T)[np.triu_indices(3, 1)] * np.sqrt(len(members))
    assert np.abs(off).max() < Z_BOUND


@EVERY_WAY
@pytest.mark.parametrize("kind", ["independent", "correlated", "anticorrelated"])
@pytest.mark.parametrize("name", MAGNITUDES)
def test_active_values_have_the_law_of_the_magnitude(way: str, kind: str, name: str) -> None:
    distribution = laws(WAYS[way][0])[f"{kind} {name}"]
    law = {"uniform": stats.uniform(), "signed": stats.uniform(-1, 2), "exponential": stats.expon()}
    x = flat(drawn(distribution, way, steps=64))
    if name == "one":
        assert (np.unique(x) == (0, 1)).all()
        return
    for feature in x.T:
        assert stats.kstest(feature[feature != 0], law[name].cdf).pvalue > P_BOUND


@EVERY_WAY
def test_features_are_uncorrelated(way: str) -> None:
    x = flat(drawn(tg.Independent(20, WAYS[way][0]), way))
    for values in (x, (x != 0).astype(np.float64)):
        off = np.corrcoef(values.T)[np.triu_indices(20, 1)] * np.sqrt(len(x))
        assert np.abs(off).max() < Z_BOUND


def simulated(x: Array) -> Array:
    """The leading rows that are not all zero in any step: the others may come last in a step."""
    return x[:, : int((x != 0).any(2).sum(1).min())]


@EVERY_WAY
@pytest.mark.parametrize("lag", [1, 2, 4, 8, 16, 32, 64])
def test_samples_do_not_depend_on_earlier_ones(way: str, lag: int) -> None:
    x = simulated(drawn(tg.Independent(8, WAYS[way][0]), way))
    assert abs(pearson(x[:, :-lag], x[:, lag:])).max() < Z_BOUND


@EVERY_WAY
def test_steps_and_instances_are_independent(way: str) -> None:
    law = tg.Independent(8, WAYS[way][0])
    first = drawn(law, way, seed=0)
    second = drawn(law, way, seed=1)
    rows = min(simulated(first).shape[1], simulated(second).shape[1])
    first, second = first[:, :rows], second[:, :rows]
    for lag in (1, 2, 64):
        assert abs(pearson(first[:-lag], first[lag:])).max() < Z_BOUND
    assert abs(pearson(first, second)).max() < Z_BOUND


def pearson(first: Array, second: Array) -> Array:
    """√N times the correlation of every feature of the first rows with every one of the second."""
    a, b = flat(first), flat(second)
    a, b = (a - a.mean(0)) / a.std(0), (b - b.mean(0)) / b.std(0)
    return np.asarray(a.T @ b / np.sqrt(len(a)))


def source_of(distribution: Distribution) -> tuple[Source, float]:
    """What the kernels draw from, and P(any active)."""
    problem = problem_of(distribution, 2)
    low = lower(Batch(problem, (problem,), (tg.Training(),), (0,), 0))
    return draw.source_of(low.instances)[:2]


@pytest.mark.parametrize("size", [1, 7, 16, 100])
@pytest.mark.parametrize("name", [*laws(0.3), "one"])
def test_rows_are_tiles_transposed_to_the_bit(name: str, size: int) -> None:
    distribution = laws(0.3).get(name, tg.Independent(1, 1.0))
    source, _ = source_of(distribution)
    keys = np.array([1, 2**63 + 12345], np.uint64)
    shape = size, distribution.n_features
    tiles = draw.by_tiles(keys, shape, source, None)
    for simple in {False, name.startswith("independent")}:
        rows = draw.by_rows(keys, shape, source._replace(simple=simple))
        np.testing.assert_array_equal(rows, tiles)
    if size > 1 or not name.endswith(" one"):  # a sample of zeros and ones may come twice
        assert (tiles[0] != tiles[1]).any()


@pytest.mark.parametrize("name", laws(0.1))
def test_skipping_zero_samples_leaves_the_law_of_the_others(name: str) -> None:
    distribution = laws(0.1)[name]
    source, some = source_of(distribution)
    keys = np.arange(1, 129, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    # a table that says: every sample of a step is one that is not all zero
    cdf, guide = np.zeros(2049), np.full(512, 2048, np.int64)
    cdf[2048] = 2.0
    shape = 2048, distribution.n_features
    every = flat(draw.by_tiles(keys, shape, source, None))
    others = flat(draw.by_tiles(keys, shape, source, (cdf, guide)))
    assert (others != 0).any(1).all()
    kept = every[(every != 0).any(1)]
    assert abs(len(kept) / len(every) - some) < Z_BOUND * np.sqrt(some * (1 - some) / len(every))
    for a, b in zip(kept.T, others.T, strict=True):
        counts = [[np.count_nonzero(v), np.count_nonzero(v == 0)] for v in (a, b)]
        assert stats.chi2_contingency(counts).pvalue > P_BOUND
        assert stats.ks_2samp(a[a != 0][:20_000], b[b != 0][:20_000]).pvalue > P_BOUND
    first, second = (rows.T @ rows / len(rows) for rows in (kept, others))
    errors = [((rows**2).T @ rows**2 / len(rows) - m**2) / len(rows) for rows, m in
              ((kept, first), (others, second))]  # fmt: skip
    error = np.sqrt(errors[0] + errors[1])
    assert np.abs((first - second)[error > 0] / error[error > 0]).max() < Z_BOUND


@njit
def table(size, p, cdf, guide):  # type: ignore[no-untyped-def]
    binomial_table(size, p, cdf, guide)


@njit
def numbers(keys, cdf, guide):  # type: ignore[no-untyped-def]
    return np.array([binomial_draw(key, cdf, guide) for key in keys])


@pytest.mark.parametrize(
    ("size", "p"), [(1, 0.5), (5, 0.3), (1024, 0.64), (1024, 1e-3), (1000, 0.849), (65536, 0.2)]
)
def test_the_number_of_simulated_samples_is_binomial(size: int, p: float) -> None:
    cdf, guide = np.zeros(size + 1), np.zeros(512, np.int64)
    table(size, p, cdf, guide)
    end = int(np.argmax(cdf == 2.0))  # beyond it nothing is looked up
    np.testing.assert_allclose(cdf[:end], stats.binom.cdf(np.arange(end), size, p), atol=1e-9)
    assert end == size or stats.binom.sf(end - 1, size, p) < 1e-9
    assert stats.binom.cdf(guide[0] - 1, size, p) < 1e-9
    keys = np.random.default_rng(1).integers(0, 2**64, 50_000, dtype=np.uint64)
    counts = np.bincount(numbers(keys, cdf, guide), minlength=size + 1)
    expected = len(keys) * stats.binom.pmf(np.arange(size + 1), size, p)
    assert chi_square(counts, expected) > P_BOUND


@EVERY_WAY
def test_training_sees_these_samples(way: str) -> None:
    """With W = 0 and b = 0 the gradient by b is −2 times the mean of the batch."""
    p, n_hidden = WAYS[way]
    problem = tg.Problem(laws(p)["groups uniform"], tg.Linear(n_hidden=n_hidden))
    training = tg.Training(
        steps=3, batch_size=500, optimizer="sgd", momentum=0.0, learning_rate=1e-12
    )
    batch, engine = Batch(problem, (problem,), (training,), (5,), 9), SampledEngine()
    x = draw.samples(problem, training, seed=5, run_seed=9, steps=3)
    state = engine.init(batch)
    for step in range(3):
        state["theta"][:] = 0.0
        state = engine.advance(batch, state, 1, jobs=1)
        gradient = engine.parameters(batch, {**state, "theta": state["moment"]})["b"][0]
        np.testing.assert_allclose(gradient, -2 * x[step].mean(0), rtol=2e-5, atol=1e-8)


def test_always_active_features_are_never_zero() -> None:
    for n_hidden in (2, 16):
        problem = problem_of(tg.Independent(3, 1.0), n_hidden)
        x = draw.samples(problem, tg.Training(batch_size=BATCH), steps=64)
        assert x.min() > 0
        assert x.max() <= 1
