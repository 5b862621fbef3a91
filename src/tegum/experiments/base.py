"""What an experiment is: measurements into tables, tables into figures and verdicts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.animation import Animation
    from matplotlib.figure import Figure

    from tegum.problem import Problem
    from tegum.training import Training

Tables = dict[str, "pd.DataFrame"]
Status = Literal["holds", "differs", "not tested"]
T = TypeVar("T")
Rows = TypeVar("Rows", bound=Sized)


@dataclass(frozen=True)
class Judgement:
    """What a rule found: its status and the measured numbers, in one line and by name."""

    status: Status
    measured: str
    values: Mapping[str, float] = field(default_factory=dict)


def when(holds: Any, measured: str, **values: Any) -> Judgement:
    """`holds` or `differs`, by a condition: one truth value and numbers, Python's or numpy's."""
    status: Status = "holds" if bool(holds) else "differs"
    return Judgement(status, measured, {name: _plain(value) for name, value in values.items()})


def _plain(value: Any) -> float:
    return value if type(value) is int else float(value)


def some(rows: Rows, what: str = "rows") -> Rows:
    """The rows of a table, of which there must be some: of none of them, every rule is true.

    Raises LookupError where there are none.
    """
    if not len(rows):
        raise LookupError(f"no {what}")
    return rows


Judge = Callable[[Tables], Judgement]


@dataclass(frozen=True)
class Claim:
    """A statement of the paper, with the rule that tests it; fixed before the run.

    `id` is "item.letter" of the project's list of claims, `section` the paper's, `evidence` names
    the figures and tables of the experiment to look at, `quick` says whether a `--quick` run can
    test it.
    """

    id: str
    section: str
    statement: str
    rule: str
    judge: Judge
    evidence: tuple[str, ...]
    expected: Status = "holds"
    quick: bool = True

    @property
    def item(self) -> int:
        """The item of the list of claims that this is a part of: 38 of "38.b"."""
        return int(self.id.partition(".")[0])


class Claims:
    """The claims of one section of the paper, each written above the function that judges it.

        claims = Claims("Relationship to Adversarial Robustness")

        @claims("32.a", "Models get vulnerable.", rule="…", evidence=("vulnerability",))
        def vulnerable(tables: Tables) -> Judgement:
            return when(…, "what was measured", ratio=…)

    They keep the order in which they are written.
    """

    def __init__(self, section: str) -> None:
        """No claims yet; `section` is the paper's."""
        self.section = section
        self._claims: list[Claim] = []

    def __call__(
        self,
        id: str,
        statement: str,
        *,
        rule: str,
        evidence: tuple[str, ...],
        expected: Status = "holds",
        quick: bool = True,
    ) -> Callable[[Judge], Judge]:
        """A decorator for the judge of a claim, which is left as it is.

        Raises ValueError for an id that is not "item.letter" or is there already.
        """
        if re.fullmatch(r"[1-9]\d*\.[a-z]", id) is None or any(c.id == id for c in self._claims):
            raise ValueError(f"claims must have ids like 32.a, each once; got {id!r}")

        def add(judge: Judge) -> Judge:
            claim = Claim(id, self.section, statement, rule, judge, evidence, expected, quick)
            self._claims.append(claim)
            return judge

        return add

    def __iter__(self) -> Iterator[Claim]:
        """The claims, in the order in which they are written."""
        return iter(self._claims)


def by_id(*parts: Iterable[Claim]) -> tuple[Claim, ...]:
    """The claims that stand in several files, in the order of their ids."""
    return tuple(sorted(chain(*parts), key=lambda claim: (claim.item, claim.id)))


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
    jobs: int | None
    run_seed: int

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

    def note(self, models: int, seeds: int, steps: int, seconds: float) -> None:
        """Count models that were trained by a loop of the experiment's own.

        Such a loop uses `jobs` threads, every core for None, and adds `run_seed` to its seeds.
        """
        ...

    def score(self, runs: xr.Dataset) -> xr.Dataset:
        """The runs with their expected losses, to a part in 10⁶, in place of held-out ones."""
        ...

    def pick(self, full: T, quick: T, fine: T | None = None) -> T:
        """The first of these in a full run, the second with `--quick`, the third with `--fine`.

        An experiment that has nothing finer leaves the third out.
        """
        ...


@dataclass(frozen=True)
class Experiment:
    """One section of the paper: `measure` makes tables; figures and claims read them."""

    name: str
    title: str
    section: str
    summary: str
    measure: Callable[[Lab], Tables]
    figures: tuple[FigureSpec, ...]
    claims: tuple[Claim, ...]

    @property
    def items(self) -> tuple[int, ...]:
        """The items of the list of claims that it tests, in rising order."""
        return tuple(sorted({claim.item for claim in self.claims}))


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
