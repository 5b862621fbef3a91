"""Write docs/claims.md from the claims of the experiments: `python docs/make_claims.py`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from tegum.experiments.base import Claim
from tegum.report.discovery import list_experiments

PAGE = Path(__file__).with_name("claims.md")

_HEAD = """\
# Claims

What the experiments of tegum test: statements of *Toy Models of Superposition* (Elhage et al.,
2022), and of work that followed it, in our own words, each with the rule that decides. Rules are
fixed before a run; their tolerances are constants in the file of the experiment. `tegum reproduce`
judges every claim anew and writes the measured numbers beside it. A claim *holds* or *differs*;
where it is known to differ, the report says what was found instead.

Notation: n features with directions W_i in m dimensions; a feature is active with probability
p = 1 − S; I_i is its importance; G = WᵀW; D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)² its dimensionality;
sup_i = Σ_{j≠i} (Ŵ_i·W_j)². A feature is represented when ‖W_i‖ > ½.

<!-- Made by docs/make_claims.py from src/tegum/experiments: edit the claims there. -->
"""


def page() -> str:
    """The whole page."""
    claims = [
        (claim, experiment.name) for experiment in list_experiments() for claim in experiment.claims
    ]
    claims.sort(key=lambda pair: (pair[0].item, pair[0].id))
    parts = [_HEAD]
    for section, group in groupby(claims, key=lambda pair: pair[0].section):
        parts.append(f"\n## {section}\n")
        parts += [_entry(claim, experiment) for claim, experiment in group]
    return "".join(parts)


def _entry(claim: Claim, experiment: str) -> str:
    known = "" if claim.expected == "holds" else f" Known to be: **{claim.expected}**."
    size = "" if claim.quick else " Needs a full run."
    return (
        f"\n**{claim.id}** (`tegum reproduce {experiment}`): {claim.statement}{known}\n\n"
        f"> Rule: {claim.rule}{size}\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
