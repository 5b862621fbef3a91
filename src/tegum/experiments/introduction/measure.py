"""Models of five features in two dimensions, from dense to sparse."""

from __future__ import annotations

from typing import Final

from tegum.experiments._shared.sweeps import Recipe, problem, sweep
from tegum.experiments.base import Lab, Tables

RECIPES: Final = (
    Recipe(1.0, 32, (8, 4000), batch_size=1024),
    Recipe(0.3, 64, (24, 3000)),
    Recipe(0.2, 64, (32, 3000)),
    Recipe(0.1, 64, (24, 3000)),
    Recipe(0.03, 64, (24, 3000)),
)


def measure(lab: Lab) -> Tables:
    """(5, 2) models with I_i = .9^i: all seeds, and the features of the best at each density."""
    return sweep(lab, problem(5, 2, 0.9), RECIPES)
