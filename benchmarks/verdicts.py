"""Measured numbers against the floors and ceilings of `works`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from works import (
    FLOORS,
    HELP_CEILING,
    IMPORT_CEILING,
    PEER_FLOOR,
    PEER_FLOOR_AT,
    SGEMM_FLOOR,
    SGEMM_FROM_N,
    THREADS_FLOOR,
    WARM_START_CEILING,
    Work,
    work_of,
)

Results = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """One number and the bound it is held to; `least` says which side is good."""

    what: str
    measured: float
    bound: float
    least: bool

    @property
    def holds(self) -> bool:
        """Whether the bound is met."""
        good = self.measured >= self.bound if self.least else self.measured <= self.bound
        return bool(good)

    @property
    def mark(self) -> str:
        """For a table."""
        return "✓" if self.holds else "✗"


def ratio(rates: Mapping[str, Any], other: str) -> float | None:
    """tegum's rate over another's, where both took part."""
    if "tegum" not in rates or other not in rates:
        return None
    return float(rates["tegum"]["rate"] / rates[other]["rate"])


def fastest_peer(rates: Mapping[str, Any]) -> str | None:
    """The fastest contestant but tegum."""
    peers = [name for name in rates if name != "tegum"]
    return max(peers, key=lambda name: rates[name]["rate"], default=None)


def notebook_verdict(work: Work, p: float, rates: Mapping[str, Any]) -> Verdict | None:
    """tegum against the notebook."""
    measured = ratio(rates, "notebook")
    if measured is None:
        return None
    what = f"{work.title}, p = {p:g}: ratio to the notebook"
    return Verdict(what, measured, FLOORS[work.key][p], True)


def peer_verdict(work: Work, p: float, rates: Mapping[str, Any]) -> Verdict | None:
    """tegum against the fastest peer, where there is a floor for it."""
    peer = fastest_peer(rates)
    measured = None if peer is None else ratio(rates, peer)
    if measured is None or p != PEER_FLOOR_AT:
        return None
    what = f"{work.title}, p = {p:g}: ratio to the fastest peer, {peer}"
    return Verdict(what, measured, PEER_FLOOR, True)


def sgemm_verdict(work: Work, rate: float, sgemm: float) -> Verdict:
    """The fraction of the sgemm rate that dense training reaches."""
    what = f"{work.title}, p = 1: fraction of the sgemm rate"
    return Verdict(what, rate * work.flops / sgemm, SGEMM_FLOOR, True)


def threads_verdict(work: Work, measured: float) -> Verdict:
    """Speed-up of two threads over one."""
    return Verdict(f"{work.title}: two threads over one", measured, THREADS_FLOOR, True)


def start_verdict(work: Work, seconds: float) -> Verdict:
    """From `import` to the first step with kernels on disk."""
    what = f"{work.title}: seconds to the first step, warm"
    return Verdict(what, seconds, WARM_START_CEILING, False)


def import_verdict(seconds: float) -> Verdict:
    """`import tegum`."""
    return Verdict("seconds of `import tegum`", seconds, IMPORT_CEILING, False)


def help_verdict(seconds: float) -> Verdict:
    """`tegum --help`."""
    return Verdict("seconds of `tegum --help`", seconds, HELP_CEILING, False)


def memory_verdict(title: str, found: Mapping[str, float]) -> Verdict:
    """Peak memory of a training."""
    what = f"{title}: megabytes"
    return Verdict(what, found["peak_megabytes"], found["ceiling"], False)


def judge(results: Results) -> list[Verdict]:
    """Every verdict that the results allow."""
    return [verdict for verdict in _all(results) if verdict is not None]


def _all(results: Results) -> Iterator[Verdict | None]:
    for key, found in results["works"].items():
        yield from _speed(work_of(key), found["rates"], results["sgemm"]["all"])
    for key, found in results["threads"].items():
        yield threads_verdict(work_of(key), found["ratio"])
    for key, found in results["starts"].items():
        yield start_verdict(work_of(key), found["warm"]["to_first_step"])
    for title, found in results["footprints"].items():
        yield memory_verdict(title, found)
    if results["starts"]:
        yield import_verdict(import_seconds(results))
    if results["help_seconds"] is not None:
        yield help_verdict(results["help_seconds"])


def _speed(work: Work, by_p: Mapping[str, Any], sgemm: float) -> Iterator[Verdict | None]:
    for p, rates in ((float(p), rates) for p, rates in by_p.items()):
        yield notebook_verdict(work, p, rates)
        yield peer_verdict(work, p, rates)
        if p == 1.0 and work.n >= SGEMM_FROM_N and "tegum" in rates:
            yield sgemm_verdict(work, rates["tegum"]["rate"], sgemm)


def import_seconds(results: Results) -> float:
    """The middle of the warm imports."""
    taken = sorted(found["warm"]["import"] for found in results["starts"].values())
    return float(taken[len(taken) // 2])
