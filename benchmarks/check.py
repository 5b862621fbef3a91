"""Do all contestants do the same work? Train a few models from one draw of weights and compare.

Every contestant trains `work.check_instances` models for `work.check_steps` steps of Adam at a
learning rate high enough to matter, on its own data, from the same weights. Two things must then
agree with the first contestant's: the mean loss, computed here for all by one function on one
held-out set, and the mean bias, which is what answers most to the density of the data. The band
is sampling error (4 standard errors of the difference, taken pair by pair) and a little for what
legitimately differs: the peers divide the loss by the number of features or models, to which Adam
answers only through its epsilon. A wrong model, target or step count, a learning rate off by a
third or a probability off by a factor of two fall outside it for most works; small errors do not.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from contestants.base import Weights, losses, sample, start_weights
from numpy.typing import NDArray
from remote import Remote
from works import Settings, Work

CHECKED_AT: Final = 0.05
_LEARNING_RATE: Final = 1e-2
_HELD_OUT: Final = 8192
_ERRORS: Final = 4.0
_LOSS_SLACK: Final = 0.02
_BIAS_SLACK: Final = 0.002


def same_work(
    work: Work, remotes: Sequence[Remote], settings: Mapping[str, Settings]
) -> dict[str, dict[str, Any]]:
    """Mean loss, mean bias and whether they agree with the first contestant's, by contestant."""
    x = sample(work, CHECKED_AT, _HELD_OUT, 2)
    before = losses(work, start_weights(work, work.check_instances, 1), x).mean()
    trained = {one.entry.name: _trained(one, settings[one.entry.name]) for one in remotes}
    loss = {name: losses(work, weights, x) for name, weights in trained.items()}
    first = remotes[0].entry.name
    return {
        name: {
            "before": float(before),
            "loss": float(loss[name].mean()),
            "bias": float(weights.b.mean()),
            "same": _agree(loss[name], loss[first], _LOSS_SLACK * loss[first].mean())
            and _agree(weights.b, trained[first].b, _BIAS_SLACK),
        }
        for name, weights in trained.items()
    }


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


def _agree(ones: NDArray[Any], others: NDArray[Any], slack: float) -> bool:
    """Whether the mean difference is within its sampling error and the slack."""
    difference = np.subtract(ones, others, dtype=np.float64)
    error = difference.std(ddof=1) / np.sqrt(difference.size)
    return bool(abs(difference.mean()) <= _ERRORS * error + slack)
