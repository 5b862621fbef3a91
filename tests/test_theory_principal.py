"""Principal components against moments of the distribution and the linear model's loss."""

from __future__ import annotations

import numpy as np
import pytest

import tegum as tg
from tegum.errors import SpecError
from tegum.theory import linear, principal


def covariance(law: tg.Correlated) -> np.ndarray:
    return law.second_moment() - np.outer(law.mean(), law.mean())


@pytest.mark.parametrize("p", [0.05, 0.4, 1.0])
def test_the_spectrum_of_pairs_is_that_of_their_covariance(p: float) -> None:
    law = tg.Correlated(n_sets=3, set_size=2, feature_probability=p)
    together, apart = principal.pair_spectrum(p)
    found = principal.components(covariance(law))
    np.testing.assert_allclose(found.variance, [together] * 3 + [apart] * 3)
    if p < 1:
        sums = found.direction[:, :3]
        np.testing.assert_allclose(sums[::2], sums[1::2], atol=1e-12)
    assert principal.least_loss(covariance(law), 2) == pytest.approx(together + 3 * apart)


def test_components_of_a_matrix_by_hand() -> None:
    found = principal.components(np.array([[2.0, 1.0], [1.0, 2.0]]))
    np.testing.assert_allclose(found.variance, [3, 1])
    np.testing.assert_allclose(np.abs(found.direction), 0.5**0.5)
    assert found.direction[:, 0].prod() > 0 > found.direction[:, 1].prod()


def test_no_linear_model_loses_less() -> None:
    rng = np.random.default_rng(3)
    root = rng.normal(size=(5, 5))
    C = root @ root.T
    least = principal.least_loss(C, 2)
    best = principal.components(C).direction[:, :2].T
    assert linear.loss(best, 1.0, C) == pytest.approx(least)
    near = best + rng.normal(0, 0.05, (200, 2, 5))
    assert (linear.loss(near, 1.0, C) > least).all()
    assert (linear.loss(rng.normal(size=(200, 2, 5)), 1.0, C) > least).all()


def test_bad_input_says_what_is_wrong() -> None:
    with pytest.raises(SpecError, match="symmetric"):
        principal.components(np.array([[1.0, 0.5], [0.0, 1.0]]))
    with pytest.raises(SpecError, match=r"n_hidden must be an integer >= 1; got 0"):
        principal.least_loss(np.eye(2), 0)
    with pytest.raises(SpecError, match=r"n_hidden must be an integer >= 1; got 1\.5"):
        principal.least_loss(np.eye(2), 1.5)  # type: ignore[arg-type]
    with pytest.raises(SpecError, match=r"\[0, 1\]"):
        principal.pair_spectrum(1.2)
