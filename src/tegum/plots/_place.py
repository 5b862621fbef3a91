"""The last arguments of every drawing function: into which axes, or how large."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypedDict, TypeVar

import numpy as np
from matplotlib.axes import Axes

Function = TypeVar("Function", bound=Callable[..., Any])


class Place(TypedDict, total=False):
    """Where a figure is drawn: `ax`, `axes` or `figsize`, or none of them."""

    ax: Axes | None
    axes: Iterable[Any] | None
    figsize: float | tuple[float, float] | None


_TEXT: Final = """\
    ax: axes of yours to draw into, in your own style, where there is one panel. In a figure with
        layout="constrained" a legend is beside them, else in them.
    axes: the same where there are several: as many axes as panels, in any arrangement.
    figsize: the figure's width, or (width, height), in inches: panels follow, text keeps its size.
"""


def given_axes(place: Mapping[str, Any]) -> list[Any]:
    """What stands for axes in these arguments; empty where there are none."""
    one, several = place.get("ax"), place.get("axes")
    found = [one] if one is not None else []
    if several is not None:
        found += (
            [several] if isinstance(several, Axes) else list(np.ravel(np.asarray(several, object)))
        )
    return found


def documented(draw: Function) -> Function:
    """Show `ax`, `axes` and `figsize` in the signature and the docstring in place of `**place`."""
    signature = inspect.signature(draw)
    own = [one for one in signature.parameters.values() if one.kind is not one.VAR_KEYWORD]
    if len(own) == len(signature.parameters):
        return draw
    keys = inspect.Parameter.KEYWORD_ONLY
    more = [
        inspect.Parameter(name, keys, default=None, annotation=what)
        for name, what in Place.__annotations__.items()
    ]
    draw.__signature__ = signature.replace(parameters=[*own, *more])  # type: ignore[attr-defined]
    if draw.__doc__:
        head, mark, rest = inspect.cleandoc(draw.__doc__).partition("\n\nReturns:")
        draw.__doc__ = f"{head}\n{_TEXT.rstrip()}{mark}{rest}"
    return draw
