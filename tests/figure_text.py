"""Where the words of a figure are."""

from __future__ import annotations

from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from tegum.plots import style


def texts_drawn(monkeypatch: pytest.MonkeyPatch) -> dict[Text, None]:
    """The visible texts of what is drawn from now on, in order."""
    shown: dict[Text, None] = {}
    draw = Text.draw

    def record(self: Text, renderer: object) -> None:
        if self.get_text().strip() and self.get_visible():
            shown[self] = None
        draw(self, renderer)

    monkeypatch.setattr(Text, "draw", record)
    return shown


def assert_text_is_inside_and_apart(figure: Figure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every text that is drawn is readable, within the figure, and touches no other."""
    shown = texts_drawn(monkeypatch)
    FigureCanvasAgg(figure).draw()
    boxes = [(text.get_text(), text.get_window_extent()) for text in shown]
    assert len(boxes) >= 2
    assert min(text.get_fontsize() for text in shown) >= style.SMALL
    width, height = figure.bbox.width, figure.bbox.height
    for words, box in boxes:
        assert box.x0 >= 0, words
        assert box.y0 >= 0, words
        assert box.x1 <= width, words
        assert box.y1 <= height, words
    for (words, box), (others, other) in combinations(boxes, 2):
        apart = box.x1 <= other.x0 or other.x1 <= box.x0 or box.y1 <= other.y0 or other.y1 <= box.y0
        assert apart, (words, others)
