"""Claims of two sections of the paper."""

from __future__ import annotations

import math

from tegum.experiments.base import Claims, Judgement, Tables, when

introduction, geometry = Claims("Introduction"), Claims("Geometry")


@introduction(
    "1.a",
    "Features in superposition have norms above 1.",
    rule="largest norm > 1.2",
    evidence=("norms", "sweep"),
)
def longer(tables: Tables) -> Judgement:
    largest = tables["sweep"]["norm"].max()
    return when(largest > 1.2, f"largest ‖W_i‖ = {largest:.3f}", largest=largest)


@geometry(
    "1.b",
    "‖W_i‖ = 1/(1 − b_i) <script>alert(1)</script>",
    rule="within 1 %",
    evidence=("grid",),
    expected="differs",
)
def formula(tables: Tables) -> Judgement:
    return when(False, "‖W‖² = 1.28 | 1.33 expected", ratio=math.nan)


@introduction(
    "2.a", "Needs many models.", rule="at least 24 sparsities", evidence=("sweep",), quick=False
)
def many(tables: Tables) -> Judgement:
    return when(len(tables["sweep"]) >= 24, "24 sparsities")
