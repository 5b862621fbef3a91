"""Experiments, found by name: a new folder or file in `tegum.experiments` is all it takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import ModuleType

from tegum.discovery import modules_of
from tegum.errors import TegumError, UnknownNameError
from tegum.experiments.base import Experiment
from tegum.hints import close
from tegum.report import overview


def list_experiments(package: str | None = None) -> list[Experiment]:
    """Every experiment of `package` (`overview.PACKAGE` by default), in the order of their items.

    Each folder or file but `base` and those whose name starts with `_` defines `EXPERIMENT`. Raises
    `TegumError` for one that does not, and for a name or claim id given twice.
    """
    experiments = [_experiment_of(module) for module in modules_of(package or overview.PACKAGE)]
    _require_unique("experiment", (e.name for e in experiments))
    _require_unique("claim", (claim.id for e in experiments for claim in e.claims))
    return sorted(experiments, key=lambda e: (min(e.items, default=0), e.name))


def find(names: Sequence[str] = (), package: str | None = None) -> list[Experiment]:
    """The experiments called `names`, in that order and once each; all of them for no names.

    Raises `UnknownNameError` with close matches and every known name.
    """
    experiments = list_experiments(package)
    if not names:
        return experiments
    known = {experiment.name: experiment for experiment in experiments}
    for name in names:
        if name not in known:
            raise _unknown(name, list(known))
    return [known[name] for name in dict.fromkeys(names)]


def _unknown(name: str, known: list[str]) -> UnknownNameError:
    meant = close(name, known)
    if not meant:
        return UnknownNameError.of("experiment", name, known)
    guess = " or ".join(repr(match) for match in meant)
    return UnknownNameError(
        f"unknown experiment {name!r}; did you mean {guess}? known: {', '.join(known)}"
    )


def _experiment_of(module: ModuleType) -> Experiment:
    experiment = getattr(module, "EXPERIMENT", None)
    if not isinstance(experiment, Experiment):
        raise TegumError(f"{module.__name__}.EXPERIMENT must be an Experiment; got {experiment!r}")
    return experiment


def _require_unique(kind: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise TegumError(f"{kind} {name!r} is defined twice")
        seen.add(name)
