"""The dictionary's tab: it trains what is chosen, and says of which model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from explorer_page import ExplorerPage
from playwright.sync_api import expect

pytestmark = pytest.mark.xdist_group("explorer")
Visit = Callable[..., ExplorerPage]

#: Two features in two dimensions: each has a direction to itself, and its atom is soon there.
EASY = "?n=2&m=2&p=0.1&lr=0.01&batch=64&steps=600&seeds=4&seed=3&imp=equal&sae=topk&k=1&latents=2"


def test_the_tab_trains_a_dictionary_of_the_model_and_the_controls_act(visit: Visit) -> None:
    page = visit("#/dictionary" + EASY + "&saes=6")
    page.wait("t.dictionary && t.dictionary.step > 2000")
    said = page.read("dictionary")
    assert (said["of"]["step"], said["architecture"], said["k"]) == (600, "topk", 1)
    assert said["arrays"]["W"] == pytest.approx(page.read("scene.W"), abs=1e-6)
    assert len(said["arrays"]["cosines"]) == 6
    page.wait("t.dictionary.found === 2")
    shown = page.page.get_by_test_id("dictionary")
    expect(shown).to_contain_text("2 of 2")
    page.painted()
    page.picture("dictionary")

    page.press("dictionary-run")  # Stop
    expect(page.control("dictionary-run")).to_have_text("Train")
    number = page.read("dictionary.dictionary")
    page.type_in("latents", 3)
    page.wait(f"t.dictionary && t.dictionary.dictionary > {number}")
    assert np.reshape(page.read("dictionary.arrays.W_dec"), (-1, 2)).shape == (3, 2)

    page.control("architecture").select_option("relu")
    page.wait("t.dictionary && t.dictionary.architecture === 'relu' && t.dictionary.step > 100")
    number = page.read("dictionary.dictionary")
    page.slide("price", 1.0)
    page.wait("t.dictionary.l1 === 3")
    assert page.read("dictionary.dictionary") == number, "the same dictionary goes on"
    assert "sae=topk" not in page.read("hash")
    assert {"latents=3", "price=3", "saes=6"} <= set(page.read("hash").split("?")[1].split("&"))


def test_it_says_that_the_model_has_gone_on(visit: Visit) -> None:
    page = visit("#/dictionary" + EASY)
    page.wait("t.dictionary && t.dictionary.step > 10")
    page.press("tab-live")
    page.press("run")  # on, for as many steps again
    page.at_rest(1200)
    page.press("tab-dictionary")
    expect(page.page.get_by_role("status").get_by_text("at step 600")).to_be_visible()
    page.page.keyboard.press("r")
    page.wait("t.dictionary && t.dictionary.of.step === 1200")


def test_a_lesson_has_its_model_and_its_dictionary(visit: Visit) -> None:
    page = visit("#/lessons?lesson=10")
    page.wait("t.dictionary && t.dictionary.step > 50")
    assert page.read("dictionary.of.step") == 8000
    assert page.read("view.wish.k") == 1
    page.painted()
    page.picture("lesson-dictionary")
