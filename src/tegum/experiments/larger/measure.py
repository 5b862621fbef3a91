"""Models of eighty features in twenty dimensions, small models beside them, and the packing."""

from __future__ import annotations

from typing import Final

from tegum.experiments._shared import sweeps
from tegum.experiments._shared.sweeps import Recipe
from tegum.experiments.base import Lab, Tables

HIDDEN: Final = 20
_SHAPE: Final = (80, HIDDEN, 0.9)

RECIPES: Final = (
    Recipe(1.0, 8, (2, 1500), steps=3000, learning_rate=1e-2),
    Recipe(0.3, 32, (3, 1000), steps=3000, learning_rate=1e-2),
    Recipe(0.1, 32, (3, 1000), steps=3000, learning_rate=1e-2),
    Recipe(0.03, 96, (4, 1200), steps=3000, learning_rate=1e-2),
    Recipe(0.01, 32, (4, 1500), steps=3000, batch_size=512, learning_rate=1e-2),
    Recipe(0.003, 32, (4, 2000), batch_size=1024, learning_rate=1e-2),
    Recipe(0.001, 32, (4, 3000), batch_size=1024, learning_rate=1e-2),
)


def measure(lab: Lab) -> Tables:
    """The sweep at (80, 20), that at (20, 5) to compare it with, and the packing."""
    large = sweeps.sweep(lab, sweeps.problem(*_SHAPE), RECIPES)
    small = sweeps.sweep(lab, sweeps.problem(*sweeps.SMALL), sweeps.SMALL_RECIPES)
    return {**large, "small_models": small["models"], "packing": sweeps.predicted(*_SHAPE)}
