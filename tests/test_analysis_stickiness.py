"""Lines, plateaus and slopes against hand counts, slow loops and power laws."""

from __future__ import annotations

import numpy as np
import pytest

from tegum.analysis.stickiness import least_contrast, line, log_slope, plateau, window_slopes
from tegum.errors import SpecError


def test_a_line_by_hand() -> None:
    # on: .5, .504; beside: .488, .512, .53; neither: .507, .6
    found = line([0.5, 0.504, 0.488, 0.512, 0.53 - 1e-9, 0.507, 0.6, np.nan], 0.5)
    assert found.count == 2
    # 2 in a length of .01, 3 in one of .04
    assert found.contrast == pytest.approx((2 / 0.01) / (3 / 0.04))


def test_uniform_values_have_no_line_and_a_cluster_has_one() -> None:
    rng = np.random.default_rng(0)
    even = rng.uniform(0, 1, 200_000)
    # expected 2,000 on the line and 8,000 beside it: the ratio is known to 2.5 %; five of those
    assert line(even, 0.4).contrast == pytest.approx(1.0, abs=0.125)
    cluster = np.append(even, np.full(2_000, 0.4))
    assert line(cluster, 0.4).contrast == pytest.approx(2.0, abs=0.2)
    assert line(cluster, 0.45).contrast < 1.2


def test_nothing_beside_a_line() -> None:
    assert line([0.5], 0.5).contrast == np.inf
    assert line([0.9], 0.5).contrast == 0.0
    assert line([], 0.5).count == 0


def test_the_least_contrast_is_that_of_poisson_counts() -> None:
    """Of a on the line and b beside it, the logarithm of a/b has the variance 1/a + 1/b."""
    values = np.repeat([0.5, 0.52, 0.9], [200, 100, 50])
    alone = np.arange(values.size)
    wanted = 8 * np.exp(-1.96 * np.sqrt(1 / 200 + 1 / 100))
    # of 2,000 draws the 2.5 % point is known to .06 standard deviations, here .7 %; five of those
    assert least_contrast(values, 0.5, alone) == pytest.approx(wanted, rel=0.035)
    # in groups of four there is a quarter of the evidence
    fewer = 8 * np.exp(-1.96 * np.sqrt(1 / 50 + 1 / 25))
    assert least_contrast(values, 0.5, alone // 4) == pytest.approx(fewer, rel=0.07)


def test_a_naive_bootstrap_of_groups_gives_the_same() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 40, 300)
    values = np.where(rng.random(300) < 0.6, 0.5, 0.48) + rng.normal(0, 1e-4, 300)
    draws = []
    for _ in range(2000):
        chosen = np.concatenate([values[labels == g] for g in rng.integers(0, 40, 40)])
        draws.append(line(chosen, 0.5).contrast)
    # both know their 2.5 % point to .06 standard deviations: five times sqrt(2) of those
    assert least_contrast(values, 0.5, labels) == pytest.approx(
        np.percentile(draws, 2.5), abs=0.42 * np.std(draws)
    )


def test_a_single_group_is_no_evidence_and_nothing_beside_is_no_bound() -> None:
    assert least_contrast([0.5] * 8, 0.5, [1] * 8) == 0.0
    assert least_contrast([0.9, 0.52], 0.5, [1, 2]) == 0.0
    assert least_contrast([0.5, 0.501], 0.5, [1, 2]) == np.inf
    with pytest.raises(SpecError, match=r"line\.groups must have shape \(2,\)"):
        least_contrast([0.5, 0.5], 0.5, [1])


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([1, 0.5, 0.5, 0.6, 0.5], slice(1, 3)),
        ([0.5, 0.9, 0.49, 0.51, 0.5], slice(2, 5)),
        ([0.5, 1, 0.5], slice(0, 1)),  # the first of equal runs
        ([0.5, 0.5, np.nan, 0.5], slice(0, 2)),
        ([0.5, 0.5], slice(0, 2)),
        ([0.53], slice(0, 0)),  # strictly closer
        ([], slice(0, 0)),
    ],
)
def test_the_longest_run(y: list[float], expected: slice) -> None:
    assert plateau(y, 0.5, 0.03) == expected


def test_slopes_of_a_power_law_are_its_exponent() -> None:
    x = np.geomspace(1, 50, 30)
    assert log_slope(x, 3 * x**-1.4) == pytest.approx(-1.4)
    slopes = window_slopes(x, 3 * x**-1.4, 1.5)
    np.testing.assert_allclose(slopes, -1.4)
    # windows start where a point is 1.5 times as far up
    assert len(slopes) == sum(x[-1] / a >= 1.5 for a in x)


def test_windows_see_a_step_where_it_is() -> None:
    x = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    y = np.array([1.0, 1.0, 0.5, 0.5, 0.5])
    np.testing.assert_allclose(window_slopes(x, y, 2.0), [0, -1, 0, 0], atol=1e-12)
    # over a ratio of 4 the step is one of two intervals: least squares by hand
    np.testing.assert_allclose(window_slopes(x, y, 4.0), [-0.5, -0.5, 0], atol=1e-12)


def test_noise_is_fitted_as_polyfit_does() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(1, 5, 20), rng.uniform(1, 5, 20)
    assert log_slope(x, y) == pytest.approx(np.polyfit(np.log(x), np.log(y), 1)[0])


def test_bad_input_is_refused() -> None:
    with pytest.raises(SpecError, match=r"line.beside must be 0 < half_width"):
        line([1.0], 1.0, half_width=0.02)
    with pytest.raises(SpecError, match=r"log_slope.y must be positive"):
        log_slope([1, 2], [1, 0])
    with pytest.raises(SpecError, match=r"log_slope.x must have two different values"):
        log_slope([2, 2], [1, 3])
    with pytest.raises(SpecError, match=r"log_slope.x must have two different values"):
        log_slope([], [])
    with pytest.raises(SpecError, match=r"window_slopes.y must be positive and finite"):
        window_slopes([1, 2], [1, np.inf], 1.5)
    with pytest.raises(SpecError, match=r"window_slopes.x must rise strictly"):
        window_slopes([2, 1], [1, 3], 1.5)
    with pytest.raises(SpecError, match=r"window_slopes.ratio must be > 1; got 1"):
        window_slopes([1, 2], [1, 3], 1.0)
