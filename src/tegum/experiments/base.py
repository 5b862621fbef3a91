"""What an experiment is: measurements into tables, tables into figures and verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.animation import Animation
    from matplotlib.figure import Figure

    from tegum.problem import Problem
    from tegum.training import Training

Tables = dict[str, "pd.DataFrame"]
Status = Literal["holds", "differs", "not tested"]


@dataclass(frozen=True)
class Judgement:
    """What a rule found: its status and the measured numbers, in one line and by name."""

    status: Status
    measured: str
    values: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def when(cls, holds: bool, measured: str, **values: float) -> Judgement:
        """`holds` or `differs`, by a condition."""
        return cls("holds" if holds else "differs", measured, values)


@dataclass(frozen=True)
class Claim:
    """A statement of the paper, with the rule that tests it; fixed before the run.

    `id` is "item.letter" of the project's list of claims, `evidence` names the figures and
    tables of the experiment to look at, `quick` says whether a `--quick` run can test it.
    """

    id: str
    item: int
    section: str
    statement: str
    rule: str
    judge: Callable[[Tables], Judgement]
    evidence: tuple[str, ...]
    expected: Status = "holds"
    quick: bool = True


@dataclass(frozen=True)
class FigureSpec:
    """A figure drawn from saved tables alone, so that anyone can redraw it.

    `animate` makes a film of the same tables, which a page shows in place of the figure; the figure
    is what is printed, and what readers see who want nothing to move.
    """

    name: str
    caption: str
    draw: Callable[[Tables], Figure]
    tables: tuple[str, ...]
    animate: Callable[[Tables], Animation] | None = None


class Lab(Protocol):
    """What an experiment is given to work with: training bound to a store, and the run's size."""

    quick: bool

    def train(
        self,
        problem: Problem,
        axes: Mapping[str, Any] | None = None,
        training: Training | None = None,
        seeds: int = 1,
        seed: int = 0,
        start: xr.Dataset | None = None,
    ) -> xr.Dataset:
        """`tegum.train`, with the run's store, cores and progress display."""
        ...

    def score(self, runs: xr.Dataset) -> xr.Dataset:
        """The runs with their expected losses, to a part in 10⁶, in place of held-out ones."""
        ...

    def pick(self, full: int, quick: int, fine: int | None = None) -> int:
        """The first number in a full run, the second with `--quick`, the third with `--fine`.

        An experiment that has nothing finer leaves the third out.
        """
        ...


@dataclass(frozen=True)
class Experiment:
    """One section of the paper: `measure` makes tables; figures and claims read them."""

    name: str
    title: str
    section: str
    items: tuple[int, ...]
    summary: str
    measure: Callable[[Lab], Tables]
    figures: tuple[FigureSpec, ...]
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Verdict:
    """A claim, judged."""

    experiment: str
    claim: Claim
    judgement: Judgement

    @property
    def as_expected(self) -> bool:
        """Whether the status is the recorded one; a claim not tested is no surprise."""
        return self.judgement.status in (self.claim.expected, "not tested")


@dataclass(frozen=True)
class Outcome:
    """One experiment, run: tables, verdicts, and how long it took in seconds."""

    experiment: Experiment
    tables: Tables
    verdicts: tuple[Verdict, ...]
    seconds: float
    quick: bool
