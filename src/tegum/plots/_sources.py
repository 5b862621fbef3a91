"""What a figure is drawn from: a table, or a Dataset of which its table is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from tegum.analysis.figure_tables import set_table
from tegum.analysis.sets import labels
from tegum.dims import HIDDEN, SEED
from tegum.errors import SpecError
from tegum.runs.models import stated_problem
from tegum.runs.select import best
from tegum.runs.tables import feature_table
from tegum.runs.weights import encoder_in

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_FEATURES: Final = "tg.runs.tables.feature_table(runs)"
_NEURONS: Final = "tg.runs.tables.neuron_table(runs)"
_CHECKPOINTS: Final = "tg.analysis.figure_tables.checkpoint_table(runs)"
_CURVES: Final = "tg.analysis.figure_tables.curve_table(runs)"
_THEORY: Final = (
    "pd.DataFrame({'theory': tg.score(runs).loss.values.ravel(), "
    "'measured': runs.loss.values.ravel()})"
)

#: By the drawing function, and its argument after the first: the call that makes its table.
CALLS: Final[Mapping[str, str]] = {
    "against_theory": _THEORY,
    "circuit": "tg.analysis.figure_tables.edge_table(runs)",
    "counts": "tg.runs.tables.count_table(runs)",
    "crossing": "tg.analysis.figure_tables.branch_table({'a': branch})",
    "dimensionality": "tg.analysis.feature_factors.feature_factor_table(tg.best(runs).W)",
    "dimensionality.models": "tg.runs.sweep_tables.model_table(tg.best(runs))",
    "dimensions_per_feature": "tg.runs.sweep_tables.model_table(runs)",
    "excess_curves": _CURVES,
    "excess_curves.jumps": "tg.jumps(runs)",
    "feature_graphs": "tg.analysis.feature_factors.feature_factor_table(runs.W)",
    "feature_graphs.links": "tg.analysis.figure_tables.link_table(runs.W)",
    "features_2d": _FEATURES,
    "features_3d": _FEATURES,
    "features_3d.paths": _CHECKPOINTS,
    "gram": _FEATURES,
    "gram.pairs": "tg.runs.tables.gram_table(runs)",
    "level_traces": _CHECKPOINTS,
    "level_traces.curve": _CURVES,
    "level_traces.jumps": "tg.jumps(runs)",
    "loss_curves": "tg.runs.tables.loss_table(runs)",
    "loss_surface": "tg.analysis.figure_tables.surface_table(problem)",
    "morph": "tg.analysis.figure_tables.place_table(runs)",
    "motion_3d": _CHECKPOINTS,
    "motion_3d.curve": _CURVES,
    "motion_3d.stages": "tg.analysis.loss_stages.stages(runs)",
    "neuron_weights": _NEURONS,
    "neurons": _NEURONS,
    "norms": _FEATURES,
    "panels": _FEATURES,
    "panels.pairs": "tg.runs.tables.gram_table(runs)",
    "phase_map": "tg.runs.sweep_tables.phase_table(runs)",
    "sets_2d": "tg.analysis.figure_tables.set_table(runs)",
    "stacks": _NEURONS,
    "stage_curve": _CURVES,
    "stage_curve.stages": "tg.analysis.loss_stages.stages(runs)",
}


def made_by(owner: str) -> str:
    """What a message says of the call that makes a table."""
    return f" ({CALLS[owner]} makes a table)" if owner in CALLS else ""


def is_dataset(source: Any) -> TypeGuard[xr.Dataset]:
    """Whether a Dataset was given in place of a table."""
    return hasattr(source, "data_vars")


def table_of(
    owner: str,
    source: pd.DataFrame | xr.Dataset | None,
    make: Callable[[xr.Dataset], pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """`source`, or what `make` makes of it if it is a Dataset.

    SpecError for anything else, and for a Dataset where there is no `make`.
    """
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        return source
    if is_dataset(source) and make is not None:
        return make(source)
    what = "a table" if make is None else "a table or a Dataset"
    way = made_by(owner)
    if make is not None and hasattr(source, "shape"):
        way = " (tg.from_weights(problem, W=W) makes a Dataset of weights)"
    raise SpecError.of(owner, "table", f"must be {what}{way}", type(source))


def with_hidden(owner: str, source: Any, wanted: int, instead: str) -> None:
    """Refuse a Dataset whose models have another number of hidden dimensions."""
    if is_dataset(source):
        size = encoder_in(source, owner).sizes.get(HIDDEN)
        if size != wanted:
            rule = f"must have {wanted} hidden dimensions: see {instead}"
            raise SpecError.of(owner, "data", rule, size)


def features_of(runs: xr.Dataset) -> pd.DataFrame:
    """The features of every model, with the sets they come in where some set has several."""
    try:
        sets = labels(stated_problem(runs, "features_of"))
    except SpecError:  # weights without a problem
        return feature_table(runs)
    return feature_table(runs) if len(set(sets)) == len(sets) else set_table(runs)


def hidden_word(source: Any) -> str:
    """What a hidden dimension is called: a neuron, unless a Dataset says that it is linear."""
    if not is_dataset(source):
        return "neuron"
    try:
        linear = stated_problem(source, "hidden_word").model.hidden_activation == "identity"
    except SpecError:  # weights without a problem
        linear = False
    return "dimension" if linear else "neuron"


def lowest_of(runs: xr.Dataset) -> xr.Dataset:
    """At each axis point the model of lowest loss, where there are seeds and losses."""
    return best(runs) if SEED in runs.dims and "loss" in runs else runs


def require_columns(owner: str, table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise `SpecError` unless the table has these columns; it may be without rows."""
    missing = [column for column in columns if column not in table_of(owner, table).columns]
    if missing:
        words = "a column" if len(missing) == 1 else "the columns"
        rule = f"must have {words} {', '.join(map(repr, missing))}{made_by(owner)}"
        raise SpecError.of(owner, "table", rule, list(table))


def require(owner: str, table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise `SpecError` unless the table has rows and these columns."""
    require_columns(owner, table, columns)
    if table.empty:
        raise SpecError.of(owner, "table", "must have rows", list(table))


def require_one(owner: str, rows: pd.DataFrame, keys: Sequence[str], where: str = "") -> None:
    """Raise `SpecError` where rows have the same keys; it says what tells them apart.

    Columns before the keys are those of a table that says which model a row is of.
    """
    if not rows.duplicated(list(keys)).any():
        return
    rule = f"must have one row per {' and '.join(keys)}{where}"
    first = min(list(rows).index(key) for key in keys)
    for column in list(rows)[:first]:
        count = rows[column].nunique()
        if count > 1:
            by = f", or by={column!r}" if where else ""
            pick = f"runs.sel({{{column!r}: {rows[column].iloc[0]!s}}})"
            way = f"tg.best(runs), {pick}" if column == SEED else pick
            rule += f", and has {count} models along {column!r}: take {way}{by}"
            raise SpecError.of(owner, "table", rule, len(rows))
    rule += ": select, or name by=" if where else ""
    raise SpecError.of(owner, "table", rule, len(rows))
