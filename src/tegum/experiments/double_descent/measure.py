"""Models of few and of many data: what they store, and their loss on data they never saw."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.analysis import geometry
from tegum.dims import F64
from tegum.distributions import Samples
from tegum.experiments._shared.one_thread import one_thread
from tegum.experiments.base import Lab, Tables
from tegum.experiments.double_descent.data import Rows, data_dimensionality, loss_of, rows
from tegum.experiments.double_descent.descent import descend, pentagon
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Features; data of the map, from 3 to 10,000; and what the line has beyond them.
N: Final = 1000
_MAP_T: Final = ((3, 10_000, 20), (3, 1000, 6))
_MOST: Final = (30_000, 3000)
_ALL: Final = (100_000, 3000)
HIDDEN: Final = (1, 2, 3, 4, 6, 8, 11, 16)
_QUICK_HIDDEN: Final = (1, 2, 6)
_SEEDS: Final = (5, 2)
#: Steps of the line, and on the map, where a step takes all rows and where it takes some.
STEPS: Final = (3000, 5000)
_MAP_STEPS: Final = (800, 300)
_STEPS: Final = (STEPS, (1000, 1500))
#: A step takes all rows up to so many, and so many of more.
FULL, _BATCH = 1200, 512
TEST: Final = 2000
#: Exact descent: numbers of data of the line nearest to these.
_POLISHED: Final = ((25, 90, 330, 1200, 2800), (90, 330))
_ITERATIONS: Final = (150, 60)


def measure(lab: Lab) -> Tables:
    """Two dimensions with more and more data; the map of T and m; exact descent."""
    sizes = data_sizes(lab)
    most, steps, seeds = lab.pick(*_MOST), lab.pick(*_STEPS), lab.pick(*_SEEDS)
    every = lab.pick(*_ALL)
    data = rows(N, most, TEST, every - most)
    line = {count: trained(lab.train, data, count, 2, line_training(steps, count), seeds)
            for count in dict.fromkeys((*sizes, most, every))}  # fmt: skip
    return {
        "line": line_table(line, data),
        "arrangement": _arrangement(line, data),
        "map": _map(lab, data, sizes, seeds),
        "exact": _exact(lab, line, data),
    }


def data_sizes(lab: Lab) -> tuple[int, ...]:
    """Numbers of data of the map, rising."""
    low, high, count = lab.pick(*_MAP_T)
    return tuple(int(size) for size in np.rint(np.geomspace(low, high, count)))


def line_training(steps: tuple[int, int], count: int) -> Training:
    """How models of `count` data are trained: steps of all rows, or of some."""
    full, some = steps
    if count <= FULL:
        return _training(full, "all", 1e-2)
    return _training(some, _BATCH, 1e-3)


def _training(steps: int, batch_size: Any, learning_rate: float) -> Training:
    """AdamW, a warm-up of a twentieth, a cosine to 0 and weight decay, as in the paper."""
    return Training(
        steps=steps, batch_size=batch_size, learning_rate=learning_rate, optimizer="adamw",
        weight_decay=1e-2, warmup=steps // 20, schedule="cosine", curve_points=0,
    )  # fmt: skip


def trained(
    train: Callable[..., xr.Dataset], data: Rows, count: int, m: int, training: Training, seeds: int
) -> xr.Dataset:
    """Models on the first `count` rows, with `test`, their loss on the others."""
    problem = Problem(Samples(data.train[:count]), ReLUOutput(n_hidden=m))
    runs = train(problem, None, training, seeds=seeds)
    test = [loss_of(W, b, data.test) for W, b in _weights(runs)]
    return runs.assign(test=("seed", test))


def _weights(runs: xr.Dataset) -> list[tuple[F64, F64]]:
    W, b = runs["W"].transpose("seed", "hidden", "feature"), runs["b"].transpose("seed", "feature")
    both = zip(W.values.astype(float), b.values.astype(float), strict=True)
    return [(one, bias) for one, bias in both]


def _lowest(runs: xr.Dataset) -> int:
    """The seed of the lowest training loss."""
    return int(np.argmin(runs["loss"].values))


def line_table(line: dict[int, xr.Dataset], data: Rows) -> pd.DataFrame:
    """One row per T and seed, m = 2.

    Columns: T, seed, loss (of training), test, chosen (the lowest loss), data (median D_X),
    features (mean D of the five longest features), represented.
    """
    import pandas as pd

    found = []
    for count, runs in line.items():
        for seed, (W, _) in enumerate(_weights(runs)):
            five = np.argsort(-np.linalg.norm(W, axis=0))[:5]
            found.append({
                "T": count, "seed": seed, "loss": float(runs["loss"][seed]),
                "test": float(runs["test"][seed]), "chosen": seed == _lowest(runs),
                "data": float(np.median(data_dimensionality(W, data.train[:count]))),
                "features": float(np.asarray(geometry.dimensionality(W))[five].mean()),
                "represented": int(geometry.count_represented(W)),
            })  # fmt: skip
    return pd.DataFrame(found)


def _arrangement(line: dict[int, xr.Dataset], data: Rows) -> pd.DataFrame:
    """Hidden vectors of up to 200 rows, and the 200 longest features, of the lowest loss at each T.

    Columns: T, kind (data or feature), x, y.
    """
    import pandas as pd

    found = []
    for count, runs in line.items():
        W, _ = _weights(runs)[_lowest(runs)]
        longest = np.argsort(-np.linalg.norm(W, axis=0))[:200]
        parts = {"data": data.train[: min(count, 200)] @ W.T, "feature": W.T[longest]}
        for kind, points in parts.items():
            found.append(pd.DataFrame({"T": count, "kind": kind, "x": points[:, 0],
                                       "y": points[:, 1]}))  # fmt: skip
    return pd.concat(found, ignore_index=True)


def _map(lab: Lab, data: Rows, sizes: tuple[int, ...], seeds: int) -> pd.DataFrame:
    """One row per T, m and seed: T, m, seed, loss and test."""
    import pandas as pd

    found, steps = [], lab.pick(*_MAP_STEPS)
    for m in lab.pick(HIDDEN, _QUICK_HIDDEN):
        for count in sizes:
            some = count > FULL
            training = _training(steps, _BATCH if some else "all", 3e-3 if some else 1e-2)
            runs = trained(lab.train, data, count, m, training, seeds)
            columns = {name: runs[name].values for name in ("seed", "loss", "test")}
            found.append(pd.DataFrame({"T": count, "m": m, **columns}))
    return pd.concat(found, ignore_index=True)


@one_thread
def _exact(lab: Lab, line: dict[int, xr.Dataset], data: Rows) -> pd.DataFrame:
    """Descent to local minima of the training loss, from what AdamW found and from a pentagon.

    Columns: T, start (adamw, pentagon), before and loss (of training), test, chosen (the lower).
    """
    import pandas as pd

    found, sizes = [], np.array(sorted(line))
    for wanted in lab.pick(*_POLISHED):
        count = int(sizes[np.abs(np.log(sizes / wanted)).argmin()])
        runs, x = line[count], data.train[:count]
        starts = {
            "adamw": _weights(runs)[_lowest(runs)],
            "pentagon": pentagon(x.shape[1], x.mean(axis=0)),
        }
        ends = {name: descend(*start, x, lab.pick(*_ITERATIONS)) for name, start in starts.items()}
        lowest = min(end.loss for end in ends.values())
        for name, end in ends.items():
            found.append({
                "T": count, "start": name, "before": loss_of(*starts[name], x), "loss": end.loss,
                "test": loss_of(end.W, end.b, data.test), "chosen": end.loss == lowest,
            })  # fmt: skip
    return pd.DataFrame(found)
