"""What colours features: their importance, the set they belong to, or their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.typing import ColorType

from tegum.errors import SpecError
from tegum.plots import style

if TYPE_CHECKING:
    import pandas as pd

#: Sets of more features than there are colours begin anew.
_COUNT: Final = len(style.CYCLE)


class Paint:
    """The colours of a table's features.

    Args:
        owner: the drawing function, for the errors.
        table: column `feature`, optionally `importance` and `set`.
        first: "importance" or "set", which of them counts where a table has both.
        numbers: whether features of equal importance are coloured by their number.
    """

    def __init__(
        self,
        owner: str,
        table: pd.DataFrame,
        first: Literal["importance", "set"] = "importance",
        *,
        numbers: bool = True,
    ) -> None:
        self.sets: list[int] = []
        self.scale = importance_scale(table)
        self.owner = owner
        self._numbers = numbers and "importance" in table.columns
        if "set" in table.columns and (first == "set" or self.scale is None):
            found = sorted(self._number(value) for value in dict.fromkeys(table["set"].tolist()))
            if first == "set" or len(found) > 1:  # one set of all features tells none apart
                self.sets, self.scale = found, None
        self._reach = float(table["feature"].min()), float(table["feature"].max())

    def _number(self, value: object) -> int:
        if isinstance(value, int | float) and value >= 0 and value % 1 == 0:
            return int(value)
        raise SpecError.of(self.owner, "table", "must have whole numbers >= 0 as set", value)

    @property
    def numbered(self) -> bool:
        """Whether features are known to be equally important, and nothing else tells them apart."""
        return self._numbers and not self.beside

    @property
    def beside(self) -> bool:
        """Whether the colours need a bar or a legend beside the panels."""
        return self.scale is not None or bool(self.sets)

    def __call__(self, rows: pd.DataFrame) -> list[ColorType]:
        """The colour of each row."""
        if self.sets:
            return [of_set(int(k)) for k in rows["set"]]
        if self.scale is not None:
            return [style.IMPORTANCE(self.scale(weight)) for weight in rows["importance"]]
        if self._numbers:
            return [self._of_number(float(i)) for i in rows["feature"]]
        return [style.BLUE] * len(rows)

    def _of_number(self, feature: float) -> ColorType:
        low, high = self._reach
        if high < _COUNT and low >= 0:
            return style.CYCLE[int(feature)]
        return style.IMPORTANCE((feature - low) / max(high - low, 1.0))

    def handles(self) -> list[Line2D]:
        """Marks for a legend of the sets."""
        look = {"ls": "", "marker": "o", "ms": 6, "mec": style.paper()}
        return [Line2D([], [], color=of_set(k), label=f"set {k + 1}", **look) for k in self.sets]  # type: ignore[arg-type]


def of_set(number: int) -> ColorType:
    """The colour of a set."""
    return style.CYCLE[number % _COUNT]


def importance_scale(table: pd.DataFrame) -> Normalize | None:
    """The range of importances, or None when they are unknown or all the same."""
    if "importance" not in table.columns:
        return None
    low, high = float(table["importance"].min()), float(table["importance"].max())
    return Normalize(low, high) if high > low else None
