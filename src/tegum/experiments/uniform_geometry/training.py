"""How the models of uniform superposition are trained.

Pairs of sparse features form within some thousand steps. Denser features take the longer to leave
the arbitrary subspace that they start in the more of them there are: models of 320 features at
1/(1−S) = 2 hold 11 to 18 of them after 20,000 steps, with losses far above those of 24 features in
pairs. Those come of training on at 2 what was trained at 3. So models of dense features are led
from pairs to ever denser features, each from the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from tegum.dims import DENSITY, SEED
from tegum.distributions import Independent
from tegum.experiments.base import Lab
from tegum.loss import polish
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best
from tegum.training import Training

if TYPE_CHECKING:
    import xarray as xr

#: (features, dimensions) of a model.
Shape = tuple[int, int]


class Recipe(NamedTuple):
    """Adam on a cosine to zero."""

    steps: int
    learning_rate: float
    batch_size: int = 256


#: 1/(1−S) at which D* is 1 ends here; from the second on, features are all in pairs, and sparser
#: ones are trained from scratch. In between, models are led from pairs.
DENSE, PAIRED = 1.25, 3.1
#: From scratch: where D* = 1 models settle quickly. Pairs beyond the plateau are the cleaner the
#: higher the learning rate: at half of it more than m of them share the m dimensions.
SUBSPACE: Final = Recipe(6000, 2e-3)
SCRATCH: Final = Recipe(5000, 1e-2)
#: On from a sparser model, above 1/(1−S) = `MELTING` and below it, where polytopes have so little
#: to gain that the noise of small batches would undo them.
MELTING: Final = 1.9
LED: Final = Recipe(2000, 5e-3)
LED_DENSE: Final = Recipe(2000, 4e-3, 1024)
#: From Xavier weights outputs die at the first steps, where features are dense: they are 0 for
#: all inputs and never learn. None do from small weights.
INIT_STD: Final = 0.01
HELD_OUT: Final = 2**17
#: From scratch, for the long runs; then L-BFGS iterations on the expected loss.
LONG_DENSE: Final = Recipe(10_000, 3e-3)
LONG_SPARSE: Final = Recipe(8000, 1e-2)
ITERATIONS: Final = 400
#: What is kept of a training.
KEPT: Final = ("W", "b", "loss", "loss_error")


def problem(shape: Shape) -> Problem:
    """(features, dimensions), all features alike."""
    return Problem(
        Independent(n_features=shape[0], feature_probability=0.5), ReLUOutput(n_hidden=shape[1])
    )


def _train(
    lab: Lab,
    shape: Shape,
    levels: Sequence[float],
    recipe: Recipe,
    seeds: int,
    start: xr.Dataset | None = None,
) -> xr.Dataset:
    plan = Training(
        steps=lab.pick(recipe.steps, recipe.steps // 2),
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        schedule="cosine",
        init_std=INIT_STD,
        held_out=lab.pick(HELD_OUT, 2**15),
        curve_points=0,
    )
    axes = {DENSITY: [1 / level for level in levels]}
    return lab.train(problem(shape), axes, plan, seeds, start=start)


def led(lab: Lab, shape: Shape, levels: Sequence[float], seeds: int) -> xr.Dataset:
    """Models of `levels` of 1/(1−S), each trained on from the next sparser one's.

    The sparsest is trained from scratch.
    """
    found: list[xr.Dataset] = []
    for level in sorted(levels, reverse=True):
        start = found[-1].isel({DENSITY: 0}, drop=True) if found else None
        onward = LED if level > MELTING else LED_DENSE
        recipe = onward if found else SCRATCH
        found.append(_train(lab, shape, [level], recipe, seeds, start))
    return _joined(found[::-1])


def trained(lab: Lab, shape: Shape, levels: Sequence[float], seeds: int) -> xr.Dataset:
    """Models of these levels of 1/(1−S), dense to sparse, each as it is best trained."""
    dense = [level for level in levels if level < DENSE]
    between = [level for level in levels if DENSE <= level < PAIRED]
    sparse = [level for level in levels if level >= PAIRED]
    parts = []
    if dense:
        parts.append(_train(lab, shape, dense, SUBSPACE, seeds))
    if between:
        parts.append(led(lab, shape, between, seeds))
    if sparse:
        # exact losses: seeds differ in their polytopes by little more than held-out losses err
        parts.append(lab.score(_train(lab, shape, sparse, SCRATCH, seeds)))
    return _joined(parts)


def settled(lab: Lab, runs: xr.Dataset) -> xr.Dataset:
    """The model of lowest loss at each density moved to the nearest minimum of the expected loss.

    Its seed has the weights and the loss of the minimum, the others those they were trained to.
    In a quick run none is moved.
    """
    runs = lab.score(runs)
    if lab.quick:
        return runs[list(KEPT)]
    lowest = best(runs)
    moved = polish(lowest, steps=ITERATIONS)
    own = runs[SEED] == lowest[SEED].drop_vars(SEED)
    return runs[list(KEPT)].assign(
        {
            name: moved[name].drop_vars(SEED).where(own, runs[name]).transpose(*runs[name].dims)
            for name in KEPT
        }
    )


def long_runs(lab: Lab, shape: Shape, levels: Sequence[float], seeds: int) -> xr.Dataset:
    """Long trainings from scratch, among dense and among sparse polytopes, and settled."""
    dense = [level for level in levels if level < PAIRED]
    sparse = [level for level in levels if level >= PAIRED]
    parts = [
        settled(lab, _train(lab, shape, own, recipe, seeds))
        for own, recipe in ((dense, LONG_DENSE), (sparse, LONG_SPARSE))
        if own
    ]
    return _joined(parts)


def _joined(parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """Models of several trainings, along the densities."""
    import xarray as xr

    return xr.concat([part[list(KEPT)] for part in parts], DENSITY)
