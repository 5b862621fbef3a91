"""The line of the experiment at other sizes: the published one has 10,000 features."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tegum.arguments import whole
from tegum.ensemble import train
from tegum.errors import SpecError
from tegum.experiments.double_descent.data import rows
from tegum.experiments.double_descent.measure import (
    STEPS,
    TEST,
    line_table,
    line_training,
    trained,
)

if TYPE_CHECKING:
    import pandas as pd


def line(
    n: int = 10_000,
    data: Sequence[int] = (3, 10, 30, 100, 300, 1000),
    m: int = 2,
    seeds: int = 5,
    steps: tuple[int, int] = STEPS,
    **named: Any,
) -> pd.DataFrame:
    """Models of few and of many data, as the experiment's table `line` has them.

    Rows of 10 active features on average are drawn and kept whole: 8 bytes a number, and 4 more
    while models train.

    Args:
        n: features, >= 10.
        data: numbers T of data, each >= 1.
        m: hidden dimensions, >= 1.
        seeds: models at each, >= 1.
        steps: of models of up to 1,200 data, each of which takes all of them, and of models of
            more, each of which takes 512.
        **named: what else `tegum.train` is to be told: `store`, `jobs`, `seed`.

    Returns:
        One row per T and seed: T, seed, loss (of training), test, chosen (the lowest loss), data
        (median D_X), features (mean D of the five longest features), represented.

    Raises:
        SpecError: for numbers out of their ranges, and as `tegum.train`.

    Source: "Superposition, Memorization, and Double Descent", n = 10,000, m = 2.
    """
    n = whole("line", "n", n, "must be an integer >= 10", 10)
    counts = _row("data", data, 1, "numbers of data, one or more integers >= 1")
    both = _row("steps", steps, 0, "two integers >= 0")
    if len(both) != 2:
        raise SpecError.of("line", "steps", "must be two integers >= 0", steps)
    drawn = rows(n, max(counts), TEST)
    by = partial(train, **named)
    runs = {
        count: trained(by, drawn, count, m, line_training((both[0], both[1]), count), seeds)
        for count in counts
    }
    return line_table(runs, drawn)


def _row(field: str, given: Any, low: int, what: str) -> list[int]:
    rule = f"must be {what}"
    if isinstance(given, str | bytes) or not hasattr(given, "__len__") or not len(given):
        raise SpecError.of("line", field, rule, given)
    return [whole("line", f"{field}[{i}]", one, rule, low) for i, one in enumerate(given)]
