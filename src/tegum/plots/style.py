"""The common look: sizes, colours, colour maps, and axes placed in inches.

All colours keep their meaning for the common forms of colour blindness: the categorical ones
are those of Okabe and Ito, the sequential maps rise in lightness all the way, and the diverging
map runs from red to blue through white.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final, ParamSpec

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import LogFormatterSciNotation
from matplotlib.typing import ColorType

from tegum.arguments import explained
from tegum.plots._place import documented, given_axes
from tegum.plots._powers import PlainPowers

INK: Final = "#262626"
FAINT: Final = "#d0d0d0"
GREY: Final = "#7a7a7a"

BLUE: Final = "#0072B2"
ORANGE: Final = "#E69F00"
GREEN: Final = "#009E73"
VERMILION: Final = "#D55E00"
PURPLE: Final = "#CC79A7"
SKY: Final = "#56B4E9"
CYCLE: Final = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY)

#: G = WᵀW and biases: −1 red, 0 white, 1 blue.
SIGNED: Final[Colormap] = LinearSegmentedColormap.from_list(
    # An odd number of colours, so that 0 is exactly white.
    "signed",
    ["#b2182b", "#ee8662", "#ffffff", "#67a9cf", "#1c5fa8"],
    N=257,
)
SIGNED_RANGE: Final = Normalize(-1.0, 1.0)
#: The same for lines on a white ground, where 0 must be seen: grey.
STRUTS: Final[Colormap] = LinearSegmentedColormap.from_list(
    "struts", ["#b2182b", "#e08a72", "#b4b4b4", "#7fabd0", "#1c5fa8"], N=257
)
#: Superposition of a feature: 0 (orthogonal to all others) dark blue, >= 1 yellow.
SHARED: Final[Colormap] = LinearSegmentedColormap.from_list(
    "superposition", ["#10205c", "#1d5a96", "#2f9a8f", "#93c94e", "#f7e225"]
)
SHARED_RANGE: Final = Normalize(0.0, 1.0)
#: Importance: the most important features light, without the yellow that vanishes on white.
IMPORTANCE: Final[Colormap] = ListedColormap(
    mpl.colormaps["viridis"](range(236)), name="importance"
)

TEXT: Final = 9.0
SMALL: Final = 8.0

#: What is asked of a drawing function, and what of the figure that it returns does it.
_INSTEAD: Final = (
    dict.fromkeys(("title", "suptitle"), 'the figure has .suptitle("…"), its axes .set_title("…")')
    | dict.fromkeys(
        ("xlabel", "ylabel", "xlim", "ylim", "xscale", "yscale"),
        "the axes of the figure have it, figure.axes[0].set(xlim=…)",
    )
    | dict.fromkeys(("save", "path", "filename", "fname"), 'the figure has .savefig("figure.pdf")')
    | dict.fromkeys(("size", "width", "height", "fig_size"), "it is figsize here, in inches")
    | dict.fromkeys(("style", "theme", "context"), "matplotlib's style sheets and rcParams hold")
)

#: Where lines of reference are drawn: over a grid, under all data.
BEHIND: Final = 0.9

_RC: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": TEXT,
    "axes.titlesize": TEXT,
    "axes.labelsize": TEXT,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.7,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=CYCLE),
    "lines.linewidth": 1.6,
    "figure.facecolor": "white",
    "mathtext.fontset": "dejavusans",
}

#: The sizes of text among them, and the settings that choose a family.
_SIZES: Final = tuple(name for name in _RC if name.endswith("size") and "tick.major" not in name)
#: Between ticks and their labels: those of two axes meet in the corner.
_PADS: Final = ("xtick.major.pad", "ytick.major.pad")
_FAMILIES: Final = ("font.family", "font.sans-serif", "font.serif", "font.monospace")

Arguments = ParamSpec("Arguments")


@contextmanager
def look() -> Iterator[None]:
    """Our look alone, whatever the settings of matplotlib; they come back at the end of the block.

    Without it a drawing function takes our look under yours: what you have changed of matplotlib's
    settings (`rcParams`, a style sheet, a `matplotlibrc`) holds, the rest is ours. In axes of
    yours nothing is ours.

    Returns:
        A context, for `with`.

    Source: method, matplotlib's `rc_context`.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        yield


def under_users() -> dict[Any, Any]:
    """The settings of our look but for those that the user has changed.

    Sizes of text follow the user's, and a family that was chosen among matplotlib's is kept.
    """
    ours = dict(_RC)
    users: Mapping[Any, Any] = mpl.rcParams
    plain: Mapping[Any, Any] = mpl.rcParamsDefault
    if users["font.size"] != plain["font.size"]:
        base = float(users["font.size"])
        ours |= {name: ours[name] / TEXT * base for name in _SIZES}
        ours |= {name: plain[name] * max(1.0, base / TEXT) for name in _PADS}
    if any(users[name] != plain[name] for name in _FAMILIES):
        del ours["font.family"]
    for side in ("xtick", "ytick"):  # labels have the colour of their ticks unless it is ours
        if users[f"{side}.color"] != plain[f"{side}.color"]:
            del ours[f"{side}.labelcolor"]
    return {k: v for k, v in ours.items() if users[k] == plain[k]}


def styled(draw: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    """Draw in our look under the user's, or in axes of the user's in none of it.

    The powers of logarithmic axes are in plain text. A function whose last arguments are a `Place`
    has them in its signature and its docstring.
    """

    @wraps(draw)
    def wrapped(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Figure:
        given = given_axes(kwargs)
        with mpl.rc_context({} if given else under_users()):
            figure = draw(*args, **kwargs)
            write_plain_powers(given or figure.axes)
        return figure

    name = draw.__name__
    return explained(
        example=f"help(tg.plots.{name}), and help(tg.plots) for calls", instead=_INSTEAD
    )(documented(wrapped))


def write_plain_powers(panels: Iterable[Axes]) -> None:
    """Write the labels of all logarithmic axes as `PlainPowers`."""
    for axes in panels:
        for axis in (axes.xaxis, axes.yaxis):
            if type(axis.get_major_formatter()) is LogFormatterSciNotation:
                size = points(f"{axis.axis_name}tick.labelsize")
                axis.set_major_formatter(PlainPowers(axis.get_major_formatter(), size))
                axis.set_minor_formatter(PlainPowers(axis.get_minor_formatter(), size))


def points(setting: str) -> float:
    """The size of the text that a setting of matplotlib names, such as "axes.titlesize"."""
    users: Mapping[Any, Any] = mpl.rcParams
    return float(FontProperties(size=users[setting]).get_size_in_points())


def grown(setting: str) -> float:
    """How much larger that text is than in our look."""
    return points(setting) / float(_RC[setting])


def small() -> float:
    """The size of small text in points: `SMALL` in our look."""
    return points("legend.fontsize")


def ink() -> str:
    """The colour of text and of lines without a meaning of their own: `INK` in our look."""
    return str(mpl.rcParams["text.color"])


def paper() -> str:
    """The colour behind what is drawn: white in our look."""
    return str(mpl.rcParams["axes.facecolor"])


def cycle() -> list[ColorType]:
    """The colours of groups: `CYCLE` in our look."""
    colours = [one["color"] for one in mpl.rcParams["axes.prop_cycle"] if "color" in one]
    return colours or [BLUE]


def place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes whose box is given in inches from the figure's left and top edges."""
    full_width, full_height = figure.get_size_inches()
    bottom = full_height - top - height
    box = (left / full_width, bottom / full_height, width / full_width, height / full_height)
    return figure.add_axes(box)


def colour_bar(
    axes: Axes, colours: Colormap, scale: Normalize, label: str, *, extend: str = "neither"
) -> Colorbar:
    """A slim colour bar that fills `axes`."""
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    mappable = ScalarMappable(norm=scale, cmap=colours)
    bar = figure.colorbar(mappable, cax=axes, extend=extend, extendfrac=0.06)
    bar.set_label(label)
    bar.outline.set_linewidth(0.5)
    return bar
