"""The timed rounds: contestants take turns on the same cores, one at a time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from remote import Remote
from works import Settings

#: Before each measurement: idle threads of the one before stop spinning.
_PAUSE: Final = 0.03
#: tegum's speed depends on how many outputs are active, so it is timed when that has settled.
_SETTLE_STEPS: Final = 1000
_SETTLE_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Plan:
    """How long everything takes: measurements of about `seconds`, `rounds` of them."""

    rounds: int
    seconds: float


def summary(rates: Sequence[float]) -> dict[str, Any]:
    """Median, extremes and all of them."""
    return {
        "rate": statistics.median(rates),
        "low": min(rates),
        "high": max(rates),
        "all": list(rates),
    }


def interleaved(remotes: Sequence[Remote], plan: Plan) -> list[dict[str, Any]]:
    """Rounds A B C, A B C, ... over what is built; a summary for each, in order."""
    rates: list[list[float]] = [[] for _ in remotes]
    for _ in range(plan.rounds):
        for remote, found in zip(remotes, rates, strict=True):
            time.sleep(_PAUSE)
            found.append(remote.ask("measure", seconds=plan.seconds)["rate"])
    return [summary(found) for found in rates]


def prepared(remote: Remote, p: float, settings: Settings) -> dict[str, Any]:
    """Build and warm up."""
    reply = remote.ask("build", p=p, settings=settings)
    if remote.entry.environment == "tegum":
        settled = remote.ask("settle", steps=_SETTLE_STEPS, seconds=_SETTLE_SECONDS)
        reply["settling"] = settled
    return reply


def race(
    remotes: Sequence[Remote], p: float, settings: Mapping[str, Settings], plan: Plan
) -> dict[str, dict[str, Any]]:
    """Every contestant's rate at one probability."""
    names = [remote.entry.name for remote in remotes]
    builds = [prepared(one, p, settings[name]) for one, name in zip(remotes, names, strict=True)]
    rates = interleaved(remotes, plan)
    return {name: {**builds[i], **rates[i]} for i, name in enumerate(names)}


def whole_call(remote: Remote, p: float, settings: Settings, plan: Plan) -> dict[str, Any]:
    """The rate of calls of tegum's public function, from start to Dataset."""
    rates = [
        remote.ask("whole_call", p=p, settings=settings, seconds=2 * plan.seconds)["rate"]
        for _ in range(2)
    ]
    return summary(rates)


def thread_scaling(single: Remote, double: Remote, p: float, plan: Plan) -> dict[str, Any]:
    """One thread on one core against two threads on two cores, turn by turn."""
    prepared(single, p, {"threads": 1})
    prepared(double, p, {"threads": 2})
    one, two = interleaved((single, double), plan)
    pairs = zip(one["all"], two["all"], strict=True)
    return {"one": one, "two": two, "ratio": statistics.median(b / a for a, b in pairs)}
