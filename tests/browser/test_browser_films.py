"""The way of a training: its cursor of time, its film, and pictures of any size."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from explorer_page import ExplorerPage
from films import frames
from playwright.sync_api import expect

pytestmark = pytest.mark.xdist_group("explorer")
Visit = Callable[..., ExplorerPage]

SMALL = "#/live?n=5&m=2&p=0.1&lr=0.01&batch=64&steps=600&seeds=6&seed=3&imp=equal"
#: How many frames the last step of a film stays: page/recorder.ts.
HOLD = 25
#: The darkest column of a plot: its place from the left of the plot's inside, as a share, and how
#: much of it is as dark as text.
_LINE = """(view) => {
    const canvas = document.querySelector(`[data-view=${view}] canvas`);
    const inside = document.querySelector(`[data-view=${view}] .u-over`);
    const ratio = canvas.width / canvas.clientWidth;
    const [left, top] = [inside.offsetLeft * ratio, inside.offsetTop * ratio];
    const [width, height] = [inside.clientWidth * ratio, inside.clientHeight * ratio];
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(left, top, width, height);
    const dark = Array.from({ length: width }, () => 0);
    for (let k = 0; k < width * height; k++) {
        const [r, g, b, a] = data.subarray(4 * k, 4 * k + 4);
        if (a > 200 && r + g + b < 150) dark[k % width] += 1 / height;
    }
    const most = Math.max(...dark);
    return { at: dark.indexOf(most) / width, share: most };
}"""


def _save(page: ExplorerPage, name: str, folder: Path) -> bytes:
    control = page.control(name)
    if not control.is_visible():
        page.page.locator("details.menu summary").click()
    with page.page.expect_download() as started:
        control.click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path.read_bytes()


def test_a_line_stands_at_the_step_that_is_looked_at(visit: Visit) -> None:
    page = visit(SMALL, height=2000, color_scheme="light")
    page.at_rest(600)
    page.wait("t.trace.steps.at(-1) === 600 && t.history.at(-1) === 600")  # told less often
    for view in ("loss", "dimensionality"):
        page.painted()
        assert page.page.evaluate(_LINE, view)["share"] < 0.5
    for share in (0.4, 0.8):
        page.slide("travel", share)
        page.wait("t.frame.past && t.frame.step === t.history[Math.round("
                  f"{share} * t.history.length)]")  # fmt: skip
        page.painted()
        step = page.read("frame.step")
        for view in ("loss", "dimensionality"):
            line = page.page.evaluate(_LINE, view)
            assert line["share"] > 0.9, view
            # the axis of steps runs from 1 to 600, logarithmically
            assert line["at"] == pytest.approx(np.log(step) / np.log(600), abs=0.01), view
    page.press("present")
    page.wait("!t.frame.past")
    page.painted()
    assert page.page.evaluate(_LINE, "loss")["share"] < 0.5


@pytest.mark.parametrize("kind", ["mp4", pytest.param("webm", marks=pytest.mark.slow)])
def test_a_film_has_a_frame_for_each_kept_step(visit: Visit, tmp_path: Path, kind: str) -> None:
    page = visit(SMALL.replace("steps=600", "steps=120"), width=640, height=400)
    page.at_rest(120)
    W, asked = page.read("scene.W"), set(page.asked)
    data = _save(page, f"film-{kind}", tmp_path)  # steps that are kept are told only now and then
    before = [step for step in page.read("history") if step < 120]
    assert frames(data) == len(before) + HOLD  # and the present, which stays
    assert any("film" in url for url in page.asked - asked)  # what encodes it came only now
    page.wait("!t.frame.past && t.frame.step === 120")
    assert page.read("scene.W") == W
    size = _played(page, data)
    assert size["width"] % 2 == size["height"] % 2 == 0
    assert size["seconds"] == pytest.approx(frames(data) / 25, abs=0.05)


def _played(page: ExplorerPage, data: bytes) -> dict[str, float]:
    """What a player finds in a film: its size and how long it is."""
    script = """([kind, text]) => new Promise((tell, fail) => {
        const video = document.createElement("video");
        video.onerror = () => fail(new Error(video.error.message));
        video.onloadedmetadata = () => tell(
            { width: video.videoWidth, height: video.videoHeight, seconds: video.duration });
        video.src = `data:video/${kind};base64,${text}`;
    })"""
    assert page.context.browser is not None
    player = page.context.browser.new_page()
    kind = "webm" if data[:1] == b"\x1a" else "mp4"
    found = dict(player.evaluate(script, [kind, base64.b64encode(data).decode()]))
    player.close()
    return found


def test_a_film_is_stopped(visit: Visit) -> None:
    page = visit(SMALL)
    page.at_rest(600)
    page.page.locator("details.menu summary").click()
    page.press("film-webm")
    page.press("stop-film")
    expect(page.page.locator(".filming")).to_have_count(0)
    page.wait("!t.frame.past && t.frame.step === 600")
    expect(page.page.get_by_role("alert")).to_have_count(0)


def test_without_an_encoder_the_menu_says_so(visit: Visit) -> None:
    page = visit(SMALL + "&at=0")
    page.page.add_init_script("delete globalThis.VideoEncoder")
    page.page.reload()
    page.wait("t.frame")
    page.page.locator("details.menu summary").click()
    expect(page.control("film-mp4")).to_be_disabled()
    expect(page.page.locator(".menu-body")).to_contain_text("encodes no films")


def _png_size(data: bytes) -> tuple[int, int]:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@pytest.mark.parametrize("view", ["&at=0", pytest.param("&at=0&mode=3d", marks=pytest.mark.slow)])
def test_pictures_are_as_large_as_is_asked(visit: Visit, tmp_path: Path, view: str) -> None:
    page = visit(SMALL.replace("m=2", "m=3") + view)
    page.at_rest(0)
    page.painted()
    canvas = page.page.locator(".hero-body canvas").first
    canvas.wait_for()
    width, height = canvas.evaluate("(canvas) => [canvas.width, canvas.height]")
    page.page.locator("details.menu summary").click()
    page.control("picture-size").select_option("4")
    assert _png_size(_save(page, "picture-png", tmp_path)) == (4 * width, 4 * height)
    page.page.locator("details.menu summary").click()
    page.control("picture-size").select_option("0")
    page.type_in("picture-width", 1000)
    wide, high = _png_size(_save(page, "picture-png", tmp_path))
    assert wide == 1000
    assert high == pytest.approx(1000 * height / width, abs=1)
    # what is on the screen is as large as before
    page.painted()
    assert canvas.evaluate("(canvas) => [canvas.width, canvas.height]") == [width, height]
    if "3d" not in view:
        svg = _save(page, "picture-svg", tmp_path).decode()
        assert 'width="1000" height="1000"' in svg
        assert re.findall(r"<text [^>]*>(\d)</text>", svg)
