"""A Dataset with checkpoints as the tables of figures that show a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tegum.analysis.dynamics import as_traces, jumps
from tegum.analysis.figure_tables import checkpoint_table, curve_table
from tegum.analysis.loss_stages import loss_rate, stages
from tegum.dims import FEATURE, SEED, STEP
from tegum.plots._sources import require_one

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


class Trainings:
    """The tables, each made when it is asked for; losses are those of the checkpoints."""

    def __init__(self, owner: str, runs: xr.Dataset) -> None:
        """Raises SpecError for a Dataset without checkpoints."""
        self.owner, self.runs, self.seen = owner, runs, as_traces(runs)

    def features(self) -> pd.DataFrame:
        """Of one model: SpecError where there are several."""
        return self._one(checkpoint_table(self.runs), [STEP, FEATURE])

    def curve(self) -> pd.DataFrame:
        """The loss of one model: SpecError where there are several."""
        return self._one(curve_table(self.seen), [STEP])

    def curves(self) -> pd.DataFrame:
        """The losses of the seeds of one axis point."""
        return self._one(self._with_seed(curve_table(self.seen)), [SEED, STEP])

    def jumps(self) -> pd.DataFrame:
        """Of all of them."""
        return self._with_seed(jumps(self.seen))

    def stages(self, curves: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The stages, and the rate at which the loss falls, of the seed that ends lowest."""
        import pandas as pd

        last = curves.sort_values(STEP).groupby(SEED)["loss"].last()
        chosen = last.idxmin()
        found = self._with_seed(stages(self.seen))
        own = curves[curves[SEED] == chosen].sort_values(STEP)
        steps, rate = loss_rate(own[STEP].to_numpy(), own["loss"].to_numpy())
        return found[found[SEED] == chosen], pd.DataFrame({STEP: steps, "rate": rate})

    def _with_seed(self, table: pd.DataFrame) -> pd.DataFrame:
        """What was selected from a run has its seed as a coordinate, or has none."""
        if SEED in table:
            return table
        known = SEED in self.runs.coords and self.runs[SEED].ndim == 0
        return table.assign(**{SEED: int(self.runs[SEED]) if known else 0})

    def _one(self, table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
        require_one(self.owner, table, keys)
        return table
