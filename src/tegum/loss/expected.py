"""The expected loss without sampling: of given weights, and of the models of a Dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F64
from tegum.ensemble.slices import checked_jobs, interrupt_between_slices
from tegum.errors import SpecError
from tegum.problem import Problem
from tegum.runs.models import Models, models_of
from tegum.runs.weights import OWN, read

if TYPE_CHECKING:
    import xarray as xr

#: Up to here (and without exponential magnitudes) every pattern of active features is summed.
ENUMERATED: Final = 6
_METHODS: Final = ("auto", "enumeration", "series")
_STALE: Final = ("loss_curve", "loss_all", "n_seeds", "penalty")


@dataclass(frozen=True)
class ExpectedLoss:
    """The answer of `expected_loss`; unpacks as `loss, error`.

    `loss` and `error` (...), of the leading shape of W; `method`: "closed form", "enumeration",
    "series", or "smooth series" and "moments" for the activations without a kink; `gradient`, if
    asked for: dL/dW (..., hidden, feature), or of W_in and W_out, and dL/db (..., feature).
    """

    loss: Any
    error: Any
    method: str
    gradient: Mapping[str, Any] | None = None

    def __iter__(self) -> Iterator[Any]:
        """loss, error."""
        return iter((self.loss, self.error))


def expected_loss(
    problem: Problem,
    W: Any,
    b: Any = None,
    *,
    tolerance: float = 1e-9,
    gradient: bool = False,
    method: str = "auto",
    jobs: int | None = None,
) -> ExpectedLoss:
    """L = Σ_i I_i E[(t(x)_i − x'_i)²] for x from the problem's distribution, without sampling.

    W (..., hidden, feature), for untied models the pair (W_in, W_out) with W_out
    (..., feature, hidden); b (..., feature), None for 0; arrays or DataArrays, in float64.
    Penalties do not count.

    ReLU, leaky ReLU and identity outputs: a closed form for two features, enumeration of the
    active patterns for up to 6, else a Fourier series whose nodes are doubled until the loss
    changes by less than `tolerance` (of itself; derivatives by ten times that) or 4,096 nodes are
    reached. `error` is an estimate of the absolute error that is rarely exceeded: twice the last
    change, what weights too small for the series may do, and rounding. Gradients are good to 1e-8
    but where interference of 1e-3 and less meets a bias of about 0. `method` "enumeration"
    (n <= 12) or "series" insists. GELU and quadratic outputs have values, not gradients.

    Raises SpecError for shapes that do not agree with the problem, for hidden activations other
    than the identity (train and score these by the sampled engine), and for a method that cannot.
    Source: the loss is that of "Demonstrating Superposition: Experiment Setup".
    """
    from tegum.engines.exact import check_exact, check_trainable

    if not isinstance(problem, Problem):
        raise SpecError.of("expected_loss", "problem", "must be a Problem", problem)
    check_exact(problem)
    if gradient:
        check_trainable(problem.replace(l1=0.0))
    _check_tolerance("expected_loss", tolerance)
    if method not in _METHODS:
        raise SpecError.of("expected_loss", "method", f"must be one of {_METHODS}", method)
    given = read("expected_loss", problem, W, b)
    points = np.zeros(len(given.arrays["b"]), np.int64)
    how = _method(problem, method)
    loss, error, slopes = _evaluate(
        (problem,), points, given.arrays, how, tolerance, gradient, checked_jobs(jobs)
    )
    shaped = {name: given.shaped(array, name) for name, array in slopes.items()}
    return ExpectedLoss(given.shaped(loss), given.shaped(error), how, shaped if gradient else None)


def _check_tolerance(owner: str, tolerance: Any) -> None:
    real = isinstance(tolerance, float | int | np.floating) and not isinstance(tolerance, bool)
    if not real or not 0 < tolerance < 1:
        raise SpecError.of(owner, "tolerance", "must be in (0, 1)", tolerance)


def score(runs: xr.Dataset, *, tolerance: float = 1e-9, jobs: int | None = None) -> xr.Dataset:
    """A Dataset of `train` with `loss` and `loss_error` exact (see `expected_loss`).

    Every model is scored on its own problem, by the axes of the Dataset; diverged models keep NaN.
    `best` of the answer is free of the luck of held-out samples. Raises SpecError for models
    without an exact loss and for a Dataset that `train` did not make.
    """
    from tegum.engines.exact import check_exact

    _check_tolerance("score", tolerance)
    models = models_of(runs, "score")
    check_exact(models.problems[0])
    how = _method(models.problems[0], "auto")
    loss, error, _ = _evaluate(
        models.problems, models.point_of, models.arrays, how, tolerance, False, checked_jobs(jobs)
    )
    scored = runs.assign(
        loss=(models.dims, loss.reshape(models.shape), {"long_name": "expected loss"}),
        loss_error=(
            models.dims,
            error.reshape(models.shape),
            {"long_name": "estimate of the error of the expected loss"},
        ),
    )
    return scored.drop_vars([name for name in ("loss_all",) if name in scored])


def polish(runs: xr.Dataset, *, steps: int = 5_000, jobs: int | None = None) -> xr.Dataset:
    """Every model of a Dataset moved to the nearest local minimum of the expected loss.

    L-BFGS on the exact gradient from the given W and b, at most `steps` >= 0 iterations. The
    answer has the Dataset's dimensions and coordinates: W (or W_in, W_out) and b in float64,
    `loss`, `loss_error`, `gradient_norm`, `iterations`, `status` (0 running, 1 converged, 2
    stalled, 3 diverged) and `diverged`; records of the training are dropped. Raises SpecError
    for models without an exact gradient and for a Dataset that `train` did not make.
    """
    from tegum.engines import exact

    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 0:
        raise SpecError.of("polish", "steps", "must be an integer >= 0", steps)
    models, jobs = models_of(runs, "polish"), checked_jobs(jobs)
    for problem in models.problems:
        exact.check_trainable(problem)
    low = exact.lower(models.problems, models.point_of)
    with interrupt_between_slices() as check:
        found = exact.polish(low, models.arrays, int(steps), jobs=jobs, check=check)
    return _with_results(runs, models, found)


def _with_results(
    runs: xr.Dataset, models: Models, found: Mapping[str, NDArray[Any]]
) -> xr.Dataset:
    stale = [str(name) for name in runs if name in _STALE or str(name).endswith("_checkpoint")]
    polished = runs.drop_vars(stale)
    own = {name: (*models.dims, *OWN.get(name, ())) for name in found}
    return polished.assign(
        {
            name: (own[name], array.reshape((*models.shape, *array.shape[1:])).copy())
            for name, array in found.items()
        }
    )


def _method(problem: Problem, asked: str) -> str:
    """How the loss is found; SpecError where what is asked for cannot."""
    from tegum.engines.exact import MOST_FEATURES, SLOPES

    n, activation = problem.n_features, problem.model.output_activation
    exponential = any(b.magnitude == "exponential" for b in problem.distribution.blocks())
    if activation not in SLOPES:
        if asked != "auto":
            rule = f"must be 'auto' for the output activation {activation!r}"
            raise SpecError.of("expected_loss", "method", rule, asked)
        return "smooth series" if activation == "gelu" else "moments"
    if asked == "enumeration" and (exponential or n > MOST_FEATURES):
        rule = f"can be 'enumeration' for at most {MOST_FEATURES} features, none exponential"
        raise SpecError.of("expected_loss", "method", rule, asked)
    if asked != "auto":
        return asked
    if activation == "identity" or (n <= 2 and not exponential):
        return "closed form"
    return "enumeration" if n <= ENUMERATED and not exponential else "series"


def _evaluate(
    problems: tuple[Problem, ...],
    point_of: NDArray[np.int64],
    arrays: Mapping[str, NDArray[Any]],
    how: str,
    tolerance: float,
    gradient: bool,
    jobs: int,
) -> tuple[F64, F64, dict[str, NDArray[Any]]]:
    """Loss (N,), error (N,), and gradients by name if asked for."""
    from tegum.engines.exact import lower, measure

    count = len(point_of)
    finite = [np.isfinite(a).all(axis=tuple(range(1, a.ndim))) for a in arrays.values()]
    alive = np.all(finite, axis=0)
    if not alive.all():  # diverged models
        loss, error = np.full(count, np.nan), np.full(count, np.nan)
        if alive.any():
            rest = {name: array[alive] for name, array in arrays.items()}
            found = _evaluate(problems, point_of[alive], rest, how, tolerance, False, jobs)
            loss[alive], error[alive] = found[:2]
        return loss, error, {}
    found = measure(
        lower(problems, point_of), arrays, how, tolerance=tolerance, gradient=gradient, jobs=jobs
    )
    return found.loss, found.error, found.gradient
