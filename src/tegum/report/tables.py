"""Tables as CSV files and as the short previews of a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

PREVIEW_ROWS = 6
PREVIEW_COLUMNS = 10


@dataclass(frozen=True)
class Preview:
    """The corner of a table as text, and the size of the whole."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_rows: int
    n_columns: int

    @property
    def size(self) -> str:
        """`120 rows × 6 columns`."""
        rows = "1 row" if self.n_rows == 1 else f"{self.n_rows} rows"
        columns = "1 column" if self.n_columns == 1 else f"{self.n_columns} columns"
        return f"{rows} × {columns}"

    @property
    def whole(self) -> bool:
        """Whether the preview shows all of the table."""
        return len(self.rows) == self.n_rows and len(self.header) == self.n_columns


def flat(table: pd.DataFrame) -> pd.DataFrame:
    """The table with a meaningful index turned into columns; a row count is dropped."""
    import pandas as pd

    if isinstance(table.index, pd.RangeIndex) and table.index.name is None:
        return table
    return table.reset_index()


def to_csv(table: pd.DataFrame) -> str:
    r"""CSV with a header, full precision, `\n` line ends."""
    return flat(table).to_csv(index=False, lineterminator="\n")


def preview(table: pd.DataFrame) -> Preview:
    """The first rows and columns, numbers to four significant digits."""
    whole = flat(table)
    corner = whole.iloc[:PREVIEW_ROWS, :PREVIEW_COLUMNS]
    return Preview(
        header=tuple(str(name) for name in corner.columns),
        rows=tuple(tuple(_cell(v) for v in row) for row in corner.itertuples(index=False)),
        n_rows=len(whole),
        n_columns=len(whole.columns),
    )


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"
