"""Trained models in a notebook: the explorer's views as a widget, without a server.

Needs `pip install tegum[notebook]`. The front end is the explorer's own, built by Vite into the
package; the models travel to the browser in one binary frame (see docs/explorer-protocol.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tegum.arguments import explained
from tegum.errors import SpecError
from tegum.explorer.frames import encode
from tegum.widgets._frame import dataset_frame
from tegum.widgets._still import still_of

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["dataset_frame", "view"]


@explained(example="tg.widgets.view(tg.best(runs))")
def view(
    ds: xr.Dataset, *, mode: Literal["live", "space"] = "live", point: int = 0, seed: int = -1
) -> Any:
    """A widget that shows the models of a Dataset of `train`: all its axes, seeds and checkpoints.

    A notebook that is saved or exported also keeps a picture of the model that is shown first, as
    an output of its own: there it is seen without kernel and network, and a live view hides it.
    marimo's HTML export shows neither without network: `view(runs).save("models.html")` writes one
    HTML file with the live view, which needs nothing else.

    Args:
        ds: a Dataset of `tegum.train` or `tegum.from_weights`, or what was selected from one:
            `tg.best(runs)`, one model, checkpoints or none.
        mode: "live" shows vectors, WᵀW, biases and traces; "space" the features in three
            dimensions.
        point: the axis point shown at first, counted in C order.
        seed: the seed shown at first, −1 for the one of lowest loss.

    Returns:
        An anywidget, whose traits `point`, `seed`, `mode` and `selected_feature` follow the mouse
        and may be set; its `save(path)` writes an HTML file. A saved notebook holds the front end,
        0.7 MB, once for each widget.

    Raises:
        SpecError: for a Dataset that is not one of `train`, and a mode, point or seed that it has
            not.
        TegumError: where anywidget is missing, the front end is not built, or there are more than
            2·10⁷ numbers.

    Source: the views of the explorer.
    """
    if mode not in ("live", "space"):
        raise SpecError.of("view", "mode", "must be 'live' or 'space'", mode)
    header, arrays = dataset_frame(ds)
    points, seeds = arrays["loss"].shape
    at = _index("point", point, 0, points)
    first = _index("seed", seed, -1, seeds)
    # anywidget, and what draws the picture, are loaded when the first one is shown
    from tegum.widgets._view import view_class

    chosen = int(arrays["best"][at]) if first < 0 else first
    kind = view_class(encode(header, arrays), still_of(ds, at, chosen))
    return kind(point=at, seed=first, mode=mode)


def _index(name: str, value: int, low: int, end: int) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not low <= value < end:
        raise SpecError.of("view", name, f"must be an integer in [{low}, {end})", value)
    return int(value)
