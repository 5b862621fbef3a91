"""The expected loss without sampling: of given weights, and of the models of a Dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.arguments import explained, flag, number
from tegum.dims import F64
from tegum.ensemble.machine import checked_jobs
from tegum.ensemble.progress import Progress, shown, waiting
from tegum.errors import SpecError
from tegum.problem import Problem
from tegum.runs.weights import Weights, read
from tegum.runs.write import variables
from tegum.targets import LinearMap

if TYPE_CHECKING:
    import xarray as xr

_METHODS: Final = ("auto", "enumeration", "series")
#: The tolerance that is aimed at where none is asked for.
AIM: Final = 1e-9
#: Losses below this part of that of predicting 0 need no more digits than it, as in the kernels.
FLOOR: Final = 1e-4


@dataclass(frozen=True)
class ExpectedLoss:
    """The answer of `expected_loss`; unpacks as `loss, error`.

    Args:
        loss: (...), of the leading shape of W, >= 0.
        error: (...), an estimate of the absolute error, rarely exceeded.
        method: "closed form", "enumeration", "series", "finite sum" of rows or where all features
            are 0 or 1, "smooth series" and "moments" for the activations without a kink.
        gradient: if asked for, dL/dW (..., hidden, feature), or of W_in and W_out, and dL/db
            (..., feature), by their names.
    """

    loss: Any
    error: Any
    method: str
    gradient: Mapping[str, Any] | None = None

    def __iter__(self) -> Iterator[Any]:
        """loss, error."""
        return iter((self.loss, self.error))


@waiting("expected loss")
@explained(example="tg.expected_loss(problem, runs.W, runs.b)")
def expected_loss(
    problem: Problem,
    W: Any,
    b: Any = None,
    *,
    tolerance: float | None = None,
    gradient: bool = False,
    method: str = "auto",
    jobs: int | None = None,
) -> ExpectedLoss:
    """L = Σ_i I_i E[(t(x)_i − x'_i)²] for x from the problem's distribution, without sampling.

    All models are given the one problem: those of a run with axes have one each, see `score`.

    ReLU, leaky ReLU and identity outputs: a closed form for two features, enumeration of the
    active patterns for up to 6, else a Fourier series whose nodes are doubled until the loss
    changes by less than `tolerance`, or 4,096 are reached. Its error is estimated as twice the
    last change and what weights too small for the series may do, at most a bound on all beyond the
    last node, and rounding. Gradients are good to 1e-8 but where interference of 1e-3 and less
    meets a bias of about 0. GELU and quadratic outputs have values, not gradients.

    Where features are 0 or 1 (magnitude "one") the loss is a finite sum over the patterns of active
    features, up to rounding: with all features so, 2^16 patterns of each half of the on/off draws
    stand for 2^32; beside others, 12 features. It is then piecewise quadratic in W and b: where
    some pattern has z = 0 the gradient is that of one side.
    Of `Samples` it is the mean over the rows. Patterns of hierarchies and mixtures, and of all data
    where a `LinearMap` meets outputs with a kink, are listed: at most 65,536, with 12 active
    features that vary, and no GELU or z². Penalties do not count.

    Args:
        problem: what is asked; its model says the shapes n (features) and m (hidden).
        W: weights (..., hidden, feature), for untied models the pair (W_in, W_out) with W_out
            (..., feature, hidden); arrays or DataArrays, in float64.
        b: (..., feature), None for 0; broadcast against W.
        tolerance: the error is to be at most this part of the loss (of 1e-4 of the loss of
            predicting 0, if that is more), in (0, 1); derivatives to ten times that. By default
            1e-9 is aimed at, and `error` says what was reached.
        gradient: whether the derivatives by W and b are wanted too.
        method: "auto", or "enumeration" (n <= 12) or "series" to insist.
        jobs: threads that work, >= 1, by default one for each core.

    Returns:
        The loss and its error (...), DataArrays where W is one, the method, and the gradient.

    Raises:
        SpecError: for shapes that do not agree with the problem, hidden activations other than the
            identity (the sampled engine scores these) and targets but x, |x| and linear ones,
            unless x is of `Samples`; a method, tolerance or gradient that cannot be, a tolerance
            that is not reached, and weights too large for a loss in float64.

    Source: the loss is that of "Demonstrating Superposition: Experiment Setup".
    """
    aim = _aim("expected_loss", tolerance)
    insist = tolerance is not None
    return aimed_loss(
        problem, W, b, aim=aim, insist=insist, gradient=gradient, method=method, jobs=jobs
    )


def aimed_loss(
    problem: Problem,
    W: Any,
    b: Any = None,
    *,
    aim: float = AIM,
    insist: bool = False,
    gradient: bool = False,
    method: str = "auto",
    jobs: int | None = None,
) -> ExpectedLoss:
    """`expected_loss`, which may aim at a tolerance without insisting that it be reached.

    Args:
        problem: as there.
        W: as there.
        b: as there.
        aim: the tolerance, in (0, 1).
        insist: whether one that is not reached is an error.
        gradient: as there.
        method: as there.
        jobs: as there.

    Returns:
        As there.

    Raises:
        SpecError: as there.

    Source: the loss is that of "Demonstrating Superposition: Experiment Setup".
    """
    # the kernels are loaded when they are needed: numba takes half a second
    from tegum.loss import _exact

    if not isinstance(problem, Problem):
        raise SpecError.of("expected_loss", "problem", "must be a Problem", problem)
    _exact.check_exact(problem)
    if flag("expected_loss", "gradient", gradient):
        _exact.check_trainable(problem.without_costs())
    if method not in _METHODS:
        raise SpecError.of("expected_loss", "method", f"must be one of {_METHODS}", method)
    weights, layout = read("expected_loss", problem, W, b)
    points = np.zeros(len(weights.b), np.int64)
    how = _exact.method_of(problem, method)
    question = _exact.Question(how, aim, insist, gradient, checked_jobs("expected_loss", jobs))
    loss, error, slopes = _exact.evaluate((problem.without_costs(),), points, weights, question)
    check_finite("expected_loss", weights, loss, error, *slopes.values())
    if insist:
        found = np.stack([loss, error])
        _exact.check_reached("expected_loss", (problem,), points, question, found)
    shaped = {name: layout.shaped(array, name) for name, array in slopes.items()}
    return ExpectedLoss(
        layout.shaped(loss), layout.shaped(error), how, shaped if gradient else None
    )


def check_finite(owner: str, weights: Weights, *found: F64) -> None:
    """Raise SpecError where a loss of finite weights is too large for float64."""
    if not all(np.isfinite(array).all() for array in found):
        largest = max(float(np.abs(part).max()) for part in weights.named().values())
        rule = "must be small enough for the loss to be computed in float64"
        raise SpecError.of(owner, "W", rule, largest)


def loss_of_zero(problem: Problem) -> float:
    """Σ_i I_i E[t_i²]: what a model loses that predicts 0, for the targets x, |x| and M x."""
    law, square = problem.distribution, problem.distribution.mean_square()
    if isinstance(problem.target, LinearMap):
        square = problem.target.mean_square(law.second_moment())
    return float(problem.importance_vector() @ square)


def same_loss(one: Any, other: Any, share: float, blank: Any) -> Any:
    """Whether losses are equal: within `share` of the larger, or of what counts as 0.

    Losses of 0 differ in nothing but rounding; `blank` is the `loss_of_zero` of their problem.
    """
    size = np.maximum(np.maximum(np.abs(one), np.abs(other)), FLOOR * blank)
    return np.abs(np.subtract(one, other)) <= share * size


def has_expected_loss(*problems: Problem) -> bool:
    """Whether `expected_loss` knows a form for the models of problems that differ by numbers."""
    from tegum.loss._exact import check_every

    try:
        check_every(problems)
    except SpecError:
        return False
    return True


def _aim(owner: str, tolerance: Any) -> float:
    """The tolerance that was asked for, or the usual one. Raises SpecError."""
    if tolerance is None:
        return AIM
    return number(owner, "tolerance", tolerance, "must be in (0, 1)", lambda x: 0 < x < 1)


@explained(example="tg.score(runs), runs = tg.train(problem, seeds=32)")
def score(
    runs: xr.Dataset,
    *,
    tolerance: float | None = None,
    jobs: int | None = None,
    progress: Progress | bool | None = None,
) -> xr.Dataset:
    """A Dataset of `train` with `loss` and `loss_error` exact (see `expected_loss`).

    Every model has its own problem. `best` of the answer is free of the luck of held-out samples.

    Args:
        runs: a Dataset of `tegum.train`, or what was selected from one.
        tolerance: the error is to be at most this part of the loss, as in `expected_loss`, in
            (0, 1); by default 1e-9 is aimed at, and `loss_error` says what was reached.
        jobs: threads that work, >= 1, by default one for each core.
        progress: as of `tegum.train`, in models.

    Returns:
        The Dataset with `loss` and `loss_error` (axes, seed) replaced, NaN for models that
        diverged or are too large for a loss in float64, which `diverged` says of both. `loss_all`
        of `best` stays what it was, the losses by which the best were chosen.

    Raises:
        SpecError: for models without an exact loss, for a Dataset that `train` did not make, for
            a tolerance or jobs that cannot be, and a tolerance that is not reached.

    Source: the loss is that of "Demonstrating Superposition: Experiment Setup".
    """
    aim, insist = _aim("score", tolerance), tolerance is not None
    with shown(progress, "scoring", "models") as report:
        return scored(runs, aim, insist=insist, jobs=jobs, report=report)


def scored(
    runs: xr.Dataset,
    aim: float = AIM,
    *,
    insist: bool = False,
    jobs: int | None = None,
    report: Progress = lambda done, total: None,
) -> xr.Dataset:
    """`score`, which may aim at a tolerance without insisting that it be reached.

    Args:
        runs: as there.
        aim: the tolerance, in (0, 1).
        insist: whether one that is not reached is an error.
        jobs: as there.
        report: told how many models are scored.

    Returns:
        As there.

    Raises:
        SpecError: as there.

    Source: the loss is that of "Demonstrating Superposition: Experiment Setup".
    """
    from tegum.loss import _exact

    models = _exact.models_with_losses(runs, "score")
    how = _exact.method_of(models.problems[0], "auto")
    question = _exact.Question(how, aim, insist, False, checked_jobs("score", jobs))
    total = len(models.point_of)
    report(0, total)
    loss, error, _ = _exact.evaluate(
        models.problems, models.point_of, models.weights, question, lambda done: report(done, total)
    )
    report(total, total)
    lost = ~(np.isfinite(loss) & np.isfinite(error))
    loss[lost] = error[lost] = np.nan
    if insist:
        found = np.stack([loss, error])
        _exact.check_reached("score", models.problems, models.point_of, question, found)
    arrays: dict[str, NDArray[Any]] = {"loss": loss, "loss_error": error}
    if lost.any():
        arrays["diverged"] = lost
    answer = runs.assign(variables(arrays, models.dims, models.shape, expected=True))
    if "diverged" in runs and lost.any():
        answer["diverged"] = answer["diverged"] | runs["diverged"]
    return answer
