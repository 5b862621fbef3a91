"""What `phase-change` measures, put together."""

from __future__ import annotations

from typing import Final

from tegum.experiments._shared import phase_truth as truth
from tegum.experiments.base import Lab, Tables
from tegum.experiments.phase_change import crossing, theory, wells

#: Cells along each side, of two features and of three: (full, quick).
_CELLS: Final = {2: (100, 30), 3: truth.CELLS_THREE}


def measure(lab: Lab) -> Tables:
    """Theory, both true diagrams, the transition with biases, everything at b = 0."""
    points = {n: lab.pick(*sizes) for n, sizes in _CELLS.items()}
    tables = theory.tables(points[2], points[3])
    for n, end in ((2, ""), (3, "_three")):
        found = truth.map_table(truth.diagram(lab, n, points[n]))
        tables[f"truth{end}"] = truth.compared(found, tables[f"candidates{end}"])
    tables["unbiased_trained"] = wells.trained(lab)
    return {**tables, **crossing.tables(lab), **wells.tables(lab)}
