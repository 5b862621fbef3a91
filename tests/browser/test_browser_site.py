"""The explorer as static files: it trains by itself, under any path and from a disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from explorer_page import pages
from playwright.sync_api import Browser, expect
from scipy.stats import ks_2samp
from site_page import Disk, Host, SitePage, hosted

import tegum as tg
from tegum.analysis.tegum_factors import factors, shape_name
from tegum.explorer.site import LIVE, write_site
from tegum.explorer.state import PageState

pytestmark = pytest.mark.xdist_group("explorer")
Open = Callable[..., SitePage]

#: A path that needs escapes, as hosts of projects have them.
PATH = "people/a%20b/"
#: A training that ends in no time, as an address.
SMALL = "#/live?n=5&m=2&p=0.1&lr=0.01&batch=64&steps=600&seeds=6&seed=3&imp=equal&at=600"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a host serves; the site is a part of it."""
    root = tmp_path_factory.mktemp("host")
    write_site(root / "people" / "a b")
    return root


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Host]:
    with hosted(folder, PATH) as host:
        yield host


@pytest.fixture
def visit_site(browser: Browser) -> Iterator[Open]:
    """Opens pages of a site."""

    def of(place: Host | Disk, fragment: str = "", **how: object) -> SitePage:
        return SitePage(place, browser, fragment, **how)

    with pages(of) as open_page:
        yield open_page


def _model(page: SitePage) -> tuple[np.ndarray, np.ndarray]:
    scene = page.read("scene")
    return np.float32(scene["W"]).reshape(scene["m"], scene["n"]), np.float32(scene["b"])


def _sampled_losses(state: PageState, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Losses of single samples, by numpy."""
    x = state.problem.distribution.sample(np.random.default_rng(1), 20_000)
    return np.asarray(((np.maximum(x @ W.T @ W + b, 0) - x) ** 2).sum(axis=1))


def test_the_first_lesson_trains_and_is_drawn(site: Host, visit_site: Open) -> None:
    page = visit_site(site, "#/lessons")
    page.wait("t.frame && t.frame.step > 300 && t.analysis")
    page.wait("t.settled && t.frame.rate.model_steps > 0")
    page.press("run")
    page.wait("t.frame.status === 'paused' && t.analysis.step === t.frame.step")
    page.painted()
    W, _ = _model(page)
    shown = np.reshape(page.read("drawn.points"), (5, -1))[:, :2]
    np.testing.assert_allclose(shown @ shown.T, W.T @ W, atol=1e-5)  # perhaps turned
    np.testing.assert_allclose(page.read("scene")["D"], tg.dimensionality(W), rtol=1e-4)
    page.picture("site-lesson")


def test_an_address_is_the_same_picture_on_another_machine(site: Host, visit_site: Open) -> None:
    pages = [visit_site(site, SMALL), visit_site(site, SMALL, width=900)]
    for page in pages:
        page.at_rest(600)
    for one, other in zip(*map(_model, pages), strict=True):
        np.testing.assert_array_equal(one, other)
    analyses = [page.read("analysis") for page in pages]
    assert analyses[0]["shape"] == analyses[1]["shape"]


def test_losses_and_shapes_are_those_that_python_finds(site: Host, visit_site: Open) -> None:
    page = visit_site(site, SMALL.replace("600", "4000").replace("batch=64", "batch=512"))
    page.at_rest(4000)
    W, b = _model(page)
    state, analysis = PageState.read(page.read("state")), page.read("analysis")
    exact = float(tg.expected_loss(state.problem, W, b).loss)
    sampled = _sampled_losses(state, W, b)
    error = sampled.std() / np.sqrt(state.training.held_out)
    scene = page.read("scene")
    assert abs(scene["heldOut"][scene["selected"]] - exact) < 5 * error
    assert analysis["shape"] == shape_name(np.float64(W))
    for shown, found in zip(analysis["factors"], factors(np.float64(W)), strict=True):
        assert shown["features"] == list(found.features)
        assert (shown["name"], shown["rank"], shown["tight"]) == (
            found.name, found.rank, found.tight,
        )  # fmt: skip
        assert shown["low"] == pytest.approx(found.low, abs=1e-6)
        assert shown["high"] == pytest.approx(found.high, abs=1e-6)


def test_what_needs_python_says_so(site: Host, visit_site: Open) -> None:
    page = visit_site(site, SMALL.replace("imp=equal", "imp=equal&opt=exact"))
    expect(page.page.get_by_role("alert")).to_contain_text("needs `tegum explore`")
    page.wait("t.frame && t.frame.step > 0")  # what a page begins with
    page.open_groups()
    for data in ("hierarchy", "copula", "samples"):
        page.control("data").select_option(data)
        said = page.page.get_by_role("alert").filter(has_text=f"distribution {data}")
        expect(said).to_contain_text("needs `tegum explore`")
    expect(page.control("dataFile")).to_have_count(0)
    page.page.locator("summary", has_text="Download").click()
    expect(page.page.locator(".menu-body")).to_contain_text("Files of the models need")


def test_it_fits_a_phone(site: Host, visit_site: Open) -> None:
    page = visit_site(site, "#/lessons?lesson=1", width=390, height=844)
    page.wait("t.frame && t.frame.step > 100")
    assert page.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    page.picture("site-phone")


def test_a_dictionary_trains_in_the_page(site: Host, visit_site: Open) -> None:
    page = visit_site(
        site, "#/dictionary?n=2&m=2&p=0.1&lr=0.01&steps=600&seeds=4&sae=topk&latents=2"
    )
    page.wait("t.dictionary && t.dictionary.step > 1500 && t.dictionary.found === 2")
    assert page.read("dictionary.of.step") == 600
    page.control("architecture").select_option("relu")
    page.wait("t.dictionary && t.dictionary.architecture === 'relu' && t.dictionary.step > 10")
    kinds = page.control("architecture").locator("option").all_inner_texts()
    assert kinds == ["ReLU", "TopK", "BatchTopK"]
    page.painted()
    page.picture("site-dictionary")


def test_a_phase_diagram_fills_in_and_opens(site: Host, visit_site: Open) -> None:
    page = visit_site(site, "#/phase")
    expect(page.control("phase-run")).to_have_text("Stop")
    page.press("phase-run")
    for name, value in (("points", 2), ("phase-seeds", 4), ("phase-steps", 1000)):
        page.type_in(name, value)
    expect(page.control("phase-run")).to_have_text("Train")
    page.press("phase-run")
    trained = page.page.get_by_role("region", name="Trained")
    expect(trained).to_contain_text("4 of 4 cells")
    page.picture("site-phase")
    trained.locator("canvas").press(
        "Enter"
    )  # the first cell: p = .01, the last feature of importance .1
    page.at_rest(1000)
    W, _ = _model(page)
    assert np.prod(np.sign(W)) == -1  # an antipodal pair


def test_the_gallery_opens_its_models(site: Host, visit_site: Open) -> None:
    page = visit_site(site, "#/gallery")
    page.page.locator("[data-preset='n − 1 dimensions for n features: a simplex']").click()
    page.wait("t.frame && t.frame.step > 0 && t.configured.n_features === 4")


def test_it_is_there_without_a_network_after_the_first_visit(
    folder: Path, visit_site: Open
) -> None:
    with hosted(folder, PATH) as host:
        page = visit_site(host, SMALL)
        page.at_rest(600)
        before = _model(page)
        page.page.evaluate(
            "() => navigator.serviceWorker.ready.then((r) => new Promise((tell) =>"
            " r.active.state === 'activated' ? tell() : (r.active.onstatechange = () => tell())))"
        )
    page.page.reload()
    page.at_rest(600)
    for one, other in zip(before, _model(page), strict=True):
        np.testing.assert_array_equal(one, other)


def test_one_file_runs_from_a_disk(folder: Path, visit_site: Open, tmp_path: Path) -> None:
    alone = tmp_path / "page.html"
    alone.write_bytes((folder / "people" / "a b" / LIVE).read_bytes())
    page = visit_site(Disk(alone), "#/lessons?lesson=1")
    page.wait("t.frame && t.frame.step > 300 && t.analysis")
    page.painted()
    page.picture("site-file")
    assert {url.split(":")[0] for url in page.asked} <= {"file", "blob", "data"}


#: Lets a test speak to the page's worker: W and b of one model after the other.
_HOLD_WORKER = """(() => {
    const Own = globalThis.Worker;
    globalThis.Worker = class extends Own {
        constructor(...how) { super(...how); globalThis.thread = this; }
    };
})()"""
_MODELS = """async (seeds) => {
    const read = (bytes) => {
        const length = new DataView(bytes).getUint32(4, true);
        const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length)));
        const arrays = {};
        for (const { name, shape, offset } of header.arrays)
            arrays[name] = [...new Float32Array(bytes, 8 + length + offset,
                shape.reduce((size, side) => size * side, 1))];
        return { header, arrays };
    };
    const found = [];
    for (const seed of seeds) {
        const frame = new Promise((tell) => {
            const hear = ({ data }) => {
                if (typeof data === 'string') return;
                const { header, arrays } = read(data);
                if (header.type !== 'frame' || header.selected.seed !== seed) return;
                globalThis.thread.removeEventListener('message', hear);
                tell(arrays);
            };
            globalThis.thread.addEventListener('message', hear);
        });
        globalThis.thread.postMessage({ said: { type: 'select', seed } });
        const { W, b } = await frame;
        found.push([W, b]);
    }
    return found;
}"""


_REFUSED = """async () => {
    const told = await (await fetch('api/gallery')).json();
    const lessons = await (await fetch('api/lessons')).json();
    const found = [];
    const all = [...lessons, ...told.experiments.flatMap(({ presets }) => presets)];
    for (const [id, { title, state }] of all.entries()) {
        const answer = await new Promise((tell) => {
            globalThis.thread.addEventListener('message', function hear({ data }) {
                if (typeof data !== 'string' || JSON.parse(data).id !== `own ${id}`) return;
                globalThis.thread.removeEventListener('message', hear);
                tell(JSON.parse(data));
            });
            const said = { type: 'configure', id: `own ${id}`, state, run: false };
            globalThis.thread.postMessage({ said });
        });
        if (answer.type !== 'configured') found.push([title, answer.message]);
    }
    return [all.length, found];
}"""


@pytest.mark.slow
def test_all_lessons_and_all_models_of_the_gallery_train(site: Host, browser: Browser) -> None:
    context = browser.new_context()
    context.add_init_script(_HOLD_WORKER)
    page = context.new_page()
    page.goto(site.address("#/live?at=0"))
    page.wait_for_function("() => globalThis.tegum?.frame")
    count, refused = page.evaluate(_REFUSED)
    context.close()
    assert count > 50
    assert refused == []


@pytest.mark.slow
def test_losses_of_64_models_are_distributed_as_pythons(site: Host, browser: Browser) -> None:
    """Exact losses, by two-sample KS: every fourth of 256, as four models see the same samples."""
    steps, seeds = 3000, 64
    address = f"#/live?n=5&m=2&p=0.05&lr=0.005&steps={steps}&seeds={4 * seeds}&seed=5&imp=equal"
    context = browser.new_context()
    context.add_init_script(_HOLD_WORKER)
    page = context.new_page()
    page.goto(site.address(f"{address}&at={steps}"))
    stopped = f"t.frame && t.frame.step === {steps} && t.frame.status !== 'running'"
    page.wait_for_function(f"() => {{ const t = globalThis.tegum; return t && {stopped}; }}")
    ours = page.evaluate(_MODELS, list(range(0, 4 * seeds, 4)))
    state = PageState.read(page.evaluate("() => globalThis.tegum.state"))
    context.close()
    runs = tg.train(state.problem, training=state.training, seeds=seeds, seed=11, progress=False)
    W = np.reshape([model for model, _ in ours], (seeds, 2, 5))
    found = tg.expected_loss(state.problem, W, np.array([b for _, b in ours])).loss
    theirs = tg.expected_loss(state.problem, runs["W"].to_numpy(), runs["b"].to_numpy()).loss
    print(f"medians {np.median(found):.6f} and {np.median(theirs):.6f}")
    assert ks_2samp(found, theirs).pvalue > 0.01
