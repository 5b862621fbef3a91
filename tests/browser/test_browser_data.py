"""Data of one's own on the page: a hierarchy as trees, and files as data sets."""

from __future__ import annotations

import base64
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import processes
import pytest
from explorer_page import ExplorerPage
from playwright.sync_api import expect
from safetensors.numpy import save_file

import tegum as tg
from tegum.explorer.state import PageState

pytestmark = pytest.mark.xdist_group("explorer")
Visit = Callable[..., ExplorerPage]

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
STILL = "#/live?n=6&m=3&p=0.4&lr=0.01&batch=64&steps=600&seeds=2&imp=equal&at=0"
TREES = '{"distribution":{"parents":[-1,-1,0,0,2],"exclusive":false},"model":{},"target":{}}'
FOREST = f"{STILL}&data=hierarchy&own={quote(TREES)}"


def _law(page: ExplorerPage) -> Any:
    page.wait("t.settled")
    return PageState.read(page.read("state")).problem.distribution


def _circles(page: ExplorerPage) -> np.ndarray:
    """Where the features stand, (n, 2)."""
    return np.array(
        page.page.locator(".forest circle").evaluate_all(
            "(all) => all.map((c) => [c.cx.baseVal.value, c.cy.baseVal.value])"
        )
    )


def _press(page: ExplorerPage, feature: int) -> None:
    page.page.locator(f".forest [data-feature='{feature}']").click()


def test_a_hierarchy_is_drawn_as_trees_and_hung_otherwise(visit: Visit) -> None:
    page = visit(FOREST)
    page.at_rest(0)
    page.open_groups()
    parents = [-1, -1, 0, 0, 2]
    assert _law(page) == tg.Hierarchy(parents, 0.4)
    at = _circles(page)
    lines = page.page.locator(".forest line").evaluate_all(
        "(all) => all.map((l) => [l.x1, l.y1, l.x2, l.y2].map((v) => v.baseVal.value))"
    )
    assert sorted(lines) == sorted([*at[p], *at[i]] for i, p in enumerate(parents) if p >= 0)
    assert len(np.unique(at, axis=0)) == len(parents)
    assert all(at[i, 1] > at[p, 1] for i, p in enumerate(parents) if p >= 0)
    assert (at[[0, 1], 1] == at[0, 1]).all()

    _press(page, 2)
    _press(page, 1)
    assert _law(page).parents == (-1, -1, 1, 0, 2)
    _press(page, 1)
    _press(page, 4)
    expect(page.page.get_by_role("alert")).to_contain_text("Feature 4 is below feature 1")
    page.press("forest-child")
    assert _law(page).parents == (-1, -1, 1, 0, 2, 1)
    page.press("forest-remove")
    assert _law(page).parents == (-1, -1, 0, 1, -1)  # what was below 1 is now a root
    page.type_in("n", 3)
    assert _law(page).parents == (-1, -1, 0)
    page.page.locator(".forest [data-feature='2']").focus()
    page.page.keyboard.press("Enter")
    page.press("forest-root")
    page.control("exclusive").check()
    assert _law(page) == tg.Hierarchy([-1, -1, -1], 0.4, exclusive=True)
    assert "state=" not in page.read("hash")


def test_trees_fit_a_phone(visit: Visit) -> None:
    chain = TREES.replace("[-1,-1,0,0,2]", str([-1] * 30))
    page = visit(f"{STILL}&data=hierarchy&own={quote(chain)}", width=390, height=844)
    page.at_rest(0)
    page.open_groups()
    assert page.page.locator(".forest circle").count() == 30
    assert page.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    page.page.evaluate(AXE.read_text("utf-8"))
    found = page.page.evaluate("async () => (await axe.run('.controls')).violations")
    assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []
    page.picture("hierarchy-phone")


def _files(folder: Path) -> dict[str, np.ndarray]:
    """Files by name, with the rows that they hold."""
    rng = np.random.default_rng(0)
    x = np.where(rng.random((40, 5)) < 0.3, rng.normal(size=(40, 5)), 0)
    whole = rng.integers(-3, 4, (40, 5))
    found = {
        "double.npy": x,
        "columns.npy": np.asfortranarray(x),
        "half.npy": x.astype("f2"),
        "big-endian.npy": x.astype(">f4"),
        "short.npy": whole.astype("i2"),
        "long.npy": whole.astype("i8"),
        "on.npy": x != 0,
    }
    for name, array in found.items():
        np.save(folder / name, array)
    save_file({"x": x.astype("f4"), "other": whole}, folder / "two.safetensors")
    save_file({"rows": whole.astype("u1")}, folder / "one.safetensors")
    return {**found, "two.safetensors": x.astype("f4"), "one.safetensors": whole.astype("u1")}


def _drop(page: ExplorerPage, file: Path) -> None:
    """As a hand drops it, somewhere on the page."""
    page.page.evaluate(
        """([name, text]) => {
            const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], name));
            const options = { dataTransfer, bubbles: true, cancelable: true };
            document.body.dispatchEvent(new DragEvent('drop', options));
        }""",
        [file.name, base64.b64encode(file.read_bytes()).decode()],
    )


def test_a_file_that_is_dropped_is_the_data(visit: Visit, tmp_path: Path) -> None:
    files = _files(tmp_path)
    page = visit(STILL)
    page.at_rest(0)
    page.open_groups()
    _drop(page, tmp_path / "double.npy")
    page.wait("t.settled && t.state.problem.distribution.kind === 'samples'")
    for name, rows in files.items():
        page.control("dataFile").set_input_files(tmp_path / name)
        text = json.dumps(np.float64(rows).tolist())
        page.wait(f"JSON.stringify(t.state.problem.distribution.x) === JSON.stringify({text})")
        assert _law(page) == tg.Samples(rows), name
        assert page.read("configured.draws.length") == 5
    expect(page.page.get_by_test_id("data-set")).to_have_text("40 rows of 5 features")


def test_a_larger_file_is_known_by_its_digest_and_sent_again(visit: Visit, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = np.where(rng.random((500, 6)) < 0.2, rng.random((500, 6)).round(3), 0)
    np.save(tmp_path / "rows.npy", rows)
    digest = tg.Samples(rows).x.digest
    known = f"t.settled && t.state.problem.distribution.x?.digest === '{digest}'"
    page = visit(STILL)
    page.at_rest(0)
    page.open_groups()
    _drop(page, tmp_path / "rows.npy")
    page.wait(known)
    workers = page.server.workers()
    page.type_in("m", 2)
    page.wait(f"{known} && t.configured.n_hidden === 2")
    page.press("run")
    page.wait("t.frame.step > 50")

    os.kill(max(workers, key=processes.seconds), signal.SIGKILL)
    page.page.get_by_role("button", name="Train again").click()  # the numbers went with it
    page.wait(f"{known} && t.frame.step > 50")
    fragment = page.read("hash")

    other = visit(fragment)  # the address has not the numbers
    expect(other.page.get_by_role("alert")).to_contain_text("known by its digest alone")
    _drop(other, tmp_path / "rows.npy")
    other.wait(known)


def test_a_file_that_is_no_data_set_is_refused_in_a_line(visit: Visit, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    bad = {
        "nan.npy": (np.array([[1, 2], [np.nan, 0]]), "x[1][0] must be finite; it is NaN"),
        "line.npy": (np.ones(3), "must have rows of features (T, n); its shape is (3)"),
        "complex.npy": (np.ones((2, 2), "c8"), "they must be real"),
        "many.npy": (np.zeros((1000, 200), "b1"), "1000 × 200 numbers: 122880 at most"),
        "long.npy": (rng.random((2000, 8)), "characters, 245760 at most"),
        "large.npy": (np.zeros((1000, 150)), "1200128 bytes, and more numbers than"),
        "wide.npy": (np.zeros((2, 401), "b1"), "too many features: 401 asked for, 400 at most"),
    }
    page = visit(STILL)
    page.at_rest(0)
    page.open_groups()
    alert = page.page.get_by_role("alert")
    for name, (array, words) in bad.items():
        np.save(tmp_path / name, array)
        _drop(page, tmp_path / name)
        expect(alert).to_contain_text(words)
    whole = (tmp_path / "many.npy").read_bytes()
    for name, content, words in (
        ("text.txt", b"1 2 3", "a .npy or .safetensors file"),
        ("text.npy", b"1 2 3", "no .npy file"),
        ("cut.npy", whole[:20], "ends within its header"),
        ("short.npy", whole[:500].replace(b"1000", b"100 "), "ends within its numbers"),
        ("text.safetensors", b"x" * 30, "ends within its header"),
        ("none.safetensors", (2).to_bytes(8, "little") + b"{}", "not 0"),
    ):
        (tmp_path / name).write_bytes(content)
        _drop(page, tmp_path / name)
        expect(alert).to_contain_text(words)
    assert page.read("state.problem.distribution.kind") == "independent"


MIXED = '[{"kind":"independent","n_features":6},{"kind":"correlated","n_sets":3,"set_size":2}]'
MIXTURE = f"{STILL}&data=mixture&groups={quote(MIXED)}"


def test_a_mixture_is_put_together_part_by_part(visit: Visit) -> None:
    page = visit(MIXTURE)
    page.at_rest(0)
    page.open_groups()
    alone, pairs = tg.Independent(6, 0.4), tg.Correlated(3, 2, 0.4)
    assert _law(page) == tg.Mixture([alone, pairs])
    page.type_in("parts.1.odds", 3)
    assert _law(page) == tg.Mixture([alone, pairs], [1, 3])
    expect(page.page.locator("legend").last).to_have_text("Part 2, 75 % of samples")
    page.type_in("parts.1.p", 0.9)
    page.control("parts.0.magnitude").select_option("signed")
    signed = tg.Independent(6, 0.4, "signed")
    often = tg.Correlated(3, 2, 0.9)
    assert _law(page) == tg.Mixture([signed, often], [1, 3])
    page.type_in("n", 4)
    page.press("part-add")
    page.control("parts.2.kind").select_option("hierarchy")
    _press(page, 2)
    page.press("forest-root")
    tree = tg.Hierarchy([-1, -1, -1, 1], 0.4)
    laws = [tg.Independent(4, 0.4, "signed"), tg.Correlated(2, 2, 0.9), tree]
    assert _law(page) == tg.Mixture(laws, [1, 3, 1])
    assert "state=" not in page.read("hash")

    page.press("run")
    page.wait("t.frame.step > 20")
    page.slide("p", 1)  # acts on the running training, and on the draws of the parts that have p
    page.wait("t.frame.numbers.feature_probability[0] === 1")
    assert page.read("frame.numbers.feature_probability") == [1] * 4 + [0.9] * 2 + [1] * 4
    page.press("parts.0.remove")
    once = [tg.Correlated(2, 2, 0.9), tg.Hierarchy([-1, -1, -1, 1], 1.0)]
    assert _law(page) == tg.Mixture(once, [3, 1])
    page.type_in("parts.0.odds", 0)
    page.type_in("parts.1.odds", 0)
    expect(page.page.get_by_role("alert")).to_contain_text(
        "Mixture.weights must be a row of numbers >= 0, not all 0"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mixture_fits_a_phone(visit: Visit, scheme: str) -> None:
    page = visit(MIXTURE, width=390, height=844, color_scheme=scheme)
    page.at_rest(0)
    page.open_groups()
    assert page.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    page.page.evaluate(AXE.read_text("utf-8"))
    found = page.page.evaluate("async () => (await axe.run('.controls')).violations")
    assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []
    page.page.locator(".parts").scroll_into_view_if_needed()
    page.picture(f"mixture-phone-{scheme}")
