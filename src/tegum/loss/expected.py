"""The expected loss without sampling: of given weights, and of the models of a Dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.ensemble.machine import checked_jobs
from tegum.errors import SpecError
from tegum.problem import Problem
from tegum.runs.models import models_of
from tegum.runs.weights import read
from tegum.runs.write import variables

if TYPE_CHECKING:
    import xarray as xr

_METHODS: Final = ("auto", "enumeration", "series")


@dataclass(frozen=True)
class ExpectedLoss:
    """The answer of `expected_loss`; unpacks as `loss, error`.

    Args:
        loss: (...), of the leading shape of W, >= 0.
        error: (...), an estimate of the absolute error, rarely exceeded.
        method: "closed form", "enumeration", "series", or "smooth series" and "moments" for the
            activations without a kink.
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

    ReLU, leaky ReLU and identity outputs: a closed form for two features, enumeration of the
    active patterns for up to 6, else a Fourier series whose nodes are doubled until the loss
    changes by less than `tolerance`, or 4,096 are reached. Its error is estimated as twice the
    last change, what weights too small for the series may do, and rounding. Gradients are good to
    1e-8 but where interference of 1e-3 and less meets a bias of about 0. GELU and quadratic
    outputs have values, not gradients. Penalties do not count.

    Args:
        problem: what is asked; its model says the shapes n (features) and m (hidden).
        W: weights (..., hidden, feature), for untied models the pair (W_in, W_out) with W_out
            (..., feature, hidden); arrays or DataArrays, in float64.
        b: (..., feature), None for 0; broadcast against W.
        tolerance: of the loss as a part of itself, in (0, 1); derivatives to ten times that.
        gradient: whether the derivatives by W and b are wanted too.
        method: "auto", or "enumeration" (n <= 12) or "series" to insist.
        jobs: threads that work, >= 1, by default one for each core.

    Returns:
        The loss and its error (...), DataArrays where W is one, the method, and the gradient.

    Raises:
        SpecError: for shapes that do not agree with the problem, for hidden activations other
            than the identity (train and score these by the sampled engine), for targets other
            than x and |x|, and for a method, tolerance or gradient that cannot be.

    Source: the loss is that of "Demonstrating Superposition: Experiment Setup".
    """
    # the kernels are loaded when they are needed: numba takes half a second
    from tegum.loss._exact import Question, check_exact, check_trainable, evaluate, method_of

    if not isinstance(problem, Problem):
        raise SpecError.of("expected_loss", "problem", "must be a Problem", problem)
    check_exact(problem)
    if gradient:
        check_trainable(problem.replace(l1=0.0))
    _check_tolerance("expected_loss", tolerance)
    if method not in _METHODS:
        raise SpecError.of("expected_loss", "method", f"must be one of {_METHODS}", method)
    weights, layout = read("expected_loss", problem, W, b)
    points = np.zeros(len(weights.b), np.int64)
    how = method_of(problem, method)
    question = Question(how, tolerance, gradient, checked_jobs("expected_loss", jobs))
    loss, error, slopes = evaluate((problem,), points, weights, question)
    shaped = {name: layout.shaped(array, name) for name, array in slopes.items()}
    return ExpectedLoss(
        layout.shaped(loss), layout.shaped(error), how, shaped if gradient else None
    )


def has_expected_loss(problem: Problem) -> bool:
    """Whether `expected_loss` knows a form for the models of a problem."""
    from tegum.loss._exact import check_exact

    try:
        check_exact(problem)
    except SpecError:
        return False
    return True


def _check_tolerance(owner: str, tolerance: Any) -> None:
    real = isinstance(tolerance, float | int | np.floating) and not isinstance(tolerance, bool)
    if not real or not 0 < tolerance < 1:
        raise SpecError.of(owner, "tolerance", "must be in (0, 1)", tolerance)


def score(runs: xr.Dataset, *, tolerance: float = 1e-9, jobs: int | None = None) -> xr.Dataset:
    """A Dataset of `train` with `loss` and `loss_error` exact (see `expected_loss`).

    Every model is scored on its own problem, by the axes of the Dataset. `best` of the answer is
    free of the luck of held-out samples.

    Args:
        runs: a Dataset of `tegum.train`, or what was selected from one.
        tolerance: of the loss as a part of itself, in (0, 1).
        jobs: threads that work, >= 1, by default one for each core.

    Returns:
        The Dataset with `loss` and `loss_error` (axes, seed) replaced, NaN for models that
        diverged, and without `loss_all`.

    Raises:
        SpecError: for models without an exact loss, for a Dataset that `train` did not make, and
            for a tolerance or jobs that cannot be.

    Source: the loss is that of "Demonstrating Superposition: Experiment Setup".
    """
    from tegum.loss._exact import Question, check_exact, evaluate, method_of

    _check_tolerance("score", tolerance)
    models = models_of(runs, "score")
    check_exact(models.problems[0])
    how = method_of(models.problems[0], "auto")
    question = Question(how, tolerance, False, checked_jobs("score", jobs))
    loss, error, _ = evaluate(models.problems, models.point_of, models.weights, question)
    found = {"loss": loss, "loss_error": error}
    scored = runs.assign(variables(found, models.dims, models.shape, expected=True))
    return scored.drop_vars("loss_all", errors="ignore")
