"""Decoders from different initial biases: monosemantic neurons, loss, and where biases end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tegum.ensemble.machine import checked_jobs
from tegum.experiments._shared.one_thread import one_thread
from tegum.experiments.base import Lab, Tables
from tegum.experiments.monosemanticity.decoder import (
    Descent,
    Size,
    Trained,
    activations,
    share,
    train,
)

if TYPE_CHECKING:
    import pandas as pd

#: A neuron is monosemantic if one feature has more than this of its activations, as published.
MONOSEMANTIC: Final = 0.999
#: The size of most models, and the published one.
SIZE: Final = Size(256, 32, 512)
REFERENCE: Final = Size(512, 64, 1024)
#: Initial biases; the published start is −1 and decays as much as there, by e^−9.8 in all.
BIASES: Final = ((0.0, -0.05, -0.1, -0.2, -0.4, -0.8), (0.0, -0.2))
NEGATIVE: Final = -0.2
PUBLISHED: Final = -1.0
_DECAY: Final = 0.03 * 0.005 * 2**16
#: The published learning rate of LAMB, here of Adam; steps, and samples in each.
RATE: Final = 3e-3
STEPS: Final = (3000, 2000)
LONGER: Final = 4
_BATCH: Final = 256
_SEEDS: Final = (3, 1)
#: Learning rates beside it, neurons beside those of `SIZE`, and seeds of these, of longer trainings
#: and of the published size.
_RATES: Final = {"adam": (1e-3, 6e-3), "lamb": (1e-2, 2e-2, 4e-2)}
_NEURONS: Final = ((128, 256, 1024), (128, 256))
_FEWER: Final = (2, 1)
#: Activations that are drawn.
_SEEN: Final = 0.1


class Asked(NamedTuple):
    """One model to train, and which comparison it is for."""

    part: str
    size: Size
    how: Descent
    seed: int


def measure(lab: Lab) -> Tables:
    """All models, on all cores, and what is to be known of their neurons."""
    asked = list(plan(lab))
    began = time.perf_counter()
    found = _trained(asked, checked_jobs("reproduce", lab.jobs), lab.run_seed)
    steps = sum(one.how.steps for one in asked) // len(asked)
    lab.note(len(asked), lab.pick(*_SEEDS), steps, time.perf_counter() - began)
    return {
        "models": _models(asked, found),
        "path": _path(asked, found),
        "neurons": _neurons(asked, found),
        "activations": _activations(asked, found),
    }


def plan(lab: Lab) -> Iterator[Asked]:
    """What is trained: by parts, each with what it is compared with in the same or in `biases`."""
    steps, seeds, fewer = lab.pick(*STEPS), range(lab.pick(*_SEEDS)), range(lab.pick(*_FEWER))
    usual = Descent(steps, _BATCH, RATE)
    for seed in seeds:
        for bias in lab.pick(*BIASES):
            yield Asked("biases", SIZE, usual._replace(initial_bias=bias), seed)
        decay = _DECAY / (RATE * steps / 2)
        slow = usual._replace(initial_bias=PUBLISHED, bias_decay=decay)
        yield Asked("published", SIZE, slow, seed)
    for seed in fewer:
        for k in lab.pick(*_NEURONS):
            yield Asked("neurons", SIZE._replace(k=k), usual._replace(initial_bias=NEGATIVE), seed)
    if lab.quick:
        return
    for bias in (0.0, NEGATIVE):
        for seed in fewer:
            longer = usual._replace(steps=LONGER * steps, initial_bias=bias)
            yield Asked("longer", SIZE, longer, seed)
        for seed in fewer:
            yield Asked("reference", REFERENCE, usual._replace(initial_bias=bias), seed)
            for optimizer, rates in _RATES.items():
                for rate in rates:
                    other = Descent(steps, _BATCH, rate, bias, 0.0, optimizer)  # type: ignore[arg-type]
                    yield Asked("rates", SIZE, other, seed)


@one_thread
def _trained(asked: list[Asked], jobs: int, run_seed: int) -> list[Trained]:
    stop = Event()

    def one(number: int) -> Trained:
        _, size, how, seed = asked[number]
        return train(size, how, run_seed + seed, MONOSEMANTIC, stop)

    # what is compiled is compiled before there are threads, and what takes long comes first
    tiny = Size(4, 2, 3, 0.5)
    for how in (Descent(1, 2, RATE), Descent(1, 2, RATE, optimizer="lamb")):
        train(tiny, how._replace(initial_bias=-0.1), 0, MONOSEMANTIC)
    order = sorted(range(len(asked)), key=lambda k: -asked[k].how.steps * asked[k].size.k)
    with ThreadPoolExecutor(jobs) as pool:
        futures = {number: pool.submit(one, number) for number in order}
        try:
            return [futures[number].result() for number in range(len(asked))]
        except BaseException:  # Ctrl-C, too: what is under way ends, what is not does not begin
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _columns(one: Asked) -> dict[str, object]:
    """How a model was trained."""
    return {
        "part": one.part, "n": one.size.n, "m": one.size.m, "k": one.size.k,
        "optimizer": one.how.optimizer, "rate": one.how.learning_rate, "steps": one.how.steps,
        "initial_bias": one.how.initial_bias, "seed": one.seed,
    }  # fmt: skip


def _models(asked: list[Asked], found: list[Trained]) -> pd.DataFrame:
    """One row per model.

    Columns: part, n, m, k, optimizer, rate, steps, initial_bias, seed; loss and error (standard)
    on fresh samples; monosemantic, dead and known (neurons, and features that have a monosemantic
    one).
    """
    import pandas as pd

    rows = []
    for one, end in zip(asked, found, strict=True):
        shares, alone = share(end.model), activations(end.model)
        single = shares > MONOSEMANTIC
        rows.append({
            **_columns(one), "loss": end.loss, "error": end.error,
            "monosemantic": int(single.sum()), "dead": int((shares == 0).sum()),
            "known": len(np.unique(alone[single].argmax(axis=1))),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _path(asked: list[Asked], found: list[Trained]) -> pd.DataFrame:
    """Columns: part, …, seed as in `models`; step, loss (of a batch), monosemantic, bias (mean)."""
    import pandas as pd

    return pd.DataFrame(
        {**_columns(one), **moment._asdict()}
        for one, end in zip(asked, found, strict=True)
        if one.part in ("biases", "published", "longer")
        for moment in end.path
    )


def _shown(asked: list[Asked], found: list[Trained]) -> Iterator[tuple[Asked, Trained]]:
    """Models whose neurons are shown: of the first seed, from no bias and from a negative one."""
    for one, end in zip(asked, found, strict=True):
        if one.part == "biases" and one.seed == 0 and one.how.initial_bias in (0.0, NEGATIVE):
            yield one, end


def _neurons(asked: list[Asked], found: list[Trained]) -> pd.DataFrame:
    """One row per neuron of two models: initial_bias, neuron (falling share), share, bias."""
    import pandas as pd

    parts = []
    for one, end in _shown(asked, found):
        shares = share(end.model)
        order = np.argsort(-shares, kind="stable")
        parts.append(pd.DataFrame({
            "initial_bias": one.how.initial_bias, "neuron": np.arange(len(order)),
            "share": shares[order], "bias": end.model.bias[order].astype(float),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _activations(asked: list[Asked], found: list[Trained]) -> pd.DataFrame:
    """What neurons make of single features, where it is more than 0.1.

    Columns: initial_bias, neuron (as in `neurons`), feature (by the neuron that it excites most),
    activation.
    """
    import pandas as pd

    parts = []
    for one, end in _shown(asked, found):
        alone = activations(end.model)[np.argsort(-share(end.model), kind="stable")]
        alone = alone[:, np.argsort(alone.argmax(axis=0), kind="stable")]
        neuron, feature = np.nonzero(alone > _SEEN)
        parts.append(pd.DataFrame({
            "initial_bias": one.how.initial_bias, "neuron": neuron, "feature": feature,
            "activation": alone[neuron, feature].round(3),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)
