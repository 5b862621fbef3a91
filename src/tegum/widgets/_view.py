"""The widget itself: anywidget is an extra, and this is imported when one is shown."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from tegum.errors import TegumError
from tegum.widgets._page import as_text, front_end, page, still_html

_SHOWN: Final = ("point", "seed", "mode", "selected_feature", "still")


def view_class(frame_bytes: bytes, png: bytes) -> Any:
    """The class of one widget, whose frame is part of it.

    What a notebook's runner has once stored of a widget's bytes it keeps: they never change.
    """
    try:
        import anywidget
        import traitlets
    except ImportError:
        raise TegumError("view needs anywidget: pip install 'tegum[notebook]'") from None
    module, style = front_end()

    class View(anywidget.AnyWidget):
        """A Dataset's models, to look at."""

        _esm = module
        _css = style
        frame = traitlets.Bytes(bytes(frame_bytes), read_only=True).tag(sync=True)
        point = traitlets.Int(0).tag(sync=True)
        seed = traitlets.Int(-1).tag(sync=True)
        mode = traitlets.Unicode("live").tag(sync=True)
        selected_feature = traitlets.Int(-1).tag(sync=True)
        #: The name of the picture that the live view hides.
        still = traitlets.Unicode(uuid4().hex, read_only=True).tag(sync=True)

        def _ipython_display_(self, **options: Any) -> None:
            """Two outputs: exporters drop a picture that is in one with a widget."""
            from IPython.display import publish_display_data

            picture = {"text/html": still_html(png, self.still), "image/png": as_text(png)}
            publish_display_data({**picture, "text/plain": "A model of tegum"})  # type: ignore[no-untyped-call]
            data, about = self._repr_mimebundle_(**options)  # type: ignore[misc]
            publish_display_data(data, about)  # type: ignore[no-untyped-call]

        def save(self, path: str | os.PathLike[str]) -> None:
            """Write the live view as it stands: one HTML file that needs no network."""
            traits = {name: getattr(self, name) for name in _SHOWN}
            Path(path).write_text(page(self.frame, png, traits), "utf-8")

    return View
