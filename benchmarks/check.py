"""Do all contestants do the same work? Train a few models from one draw of weights and compare.

Every contestant trains `work.check_instances` models for `work.check_steps` steps of Adam at a
learning rate high enough to matter, on its own data, from Xavier-normal weights; the losses of
all are then computed here, on one held-out set, by one function. Mean losses must agree within
sampling error (4 standard errors over the models) and 2 % for what legitimately differs: the
peers divide the loss by the number of features or models, to which Adam answers only through its
epsilon.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from contestants.base import Weights, losses, sample, start_weights
from remote import Remote
from works import Settings, Work

CHECKED_AT: Final = 0.05
_LEARNING_RATE: Final = 1e-2
_HELD_OUT: Final = 8192
_ERRORS: Final = 4.0
_SLACK: Final = 0.02


def same_work(
    work: Work, remotes: Sequence[Remote], settings: Mapping[str, Settings]
) -> dict[str, dict[str, Any]]:
    """Mean loss, its standard error and the verdict, by contestant; the first is the reference."""
    x = sample(work, CHECKED_AT, _HELD_OUT, 2)
    before = losses(work, start_weights(work, work.check_instances, 1), x).mean()
    found: dict[str, dict[str, Any]] = {}
    for remote in remotes:
        loss = losses(work, _trained(remote, settings[remote.entry.name]), x)
        error = loss.std(ddof=1) / np.sqrt(len(loss))
        found[remote.entry.name] = {"loss": float(loss.mean()), "error": float(error)}
    reference = next(iter(found.values()))
    for one in found.values():
        one["before"] = float(before)
        one["same"] = _agree(one, reference)
    return found


def _trained(remote: Remote, settings: Settings) -> Weights:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.npz"
        remote.ask(
            "check",
            p=CHECKED_AT,
            settings=settings,
            learning_rate=_LEARNING_RATE,
            path=str(path),
        )
        return Weights.load(path)


def _agree(one: Mapping[str, float], reference: Mapping[str, float]) -> bool:
    band = _ERRORS * np.hypot(one["error"], reference["error"]) + _SLACK * reference["loss"]
    return bool(abs(one["loss"] - reference["loss"]) <= band)
