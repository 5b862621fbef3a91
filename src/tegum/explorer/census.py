"""Which shape each of N models has, all of them at one step."""

from __future__ import annotations

import time
from typing import Any, Final

import numpy as np

from tegum.dims import F64
from tegum.explorer.looking import shape

#: Steps before which models are as they were made, near enough.
_FORMED: Final = 100


class Census:
    """Counts of shapes, a part at a time. Those of two steps are never mixed.

    `step` is the step of the counts that are there, None before the first.
    """

    def __init__(self) -> None:
        self.step: int | None = None
        self._names: list[str] = []
        self._counted: list[str] = []
        self._models: tuple[int, F64] | None = None  # under way: their step, and W

    def count(self, W: F64, step: int, seconds: float, *, finish: bool = False) -> bool:
        """Go on for so long; whether the counts are those of W (N, m, n) at this step.

        `finish`: what was begun at an earlier step is ended first, as a training that runs on
        would always come before it; of the first steps nothing is worth the wait.
        """
        if self.step == step:
            self._models = None
            return True
        if self._models is None or (
            self._models[0] != step and not (finish and self._models[0] >= _FORMED)
        ):
            self._models, self._counted = (step, np.array(W)), []
        end = time.perf_counter() + seconds
        of, models = self._models
        for model in models[len(self._counted) :]:
            self._counted.append(shape(model))
            if time.perf_counter() > end:
                break
        if len(self._counted) == len(models):
            self.step, self._names, self._models = of, self._counted, None
        return self.step == step

    def by_name(self) -> list[dict[str, Any]]:
        """Each shape and the seeds that have it, the most frequent first."""
        seeds: dict[str, list[int]] = {}
        for seed, name in enumerate(self._names):
            seeds.setdefault(name, []).append(seed)
        ordered = sorted(seeds.items(), key=lambda item: (-len(item[1]), item[0]))
        return [{"name": name, "seeds": members} for name, members in ordered]
