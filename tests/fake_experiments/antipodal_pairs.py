"""Everything works; one claim differs as recorded, one needs a full run."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tegum.experiments.base import (
    Claim,
    Experiment,
    FigureSpec,
    Judgement,
    Lab,
    Tables,
    when,
)


def measure(lab: Lab) -> Tables:
    p = np.geomspace(1, 0.01, lab.pick(24, 6))
    sweep = pd.DataFrame({"feature_probability": p, "norm": 1 + 0.3 * (1 - p), "n": len(p)})
    grid = pd.DataFrame(np.outer(p, 1 - p), index=pd.Index(p, name="p"))
    return {"sweep": sweep, "grid": grid}


def draw_norms(tables: Tables) -> Figure:
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    axes.semilogx(1 / tables["sweep"]["feature_probability"], tables["sweep"]["norm"], "o-")
    axes.set(xlabel="1/(1−S)", ylabel="‖W_i‖", title="A longer vector when sparse")
    return figure


def draw_grid(tables: Tables) -> Figure:
    figure = Figure(figsize=(9, 3.4))
    axes = figure.subplots(1, 2)
    image = axes[0].imshow(tables["grid"].to_numpy(), cmap="RdBu_r", vmin=-1, vmax=1)
    figure.colorbar(image, ax=axes[0])
    axes[1].bar(range(len(tables["grid"])), tables["grid"].to_numpy().max(axis=1))
    return figure


def judge_norm(tables: Tables) -> Judgement:
    largest = float(tables["sweep"]["norm"].max())
    return when(largest > 1.2, f"largest ‖W_i‖ = {largest:.3f}", largest=largest)


def judge_formula(tables: Tables) -> Judgement:
    return Judgement("differs", "‖W‖² = 1.28 | 1.33 expected", {"ratio": float("nan")})


EXPERIMENT = Experiment(
    name="antipodal-pairs",
    title="Antipodal pairs & <norms>",
    section="Demonstrating Superposition",
    summary="Norms of features in a pair, for sparsities from dense to 1 in 100.",
    measure=measure,
    figures=(
        FigureSpec("norms", 'Norm "‖W_i‖" over 1/(1−S); <b>bold</b>.', draw_norms, ("sweep",)),
        FigureSpec("grid", "A heat map and bars.", draw_grid, ("grid",)),
    ),
    claims=(
        Claim(
            id="1.a",
            section="Introduction",
            statement="Features in superposition have norms above 1.",
            rule="largest norm > 1.2",
            judge=judge_norm,
            evidence=("norms", "sweep"),
        ),
        Claim(
            id="1.b",
            section="Geometry",
            statement="‖W_i‖ = 1/(1 − b_i) <script>alert(1)</script>",
            rule="within 1 %",
            judge=judge_formula,
            evidence=("grid",),
            expected="differs",
        ),
        Claim(
            id="2.a",
            section="Introduction",
            statement="Needs many models.",
            rule="at least 24 sparsities",
            judge=lambda tables: when(len(tables["sweep"]) >= 24, "24 sparsities"),
            evidence=("sweep",),
            quick=False,
        ),
    ),
)
