"""Tables cut into panels, and panels set in rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tegum.dims import DENSITY
from tegum.errors import SpecError
from tegum.plots._sources import require, require_one

if TYPE_CHECKING:
    import pandas as pd

#: Columns that name the panels of a figure, in order of preference.
PANEL = "panel"


@dataclass(frozen=True)
class Panel:
    """The rows of one panel, sorted by feature, and the words above it."""

    key: Any
    title: str
    rows: pd.DataFrame


def panel_column(owner: str, table: pd.DataFrame, by: str | None) -> str | None:
    """The column that names the panels: `by`, else `panel`, else `feature_probability`."""
    if by is not None:
        require(owner, table, [by])
        return by
    return next((name for name in (PANEL, DENSITY) if name in table.columns), None)


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
        parts = [(v, title(column, v), table[table[column] == v]) for v in values]
    found = []
    for value, words, rows in parts:
        where = "" if column is None else f" where {column} = {value}"
        require_one(owner, rows, keys, " in a panel" + where)
        found.append(Panel(value, words, rows.sort_values(list(keys))))
    return found


def title(column: str, value: Any) -> str:
    """What is written above a panel."""
    if isinstance(value, str):
        return value
    name = "1−S" if column == DENSITY else column
    return f"{name} = {value:g}"


def grid_places(count: int, columns: int) -> Iterator[tuple[int, int]]:
    """(row, column) of each panel, filled row by row."""
    if columns < 1:
        raise SpecError.of("plots", "columns", "must be >= 1", columns)
    return (divmod(k, columns) for k in range(count))
