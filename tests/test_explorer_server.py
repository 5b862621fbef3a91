"""The explorer's server: what pages are shown of their trainings."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from explorer_server import Page, Running, small

import tegum as tg
from tegum.explorer.state import PageState

pytestmark = pytest.mark.xdist_group("explorer")


def test_it_trains_what_tegum_trains(page: Page) -> None:
    page.say("select", seed=1)  # before anything is there: refused, in words
    assert page.until("error")[0]["code"] == "state"
    page.say("configure", state=small())
    state = PageState.read(page.until("configured")[0]["state"])
    page.say("select", seed=1)
    _, arrays = page.resting(400)
    runs = tg.train(state.problem, training=state.training, seeds=3, seed=7, progress=False)
    W, b = runs["W"].to_numpy()[1], runs["b"].to_numpy()[1]
    np.testing.assert_array_equal(arrays["W"], W)
    np.testing.assert_array_equal(arrays["b"], b)
    np.testing.assert_allclose(arrays["D"], tg.dimensionality(W), rtol=1e-5)


def test_a_training_annealed_by_hand_is_repeated_from_its_state(page: Page) -> None:
    page.say("configure", state=small(), until=100)
    page.resting(100)
    page.say("change", values={"feature_probability": 0.3, "importance[2]": 0.5}, id=1)
    changed, _ = page.until("changed")
    page.say("step", steps=60)
    page.resting(160)
    page.say("change", values={"learning_rate": 0.003})
    state = page.until("changed")[0]["state"]
    page.say("select", seed=2)
    page.say("run", until=300)
    _, by_hand = page.resting(300)
    assert [step for step, _ in state["changes"]] == [100, 160]
    page.say("configure", state=state, until=300)
    page.until("configured", lambda h: h["state"]["changes"] == state["changes"])
    _, again = page.resting(300)
    np.testing.assert_array_equal(by_hand["W"], again["W"])
    assert changed["state"]["changes"] == state["changes"][:1]


def test_time_travel_shows_what_was(page: Page) -> None:
    page.say("configure", state=small(), until=0)
    _, start = page.resting(0)
    page.say("select", seed=0)
    _, start = page.until("frame", lambda h: h["selected"] == {"by": "seed", "seed": 0})
    page.say("run")
    # it may come before the frame of the last step, and after it
    steps = page.until("history", lambda h: h["steps"][-1] == 400)[0]["steps"]
    assert steps[0] == 0
    assert steps == sorted(set(steps))
    page.say("seek", step=0)
    header, past = page.until("frame", lambda h: h["past"])
    assert header["step"] == 0
    np.testing.assert_array_equal(past["W"], start["W"])
    page.say("seek", step=None)
    assert page.until("frame", lambda h: not h["past"])[0]["step"] == 400
    page.say("traces")
    _, traces = page.until("traces")
    assert traces["steps"].tolist() == steps
    np.testing.assert_allclose(traces["D"][0], start["D"])
    assert (traces["best"] <= traces["loss"]).all()


def test_frames_wait_for_a_page_that_does_not_draw(server: Running) -> None:
    with server.socket() as socket:
        page = Page(socket, draws=False)
        page.say("configure", state=small(steps=300))
        seen = list(_frames(page, lambda h: h["type"] == "history" and h["steps"][-1] == 300))
        page.say("ping", id=1)
        seen += _frames(page, lambda h: h.get("id") == 1)
        assert seen == [1, 2]
        page.say("ack", frame=1)
        assert page.until("frame")[0]["step"] == 300


def _frames(page: Page, ends: Callable[[dict[str, Any]], bool]) -> Iterator[int]:
    """The numbers of the frames that come before the message for which `ends` holds."""
    while True:
        header, _ = page.next()
        if header["type"] == "frame":
            yield header["frame"]
        if ends(header):
            return


def test_a_training_that_diverges_is_no_accident(page: Page) -> None:
    state = small()
    state["training"] |= {"learning_rate": 1e30}
    page.say("configure", state=state)
    analysis, _ = page.until("analysis", lambda h: h["step"] == 400)
    assert analysis["factors"] == []
    assert analysis["shape"] == "diverged"
    page.say("select", seed=2)
    header, arrays = page.until("frame", lambda h: h["selected"] == {"by": "seed", "seed": 2})
    assert header["diverged"] == 3
    assert header["loss"] is None
    assert not np.isfinite(arrays["W"]).all()


def test_downloads_are_the_model_on_the_screen(server: Running, page: Page) -> None:
    base = f"/api/sessions/{page.hello['session']}"
    key = f"?token={server.token}"
    assert server.get(f"{base}/model.json{key}")[0].status == 409
    page.say("configure", state=small(), until=400)
    page.resting(400)
    page.say("select", seed=2)
    _, shown = page.until("frame", lambda h: h["selected"] == {"by": "seed", "seed": 2})
    answer, text = server.get(f"{base}/model.json{key}")
    assert "tegum-model.json" in answer.headers["content-disposition"]
    data = json.loads(text)
    assert (data["seed"], data["step"]) == (2, 400)
    np.testing.assert_array_equal(np.float32(data["arrays"]["W"]), shown["W"])
    archive = np.load(io.BytesIO(server.get(f"{base}/model.npz{key}&which=all")[1]))
    assert archive["W"].shape == (3, 2, 5)
    assert json.loads(str(archive["about"]))["step"] == 400
    from safetensors.numpy import load

    tensors = load(server.get(f"{base}/model.safetensors{key}")[1])
    np.testing.assert_array_equal(tensors["b"], shown["b"])
    assert b"<svg" in server.get(f"{base}/figure.svg{key}")[1]
    assert server.get(f"{base}/model.exe{key}")[0].status == 404
    assert server.get(f"/api/sessions/none/model.npz{key}")[0].status == 404
    assert server.get(f"{base}/model.npz")[0].status == 403


def test_a_cell_of_the_diagram_opens_as_the_model_it_was(page: Page) -> None:
    assert page.ask("phase", n_features=3, points=3, seeds=2, steps=200)["type"] == "ok"
    header, cells = page.until("phase", lambda h: h["status"] == "done")
    assert (header["done"], cells["outcome"].shape) == (9, (3, 3))
    assert set(np.unique(cells["theory"])) <= {0, 1, 2}
    state, i, j = header["state"], 0, 2
    state["problem"]["distribution"]["feature_probability"] = header["probabilities"][i]
    state["problem"]["importance"][-1] = header["ratios"][j]
    page.say("configure", state=state, until=200)
    page.say("select", seed=int(cells["seed"][i, j]))
    _, arrays = page.resting(200)
    assert np.linalg.norm(arrays["W"][:, -1]) == pytest.approx(cells["norm"][i, j], rel=1e-6)
