"""Problems in the plain arrays of the kernels, or a clear word that they have no exact form."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F64, I64
from tegum.distributions import Samples
from tegum.engines.exact.descent import Shape, parameters
from tegum.engines.exact.enumeration import MOST_FEATURES
from tegum.engines.exact.law import FAMILIES, Law, Point, law_of, points_of
from tegum.engines.exact.patterns import MOST_PATTERNS, split
from tegum.engines.exact.pieces import NoBoxes, boxes_of, is_boxed
from tegum.errors import SpecError
from tegum.models.activations import LEAKY_SLOPE
from tegum.targets import LinearMap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tegum.distributions import Distribution
    from tegum.engines.base import Batch, State
    from tegum.problem import Problem

#: Output activations f(z) = α z + (1 − α) ReLU(z), by their slope α below 0.
SLOPES: Final = {"relu": 0.0, "leaky": LEAKY_SLOPE, "identity": 1.0}
_INSTEAD: Final = "the sampled engine, Training(engine='sampled'), has no such limit"


class Lowered(NamedTuple):
    """N instances of problems of one structure, as the kernels read them."""

    shape: Shape
    law: Law
    points: Point  # with a leading axis
    point_of: I64  # (N,)
    rates: F64  # (points,): the learning rates of a warm start


def is_summed(problem: Problem) -> bool:
    """Whether boxes are summed: where the law has no better way, and for mixtures of features."""
    mixed = isinstance(problem.target, LinearMap)
    straight = problem.model.output_activation == "identity"
    return is_boxed(problem.distribution) or (mixed and not straight)


def _matrix_of(problem: Problem) -> F64:
    """M (n, n) of the targets M x, 0 in rows without one; no rows where targets are x."""
    n = problem.n_features
    if not isinstance(problem.target, LinearMap):
        return np.zeros((0, n))
    return problem.target.values(np.eye(n)).T.copy()


def check_exact(problem: Problem) -> None:
    """Raise SpecError, naming the alternative, where the expected loss has no form known here."""
    _check_model(problem)
    if isinstance(problem.distribution, Samples):
        return  # the mean over its rows, whatever the model is
    _check_form(problem)


def _check_model(problem: Problem) -> None:
    if rule := problem.model.only_torch:
        rule += " for an exact expected loss; losses of Training(engine='torch') are on samples"
        raise SpecError.of("Problem", "model", rule, problem.model)


def _check_form(problem: Problem) -> None:
    """`check_exact` where the loss is not just a mean over rows."""
    _check_model(problem)
    model = problem.model
    if model.hidden_activation != "identity":
        rule = f"must be identity for an exact expected loss; {_INSTEAD}"
        raise SpecError.of(type(model).__name__, "hidden_activation", rule, model.hidden_activation)
    if model.has_hidden_bias:
        rule = f"must be False for an exact expected loss; {_INSTEAD}"
        raise SpecError.of(type(model).__name__, "hidden_bias", rule, True)
    if problem.target not in ("x", "abs") and not isinstance(problem.target, LinearMap):
        rule = f"must be 'x', 'abs' or a LinearMap for an exact expected loss; {_INSTEAD}"
        raise SpecError.of("Problem", "target", rule, problem.target)
    if problem.loss_power != 2.0:
        rule = f"must be 2 for an exact expected loss; {_INSTEAD}"
        raise SpecError.of("Problem", "loss_power", rule, problem.loss_power)
    if is_summed(problem):
        _check_boxes(problem)
        return
    magnitudes = {str(block.magnitude) for block in problem.distribution.blocks()}
    for name in sorted(magnitudes - FAMILIES.keys()):
        rule = f"must be {', '.join(FAMILIES)} for an exact expected loss; {_INSTEAD}"
        raise SpecError.of("Problem", "distribution.magnitude", rule, name)
    if problem.target == "abs" and "signed" in magnitudes:
        rule = f"must be 'x' for an exact expected loss of signed features; {_INSTEAD}"
        raise SpecError.of("Problem", "target", rule, "abs")
    if "one" in magnitudes and SLOPES.get(model.output_activation, 1.0) != 1.0:
        _check_patterns(problem.distribution, magnitudes)


def _check_boxes(problem: Problem) -> None:
    """Where features are not in independent blocks, patterns of active ones are summed."""
    law, output = problem.distribution, problem.model.output_activation
    if output not in SLOPES:
        rule = (
            f"must be relu, leaky or identity for an exact expected loss of such data; {_INSTEAD}"
        )
        raise SpecError.of(type(problem.model).__name__, "activation", rule, output)
    try:
        boxes = boxes_of(law)
    except NoBoxes as error:
        raise SpecError.of(
            "Problem", "distribution", f"{error}; {_INSTEAD}", type(law).__name__
        ) from None
    varied = int((boxes.scale != 0).sum(axis=1).max(initial=0))
    if varied > MOST_FEATURES:
        rule = f"must have at most {MOST_FEATURES} active features that vary, for an exact expected"
        raise SpecError.of("Problem", "distribution", f"{rule} loss; {_INSTEAD}", varied)
    low = boxes.shift + (np.minimum(boxes.scale, 0.0) if len(boxes.scale) else 0.0)
    if problem.target == "abs" and (low < 0).any():
        rule = f"must be 'x' for an exact expected loss of features below 0; {_INSTEAD}"
        raise SpecError.of("Problem", "target", rule, "abs")


def _check_patterns(distribution: Distribution, magnitudes: set[str]) -> None:
    """Where features are 0 or 1 and outputs have a kink, patterns of active ones are summed."""
    if magnitudes == {"one"}:
        states = [2 if b.kind != "anticorrelated" else b.size + 1 for b in distribution.blocks()]
        _, most = split(states)
        if most > MOST_PATTERNS:
            rule = (
                f"of magnitude 'one' must have at most {MOST_PATTERNS} patterns of active features "
                "in each half of its on/off draws (32 draws of independent features or correlated "
                f"sets) for an exact expected loss; {_INSTEAD}"
            )
            raise SpecError.of("Problem", "distribution", rule, f"{len(states)} draws")
        return
    rule = f"must have magnitude 'one' beside uniform and signed only, {{}}; {_INSTEAD}"
    where = "for an exact expected loss"
    if "exponential" in magnitudes:
        raise SpecError.of("Problem", "distribution", rule.format(where), "exponential")
    if distribution.n_features > MOST_FEATURES:
        where = f"and at most {MOST_FEATURES} features, {where}"
        raise SpecError.of("Problem", "distribution", rule.format(where), distribution.n_features)


def check_trainable(problem: Problem) -> None:
    """`check_exact`, and the activation must have an exact gradient; no cost with a kink."""
    _check_form(problem)
    model = problem.model
    if model.output_activation not in SLOPES:
        rule = f"must be relu, leaky or identity for the exact engine; {_INSTEAD}"
        raise SpecError.of(type(model).__name__, "activation", rule, model.output_activation)
    if problem.l1 > 0:
        rule = f"must be 0 for the exact engine; {_INSTEAD}"
        raise SpecError.of("Problem", "l1", rule, problem.l1)
    if problem.weight_costs()[0].any():
        rule = f"must be 0 for the exact engine, which takes weight_l2; {_INSTEAD}"
        raise SpecError.of("Problem", "weight_l1", rule, problem.weight_l1)
    if problem.unit_norm:
        rule = f"must be False for the exact engine; {_INSTEAD}"
        raise SpecError.of("Problem", "unit_norm", rule, True)


def lower(
    problems: Sequence[Problem], point_of: I64, rates: F64 | None = None, warm: int = 0
) -> Lowered:
    """Instances of problems of one structure, of which `check_exact` approves.

    Args:
        problems: one to a point; they differ in their numbers only.
        point_of: (N,), the place of each instance's problem among them.
        rates: (points,), the learning rates of a warm start; 0 by default.
        warm: how many steps that has.
    """
    place: dict[Distribution, int] = {}  # the cells of a diagram share few of them
    which = [place.setdefault(p.distribution, len(place)) for p in problems]
    importance = np.stack([p.importance_vector() for p in problems])
    costs = np.stack([p.weight_costs()[1] for p in problems])
    problem = problems[0]
    n, m, model = problem.n_features, problem.n_hidden, problem.model
    law = law_of(problem.distribution, is_summed(problem), _matrix_of(problem))
    slope = SLOPES.get(model.output_activation, nan)
    return Lowered(
        shape=Shape(n, m, model.tied, model.has_bias, slope, warm),
        law=law,
        points=points_of(list(place), np.array(which), importance, costs, law),
        point_of=point_of,
        rates=np.zeros(len(problems)) if rates is None else rates,
    )


def lower_batch(batch: Batch) -> Lowered:
    """A batch; raises SpecError where there is no exact gradient."""
    for problem in batch.points:
        check_trainable(problem)
    rates = np.array([training.learning_rate for training in batch.trainings])
    return lower(batch.points, batch.point_of(), rates, batch.training.warm_start)


def named(theta: F64, shape: Shape) -> State:
    """Views of flat parameters (N, P): W, or W_in and W_out, and b."""
    n, m = shape.n, shape.m
    encoder = theta[:, : n * m].reshape(-1, n, m).transpose(0, 2, 1)
    bias = theta[:, theta.shape[1] - n :]
    if shape.tied:
        return {"W": encoder, "b": bias}
    decoder = theta[:, n * m : 2 * n * m].reshape(-1, n, m)
    return {"W_in": encoder, "W_out": decoder, "b": bias}


def flat(arrays: Mapping[str, NDArray[Any]], shape: Shape) -> F64:
    """Flat parameters (N, P) from W (N, m, n), or W_in and W_out (N, n, m), and b (N, n)."""
    count = len(arrays["b"])
    theta = np.empty((count, parameters(shape)))
    for name, view in named(theta, shape).items():
        view[...] = arrays[name]
    return theta
