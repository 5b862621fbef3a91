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
_SETTLE_SECONDS: Final = 3.0


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


def interleaved(remotes: Sequence[Remote], plan: Plan) -> dict[int, dict[str, Any]]:
    """Rounds A B C, A B C, ... over what is built; summaries by position in `remotes`."""
    rates: dict[int, list[float]] = {index: [] for index in range(len(remotes))}
    for _ in range(plan.rounds):
        for index, remote in enumerate(remotes):
            time.sleep(_PAUSE)
            rates[index].append(remote.ask("measure", seconds=plan.seconds)["rate"])
    return {index: summary(found) for index, found in rates.items()}


def prepared(remote: Remote, p: float, settings: Settings) -> dict[str, Any]:
    """Build and warm up; {"cannot": why} where the contestant cannot do it."""
    reply = remote.ask("build", p=p, settings=settings)
    if "cannot" not in reply and remote.entry.environment == "tegum":
        settled = remote.ask("settle", steps=_SETTLE_STEPS, seconds=_SETTLE_SECONDS)
        reply["settling"] = settled
    return reply


def race(
    remotes: Sequence[Remote], p: float, settings: Mapping[str, Settings], plan: Plan
) -> dict[str, dict[str, Any]]:
    """Every contestant's rate at one probability."""
    found: dict[str, dict[str, Any]] = {}
    able: list[Remote] = []
    for remote in remotes:
        found[remote.entry.name] = prepared(remote, p, settings[remote.entry.name])
        if "cannot" not in found[remote.entry.name]:
            able.append(remote)
    for index, result in interleaved(able, plan).items():
        found[able[index].entry.name].update(result)
    return found


def whole_call(remote: Remote, p: float, settings: Settings, plan: Plan) -> dict[str, Any]:
    """The rate of calls of tegum's public function, from start to Dataset."""
    rates = [
        remote.ask("whole_call", p=p, settings=settings, seconds=2 * plan.seconds)["rate"]
        for _ in range(2)
    ]
    return summary(rates)


def thread_scaling(few: Remote, many: Remote, cores: int, p: float, plan: Plan) -> dict[str, Any]:
    """One thread on one core against a thread on each core, turn by turn."""
    prepared(few, p, {"threads": 1})
    prepared(many, p, {"threads": cores})
    one, all_ = interleaved((few, many), plan).values()
    pairs = zip(one["all"], all_["all"], strict=True)
    return {"one": one, "all": all_, "ratio": statistics.median(b / a for a, b in pairs)}
