"""Every name of a result Dataset, written here once: dimensions, variables, attributes.

`train` makes such a Dataset; `score`, `polish`, `best`, `drop_worst` and `follow` make one of it.
Its leading dimensions are the axes of the run and `seed`; a variable's own dimensions come after
them. An axis may bear no name that stands here. Engines name what they train and measure alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from tegum.dims import (
    ACTIVE,
    CANDIDATE,
    CHECKPOINT,
    FEATURE,
    FEATURE_J,
    HIDDEN,
    LATENT,
    MINIMUM,
    NEURON,
    SAMPLE,
    SEED,
    STEP,
)


class Variable(NamedTuple):
    """The dimensions of a variable after the leading ones, and its attributes."""

    own: tuple[str, ...] = ()
    attributes: Mapping[str, str] = {}


def _said(long_name: str, **more: str) -> dict[str, str]:
    return {"long_name": long_name, **more}


_SUM: Final = "sum over features, mean over samples, importance weighted, no penalties"

#: The dimensions there are beside the axes, and the attributes of their coordinates.
DIMENSIONS: Final[Mapping[str, Mapping[str, str]]] = {
    SEED: _said("seed index"),
    CANDIDATE: {},
    CHECKPOINT: _said("optimiser steps done"),
    STEP: _said("optimiser steps done"),
    HIDDEN: {},
    FEATURE: {},
    FEATURE_J: {},
    NEURON: {},
    LATENT: {},
    SAMPLE: {},
    MINIMUM: {},
    ACTIVE: {},
}

#: The weights of a model, by whether its decoder is the transposed encoder.
TIED: Final = ("W",)
UNTIED: Final = ("W_in", "W_out")

#: The trained parameters there may be, with their dimensions after the leading ones.
PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "W": (HIDDEN, FEATURE),
    "W_in": (HIDDEN, FEATURE),
    "W_out": (FEATURE, HIDDEN),
    "b": (FEATURE,),
    "b_hidden": (HIDDEN,),
}


def at_checkpoints(name: str) -> str:
    """What a parameter's values at the checkpoints are called."""
    return f"{name}_checkpoint"


#: The parameters at checkpoints: their names, and whose they are.
CHECKPOINTS: Final[Mapping[str, str]] = {at_checkpoints(name): name for name in PARAMETERS}

#: Every variable, in the order in which they stand in a Dataset.
VARIABLES: Final[Mapping[str, Variable]] = {
    **{name: Variable(own) for name, own in PARAMETERS.items()},
    "loss": Variable((), _said("held-out loss", convention=_SUM)),
    "loss_error": Variable((), _said("standard error of the held-out loss")),
    "l0": Variable((), _said("mean number of latents that fire in a held-out sample")),
    "dead": Variable((), _said("latents that fire in no held-out sample")),
    "explained_variance": Variable(
        (), _said("1 − loss / variance of held-out samples; NaN where that is 0")
    ),
    "diverged": Variable((), _said("the training diverged: weights and loss are NaN")),
    "gradient_norm": Variable((), _said("length of the gradient of the expected loss")),
    "iterations": Variable((), _said("iterations of L-BFGS")),
    "penalty": Variable((), _said("what hidden activations and weights cost")),
    "status": Variable(
        (),
        _said(
            "how the descent ended",
            flag_meanings="0 running, 1 converged, 2 stalled, 3 diverged",
        ),
    ),
    "curvature": Variable((), _said("lowest eigenvalue of the Hessian apart from rotations")),
    "low": Variable((), _said("lowest value to which the branch was followed")),
    "high": Variable((), _said("highest value to which the branch was followed")),
    "loss_all": Variable((CANDIDATE,), _said("losses of all seeds, lowest first")),
    "n_seeds": Variable((), _said("seeds that did not diverge")),
    "machine": Variable((), _said("the machine that trained it")),
    "loss_curve": Variable((STEP,), _said("loss of one fresh batch", convention=_SUM)),
    **{kept: Variable((CHECKPOINT, *PARAMETERS[name])) for kept, name in CHECKPOINTS.items()},
}


def variable(name: str, own: Mapping[str, tuple[str, ...]]) -> Variable:
    """What is said of a variable, of models whose arrays have their `own` dimensions."""
    for array, dims in own.items():
        if name == array:
            return Variable(dims)
        if name == at_checkpoints(array):
            return Variable((CHECKPOINT, *dims))
    return VARIABLES[name]


#: What is said of losses in which there are no samples, those of `score`, `polish`, `follow`.
EXPECTED: Final[Mapping[str, Mapping[str, str]]] = {
    "loss": _said("expected loss"),
    "loss_error": _said("estimate of the error of the expected loss"),
}

#: Records of a training that do not belong to a model that was moved since.
RECORDS: Final = frozenset(
    {"loss_curve", "loss_all", "n_seeds", "penalty", "machine", *CHECKPOINTS}
)

#: Which machine's rounding numbers have: an attribute, and a variable where there were several.
MACHINE: Final = "machine"

#: Attributes: the descriptions as JSON, {axis: what it sets} as JSON, …
PROBLEM: Final = "problem"
TRAINING: Final = "training"
AXES: Final = "axes"
#: … and how the run was made.
ATTRIBUTES: Final = (
    AXES,
    PROBLEM,
    TRAINING,
    "run_seed",
    "engine",
    "engine_version",
    MACHINE,
    "tegum_version",
    "start",
)

#: Columns and dimensions, beside these, of the tables and measures that are made of a Dataset.
MEASURES: Final = frozenset(
    {
        # of features and pairs of them
        *("norm", "superposition", "dimensionality", "w0", "w1", "w2", "gram", "weight"),
        *("weight_out", "represented", "dedicated", "D_star", "chosen", "side", "set", "panel"),
        # of factors
        *("factor", "geometry", "name", "size", "rank", "across", "lowest_D", "highest_D"),
        *("tight", "symmetry", "closest", "distance", "offset", "features"),
        # of minima
        *("count", "share", "spread", "above", "shape", "spectrum", "diagonal", "family", "seeds"),
        *("negative", "rotation", "flat", "positive", "models", "converged", "unconverged"),
        *("running", "stalled", "minima", "found"),
        # of trainings
        *("from_level", "to_level", "start", "end", "before", "after", "loss_before"),
        *("loss_after", "loss_drop", "stage", "settled", "rate", "since", "jumps", "time_share"),
        *("drop", "drop_share"),
        # of a loss by active features
        *("contribution", "error", "probability", "given", "L"),
        # of arrangements and of neurons
        *("pair", "place", "gap", "least_within", "most_within", "least_across", "most_across"),
        *("overlap_within", "overlap_across", "opposite_within", "opposite_across", "collapsed"),
        *("together", "gap_off", "primary", "secondary", "inhibitor", "v_primary"),
        *("v_secondary", "w_primary", "w_secondary", "v_inhibitor", "w_inhibitor", "cancelled"),
        *("missed_primary", "missed_secondary", "loss_cut", "without_primary"),
        "without_secondary",
    }
)

#: Names that an axis may not take.
RESERVED: Final = frozenset({*DIMENSIONS, *VARIABLES, *MEASURES})


#: What tells the number of a row from the quantity that is in it.
_ROW: Final = "_row"


def rows_of(axis: str) -> str:
    """The dimension that counts the rows of an axis of whole vectors named for what it sets.

    The name itself is that of the quantity, and belongs to the rows.
    """
    return f"{axis}{_ROW}"


def vectors_of(axis: str) -> str:
    """The coordinate that holds the rows of an axis of whole vectors; the axis counts them."""
    return axis.removesuffix(_ROW) if axis.endswith(_ROW) else f"{axis}_vector"


def values_of(axis: str, coords: Mapping[Any, Any]) -> str:
    """The name of the coordinate, of a Dataset's, that holds what an axis sets: numbers or rows."""
    rows = vectors_of(axis)
    return rows if rows in coords and FEATURE in coords[rows].dims else axis
