"""Circuits of two-layer models: the asymmetric superposition motif with inhibition.

h = ReLU(W_in x + b_hidden), y = f(W_out h + b). After rescaling (`neurons.rescale`) neuron k reads
feature i with v_ki, max_i |v_ki| = 1, and writes output i with w_ik. In the motif neuron k stores a
primary feature i and, with a smaller weight, a secondary one j, whose output weight makes up for
it: v = [1, −1/2], w = [1, 2], the paper's [2, −1/2] and [1/2, 2]. So j interferes little with i,
but i much with j; another neuron, which sees i too, inhibits output j then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.analysis._neurons import pair_of, rescaled
from tegum.arguments import explained
from tegum.dims import F64
from tegum.distributions import Discrete
from tegum.distributions.base import Layout
from tegum.distributions.magnitudes import OneMagnitude, magnitude_of
from tegum.errors import SpecError
from tegum.models import TwoLayer
from tegum.runs.models import models_of
from tegum.runs.weights import Weights, read_named

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from tegum.problem import Problem

#: |v_kj| of the secondary feature, where |v_ki| of the primary one is 1.
SECONDARY: Final = (0.1, 0.67)
#: w_jk / w_ik is at least this: the output weights are the other way round.
RECIPROCAL: Final = 1.5
#: |v w| of both features: what the neuron gives for a feature of size 1.
GAIN: Final = (0.5, 1.5)
#: The inhibitory neuron takes away at least this part of what i does to output j.
CANCELLED: Final = 0.5
#: A feature is computed when its output misses at most this part of its mean square.
MISSED: Final = 0.1
#: Without the inhibitory connection the loss of output j grows at least by this factor.
RISE: Final = 5.0
_NODES: Final = 24


class Candidate(NamedTuple):
    """Weights in the shape of the motif; neurons and features by position.

    Args:
        neuron: k, which stores both features.
        primary: i.
        secondary: j.
        inhibitor: l, the neuron that inhibits output j.
        v_primary: v_ki, 1 or −1.
        v_secondary: v_kj.
        w_primary: w_ik.
        w_secondary: w_jk.
        v_inhibitor: v_li.
        w_inhibitor: w_jl < 0.
        cancelled: the inhibitor's part of the interference of the primary with the secondary.

    Source: "The Asymmetric Superposition Motif".
    """

    neuron: int
    primary: int
    secondary: int
    inhibitor: int
    v_primary: float
    v_secondary: float
    w_primary: float
    w_secondary: float
    v_inhibitor: float
    w_inhibitor: float
    cancelled: float


class Proof(NamedTuple):
    """What the model does where only the two features may be active, and when it is cut.

    Args:
        missed_primary: E[(y_i − t_i)²] / E[t_i²], i alone.
        missed_secondary: the same of j.
        loss: of output j, importance weighted.
        loss_cut: of output j, without the inhibitory connection.
        without_primary: `missed_primary` without the neuron, for x of the sign that it sees.
        without_secondary: `missed_secondary` likewise.

    Source: "The Asymmetric Superposition Motif".
    """

    missed_primary: float
    missed_secondary: float
    loss: float
    loss_cut: float
    without_primary: float
    without_secondary: float

    def holds(self) -> bool:
        """Both features are computed, but not without the neuron; the inhibition is needed."""
        computed = max(self.missed_primary, self.missed_secondary) <= MISSED
        needed = min(self.without_primary, self.without_secondary) > MISSED
        return bool(computed and needed and self.loss_cut >= RISE * self.loss > 0)


def candidates(W: tuple[Any, Any]) -> list[Candidate]:
    """Where the weights of one model have the shape of the motif, whatever they do.

    Neuron k with its largest input weight on i; another feature j with .1 <= |v_kj| <= .67 and
    w_jk / w_ik >= 1.5; |v w| of both in [.5, 1.5]; and another neuron l that sees i with the same
    sign and has w_jl < 0, so that −w_jl |v_li| >= ½ w_jk |v_ki|.

    Args:
        W: the pair W_in (hidden, feature) and W_out (feature, hidden).

    Returns:
        All such places.

    Raises:
        SpecError: for more than one model, and unless the shapes fit.

    Source: "The Asymmetric Superposition Motif".
    """
    encoder, decoder = pair_of("candidates", W)
    v, w = rescaled(encoder, decoder)
    found = []
    gain = np.abs(v) * w.T  # (hidden, feature): positive where the output weight is
    fits = (gain >= GAIN[0]) & (gain <= GAIN[1])
    for k, i in enumerate(np.abs(v).argmax(axis=1)):
        if not fits[k, i]:
            continue
        size = np.abs(v[k])
        lesser = (size >= SECONDARY[0]) & (size <= SECONDARY[1]) & fits[k]
        lesser &= w[:, k] >= RECIPROCAL * w[i, k]
        lesser[i] = False
        sees = v[:, i] * v[k, i] > 0
        sees[k] = False
        for j in np.flatnonzero(lesser):
            part = np.where(sees, -w[j] * np.abs(v[:, i]), 0.0) / (w[j, k] * size[i])
            for at in np.flatnonzero(part >= CANCELLED):
                weights = (v[k, i], v[k, j], w[i, k], w[j, k], v[at, i], w[j, at], part[at])
                where = (k, int(i), int(j), int(at))
                found.append(Candidate(*where, *(float(x) for x in weights)))
    return found


def prove(problem: Problem, parameters: dict[str, NDArray[Any]], candidate: Candidate) -> Proof:
    """What cutting the model does to its loss, where no feature but the two is active.

    The two features are drawn independently, each with its own probability and magnitude;
    expectations are sums over a grid (Gauss–Legendre, 24 nodes to each sign), without sampling.

    Args:
        problem: what the model is for.
        parameters: of one model, as named by `Model.parameters`, such as W_in (hidden, feature).
        candidate: where to cut.

    Returns:
        What is missed, and the losses.

    Raises:
        SpecError: for parameters that are missing or of other shapes.

    Source: "The Asymmetric Superposition Motif".
    """
    return _proof(problem, read_named("prove", problem, parameters), candidate)


def _proof(problem: Problem, weights: Weights, candidate: Candidate) -> Proof:
    k, i, j, other = candidate[:4]
    pair = _Pair(problem, (i, j))
    cut = replace(weights, decoder=weights.decoder.copy())
    cut.decoder[j, other] = 0.0
    without = replace(weights, decoder=weights.decoder.copy())
    without.decoder[:, k] = 0.0
    return Proof(
        pair.missed(weights, 0),
        pair.missed(weights, 1),
        pair.loss(weights, j),
        pair.loss(cut, j),
        pair.missed(without, 0, candidate.v_primary),
        pair.missed(without, 1, candidate.v_secondary),
    )


@explained(example="tg.motifs(tg.best(runs))")
def motifs(runs: xr.Dataset) -> pd.DataFrame:
    """Every instance of asymmetric superposition with inhibition in the models of a Dataset.

    An instance has the shape that `candidates` looks for, and is proved by ablation, where only its
    two features may be active (`prove`): the model computes both (within 10 % of their mean
    square), but neither without the neuron; and the loss of the secondary feature's output grows at
    least five times when the inhibitory connection alone is cut.

    Args:
        runs: a Dataset of `tegum.train` (or `best` of it) of two-layer models with a ReLU hidden
            layer.

    Returns:
        One row for each instance, none if there are none: the leading dimensions of the Dataset
        (axes, `seed`), the columns of `Candidate` and those of `Proof`. Models that diverged have
        none.

    Raises:
        SpecError: for other models, and for a Dataset that `train` did not make.

    Source: "The Asymmetric Superposition Motif".
    """
    import pandas as pd

    models = models_of(runs, "motifs")
    model = models.problems[0].model
    if not isinstance(model, TwoLayer) or model.hidden_activation != "relu":
        rule = "must be of two-layer models with a ReLU hidden layer"
        raise SpecError.of("motifs", "runs", rule, model)
    rows = []
    sound = models.weights.finite()
    for a, where in enumerate(np.ndindex(*models.shape)):
        own = models.weights[a]
        for candidate in candidates(own.W) if sound[a] else ():
            proof = _proof(models.problem(a), own, candidate)
            if proof.holds():
                rows.append((*where, *candidate, *proof))
    table = pd.DataFrame(rows, columns=[*models.dims, *Candidate._fields, *Proof._fields])
    for dim in models.dims:
        if dim in runs.coords:
            table[dim] = runs.coords[dim].to_numpy()[table[dim].to_numpy(dtype=np.int64)]
    return table


class _Pair:
    """Samples where two features may be active, with their chances."""

    def __init__(self, problem: Problem, pair: tuple[int, int]) -> None:
        self.problem, self.pair = problem, pair
        if any(block.kind in ("child", "joint") for block in problem.distribution.blocks()):
            rule = "must have features in independent blocks for a proof by ablation"
            said = type(problem.distribution).__name__
            raise SpecError.of("Problem", "distribution", rule, said)
        layout = Layout(problem.distribution.blocks())
        self.chance = layout.active[list(pair)]
        self.values = [_values(layout.magnitudes[feature]) for feature in pair]
        self.importance = problem.importance_vector()

    def _samples(self, first: F64, second: F64) -> F64:
        """x (N, n) from the values of the two."""
        x = np.zeros((len(first), self.problem.n_features))
        x[:, self.pair[0]], x[:, self.pair[1]] = first, second
        return x

    def _errors(self, weights: Weights, x: F64) -> F64:
        y: F64 = self.problem.model.forward(weights.named(), x)[1]
        wanted: F64 = self.problem.target_of(x)
        return np.asarray((y - wanted) ** 2)

    def missed(self, weights: Weights, which: int, sign: float = 0.0) -> float:
        """The part of a feature's mean square that its output misses, for x of one sign or both."""
        values, chance = self.values[which]
        here = values * sign >= 0
        if not here.any():
            return float("inf")
        at = [np.zeros(int(here.sum())), np.zeros(int(here.sum()))]
        at[which] = values[here]
        x, feature = self._samples(*at), self.pair[which]
        whole = chance[here] @ self.problem.target_of(x)[:, feature] ** 2
        error = chance[here] @ self._errors(weights, x)[:, feature]
        return float(error / whole) if whole > 0 else float("inf")

    def loss(self, weights: Weights, output: int) -> float:
        """The expected loss of an output, but for the all-zero sample."""
        (u, p_u), (v, p_v) = self.values
        p, q = self.chance
        parts = (
            (p * (1 - q) * p_u, self._samples(u, np.zeros_like(u))),
            (q * (1 - p) * p_v, self._samples(np.zeros_like(v), v)),
            (
                p * q * np.outer(p_u, p_v).ravel(),
                self._samples(np.repeat(u, len(v)), np.tile(v, len(u))),
            ),
        )
        total = 0.0
        for chance, x in parts:
            total += float(chance @ self._errors(weights, x)[:, output])
        return float(self.importance[output] * total)


def _values(magnitude: OneMagnitude) -> tuple[F64, F64]:
    """Values of an active feature and their weights, which sum to 1: nodes in both halves of u."""
    if isinstance(magnitude, Discrete):
        return np.array(magnitude.values), magnitude.chances()
    at, weight = np.polynomial.legendre.leggauss(_NODES)
    u = np.concatenate([(at + 1) / 4, (at + 3) / 4])
    return magnitude_of(magnitude).from_uniform(u), np.concatenate([weight, weight]) / 4
