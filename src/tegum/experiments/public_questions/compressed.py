"""One layer that is to compute more than it has neurons: ReLUs of features, ANDs of pairs."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import F64, I64, Bools
from tegum.distributions import Independent
from tegum.experiments._shared.one_thread import one_thread
from tegum.experiments.base import Lab
from tegum.models import TwoLayer
from tegum.problem import Problem
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd

#: ReLUs, and neurons for them.
N, M = 100, 50
#: Features active by themselves: E[ReLU(x)²] = 1/6 of half the features is the naive loss.
NAIVE: Final = M / N / 6
DENSITY_TRAINED: Final = 0.01
_SEEDS: Final = (4, 2)
_STEPS: Final = (8000, 2500)
#: Standard deviations of the entries of the mixing matrix.
_SPREADS: Final = ((0.0, 0.01, 0.02, 0.03, 0.05), (0.0, 0.03))
_STARTS: Final = (2, 1)
_ITERATIONS: Final = (300, 100)
_RUN: Final = 63

#: Inputs of the ANDs; neurons as a part of their pairs; how likely a neuron reads an input.
_INPUTS: Final = ((16, 32, 64), (16, 32))
_PARTS: Final = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
_READS: Final = (0.15, 0.25)


def trained(lab: Lab) -> pd.DataFrame:
    """One row per seed: seed, and loss over np, of models of ReLU(x) at 1−S = 0.01."""
    import pandas as pd

    problem = Problem(
        Independent(n_features=N, feature_probability=DENSITY_TRAINED, magnitude="signed"),
        TwoLayer(n_hidden=M, activation="identity", bias=False), target="relu",
    )  # fmt: skip
    training = Training(
        steps=lab.pick(*_STEPS), learning_rate=3e-3, schedule="cosine", curve_points=0,
        held_out=200_000,
    )  # fmt: skip
    runs = lab.train(problem, None, training, seeds=lab.pick(*_SEEDS))
    loss = runs["loss"].values / (N * DENSITY_TRAINED)
    return pd.DataFrame({"seed": runs["seed"].values, "loss": loss})


@one_thread
def mixed(lab: Lab) -> pd.DataFrame:
    """The least loss found for ReLU(x) + Mx where one feature is active, by spread of M.

    Columns: spread, loss (per active feature), start, and floor, which no model is under: that of
    positive features alone, Σ of the least n − m squared singular values of 1 + M over 6n.
    """
    import pandas as pd

    found, rng = [], np.random.default_rng(_RUN)
    noise = rng.normal(size=(N, N))
    for spread in lab.pick(*_SPREADS):
        mixing = spread * noise
        size = np.linalg.svd(np.eye(N) + mixing, compute_uv=False)
        floor = float(np.square(size[M:]).sum()) / (6 * N)
        for start in range(lab.pick(*_STARTS)):
            loss = _least(mixing, np.random.default_rng((_RUN, start)), lab.pick(*_ITERATIONS))
            found.append({"spread": spread, "start": start, "loss": loss, "floor": floor})
    return pd.DataFrame(found)


def _least(mixing: F64, rng: np.random.Generator, iterations: int) -> float:
    """L-BFGS on the expected loss of W_out ReLU(W_in x) where one x_i ~ U[−1, 1] is active."""
    from scipy.optimize import minimize

    target = np.concatenate([np.eye(N) + mixing, -mixing], axis=1)  # of +e_i, of −e_i

    def loss_and_gradient(v: F64) -> tuple[float, F64]:
        W_in, W_out = v[: M * N].reshape(M, N), v[M * N :].reshape(N, M)
        both = np.concatenate([W_in, -W_in], axis=1)
        h = np.maximum(both, 0.0)
        error = W_out @ h - target
        back = (W_out.T @ error) * (both > 0)
        gradient = [(back[:, :N] - back[:, N:]).ravel(), (error @ h.T).ravel()]
        return float(np.square(error).sum()) / (6 * N), np.concatenate(gradient) / (3 * N)

    start = rng.normal(size=2 * M * N) / np.sqrt(N)
    options = {"maxiter": iterations, "maxfun": 2 * iterations}
    found = minimize(  # type: ignore[no-untyped-call]
        loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options
    )
    return float(found.fun)


def universal_and(lab: Lab) -> pd.DataFrame:
    """One layer of random neurons that holds the AND of every pair of inputs.

    A neuron is ReLU(Σ_{i ∈ S} x_i − 1) with a random set S; the AND of a pair is read as the mean
    of the neurons whose sets contain both. Columns: inputs, pairs, neurons, part (neurons over
    pairs), reads (the chance that a set contains an input), error (the largest of all ANDs over
    all inputs of at most two ones; inf where no neuron reads some pair).
    """
    import pandas as pd

    found = []
    for inputs in lab.pick(*_INPUTS):
        pairs = np.array(list(combinations(range(inputs), 2)))
        for part in _PARTS:
            neurons = round(part * len(pairs))
            for reads in _READS:
                rng = np.random.default_rng((_RUN, inputs, neurons, round(100 * reads)))
                error = and_error(rng.random((neurons, inputs)) < reads, pairs)
                found.append((inputs, len(pairs), neurons, part, reads, error))
    columns = ["inputs", "pairs", "neurons", "part", "reads", "error"]
    return pd.DataFrame(found, columns=columns)


def and_error(sets: Bools, pairs: I64) -> float:
    """The largest error of any AND over all inputs of at most two ones; `sets` (neuron, input)."""
    # a neuron is at 1 where both ones are in its set, and at 0 for fewer: so are both matrices
    both = (sets[:, pairs[:, 0]] & sets[:, pairs[:, 1]]).astype(np.float32)
    count = both.sum(axis=0)
    if not count.all():
        return float("inf")
    read = (both / count).T @ both  # (AND, input)
    return float(np.abs(read - np.eye(len(pairs), dtype=np.float32)).max())
