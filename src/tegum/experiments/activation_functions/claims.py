"""What is claimed of phase diagrams by activation, and the rules that decide."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments._shared.phase_plane import OUTCOMES, RATIO
from tegum.experiments.activation_functions.measure import ACTIVATIONS
from tegum.experiments.base import Claims, Judgement, Tables, some, when

if TYPE_CHECKING:
    import pandas as pd

#: Diagrams are different in more than this part of their cells: a line that is moved by a whole
#: cell along all of a side changes a sixteenth.
DIFFERENT: Final = 0.1
#: Diagrams are the same in so many cells, as in `phase-diagrams`.
SAME: Final = 0.97
#: Where features count as sparse, and as dense.
SPARSE, DENSE = 0.1, 0.5
_SHARED: Final = OUTCOMES.index("superposition")

claims = Claims("Comments & Replications")


def outcomes(tables: Tables) -> pd.DataFrame:
    """The outcome of each cell (row) by activation (column)."""
    rows = some(tables["cells"])
    return rows.pivot(index=[DENSITY, RATIO], columns="activation", values="outcome")


def areas(tables: Tables) -> pd.Series:
    """The part of the cells with superposition, by activation, in the order of `ACTIVATIONS`."""
    return (outcomes(tables) == _SHARED).mean()[list(ACTIVATIONS)]


@claims(
    "54.a",
    "Phase diagrams look quite different by the activation of the outputs.",
    rule=f"two of them have another outcome in > {DIFFERENT:.0%} of the cells (lowest expected "
    "loss of a cell; the threshold was set when cells of a small run had been counted)",
    evidence=("diagrams", "cells"),
)
def different(tables: Tables) -> Judgement:
    found = outcomes(tables)
    parts = {(a, b): (found[a] != found[b]).mean() for a, b in combinations(ACTIVATIONS, 2)}
    pair = max(parts, key=lambda names: parts[names])
    words = ", ".join(f"{a} and {b} {part:.0%}" for (a, b), part in parts.items())
    return when(
        parts[pair] > DIFFERENT, f"another outcome in so many of {len(found)} cells: {words}",
        most=parts[pair],
    )  # fmt: skip


@claims(
    "54.b",
    "Some activations bring more superposition than others.",
    rule=f"the areas of superposition in the plane of log r and log(1−S) differ by > "
    f"{DIFFERENT:g} of it (threshold set as in 54.a)",
    evidence=("areas", "diagrams"),
)
def more(tables: Tables) -> Judgement:
    area = areas(tables)
    words = ", ".join(f"{name} {part:.1%}" for name, part in area.items())
    return when(
        area.max() - area.min() > DIFFERENT, f"in superposition: {words} of the plane",
        **{str(name): part for name, part in area.items()},
    )  # fmt: skip


@claims(
    "54.c",
    "A leaky ReLU of slope 0.01 shows the diagram of the ReLU.",
    rule=f"the same outcome in ≥ {SAME:.0%} of the cells",
    evidence=("diagrams", "cells"),
)
def leaky(tables: Tables) -> Judgement:
    found = outcomes(tables)
    same = (found["relu"] == found["leaky"]).mean()
    return when(same >= SAME, f"in {same:.1%} of {len(found)} cells", same=same)


@claims(
    "54.d",
    "With each activation superposition comes with sparsity.",
    rule=f"for each, a larger part of the cells at 1−S ≤ {SPARSE:g} has superposition than at "
    f"1−S ≥ {DENSE:g}",
    evidence=("diagrams", "cells"),
)
def sparse(tables: Tables) -> Judgement:
    found = outcomes(tables) == _SHARED
    p = found.index.get_level_values(DENSITY).to_numpy()
    low, high = (found[at].mean()[list(ACTIVATIONS)] for at in (p <= SPARSE, p >= DENSE))
    words = ", ".join(f"{name} {low[name]:.0%} and {high[name]:.0%}" for name in ACTIVATIONS)
    return when(
        np.all(low > high), f"sparse and dense cells: {words}", least=(low - high).min(),
    )  # fmt: skip
