"""What the explorer offers: presets, lessons, the gallery, its command; and the notebook widget."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import tegum as tg
from tegum import checksum, widgets
from tegum.checksum import of_json
from tegum.cli.main import main
from tegum.engines import get_engine
from tegum.engines.base import Batch
from tegum.errors import SpecError, TegumError
from tegum.explorer.access import is_loopback
from tegum.explorer.app import Offer, lessons
from tegum.explorer.frames import decode, to_json
from tegum.explorer.gallery import _verdicts, gallery, known_experiments
from tegum.explorer.limits import Limits
from tegum.explorer.presets import PRESETS, presets_of
from tegum.explorer.serve import Place, serve
from tegum.explorer.state import FIRST, PageState, numbers
from tegum.explorer.vocabulary import vocabulary
from tegum.models.activations import ACTIVATIONS
from tegum.report.discovery import list_experiments

VIEWS = {
    *("plane", "space", "gram", "norms", "dimensionality", "loss", "factors", "neurons", "seeds"),
    "phase",
}
GROUPS = {"sparsity", "features", "model", "training"}


def _trainable(state: PageState) -> None:
    Limits().admit(state)
    get_engine(state.training.engine).init(
        Batch(state.problem, (state.problem,), (state.training,), (0,), state.seed)
    )


def test_every_experiment_has_a_model_to_open() -> None:
    assert [e.name for e in list_experiments() if not presets_of(e)] == []
    for preset in PRESETS:
        _trainable(preset.state)
        assert PageState.read(preset.data()["state"]) == preset.state
    titles = [preset.title for preset in PRESETS]
    assert len(set(titles)) == len(titles)


def test_the_hidden_activations_on_offer_are_those_that_are_trained() -> None:
    fields = vocabulary()["model"]["two_layer"]["fields"]
    trained = []
    for name in ACTIVATIONS:
        model = tg.TwoLayer(2, hidden_activation=name)  # type: ignore[arg-type]
        with suppress(SpecError):
            _trainable(PageState(problem=tg.Problem(tg.Independent(3, 0.1), model)))
            trained.append(name)
    assert set(fields["hidden_activation"]["choices"]) == set(trained)
    assert set(fields["activation"]["choices"]) == set(ACTIVATIONS)


def test_every_distribution_model_and_target_is_on_offer_with_an_example_to_start_from() -> None:
    said = vocabulary()
    for part in ("distribution", "model", "target"):
        for kind, about in said[part].items():
            if about["example"] is not None:
                assert about["example"].keys() == {"kind", *about["fields"]}
            elif kind != "groups":
                raise AssertionError(kind)
    assert set(said["live"]) <= {*numbers(FIRST.problem, FIRST.training)}
    assert json.loads(json.dumps(said, allow_nan=False)) == said


def test_lessons_are_short_and_can_be_trained() -> None:
    found = lessons()
    assert 6 <= len(found) <= 12
    for lesson in found:
        _trainable(PageState.read(lesson["state"]))  # type: ignore[arg-type]
        text = " ".join(lesson["text"])  # type: ignore[arg-type]
        assert 2 <= text.count(". ") + text.count("? ") + 1 <= 4
        assert lesson["view"] in VIEWS
        assert set(lesson["controls"]) <= GROUPS  # type: ignore[call-overload]
        assert lesson["try"]


def test_the_gallery_joins_experiments_and_verdicts(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "introduction-features.svg").write_text("<svg/>")
    verdict = {"id": "1.a", "status": "holds", "measured": "90°", "quick": True}
    (tmp_path / "claims.json").write_text(json.dumps([verdict]))
    found = gallery(tmp_path)
    first = next(e for e in found["experiments"] if e["name"] == "introduction")
    assert found["report"] == {"folder": str(tmp_path), "page": None, "quick": True}
    assert first["ran"]
    assert [claim["status"] for claim in first["claims"][:2]] == ["holds", None]
    features = next(figure for figure in first["figures"] if figure["name"] == "features")
    assert (features["svg"], features["png"]) == ("/report/figures/introduction-features.svg", None)
    (tmp_path / "claims.json").write_text("[3")
    assert not any(e["ran"] for e in gallery(tmp_path)["experiments"])
    assert gallery(None)["report"] is None


def test_a_damaged_verdict_is_not_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Every byte of the file in turn: the same verdicts, or fewer and a line that says so."""
    verdicts = [{"id": f"1.{x}", "status": "holds", "measured": f"9{x}°"} for x in "ab"]
    sealed = [{**verdict, "checksum": of_json(verdict)} for verdict in verdicts]
    whole = json.dumps(sealed).encode()
    for position in range(len(whole)):
        bad = bytearray(whole)
        bad[position] ^= 1 << position % 8
        (tmp_path / "claims.json").write_bytes(bad)
        caplog.clear()
        found = {id: (v.status, v.measured) for id, v in _verdicts(tmp_path).items()}
        right = {v["id"]: (v["status"], v["measured"]) for v in verdicts}
        assert found.items() <= right.items()
        assert found == right or "claims.json" in caplog.text


def test_the_kept_gallery_is_used_only_if_it_is_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEGUM_CACHE_DIR", str(tmp_path))
    right = known_experiments()
    (file,) = (tmp_path / "gallery").iterdir()
    whole = file.read_bytes()
    assert checksum.unseal(whole, file.name) == json.dumps(right).encode()
    for position in (0, 99, len(whole) // 2, len(whole) - 1):
        bad = bytearray(whole)
        bad[position] ^= 1
        file.write_bytes(bad)
        assert known_experiments() == right
        assert file.read_bytes() == whole


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 500 + "]" * 500,
        "NaN",
        "3",
        '{"id": "1.a"}',
        '["1.a", null, [], {"id": 1, "status": "holds"}, {"id": "1.a"}]',
        '[{"id": "1.a", "status": {"a": NaN}}, {"id": "1.a", "status": "fine"}]',
        '[{"id": "1.a", "status": "holds", "measured": NaN}]',
        '[{"id": "1.a", "status": "holds", "measured": ["much"]}]',
    ],
)
def test_what_is_no_verdict_is_left_out(tmp_path: Path, text: str) -> None:
    good = '[{"id": "1.b", "status": "differs", "measured": "2 \\ud800", "quick": NaN},'
    for content in (text, text.replace("[", good, 1) if text.startswith('["') else text):
        (tmp_path / "claims.json").write_text(content)
        found = json.loads(to_json(gallery(tmp_path)).encode())
        claims = {claim["id"]: claim for e in found["experiments"] for claim in e["claims"]}
        assert claims["1.a"]["status"] is None
        kept = content is not text
        assert (claims["1.b"]["status"] == "differs") is kept
        assert found["report"]["quick"] is False
    (tmp_path / "claims.json").unlink()
    (tmp_path / "claims.json").mkdir()
    assert gallery(tmp_path)["report"]["quick"] is False


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True),
        ("0.0.0.0", False), ("192.168.1.4", False), ("::", False), ("example.org", False),
    ],
)  # fmt: skip
def test_what_is_loopback(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


def test_what_cannot_be_served_is_said_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(TegumError, match="the page is not built: run `make page`"):
        serve(Offer(static=tmp_path), open_browser=False)
    (tmp_path / "index.html").write_text("")
    with pytest.raises(SpecError, match=r"explore\.report must be a folder"):
        serve(Offer(tmp_path / "none", static=tmp_path), open_browser=False)
    with pytest.raises(TegumError, match=r"cannot listen on 127\.0\.0\.1 port 99999"):
        serve(Offer(static=tmp_path), port=99_999, open_browser=False)
    for host in ("ü" * 70, "x\0y", "\udcff"):  # names that no host can have
        with pytest.raises(TegumError, match=r"^cannot listen on .+ port \d+: ") as told:
            serve(Offer(static=tmp_path), host=host, allow_remote=True, open_browser=False)
        assert str(told.value).isprintable()
    assert main(["explore", "--host", "0.0.0.0", "--no-open"]) == 2
    said = capsys.readouterr().err
    assert "must be a loopback address, or come with --allow-remote; got '0.0.0.0'" in said
    assert main(["explore", "--port", "-3"]) == 2
    assert main(["explore", "--pages", "0"]) == 2
    for state in ("n=5", "#live", "#/live?a b", "#/live?\x1b"):
        assert main(["explore", "--state", state]) == 2
        assert "--state must be an address of the page" in capsys.readouterr().err


def test_a_state_is_opened_as_the_address_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        "tegum.explorer.serve.serve", lambda offer, **named: opened.append(named["fragment"])
    )
    for state in ("#/live?n=6&own=%7B%7D", "http://127.0.0.1:8642/#/live?n=6&own=%7B%7D"):
        assert main(["explore", "--state", state]) == 0
    assert main(["explore"]) == 0
    assert opened == ["#/live?n=6&own=%7B%7D"] * 2 + [""]
    place = Place("127.0.0.1", 8642, "key", opened[0])
    assert place.url == "http://127.0.0.1:8642/?token=key#/live?n=6&own=%7B%7D"


# --- the widget ----------------------------------------------------------------------------------


def _runs() -> tg.ensemble.xr.Dataset:  # type: ignore[name-defined]
    problem = tg.Problem(tg.Independent(5, 0.1), tg.ReLUOutput(2))
    training = tg.Training(steps=60, batch_size=64, checkpoints=(0, 60), curve_points=4)
    axes = {"feature_probability": [0.5, 0.1]}
    return tg.train(problem, axes, training, seeds=3, progress=False)


def test_a_dataset_becomes_one_frame() -> None:
    runs = _runs()
    header, arrays = widgets.dataset_frame(runs)
    assert header["axes"] == [{"name": "feature_probability", "values": [0.5, 0.1]}]
    assert (header["seeds"], header["checkpoints"]) == (3, [0, 60])
    np.testing.assert_array_equal(arrays["W"], runs["W"].to_numpy())
    np.testing.assert_array_equal(arrays["best"], runs["loss"].argmin("seed").to_numpy())
    chosen = tg.best(runs)
    np.testing.assert_array_equal(arrays["W_checkpoint"][:, 1], chosen["W"].to_numpy())
    np.testing.assert_array_equal(arrays["loss_curve"], runs["loss_curve"].to_numpy())
    np.testing.assert_allclose(arrays["D"], tg.dimensionality(runs["W"]).to_numpy())
    assert len(header["shapes"]) == len(header["factors"]) == 2
    one, alone = widgets.dataset_frame(chosen.isel(feature_probability=0))
    assert one["axes"] == []
    assert alone["W"].shape == (1, 1, 2, 5)


def test_the_widget_holds_the_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = _runs()
    monkeypatch.setattr("tegum.widgets._page.STATIC", tmp_path)
    with pytest.raises(TegumError, match="the front end is not built"):
        widgets.view(runs)
    (tmp_path / "widget.js").write_text("export default { render() {} };")
    shown = widgets.view(runs, mode="space", point=1, seed=2)
    assert (shown.point, shown.seed, shown.mode) == (1, 2, "space")
    assert decode(shown.frame)[0]["n_features"] == 5
    shown.close()
    wrong = {"point": (2, -1, 0.5, "a", None, True), "seed": (3, -2, float("nan")), "mode": ("3d",)}
    for name, values in wrong.items():
        for value in values:
            with pytest.raises(SpecError, match=rf"view\.{name} must be .*got"):
                widgets.view(runs, **{name: value})  # type: ignore[arg-type]
    with pytest.raises(SpecError, match=r"view\.ds must be a Dataset"):
        widgets.view(runs["W"])
    with pytest.raises(SpecError, match=r"view\.ds must hold at least one model"):
        widgets.view(runs.isel(seed=slice(0)))
