"""Moving figures as files: MP4 and WebM by ffmpeg, GIF by Pillow."""

from __future__ import annotations

import io
import os
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
from matplotlib.animation import AbstractMovieWriter, Animation, PillowWriter

from tegum.arguments import number, whole
from tegum.ensemble.progress import Progress, shown
from tegum.errors import SpecError, TegumError, joined
from tegum.store.writer import replacing

#: What ffmpeg encodes a film with, by the ending of its file, and how: quality, not size.
_CODECS: Final = {
    ".mp4": ("libx264", ["-crf", "18", "-movflags", "+faststart"]),
    ".webm": ("libvpx-vp9", ["-crf", "24", "-b:v", "0"]),
}
_GIF: Final = ".gif"
_NARROWEST, _WIDEST, _FASTEST = 16, 8192, 120.0
#: Milliseconds a frame of an animation that does not say.
_MILLISECONDS: Final = 100


def save_film(
    film: Animation,
    path: str | os.PathLike[str],
    *,
    width: int = 1280,
    fps: float | None = None,
    progress: Progress | bool | None = None,
) -> None:
    """Write an animation, as `motion_3d` makes, to a film of a chosen size.

    The ending says what kind: `.mp4` (H.264) and `.webm` (VP9) need the extra `film`
    (`pip install imageio-ffmpeg`), `.gif` needs nothing. A file that was there stays until the new
    one is whole.

    Args:
        film: the animation.
        path: the file; its folder is made where it is missing.
        width: pixels, from 16 to 8192; the height follows from the figure. Both are made even for
            MP4 and WebM.
        fps: frames per second, at most 120; by default as many as the animation shows.
        progress: as of `tegum.train`, in frames.

    Raises:
        SpecError: for what is no animation, another ending, width or rate.
        TegumError: where imageio-ffmpeg is missing, ffmpeg fails, or the file cannot be written.

    Source: method, imageio-ffmpeg's ffmpeg, and Pillow.
    """
    if not isinstance(film, Animation):
        raise SpecError.of("save_film", "film", "must be a matplotlib Animation", film)
    if not isinstance(path, str | os.PathLike):
        raise SpecError.of("save_film", "path", "must be a path", path)
    file = Path(os.fsdecode(path))
    ending = file.suffix.lower()
    if ending not in (*_CODECS, _GIF):
        raise SpecError.of("save_film", "path", "must end in .mp4, .webm or .gif", str(path))
    rule = f"must be a whole number of pixels in [{_NARROWEST}, {_WIDEST}]"
    pixels = whole("save_film", "width", width, rule, _NARROWEST, _WIDEST + 1)
    own = 1000 / getattr(film, "_interval", _MILLISECONDS)
    rate = own if fps is None else fps
    rule = f"must be a number in (0, {_FASTEST:g}]"
    rate = number("save_film", "fps", rate, rule, lambda x: 0 < x <= _FASTEST)
    figure = film._fig  # type: ignore[attr-defined]
    if ending == _GIF:
        writer: AbstractMovieWriter = PillowWriter(fps=rate)  # type: ignore[arg-type]
    else:
        writer = _Writer(_ffmpeg(), ending, rate)
        pixels += pixels % 2
    with shown(progress, "film", "frames") as report, replacing(file) as temporary:
        named = temporary.with_name(temporary.name + ending)
        try:
            film.save(
                named,
                writer=writer,
                dpi=pixels / figure.get_figwidth(),
                progress_callback=lambda k, count: report(k + 1, count or k + 2),
            )
            named.replace(temporary)
        finally:
            with suppress(FileNotFoundError):
                named.unlink()


def _ffmpeg() -> ModuleType:
    try:
        import imageio_ffmpeg
    except ImportError:
        raise TegumError(
            "save_film needs imageio-ffmpeg for MP4 and WebM: pip install imageio-ffmpeg "
            "(the extra tegum[film]), or save a .gif"
        ) from None
    return imageio_ffmpeg


class _Writer(AbstractMovieWriter):
    """Frames to ffmpeg as they are drawn."""

    def __init__(self, library: ModuleType, ending: str, fps: float) -> None:
        super().__init__(fps=fps)  # type: ignore[arg-type]
        self._library, self._ending = library, ending
        self._frames: Generator[None, Any, None] | None = None

    def setup(self, fig: Any, outfile: Any, dpi: float | None = None) -> None:
        super().setup(fig, outfile, dpi)
        width, height = (size + size % 2 for size in self.frame_size)
        codec, options = _CODECS[self._ending]
        self._size = (width, height)
        self._frames = self._library.write_frames(
            str(outfile), self._size, fps=self.fps, codec=codec, quality=None,
            macro_block_size=2, ffmpeg_log_level="error", output_params=options,
        )  # fmt: skip
        self._send(None)

    def grab_frame(self, **savefig_kwargs: Any) -> None:
        buffer = io.BytesIO()
        self.fig.savefig(buffer, format="rgba", dpi=self.dpi, **savefig_kwargs)
        width, height = self.frame_size
        drawn = np.frombuffer(buffer.getvalue(), np.uint8).reshape(height, width, 4)
        self._send(_on_white(drawn, self._size).tobytes())

    def finish(self) -> None:
        if self._frames is not None:
            self._frames.close()

    def _send(self, frame: bytes | None) -> None:
        assert self._frames is not None
        try:
            self._frames.send(frame)
        except (OSError, RuntimeError, StopIteration) as error:
            raise TegumError(f"save_film: ffmpeg failed: {joined(error)[-200:]}") from None


def _on_white(drawn: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A drawing without its transparency, and with its last row and column again where odd."""
    width, height = size
    rows = np.minimum(np.arange(height), len(drawn) - 1)
    columns = np.minimum(np.arange(width), drawn.shape[1] - 1)
    whole_frame = drawn[rows][:, columns]
    seen = whole_frame[..., 3:] / 255
    return np.round(255 + (whole_frame[..., :3] - 255.0) * seen).astype(np.uint8)
