"""Tables cut into panels, and panels set in rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tegum.dims import DENSITY
from tegum.plots._sources import require, require_one
from tegum.runs.schema import rows_of
from tegum.sweepable import INDEXED

if TYPE_CHECKING:
    import pandas as pd

#: Columns that name the panels of a figure, in order of preference.
PANEL = "panel"
#: Columns that number the vectors of an axis.
_ROWS: Final = tuple(rows_of(quantity) for quantity in INDEXED)
#: Significant digits of numbers in titles and legends, more where these are the same.
_SHORT: Final = 3
_LONG: Final = 7
#: Larger numbers have a power of ten.
_PLAIN: Final = 1e6


@dataclass(frozen=True)
class Panel:
    """The rows of one panel, sorted by feature, and the words above it."""

    key: Any
    title: str
    rows: pd.DataFrame


def panel_column(owner: str, table: pd.DataFrame, by: str | None) -> str | None:
    """The column that names the panels: `by`, else `panel`, a density, or the number of a row."""
    if by is not None:
        require(owner, table, [by])
        return by
    known = (PANEL, DENSITY, *_ROWS)
    return next((name for name in known if name in table.columns), None)


def split(owner: str, table: pd.DataFrame, by: str | None, keys: Sequence[str]) -> list[Panel]:
    """The panels of a table, one row in each for every value of `keys`.

    Densities go from dense to sparse, everything else in order of appearance.
    """
    column = panel_column(owner, table, by)
    if column is None:
        parts = [(None, "", table)]
    else:
        values = list(dict.fromkeys(table[column].tolist()))
        if column == DENSITY:
            values.sort(reverse=True)
        parts = [
            (v, words, table[table[column] == v])
            for v, words in zip(values, titles(column, values), strict=True)
        ]
    found = []
    for value, words, rows in parts:
        where = "" if column is None else f" where {column} = {value}"
        require_one(owner, rows, keys, " in a panel" + where)
        found.append(Panel(value, words, rows.sort_values(list(keys))))
    return found


def titles(column: str | None, values: Sequence[Any]) -> list[str]:
    """What is written above panels, or beside curves: short numbers that differ where values do."""
    return [title(column, value, _digits(values)) for value in values]


def title(column: str | None, value: Any, digits: int = _SHORT) -> str:
    """What is written above a panel."""
    if column is None or isinstance(value, str):
        return value or ""
    if column in _ROWS:
        return f"row {_short(value, digits)}"
    name = "1−S" if column == DENSITY else column
    return f"{name} = {_short(value, digits)}"


def _short(value: Any, digits: int) -> str:
    size = abs(float(value))
    if size < _PLAIN:  # as many digits as are before the point, at least
        return (
            f"{value:.0f}" if size.is_integer() else f"{value:.{max(digits, len(f'{size:.0f}'))}g}"
        )
    return f"{value:.{digits}g}"


def _digits(values: Sequence[Any]) -> int:
    """Significant digits that tell numbers apart, few if they do."""
    numbers = {value for value in values if not isinstance(value, str)}
    enough = (
        k for k in range(_SHORT, _LONG) if len({_short(v, k) for v in numbers}) == len(numbers)
    )
    return next(enough, _LONG)
