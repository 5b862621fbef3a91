"""What the gallery says of the experiments, and which model each of their figures opens."""

from __future__ import annotations

import json
from typing import Any, Final

from tegum.experiments.base import Experiment, FigureSpec
from tegum.explorer.frames import to_json
from tegum.explorer.presets import presets_of
from tegum.report.discovery import list_experiments
from tegum.report.files import figure_file

#: The preset, by its place among the experiment's, of figures that the first one does not suit.
SHOWN: Final[dict[tuple[str, str], int]] = {
    ("introduction", "features"): 2,
    ("introduction", "stages"): 1,
    ("basic-results", "models-shown"): 3,
    ("basic-results", "counts"): 2,
    ("basic-results", "seeds"): 4,
    ("larger", "models-shown"): 1,
    ("larger", "rescaled"): 1,
    ("larger", "seeds"): 2,
    ("phase-diagrams", "two"): 1,
    ("phase-diagrams", "three"): 2,
    ("phase-diagrams", "found"): 1,
    ("phase-change", "diagram-two"): 1,
    ("phase-change", "diagram-three"): 2,
    ("phase-change", "gain"): 1,
    ("phase-change", "surfaces"): 1,
    ("phase-change", "crossing"): 1,
    ("phase-change", "transitions"): 1,
    ("uniform-geometry", "dimensions-per-feature"): 1,
    ("uniform-geometry", "dimensionality"): 2,
    ("uniform-geometry", "feature-graphs"): 3,
    ("perturbed-pentagon", "seeds"): 1,
    ("perturbed-pentagon", "crossing"): 1,
    ("perturbed-pentagon", "motion"): 3,
    ("perturbed-pentagon", "reach"): 2,
    ("correlated-features", "angles"): 1,
    ("correlated-features", "arrangements"): 2,
    ("correlated-features", "bases-shown"): 6,
    ("correlated-features", "sizes"): 6,
    ("collapse-to-pca", "counts"): 1,
    ("collapse-to-pca", "branches-shown"): 2,
    ("collapse-to-pca", "pca"): 3,
    ("adversarial-robustness", "vulnerability"): 3,
    ("adversarial-robustness", "masking"): 2,
    ("adversarial-robustness", "adversarial-training"): 4,
    ("privileged-basis", "neurons"): 1,
    ("privileged-basis", "counts"): 3,
    ("privileged-basis", "structures"): 2,
    ("privileged-basis", "limits"): 1,
    ("computation", "neurons-by-sparsity"): 1,
    ("computation", "routes"): 2,
    ("computation", "kinds-of-neurons"): 2,
    ("computation", "motif-frequency"): 3,
    ("computation", "motif-circuit"): 3,
    ("strategic-picture", "penalised"): 1,
    ("strategic-picture", "slopes"): 1,
    ("strategic-picture", "experts"): 2,
}


def catalogue() -> list[dict[str, Any]]:
    """The experiments in the order of their items, as plain data."""
    described: list[dict[str, Any]] = json.loads(
        to_json([_described(e) for e in list_experiments()])
    )
    return described


def _described(experiment: Experiment) -> dict[str, Any]:
    return {
        "name": experiment.name,
        "title": experiment.title,
        "section": experiment.section,
        "summary": experiment.summary,
        "presets": [preset.data() for preset in presets_of(experiment)],
        "figures": [_figure(experiment.name, figure) for figure in experiment.figures],
        "claims": [
            {
                "id": claim.id,
                "statement": claim.statement,
                "rule": claim.rule,
                "evidence": list(claim.evidence),
                "expected": claim.expected,
            }
            for claim in experiment.claims
        ],
    }


def _figure(experiment: str, figure: FigureSpec) -> dict[str, Any]:
    name = figure.name
    return {
        "name": name,
        "caption": figure.caption,
        "preset": SHOWN.get((experiment, name), 0),
        "files": {
            "svg": figure_file(experiment, name, "svg"),
            "png": figure_file(experiment, name, "png"),
            "gif": figure_file(experiment, name, "gif"),
        },
    }
