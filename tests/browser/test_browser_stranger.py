"""A link without its token, in another browser: it explains itself, and the state is not lost."""

from __future__ import annotations

import shlex

import pytest
from explorer_page import ExplorerPage
from explorer_server import Running
from playwright.sync_api import Browser, expect

from tegum.cli.explore import _fragment

pytestmark = pytest.mark.xdist_group("explorer")
STATE = "#/live?n=6&m=2&p=0.1&lr=0.01&batch=64&steps=600&seeds=2&seed=3&imp=last&r=2&at=0"
#: What a shell would run, were it to read it.
NASTY = "#/live?show='\";$(touch x)`id`!x\\&n=5|é"


@pytest.fixture
def told(explorer: Running, browser: Browser, request: pytest.FixtureRequest) -> list[str]:
    """The command that a stranger is told for an address, word by word as a shell reads it."""
    context = browser.new_context()
    page = context.new_page()
    answer = page.goto(f"{explorer.origin}/{request.param}")
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("heading")).to_have_text("This explorer is somebody’s own")
    assert explorer.token not in page.content()
    holds = page.locator("#holds")
    expect(holds).to_be_visible() if request.param else expect(holds).to_be_hidden()
    if request.param == STATE:
        ExplorerPage.keep(page, "stranger")
    words = shlex.split(page.locator("#command").inner_text())
    context.close()
    return words


@pytest.mark.parametrize("told", [STATE], indirect=True)
def test_a_stranger_can_see_the_same_state_in_an_explorer_of_their_own(
    told: list[str], explorer: Running, browser: Browser
) -> None:
    assert told == ["tegum", "explore", "--state", STATE]
    page = ExplorerPage(explorer, browser, _fragment(told[-1]))
    page.at_rest(0)
    assert page.read("scene.n") == 6
    assert page.read("state.problem.importance") == [1, 1, 1, 1, 1, 2]
    page.close()
    page.must_be_clean()


@pytest.mark.parametrize("told", [NASTY], indirect=True)
def test_no_address_makes_a_command_of_more_than_text(told: list[str]) -> None:
    assert told[:3] == ["tegum", "explore", "--state"]
    (state,) = told[3:]
    assert set(state) <= set("#/?=&.,:%+~-_") | {c for c in state if c.isascii() and c.isalnum()}
    assert state.startswith("#/live?show=%27")


@pytest.mark.parametrize("told", [""], indirect=True)
def test_an_address_without_a_state_names_the_explorer_alone(told: list[str]) -> None:
    assert told == ["tegum", "explore"]
