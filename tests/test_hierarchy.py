"""Hierarchies: laws against a list of all patterns, and every refusal in a line."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import tegum as tg
from tegum.distributions import Block
from tegum.distributions.magnitudes import MAGNITUDES

FORESTS = {
    "a root alone": ((-1,), 0.3),
    "a chain, upside down": ((1, 2, 3, -1), (0.5, 0.6, 0.7, 0.8)),
    "two trees": ((2, 0, -1, 2, 2, -1, 5), (0.3, 0.8, 0.7, 0.4, 0.25, 0.5, 0.6)),
    "never and always": ((-1, 0, 0, 1, -1, 4), (0.5, 0.0, 1.0, 0.5, 1.0, 0.5)),
}


def patterns(law: tg.Hierarchy) -> dict[tuple[int, ...], float]:
    """The probability of every pattern of active features, parent by parent."""
    n, given = law.n_features, law.feature_probability
    p = given if isinstance(given, tuple) else (given,) * n
    found = {}
    for on in product((0, 1), repeat=n):
        chance = 1.0
        for i in range(n):
            if law.parents[i] < 0:
                chance *= p[i] if on[i] else 1 - p[i]
        for parent in range(n):
            children = [i for i in range(n) if law.parents[i] == parent]
            active = [i for i in children if on[i]]
            if not on[parent]:
                chance *= not active
            elif law.exclusive and children:
                left = 1 - sum(p[i] for i in children)
                chance *= 0 if len(active) > 1 else (p[active[0]] if active else left)
            else:
                for i in children:
                    chance *= p[i] if on[i] else 1 - p[i]
        found[on] = chance
    return found


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("name", FORESTS)
def test_moments_are_those_of_all_patterns(name: str, exclusive: bool) -> None:
    law = tg.Hierarchy(*FORESTS[name], exclusive, "exponential")
    both = sum(chance * np.outer(on, on) for on, chance in patterns(law).items())
    np.testing.assert_allclose(law.active_together(), both, atol=1e-14)
    np.testing.assert_allclose(law.marginals, np.diag(both), atol=1e-14)
    value = MAGNITUDES["exponential"]
    np.testing.assert_allclose(law.mean(), np.diag(both) * value.mean, atol=1e-14)
    second = both * value.mean**2
    np.fill_diagonal(second, np.diag(both) * value.mean_square)
    np.testing.assert_allclose(law.second_moment(), second, atol=1e-14)


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("name", FORESTS)
def test_samples_have_the_patterns_of_the_law(name: str, exclusive: bool) -> None:
    law, count = tg.Hierarchy(*FORESTS[name], exclusive), 100_000
    on = law.sample(np.random.default_rng(7), count) != 0
    places = 2 ** np.arange(law.n_features)[::-1]
    seen = np.bincount(on @ places, minlength=2**law.n_features) / count
    wanted = np.array(list(patterns(law).values()))
    assert (np.abs(seen - wanted) <= 5 * np.sqrt(wanted * (1 - wanted) / count)).all()


def test_a_hierarchy_without_parents_is_independent_features() -> None:
    law, alone = tg.Hierarchy((-1, -1, -1), (0.1, 0.2, 0.3)), tg.Independent(3, (0.1, 0.2, 0.3))
    assert law.blocks() == alone.blocks()


def test_groups_move_the_parents_along() -> None:
    tree = tg.Hierarchy((-1, 0), 0.5)
    groups = tg.Groups(parts=[tg.Independent(2, 0.1), tree])
    assert groups.blocks()[-1] == Block("child", 3, 1, 0.5, "uniform", 2, False)
    np.testing.assert_allclose(groups.active_probability(), [0.1, 0.1, 0.5, 0.25])


@pytest.mark.parametrize(
    ("parents", "p", "said"),
    [
        ([0], 0.5, "parents must have no cycle: no feature is above itself; got '0 -> 0'"),
        ([1, 2, 0, -1], 0.5, "parents must have no cycle: no feature is above itself; "
         "got '0 -> 1 -> 2 -> 0'"),
        ([-1, 7], 0.5, "parents[1] must be a feature, 0 to 1, or -1 for none; got 7"),
        ([-2, 0], 0.5, "parents[0] must be a feature, 0 to 1, or -1 for none; got -2"),
        ([-1, 0.5], 0.5, "parents[1] must be a feature, 0 to 1, or -1 for none; got 0.5"),
        ([], 0.5, "parents must be a list with the parent of each feature, -1 for none; got []"),
        (3, 0.5, "parents must be a list with the parent of each feature, -1 for none; got 3"),
        ([-1, 0, 0], 0.6, "feature_probability must sum to at most 1 over the exclusive children "
         "of feature 0; got 1.2"),
        ([-1, 0], (0.5,), "feature_probability must be a number or have n_features = 2 entries; "
         "got 1 entries"),
    ],
)  # fmt: skip
def test_what_is_no_forest_is_refused_in_a_line(parents: Any, p: Any, said: str) -> None:
    with pytest.raises(tg.SpecError) as caught:
        tg.Hierarchy(parents, p, exclusive=True)
    assert str(caught.value) == f"Hierarchy.{said}"


def test_parents_may_be_an_array() -> None:
    assert tg.Hierarchy(np.array([-1, 0]), 0.5) == tg.Hierarchy((-1, 0), 0.5)


def test_a_long_chain_is_read_at_once() -> None:
    n = 2_000
    law = tg.Hierarchy(tuple(range(-1, n - 1)), 0.999)
    np.testing.assert_allclose(law.marginals, 0.999 ** np.arange(1, n + 1))
