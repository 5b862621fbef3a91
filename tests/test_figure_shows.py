"""Figures show themselves, once, and are saved as the same bytes.

Oracles: what IPython's own formatters make of a figure; files compared byte by byte, in this
process and in another.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from plot_runs import dataset

from tegum import plots

FIGURES: dict[str, Callable[[], Figure]] = {
    "placed": lambda: plots.features_2d(dataset()),
    "laid out": lambda: plots.loss_curves(dataset(20, 5, seeds=3)),
    "with a legend below": lambda: plots.dimensionality(dataset(6, 2)),
    "hatched": lambda: plots.stacks(dataset()),
}


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, of the header."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


@pytest.fixture
def display() -> Any:
    """IPython's formatters, as a kernel has them before anybody asked for matplotlib."""
    formatters = pytest.importorskip("IPython.core.formatters")
    return formatters.DisplayFormatter(active_types=["text/plain", "image/png", "image/svg+xml"])


@pytest.mark.parametrize("name", FIGURES)
def test_a_notebook_shows_one_picture_without_a_magic_line(name: str, display: Any) -> None:
    figure = FIGURES[name]()
    data, metadata = display.format(figure)
    assert set(data) == {"text/plain", "image/png"}
    width, height = (round(100 * side) for side in figure.get_size_inches())
    assert metadata["image/png"] == {"width": width, "height": height}
    wide, high = png_size(base64.b64decode(data["image/png"]))
    assert abs(wide - 2 * width) <= 2
    assert abs(high - 2 * height) <= 2


def test_with_the_inline_backend_it_is_one_picture_too(display: Any) -> None:
    """That registers a printer of its own for all figures, and shows what pyplot has open."""
    tools = pytest.importorskip("IPython.core.pylabtools")
    figure = plots.features_2d(dataset())
    display.formatters["image/png"].for_type(Figure, lambda fig: tools.print_figure(fig, "png"))
    data, _ = display.format(figure)
    assert set(data) == {"text/plain", "image/png"}
    png_size(data["image/png"])
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_saved_again_is_the_same_file(name: str) -> None:
    figure = FIGURES[name]()
    for kind in ("svg", "pdf", "png"):
        assert len({saved(figure, kind) for _ in range(3)}) == 1
    # in whatever order, and at whatever resolution before
    other = FIGURES[name]()
    other.savefig(io.BytesIO(), format="png", dpi=37)
    for kind in ("png", "pdf", "svg"):
        assert saved(other, kind) == saved(figure, kind)


def saved(figure: Figure, kind: str) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format=kind)
    return file.getvalue()


def test_another_process_saves_the_same_file(tmp_path: Path) -> None:
    program = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
from plot_runs import dataset; from tegum import plots
for kind in ("svg", "pdf", "png"):
    plots.stacks(dataset()).savefig(f"{tmp_path}/figure.{{kind}}")
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    for kind in ("svg", "pdf", "png"):
        there = (tmp_path / f"figure.{kind}").read_bytes()
        assert (
            hashlib.sha256(there).digest()
            == hashlib.sha256(saved(plots.stacks(dataset()), kind)).digest()
        )


def test_metadata_and_salt_of_ones_own_hold() -> None:
    figure = plots.features_2d(dataset())
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata={"Title": "five", "Date": "1 May"})
    assert b"five" in file.getvalue()
    assert b"1 May" in file.getvalue()
    plain = saved(figure, "svg")
    with mpl.rc_context({"svg.hashsalt": "other"}):
        assert saved(figure, "svg") != plain


@pytest.mark.parametrize("name", FIGURES)
def test_copies_are_the_same_figure(name: str) -> None:
    figure = FIGURES[name]()
    for twin in (copy.deepcopy(figure), pickle.loads(pickle.dumps(figure))):
        assert type(twin) is type(figure)
        assert saved(twin, "png") == saved(figure, "png")
