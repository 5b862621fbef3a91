"""The torch engine and the sampled engine train alike: losses of 64 seeds have one distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

import tegum as tg

PROBLEMS = {
    "two features": tg.Problem(tg.Independent(2, 0.3), tg.ReLUOutput(1), importance=(1.0, 0.7)),
    "superposition": tg.Problem(tg.Independent(5, 0.1), tg.ReLUOutput(2)),
    "neurons": tg.Problem(tg.Independent(6, 0.2, "exponential"), tg.ReLUHidden(3), l1=0.01),
    "sets": tg.Problem(
        tg.Groups([tg.Anticorrelated(2, 2, 0.5), tg.Correlated(1, 2, 0.4)]), tg.ReLUOutput(2)
    ),
    "absolute value": tg.Problem(
        tg.Independent(5, 0.2, "signed"), tg.TwoLayer(6, hidden_bias=True), target="abs"
    ),
}
TRAINING = tg.Training(steps=600, batch_size=128, learning_rate=5e-3, curve_points=0, held_out=8192)


@pytest.mark.slow
@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_losses_are_equally_distributed(problem: tg.Problem) -> None:
    """Kolmogorov and Smirnov's test, of other initial weights each; each p > 0.01."""
    ours, theirs = (
        tg.train(problem, training=training, seeds=64, seed=seed, progress=False).loss.to_numpy()
        for training, seed in ((TRAINING.replace(engine="torch"), 1), (TRAINING, 2))
    )
    untrained = tg.train(problem, training=TRAINING.replace(steps=0), seeds=64, progress=False)
    assert np.median(ours) < 0.7 * float(untrained.loss.median())
    assert ks_2samp(ours, theirs).pvalue > 0.01
    # the test sees a difference: of a sixth of the steps
    less = TRAINING.replace(engine="torch", steps=100)
    short = tg.train(problem, training=less, seeds=64, seed=1, progress=False).loss.to_numpy()
    assert ks_2samp(short, theirs).pvalue < 0.01
