"""Drawings within a page: small, with what they share written once, and styling only themselves.

Of an SVG's own file nothing is changed. In the page, coordinates keep two decimals (points: a
quarter of a hundredth of a millimetre), and glyphs, markers, clips and styles that are the same in
any two drawings are the page's, under names as short as can be.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from xml.etree import ElementTree

from tegum.report.figures import Drawing

#: A drawing that is larger than this within the page stands there as an image.
LARGEST: Final = 130_000
#: What matplotlib's style sheet says of every element, and the class of those it is said of here.
_THEIRS: Final = "*{stroke-linejoin:round;stroke-linecap:butt}"
CLASS: Final = "drawn"
_SVG: Final = "{http://www.w3.org/2000/svg}"
_LINK: Final = "{http://www.w3.org/1999/xlink}href"
_XML: Final = "{http://www.w3.org/XML/"
_LONG: Final = re.compile(r"-?\d*\.\d{3,}(?:e-?\d+)?")
_COMMAND: Final = re.compile(r"\s*([A-Za-z])\s*")
_URL: Final = re.compile(r"url\(#([^)]+)\)")
_MOVED: Final = re.compile(r"translate\((\S+) (\S+)\)")
#: A name that is not short yet stands between these, which no XML holds.
_MARK: Final = "\0"
_NAMED: Final = re.compile(f"{_MARK}([^{_MARK}]+){_MARK}")


@dataclass
class Shared:
    """What the drawings of one page have in common: definitions and styles by their names.

    Names say what they stand for, and are long; `short` has those of the page.
    """

    definitions: dict[str, str] = field(default_factory=dict)
    styles: dict[str, str] = field(default_factory=dict)
    _shorts: dict[str, str] = field(default_factory=dict)

    def add(self, other: Shared) -> None:
        """Take in what another drawing needs."""
        self.definitions.update(other.definitions)
        self.styles.update(other.styles)

    def markup(self) -> str:
        """The style sheet and the definitions, invisible, for the page that holds the drawings."""
        rules = "".join(f".{name}{{{text}}}" for name, text in self.styles.items())
        return self.short(
            f"<style>.{CLASS} {_THEIRS}{rules}</style>"
            '<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0" aria-hidden="true" '
            f'style="position:absolute"><defs>{"".join(self.definitions.values())}</defs></svg>'
        )

    def short(self, text: str) -> str:
        """The text with the page's names, given as they come: g0, s1, g2 …."""
        known = self._shorts
        return _NAMED.sub(lambda m: known.setdefault(m[1], f"{m[1][0]}{len(known)}"), text)


def inlay(drawing: Drawing, name: str, shared: Shared) -> str:
    """The figure as an HTML fragment that needs no other file.

    `name` is the id of the drawing and unique in the page; what it needs of the page goes to
    `shared`. A drawing that is large, or not like those of matplotlib, is an image there.
    """
    label = html.escape(drawing.caption, quote=True)
    if drawing.gif is not None:
        still, moving = _image(drawing.png), _image(drawing.gif)
        return (
            f'<picture><source media="(prefers-reduced-motion: reduce), print" srcset="{still}">'
            f'<img alt="{label}" src="{moving}"></picture>'
        )
    slim = _slim(drawing.svg)
    if slim is None or len(_NAMED.sub("name", slim.body)) > LARGEST:
        return f'<img alt="{label}" src="{_image(drawing.png)}">'
    shared.add(slim.needs)
    width = float(slim.box.split()[2]) * 4 / 3
    return (
        f'<svg id="{name}" class="{CLASS}" viewBox="{slim.box}" style="max-width:{width:.0f}px" '
        f'role="img" aria-label="{label}">{shared.short(slim.body)}</svg>'
    )


class _Unlike(Exception):
    """An SVG that is not like those of matplotlib."""


@dataclass(frozen=True)
class _Slim:
    """What is in a drawing, its viewBox, and what it needs of the page."""

    body: str
    box: str
    needs: Shared


@lru_cache(maxsize=512)
def _slim(svg: str) -> _Slim | None:
    """The drawing, or None for one that is not like those of matplotlib."""
    try:
        root = ElementTree.fromstring(svg)
        box = root.get("viewBox")
        if box is None:
            return None
        writer = _Writer()
        writer.take_definitions(root)
        return _Slim("".join(writer.inside(root)), box, writer.shared)
    except (ElementTree.ParseError, _Unlike):
        return None


class _Writer:
    """Writes the elements of one drawing, and collects what they share with others."""

    def __init__(self) -> None:
        self.shared = Shared()
        self._names: dict[str, str] = {}  # of definitions, by their ids in the drawing

    def take_definitions(self, root: ElementTree.Element) -> None:
        """Move what has a name within `<defs>` to `shared`, under a name that says what it is."""
        for defs in root.iter(f"{_SVG}defs"):
            for element in [element for element in defs if "id" in element.attrib]:
                text = "".join(self._written(element))
                name = _name("g", text)
                tag = f"<{element.tag.removeprefix(_SVG)}"
                self.shared.definitions[name] = f'{tag} id="{name}"{text.removeprefix(tag)}'
                self._names[element.attrib["id"]] = name
                defs.remove(element)

    def inside(self, element: ElementTree.Element) -> Iterator[str]:
        """What an element holds, without the white space between."""
        if element.text and element.text.strip():
            yield html.escape(element.text)
        for child in element:
            yield from self._written(child)
            if child.tail and child.tail.strip():
                yield html.escape(child.tail)

    def _written(self, element: ElementTree.Element) -> Iterator[str]:
        """An element with all that is in it; groups that say nothing are left out."""
        tag = element.tag.removeprefix(_SVG)
        if tag == "metadata":
            return
        if tag == "style":
            if "".join((element.text or "").split()) != _THEIRS:
                raise _Unlike
            return
        inside = "".join(self.inside(element))
        attributes = "".join(self._attribute(tag, *item) for item in element.attrib.items())
        if tag in ("g", "defs") and not (inside and attributes):
            yield inside
        else:
            yield f"<{tag}{attributes}>{inside}</{tag}>" if inside else f"<{tag}{attributes}/>"

    def _attribute(self, tag: str, name: str, value: str) -> str:
        if name == "id" or name.startswith(_XML):
            return ""
        if name == _LINK:
            link = f"#{self._known(value[1:])}" if value.startswith("#") else value
            return f' href="{html.escape(link, quote=True)}"'
        value = _URL.sub(lambda m: f"url(#{self._known(m[1])})", _short(value))
        if name == "style":
            value = value.replace(": ", ":").replace("; ", ";")
            self.shared.styles[_name("s", value)] = value
            return f' class="{_name("s", value)}"'
        if name == "transform" and tag == "use" and (moved := _MOVED.fullmatch(value)):
            shift = zip("xy", moved.groups(), strict=True)
            return "".join(f' {at}="{by}"' for at, by in shift if by != "0")
        if name == "d":
            value = _COMMAND.sub(r"\1", value).strip()
        return f' {name}="{html.escape(value, quote=True)}"'

    def _known(self, name: str) -> str:
        if name not in self._names:
            raise _Unlike
        return self._names[name]


def _name(kind: str, text: str) -> str:
    """A name for a text, the same wherever it stands, to be made short."""
    return f"{_MARK}{kind}{hashlib.sha256(text.encode()).hexdigest()[:16]}{_MARK}"


def _short(text: str) -> str:
    """The text with two decimals in its numbers, four digits in those below 1."""
    return _LONG.sub(lambda m: _number(float(m[0])), text)


def _number(value: float) -> str:
    if abs(value) < 1:
        return f"{value:.4g}"
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _image(picture: bytes) -> str:
    """A PNG or GIF as a data URI: the same pixels as WebP, in half the room."""
    content = base64.b64encode(_webp(picture)).decode("ascii")
    return f"data:image/webp;base64,{content}"


@lru_cache(maxsize=128)
def _webp(picture: bytes) -> bytes:
    from PIL import Image, ImageSequence

    made = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as source:
        moves = getattr(source, "n_frames", 1) > 1
        frames = [frame.convert("RGBA") for frame in ImageSequence.Iterator(source)]
        times = [frame.info.get("duration", 0) for frame in ImageSequence.Iterator(source)]
    more: dict[str, Any] = {}
    if moves:  # two seconds of work, for two thirds of the bytes
        more = {"append_images": frames[1:], "duration": times, "loop": 0}
        more |= {"method": 4, "minimize_size": True}
    frames[0].save(made, "webp", save_all=moves, lossless=True, **more)
    return made.getvalue()
