"""Trained models moved to the local minima next to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tegum.arguments import explained, whole
from tegum.ensemble.machine import checked_jobs
from tegum.ensemble.progress import Progress, shown
from tegum.ensemble.slices import interrupt_between_slices
from tegum.runs.models import models_of
from tegum.runs.schema import RECORDS
from tegum.runs.write import variables

if TYPE_CHECKING:
    import xarray as xr


@explained(example="tg.polish(runs), runs = tg.train(problem, seeds=32)")
def polish(
    runs: xr.Dataset,
    *,
    steps: int = 5_000,
    jobs: int | None = None,
    progress: Progress | bool | None = None,
) -> xr.Dataset:
    """Every model of a Dataset moved to the nearest local minimum of the expected loss.

    L-BFGS on the exact gradient from the given W and b.

    Args:
        runs: a Dataset of `tegum.train`, or what was selected from one.
        steps: the most iterations of each model, >= 0.
        jobs: threads that work, >= 1, by default one for each core.
        progress: as of `tegum.train`; a model that has settled has made all its steps.

    Returns:
        The Dataset with its dimensions and coordinates: `W` (or `W_in`, `W_out`) and `b` in
        float64, `loss`, `loss_error`, `gradient_norm`, `iterations`, `status` (0 running, 1
        converged, 2 stalled, 3 diverged) and `diverged`; records of the training are dropped.

    Raises:
        SpecError: for models without an exact gradient, for a Dataset that `train` did not make,
            and for steps or jobs that cannot be.

    Source: method, L-BFGS (Nocedal 1980).
    """
    from tegum.loss._exact import check_trainable, descend

    steps = whole("polish", "steps", steps, "must be an integer >= 0")
    models, jobs = models_of(runs, "polish"), checked_jobs("polish", jobs)
    for problem in models.problems:
        check_trainable(problem)
    with shown(progress, "polishing") as report:
        found = descend(models, steps, jobs, interrupt_between_slices(), report)
    kept = {name: array.copy() for name, array in found.items()}
    polished = runs.drop_vars([name for name in runs if name in RECORDS])
    return polished.assign(variables(kept, models.dims, models.shape, expected=True))
