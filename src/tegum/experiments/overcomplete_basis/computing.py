"""Dictionaries on the neurons of models that compute |x|: what neurons hold between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry, recovery
from tegum.dims import DENSITY, F64
from tegum.distributions import Activations, Independent
from tegum.experiments._shared.dictionaries import recipe, score_table
from tegum.experiments.base import Lab
from tegum.models import SAE, TwoLayer
from tegum.problem import Problem
from tegum.runs.select import best
from tegum.runs.weights import encoder_in
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd

#: Features, each with a sign, and neurons: half as many as one for each sign of each feature.
FEATURES, NEURONS = 16, 16
#: 1−S, dense to sparse: (full, quick).
DENSITIES: Final = ((0.3, 0.1, 0.03), (0.03,))
#: How the models that compute are trained, and of how many the one of lowest loss is taken.
_TRAINING: Final = Training(
    steps=4000, batch_size=512, learning_rate=1e-2, schedule="cosine", curve_points=0
)
_MODELS: Final = 16
#: Seeds of dictionaries: (full, quick).
_SEEDS: Final = (32, 8)


def half_features(W: F64) -> F64:
    """Directions (hidden, 2n) of ReLU(W x) where one feature is positive, then negative, alone.

    Those shorter than `geometry.REPRESENTED` times the longest, which the neurons hardly hold, are
    left out.
    """
    both = np.maximum(np.concatenate([W, -W], axis=1), 0.0)
    norms = geometry.norms(both)
    held: F64 = both[:, norms > geometry.REPRESENTED * norms.max()]
    return held


def computing(lab: Lab) -> pd.DataFrame:
    """One row per density and seed: `score_table`'s, of half-features; held, neurons.

    `held` is how many half-features the neurons hold, `neurons` the mean max cosine of them with
    single neurons, in place of atoms.
    """
    import pandas as pd

    parts = []
    for p in lab.pick(*DENSITIES):
        x = Independent(n_features=FEATURES, feature_probability=p, magnitude="signed")
        problem = Problem(x, TwoLayer(n_hidden=NEURONS), target="abs")
        trained = best(lab.train(problem, training=_TRAINING, seeds=_MODELS))
        W = np.asarray(encoder_in(trained, "computing").to_numpy(), np.float64)
        model = SAE(2 * FEATURES, "topk", k=1)
        on = Problem(Activations(W, x, rectified=True), model)
        runs = lab.train(on, training=recipe(), seeds=lab.pick(*_SEEDS))
        held = half_features(W)
        alone = recovery.mean_max_cosine(held, np.eye(NEURONS))
        rows = score_table(runs, held).assign(held=held.shape[1], neurons=alone)
        parts.append(rows.assign(**{DENSITY: p}))
    return pd.concat(parts, ignore_index=True)
