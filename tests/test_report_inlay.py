"""A drawing in the page is the drawing in its file, but for the third decimal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from tegum.experiments.base import FigureSpec
from tegum.report.figures import Drawing, draw
from tegum.report.inlay import Shared, inlay

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
URL = re.compile(r"url\(#[^)]+\)")
#: Half of the second decimal; of numbers below 1, half of the fourth digit.
CLOSE = {"atol": 0.00501, "rtol": 1e-9}


def sample() -> Figure:
    figure = Figure(figsize=(4, 3))
    left, right = figure.subplots(1, 2)
    left.plot(np.geomspace(1, 3, 9), np.sin(np.arange(9)), "o-", label="sine & <b>")
    left.legend()
    left.set_title("‖W‖ over 1−S")
    right.pcolormesh(np.arange(12.0).reshape(3, 4), rasterized=True)
    right.bar([0, 1], [1.23456789, 2], hatch="//")
    return figure


@pytest.fixture(scope="module")
def drawing() -> Drawing:
    return draw(FigureSpec("f", 'A "caption".', lambda tables: sample(), ()), {}, "salt")


Shape = tuple[str, str, str]


def shapes(
    element: ElementTree.Element, known: dict[str, ElementTree.Element], style: dict[str, str]
) -> Iterator[Shape]:
    """(tag, geometry, style) of everything that is painted, definitions in place of their names."""
    tag = element.tag.removeprefix(SVG)
    if tag in ("defs", "metadata", "style"):
        return
    own = element.get("style") or style.get(element.get("class", ""), "")
    link = element.get("href") or element.get(LINK) or ""
    if tag == "use":
        ((_, geometry, of_it),) = shapes(known[link[1:]], known, style)
        yield "use", f"{geometry} {place(element)}", f"{of_it} {own}"
    elif tag not in ("svg", "g", "clipPath"):
        names = ("d", "x", "y", "width", "height", "transform")
        yield tag, " ".join(element.get(name, "") for name in names) + link, own
    clip = re.search(r"url\(#([^)]+)\)", element.get("clip-path", ""))
    inside = [*element, *([known[clip[1]]] if clip else [])]
    for child in inside:
        yield from shapes(child, known, style)


def place(use: ElementTree.Element) -> str:
    """Where something is used: x and y are a shift, after what else the element is moved by."""
    x, y, transform = use.get("x", "0"), use.get("y", "0"), use.get("transform", "")
    if shift := re.fullmatch(r"translate\((\S+) (\S+)\)", transform):
        assert (x, y) == ("0", "0")
        (x, y), transform = shift.groups(), ""
    return f"{x} {y} {transform}"


def numbers(text: str) -> list[float]:
    return [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)]


def words(text: str) -> str:
    return re.sub(r"-?\d+\.?\d*(?:e-?\d+)?|\s", "", text)


def painted(text: str, style: dict[str, str] | None = None) -> list[Shape]:
    root = ElementTree.fromstring(text)
    known = {e.attrib["id"]: e for e in root.iter() if "id" in e.attrib}
    return list(shapes(root, known, style or {}))


def test_what_is_painted_is_the_same(drawing: Drawing) -> None:
    shared = Shared()
    fragment = inlay(drawing, "in", shared)
    definitions = re.search(r"<defs>.*</defs>", shared.markup())
    assert definitions
    page = f'<svg xmlns="http://www.w3.org/2000/svg">{definitions[0]}{fragment}</svg>'
    styles = dict(re.findall(r"\.(\w+)\{([^}]*)\}", shared.markup()))
    ours, theirs = painted(page, styles), painted(drawing.svg)
    assert len(ours) == len(theirs) > 100
    for mine, other in zip(ours, theirs, strict=True):
        assert mine[0] == other[0]
        if "base64," in other[1]:
            assert mine[1].partition("data:")[2] == other[1].partition("data:")[2].replace("\n", "")
            continue
        assert words(mine[1]) == words(other[1])
        np.testing.assert_allclose(numbers(mine[1]), numbers(other[1]), **CLOSE)
        patterns = re.findall(r"url\(#([^)]+)\)", mine[2])
        assert set(patterns) <= set(re.findall(r'<pattern id="([^"]+)"', definitions[0]))
        assert words(URL.sub("", mine[2])) == words(URL.sub("", other[2]))
        np.testing.assert_allclose(
            numbers(URL.sub("", mine[2])), numbers(URL.sub("", other[2])), **CLOSE
        )
    assert len(page) < 0.55 * len(drawing.svg)


def test_names_in_the_page_are_short_and_each_means_one_thing(drawing: Drawing) -> None:
    shared = Shared()
    fragment = inlay(drawing, "in", shared)
    markup = shared.markup()
    ids, classes = re.findall(r' id="(\w+)"', markup), re.findall(r"\.(\w+)\{", markup)
    assert len({*ids, *classes}) == len(ids) + len(classes) > 30
    assert all(re.fullmatch(r"[gs]\d{1,3}", name) for name in ids + classes)
    used = re.findall(r'#(\w+)[")]', fragment), re.findall(r' class="(\w+)"', fragment)
    assert set(used[0]) <= set(ids)
    assert set(used[1]) - {"drawn"} <= set(classes)


def test_drawings_share_their_glyphs_and_styles(drawing: Drawing) -> None:
    shared = Shared()
    inlay(drawing, "a", shared)
    once = shared.markup()
    again = Drawing("g", "Another.", (), drawing.svg.replace("<metadata", " <metadata"), b"")
    inlay(again, "b", shared)
    assert shared.markup() == once


@pytest.mark.parametrize(
    "svg",
    [
        "no drawing",
        '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><style>g{}</style></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><g clip-path="url(#no)"/></svg>',
    ],
)
def test_what_is_unlike_our_drawings_is_an_image(svg: str, drawing: Drawing) -> None:
    shared = Shared()
    fragment = inlay(Drawing("f", 'A "caption".', (), svg, drawing.png), "in", shared)
    assert fragment.startswith('<img alt="A &quot;caption&quot;." src="data:image/webp;base64,')
    assert shared == Shared()
