"""Time tegum and its peers on the same work, and write what was found.

    python benchmarks/run.py [--quick] [--only WORK,...] [--contestants NAME,...] [--tune]
                             [--out benchmarks/RESULTS.md] [--peers-python PATH]

Run with the interpreter of tegum's environment; the peers run in their own (`.venv-peers`, made
from `benchmarks/peers/requirements.txt`). Writes a report and, beside it, the raw numbers as
results.json.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import fresh_runs
from check import CHECKED_AT, same_work
from contestants import ENTRIES, Entry
from machine import available_cores, describe, fingerprint, sgemm_rate
from remote import Remote, RemoteError
from report import markdown
from timing import Plan, race, thread_scaling, whole_call
from tune import Settled
from works import PROBABILITIES, WORKS, Work, work_of

ROOT = Path(__file__).parents[1]
FULL, QUICK = Plan(rounds=3, seconds=0.4), Plan(rounds=3, seconds=0.15)
QUICK_WORKS = ("2x1", "10x5", "400x30")
#: Compiling every kernel anew for every work would take longer than the timing.
START_WORKS = ("2x1", "10x5", "400x30", "100x40-abs")


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    works, names = [work.key for work in WORKS], [entry.name for entry in ENTRIES]
    parser.add_argument("--quick", action="store_true", help="three works, short measurements")
    parser.add_argument("--only", type=_listed(works), metavar="WORK,...", help=", ".join(works))
    parser.add_argument("--contestants", type=_listed(names), default=names, metavar="NAME,...")
    parser.add_argument("--tune", action="store_true", help="find the peers' best settings anew")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "RESULTS.md")
    peers = ROOT / ".venv-peers" / "bin" / "python"
    parser.add_argument("--peers-python", type=Path, default=peers)
    return parser.parse_args(argv)


def _listed(known: Sequence[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        asked = [part.strip() for part in text.split(",")]
        for name in asked:
            if name not in known:
                raise argparse.ArgumentTypeError(f"no {name!r}; there are {', '.join(known)}")
        return [name for name in known if name in asked]

    return parse


class Bench:
    """One run: who, where, how long."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.plan = QUICK if options.quick else FULL
        keys = options.only or (QUICK_WORKS if options.quick else [work.key for work in WORKS])
        self.works = [work_of(key) for key in keys]
        self.entries = [entry for entry in ENTRIES if entry.name in options.contestants]
        self.pythons = {"tegum": Path(sys.executable), "peers": options.peers_python}
        self.quick, self.cores, self.machine = options.quick, available_cores(), describe()
        self.settled = Settled(fingerprint(self.machine), afresh=options.tune)
        self.began = time.monotonic()
        self._check_interpreters()

    def _check_interpreters(self) -> None:
        for kind in {entry.environment for entry in self.entries}:
            if not self.pythons[kind].exists():
                raise SystemExit(
                    f"error: no {self.pythons[kind]}; make it by `make bench`, or name another "
                    "interpreter by --peers-python, or leave the peers out by --contestants tegum"
                )

    @property
    def timed_tegum(self) -> bool:
        """Whether tegum takes part."""
        return any(entry.name == "tegum" for entry in self.entries)

    def say(self, text: str) -> None:
        """A line of progress."""
        print(f"[{time.monotonic() - self.began:5.0f} s] {text}", flush=True)

    def start(self, entry: Entry, work: Work, cores: Sequence[int] | None = None) -> Remote:
        """A contestant's process."""
        return Remote(entry, self.pythons[entry.environment], work, cores or self.cores)

    def measure(self) -> dict[str, Any]:
        """Everything, as plain data."""
        sgemm = {"one": sgemm_rate(1), "all": sgemm_rate(len(self.cores))}
        results: dict[str, Any] = {
            "date": datetime.date.today().isoformat(),
            "quick": self.quick,
            "machine": self.machine,
            "plan": {"rounds": self.plan.rounds, "seconds": self.plan.seconds},
            "probabilities": list(PROBABILITIES),
            "entries": {entry.name: entry.summary for entry in self.entries},
            "versions": {},
            "import_megabytes": {},
        }
        results["works"] = {work.key: self.work(work, results) for work in self.works}
        results["threads"] = dict(self.threads()) if self.timed_tegum else {}
        results |= self.fresh()
        again = {"one": sgemm_rate(1), "all": sgemm_rate(len(self.cores))}
        results["sgemm"] = {key: max(sgemm[key], again[key]) for key in sgemm}
        results["wall_seconds"] = time.monotonic() - self.began
        return results

    def work(self, work: Work, results: dict[str, Any]) -> dict[str, Any]:
        """All probabilities of one work, and the proof that it is the same work."""
        count = len(self.cores)
        settings = {
            entry.name: self.settled.of(entry, work, self.start, count) for entry in self.entries
        }
        with ExitStack() as stack:
            remotes = [stack.enter_context(self.start(entry, work)) for entry in self.entries]
            for remote in remotes:
                name = remote.entry.name
                results["import_megabytes"][name] = remote.wait()["megabytes"]
                packages = list(remote.entry.packages)
                results["versions"] |= {name: remote.ask("versions", packages=packages)["versions"]}
            rates = {}
            for p in PROBABILITIES:
                rates[str(p)] = found = race(remotes, p, settings, self.plan)
                if self.timed_tegum:
                    call = whole_call(remotes[0], p, settings["tegum"], self.plan)
                    found["tegum"]["whole_call"] = call
                self.say(f"{work.key} p={p:g}: {_line(found)}")
            peak = {remote.entry.name: remote.ask("peak")["megabytes"] for remote in remotes}
            check = same_work(work, remotes, settings)
            self.say(f"{work.key} p={CHECKED_AT:g} same work: {_same(check)}")
        return {"settings": settings, "rates": rates, "peak": peak, "check": check}

    def threads(self) -> Iterator[tuple[str, Any]]:
        """tegum on one core and on two, at p = 0.05."""
        entry = ENTRIES[0]
        for work in self.works if len(self.cores) > 1 else ():
            one = self.start(entry, work, self.cores[:1])
            two = self.start(entry, work, self.cores[:2])
            with one, two:
                found = thread_scaling(one, two, 0.05, self.plan)
            self.say(f"{work.key} two threads over one: {found['ratio']:.2f}")
            yield work.key, found

    def fresh(self) -> dict[str, Any]:
        """What new processes of tegum take."""
        if not self.timed_tegum:
            return {"starts": {}, "footprints": {}, "help_seconds": None}
        shown = [work for work in self.works if work.key in START_WORKS]
        starts = fresh_runs.starts(shown or self.works)
        self.say("start-up measured")
        found = {"starts": starts, "footprints": fresh_runs.footprints()}
        self.say("memory measured")
        return {**found, "help_seconds": fresh_runs.help_seconds()}


def _line(found: dict[str, Any]) -> str:
    return ", ".join(f"{name} {one.get('rate', 0):,.0f}" for name, one in found.items())


def _same(check: dict[str, Any]) -> str:
    return ", ".join(f"{k} {v['loss']:.4g} {'ok' if v['same'] else 'NO'}" for k, v in check.items())


def main(argv: Sequence[str]) -> int:
    """0, or 1 where a contestant failed."""
    options = arguments(argv)
    try:
        results = Bench(options).measure()
    except RemoteError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    options.out.write_text(markdown(results))
    raw = options.out.parent / "results.json"
    raw.write_text(json.dumps(results, indent=1) + "\n")
    print(f"wrote {options.out} and {raw}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
