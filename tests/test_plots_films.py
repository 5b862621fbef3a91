"""Films as files: how many frames, how large, and what is in them; by Pillow and by ffmpeg."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure
from PIL import Image

from tegum import plots
from tegum.errors import SpecError, TegumError

FRAMES = 6
#: Of each frame: the left half dark where its number is even, else the right one.
WHITE, DARK = 255, 38


def film(width: float = 2.0, height: float = 1.0) -> FuncAnimation:
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.set(xlim=(0, 2), ylim=(0, 1))
    patch = axes.axvspan(0, 1, color="#262626", lw=0)

    def show(frame: int) -> list[object]:
        patch.set_x(frame % 2)
        return [patch]

    return FuncAnimation(figure, show, frames=FRAMES, interval=50, cache_frame_data=False)


def check(frames: np.ndarray, slack: float) -> None:
    """The dark half changes sides with every frame."""
    assert len(frames) == FRAMES
    width = frames.shape[2]
    for k, frame in enumerate(frames.astype(float)):
        left, right = frame[:, : width // 2 - 8].mean(), frame[:, width // 2 + 8 :].mean()
        dark, white = (left, right) if k % 2 == 0 else (right, left)
        assert dark == pytest.approx(DARK, abs=slack)
        assert white == pytest.approx(WHITE, abs=slack)


def test_progress_is_told_of_every_frame(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    plots.save_film(film(), tmp_path / "a.gif", width=40, progress=lambda *now: told.append(now))
    assert told == [(k, FRAMES) for k in range(1, FRAMES + 1)]


def test_a_gif_is_as_wide_as_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "new" / "film.gif"
    plots.save_film(film(), path, width=301, fps=10)
    with Image.open(path) as image:
        assert image.size == (301, 150)
        assert image.n_frames == FRAMES
        seen = []
        for k in range(FRAMES):
            image.seek(k)
            assert image.info["duration"] == 100
            seen.append(np.asarray(image.convert("L")))
    check(np.stack(seen), 2)
    assert [file.name for file in path.parent.iterdir()] == ["film.gif"]


@pytest.mark.parametrize("ending", ["mp4", "webm"])
def test_a_film_has_the_frames_of_the_animation_at_an_even_size(
    tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"film.{ending}"
    path.write_text("an older one")
    plots.save_film(film(), path, width=301)
    decode = ("-i", path, "-pix_fmt", "gray", "-f", "rawvideo", "-")
    done = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), *decode], capture_output=True, check=True
    )
    assert b"302x152" in done.stderr
    assert b"20 fps" in done.stderr
    check(np.frombuffer(done.stdout, np.uint8).reshape(-1, 152, 302), 8)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"film": None}, "save_film.film must be a matplotlib Animation; got None"),
        ({"path": "film.avi"}, "save_film.path must end in .mp4, .webm or .gif; got 'film.avi'"),
        ({"path": 3}, "save_film.path must be a path; got 3"),
        ({"width": 15}, "save_film.width must be a whole number of pixels in [16, 8192]; got 15"),
        ({"fps": 0}, "save_film.fps must be a number in (0, 120]; got 0"),
    ],
)
def test_what_is_no_film_is_refused(change: dict[str, object], words: str) -> None:
    moving = film()
    moving._draw_was_started = True  # matplotlib warns of one that was never drawn
    given = {"film": moving, "path": "film.gif", **change}
    with pytest.raises(SpecError) as caught:
        plots.save_film(**given)  # type: ignore[arg-type]
    assert str(caught.value) == words


def test_without_the_extra_the_line_that_installs_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    moving = film()
    with pytest.raises(TegumError, match=r"pip install imageio-ffmpeg .*or save a \.gif"):
        plots.save_film(moving, tmp_path / "film.mp4")
    assert not list(tmp_path.iterdir())
    plots.save_film(moving, tmp_path / "film.gif", width=64)
