"""How much of the loss's fall happens while features change level, against chance.

"Seemingly smooth decreases of the loss curve in larger models are in fact composed of many small
jumps", says the paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jaxtyping import Bool, Float64
from numpy.typing import NDArray

from tegum.analysis._arrays import check_integer
from tegum.analysis.dynamics import DIGONS, Run, as_traces, each, jumps
from tegum.arguments import number
from tegum.errors import SpecError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Looked at is the time after this share of the last features of the top level have reached it.
FORMED: Final = 0.7
#: How near to a level counts as having reached it.
NEAR: Final = 0.05
SHIFTS: Final = 9_999

Falls = Float64[NDArray[np.float64], "interval"]
Inside = Bool[NDArray[np.bool_], "interval"]


@dataclass(frozen=True, eq=False)
class JumpShare:
    """The share of the loss's late fall that happens in jumps.

    Args:
        table: one row per training: the axes' values and `seed`; `since`, the step from which it
            is looked at; `jumps`, how many end after that; `time_share` of the time since then
            that is within a jump; `drop`, by how much the loss falls since then; `drop_share` of
            it that falls within jumps.
        time_share: of all trainings with jumps together.
        drop_share: of these, the fall of the loss within jumps over all of its fall.
        p_value: how often, with jumps moved to a random time, they would hold that share or more:
            (1 + as many) / (1 + shifts); NaN without jumps.

    Source: "Superposition and Learning Dynamics".
    """

    table: pd.DataFrame
    time_share: float
    drop_share: float
    p_value: float


def jump_share(
    runs: xr.Dataset,
    found: pd.DataFrame | None = None,
    *,
    top: float = DIGONS[-1],
    formed: float = FORMED,
    shifts: int = SHIFTS,
    seed: int = 0,
) -> JumpShare:
    """How much of the late fall of the loss happens while a feature changes level.

    Of each training the time is looked at after `formed` of the features that end within .05 of
    the level `top` have come within .05 of it. The p value is that of a circular-shift test: the
    jumps of every training with some are moved along that time by a random number of checkpoints,
    together and around its end, `shifts` times. Checkpoints should be evenly spaced, or one move
    would not be like another.

    Args:
        runs: a Dataset of `train` with checkpoints, or of `traces`, with the loss known.
        found: the table of `jumps`, by default with its own rules.
        top: a level.
        formed: a share in (0, 1].
        shifts: how many random moves, >= 1.
        seed: of the moves, >= 0.

    Returns:
        The shares of each training and of all together.

    Raises:
        SpecError: for other values, or where the loss is not known.

    Source: "Superposition and Learning Dynamics".
    """
    import pandas as pd

    number("jump_share", "formed", formed, "must be in (0, 1]", lambda x: 0 < x <= 1)
    check_integer("jump_share", "shifts", shifts, 1)
    check_integer("jump_share", "seed", seed, 0)
    seen = as_traces(runs)
    if "loss" not in seen:
        raise SpecError.of("jump_share", "runs", "must hold loss", list(seen.data_vars))
    found = jumps(seen) if found is None else found
    rows, falls, insides, time = [], [], [], np.zeros(2)
    for run in each(seen):
        first = _since(run.dimensionality, top, formed)
        own = found[np.all([found[name] == value for name, value in run.at.items()], axis=0)]
        own = own[own["end"] > run.steps[first]]
        fall, inside, length = _parts(run, first, own)
        shares = _share(length, inside), float(fall.sum()), _share(fall, inside)
        named = dict(zip(("time_share", "drop", "drop_share"), shares, strict=True))
        rows.append({**run.at, "since": run.steps[first], "jumps": len(own), **named})
        if inside.any():
            falls.append(fall)
            insides.append(inside)
            time += length[inside].sum(), length.sum()
    pooled, p = _shift_test(falls, insides, shifts, np.random.default_rng(seed))
    together = float(time[0] / time[1]) if time[1] else float("nan")
    return JumpShare(pd.DataFrame(rows), together, pooled, p)


def _since(D: Float64[NDArray[np.float64], "T feature"], top: float, formed: float) -> int:
    """The first checkpoint with `formed` of the last number of features near the top level."""
    near = (np.abs(D - top) <= NEAR).sum(axis=1)
    return int(np.argmax(near >= formed * near[-1]))


def _parts(run: Run, first: int, found: pd.DataFrame) -> tuple[Falls, Inside, Falls]:
    """Of the intervals since a checkpoint: the fall of the loss, whether in a jump, the length."""
    steps = run.steps[first:]
    inside = np.zeros(len(steps) - 1, bool)
    for start, end in found[["start", "end"]].to_numpy():
        inside |= (steps[:-1] >= start) & (steps[1:] <= end)
    return -np.diff(run.loss[first:]), inside, np.diff(steps).astype(np.float64)


def _share(values: Falls, inside: Inside) -> float:
    total = float(values.sum())
    return float(values[inside].sum()) / total if total else float("nan")


def _shift_test(
    falls: list[Falls], insides: list[Inside], shifts: int, random: np.random.Generator
) -> tuple[float, float]:
    """(share of the fall inside, p value) of all trainings together."""
    if not falls:
        return float("nan"), float("nan")
    held, moved = 0.0, np.zeros(shifts)
    for fall, inside in zip(falls, insides, strict=True):
        # what the jumps hold after each of the moves there are, none first
        each_move = np.array([fall[np.roll(inside, k)].sum() for k in range(len(fall))])
        held += each_move[0]
        moved += each_move[random.integers(len(fall), size=shifts)]
    # Equal sums differ by rounding.
    as_many: Any = (moved >= held - 1e-12 * abs(held)).sum()
    total = sum(float(fall.sum()) for fall in falls)
    return held / total if total else float("nan"), (1 + int(as_many)) / (1 + shifts)
