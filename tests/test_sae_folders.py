"""Dictionaries in the folders of SAELens: both ways, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from safetensors.numpy import load_file, save_file

import tegum as tg
from tegum.errors import InputFileError, SpecError, TegumError, UnknownNameError
from tegum.models import SAE

LAW = tg.Activations.random(n_hidden=3, distribution=tg.Independent(5, 0.3))
RNG = np.random.default_rng(4)
H = RNG.normal(size=(50, 3)).astype(np.float32)
ARRAYS = {
    "W_enc": RNG.normal(size=(3, 4)),
    "b_enc": RNG.normal(size=4),
    "W_dec": RNG.normal(size=(4, 3)),
    "b_dec": RNG.normal(size=3),
}


def folder(at: Path, arrays: dict[str, Any] | None = None, **said: Any) -> Path:
    """What SAELens would have written."""
    at.mkdir(exist_ok=True)
    whole = {**ARRAYS, **(arrays or {})}
    named = {name: np.ascontiguousarray(a, np.float32) for name, a in whole.items()}
    save_file(named, at / "sae_weights.safetensors")
    said = {"architecture": "standard", "d_in": 3, "d_sae": 4, **said}
    (at / "cfg.json").write_text(json.dumps(said))
    return at


def codes(runs: xr.Dataset) -> np.ndarray:
    return tg.forward(runs, H, layer="latent").to_numpy().reshape(50, -1)


def rebuilt(runs: xr.Dataset) -> np.ndarray:
    return tg.forward(runs, H).to_numpy().reshape(50, 3)


@pytest.mark.parametrize("subtract", [True, False])
def test_codes_are_those_of_the_formula(tmp_path: Path, subtract: bool) -> None:
    runs = tg.torch.load_sae(folder(tmp_path, apply_b_dec_to_input=subtract), LAW)
    centred = H - ARRAYS["b_dec"] if subtract else H
    f = np.maximum(centred @ ARRAYS["W_enc"] + ARRAYS["b_enc"], 0)
    np.testing.assert_allclose(codes(runs), f, atol=1e-5)
    np.testing.assert_allclose(rebuilt(runs), f @ ARRAYS["W_dec"] + ARRAYS["b_dec"], atol=1e-5)
    h = LAW.sample(np.random.default_rng(0), 100_000)
    f = np.maximum((h - ARRAYS["b_dec"] * subtract) @ ARRAYS["W_enc"] + ARRAYS["b_enc"], 0)
    loss = ((f @ ARRAYS["W_dec"] + ARRAYS["b_dec"] - h) ** 2).sum(1)
    error = np.hypot(runs.loss_error.item(), loss.std() / np.sqrt(len(h)))
    assert abs(runs.loss.item() - loss.mean()) < 5 * error
    assert abs(runs.l0.item() - (f > 0).sum(1).mean()) < 0.1
    assert "start" not in runs.attrs


def test_a_scale_beside_the_weights_is_applied_and_a_missing_one_refused(tmp_path: Path) -> None:
    at = folder(tmp_path, normalize_activations="expected_average_only_in")
    with pytest.raises(SpecError, match=r"must be none, or come with activation_scaler\.json"):
        tg.torch.load_sae(at, LAW)
    (at / "activation_scaler.json").write_text('{"scaling_factor": 4.0}')
    runs = tg.torch.load_sae(at, LAW)
    f = np.maximum((4 * H - ARRAYS["b_dec"]) @ ARRAYS["W_enc"] + ARRAYS["b_enc"], 0)
    np.testing.assert_allclose(codes(runs), f, atol=1e-4)
    whole = (f @ ARRAYS["W_dec"] + ARRAYS["b_dec"]) / 4
    np.testing.assert_allclose(rebuilt(runs), whole, atol=1e-4)


def test_norms_of_atoms_rank_latents_and_a_row_of_zeros_is_silent(tmp_path: Path) -> None:
    W_dec = ARRAYS["W_dec"] * np.array([1, 5, 0, 2])[:, None]
    said = {"architecture": "topk", "k": 2, "rescale_acts_by_decoder_norm": True}
    runs = tg.torch.load_sae(folder(tmp_path, {"W_dec": W_dec}, **said), LAW)
    norms = np.linalg.norm(W_dec, axis=1)
    f = np.maximum((H - ARRAYS["b_dec"]) @ ARRAYS["W_enc"] + ARRAYS["b_enc"], 0) * norms
    f[f < np.sort(f, 1)[:, -2:-1]] = 0
    np.testing.assert_allclose(codes(runs), f, atol=1e-4)
    assert not codes(runs)[:, 2].any()
    atoms = np.divide(W_dec, norms[:, None], where=norms[:, None] > 0, out=0 * W_dec)
    np.testing.assert_allclose(rebuilt(runs), f @ atoms + ARRAYS["b_dec"], atol=1e-4)


@pytest.mark.parametrize(
    "model",
    [
        SAE(4),
        SAE(4, tied_weights=True),
        SAE(4, "topk", k=2, nested=(2,)),
        SAE(4, "jumprelu", subtract_bias=False),
        SAE(4, "gated"),
        SAE(4, "batchtopk", k=2),
    ],
    ids=str,
)
def test_there_and_back_gives_the_same_codes(model: SAE, tmp_path: Path) -> None:
    how = tg.Training(steps=40, batch_size=32, held_out=256)
    one = tg.train(tg.Problem(LAW, model, l1=0.1), training=how, seeds=2).isel(seed=1)
    tg.torch.save_sae(one, tmp_path)
    back = tg.torch.load_sae(tmp_path, LAW)
    # e^log θ is rounded: what is not at its very threshold is the same
    np.testing.assert_allclose(codes(back), codes(one), rtol=1e-6)
    assert json.loads((tmp_path / "cfg.json").read_text())["d_sae"] == 4
    tg.torch.save_sae(back, tmp_path / "again")
    exact = model.architecture not in ("jumprelu", "batchtopk")
    assert_same_files(tmp_path, tmp_path / "again", exact=exact)


def test_a_threshold_of_0_lets_all_that_is_positive_fire(tmp_path: Path) -> None:
    at = folder(tmp_path, {"threshold": np.zeros(4)}, architecture="jumprelu")
    plain = tg.torch.load_sae(folder(tmp_path / "plain"), LAW)
    found = tg.torch.load_sae(at, LAW)
    assert not found.diverged.any()
    np.testing.assert_array_equal(codes(found), codes(plain))


def assert_same_files(one: Path, other: Path, exact: bool) -> None:
    a, b = (load_file(at / "sae_weights.safetensors") for at in (one, other))
    assert list(a) == list(b)
    for name in a:
        rough = {"rtol": 0, "atol": 0} if exact else {"rtol": 1e-6, "atol": 1e-37}
        np.testing.assert_allclose(a[name], b[name], **rough)
    assert (one / "cfg.json").read_text() == (other / "cfg.json").read_text()


def test_a_smaller_dictionary_of_an_axis_has_its_own_size(tmp_path: Path) -> None:
    how = tg.Training(steps=5, batch_size=32, held_out=64)
    runs = tg.train(tg.Problem(LAW, SAE(6)), {"n_latents": [2, 6]}, how)
    with pytest.raises(SpecError, match=r"save_sae.runs must be one dictionary, as runs.isel"):
        tg.torch.save_sae(runs, tmp_path)
    tg.torch.save_sae(runs.sel(n_latents=2).isel(seed=0), tmp_path)
    kept = load_file(tmp_path / "sae_weights.safetensors")
    assert {name: a.shape for name, a in kept.items()} == {
        "W_enc": (3, 2), "b_enc": (2,), "W_dec": (2, 3), "b_dec": (3,),
    }  # fmt: skip
    np.testing.assert_array_equal(kept["W_enc"], runs.W_enc.values[0, 0, :2].T)


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        (lambda at: (at / "cfg.json").unlink(), InputFileError, "holds neither cfg.json nor"),
        (lambda at: (at / "cfg.json").write_text("{"), InputFileError, "cannot be read as JSON"),
        (lambda at: (at / "cfg.json").write_text("[]"), InputFileError, "it holds a list"),
        (
            lambda at: (at / "sae_weights.safetensors").unlink(),
            InputFileError,
            "sae_weights.safetensors is not there",
        ),
        (
            lambda at: (at / "sae_weights.safetensors").write_bytes(b"x" * 40),
            InputFileError,
            "cannot be read as safetensors",
        ),
        (lambda at: folder(at, {"x": np.ones(2)}), SpecError, "must hold W_enc, b_enc, W_dec"),
        (lambda at: folder(at, {"b_enc": np.ones(3)}), SpecError, "b_enc must be of 4 latents"),
        (lambda at: folder(at, {"b_dec": np.full(3, np.nan)}), SpecError, "b_dec must be finite"),
        (
            lambda at: folder(at, {"W_enc": np.ones((3, 2)), "W_dec": np.ones((4, 2))}),
            SpecError,
            "W_enc must be of 4 latents and 2",
        ),
        (
            lambda at: folder(at, architecture="batchtopk"),
            SpecError,
            "of batch top-k codes is saved as jumprelu",
        ),
        (lambda at: folder(at, architecture=["x"]), SpecError, "one of standard, topk"),
        (lambda at: folder(at, architecture="topk"), SpecError, "k must be an integer >= 1"),
        (lambda at: folder(at, architecture="topk", k=9), SpecError, "SAE.k must be at most"),
        (lambda at: folder(at, architecture="topk", k=np.inf), SpecError, "k must be an integer"),
        (lambda at: folder(at, architecture="topk", k=1.5), SpecError, "k must be an integer"),
        (
            lambda at: folder(at, apply_b_dec_to_input="false"),
            SpecError,
            "apply_b_dec_to_input must be True or False",
        ),
        (
            lambda at: (at / "activation_scaler.json").write_text('{"scaling_factor": 1e999}'),
            SpecError,
            "scaling_factor must be a number > 0",
        ),
        (
            lambda at: folder(at, {"threshold": -np.ones(4)}, architecture="jumprelu"),
            SpecError,
            "threshold must be >= 0",
        ),
        (
            lambda at: folder(at, normalize_activations="layer_norm"),
            SpecError,
            "normalize_activations must be one of none, expected_average_only_in",
        ),
        (lambda at: folder(at, reshape_activations="hook_z"), SpecError, "must be none"),
        (lambda at: folder(at, activation_fn_str="topk"), SpecError, "save it with a later one"),
        (
            lambda at: (at / "activation_scaler.json").write_text('{"scaling_factor": 0}'),
            SpecError,
            "scaling_factor must be a number > 0; got 0",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_line(
    change: Callable[[Path], Any], kind: type[TegumError], said: str, tmp_path: Path
) -> None:
    folder(tmp_path)
    change(tmp_path)
    with pytest.raises(kind, match=said) as told:
        tg.torch.load_sae(tmp_path, LAW)
    assert str(told.value).isprintable()


def test_what_is_asked_wrongly_is_refused_in_a_line(tmp_path: Path) -> None:
    folder(tmp_path)
    with pytest.raises(SpecError, match=r"distribution must have n_features = 3.*; got 9"):
        tg.torch.load_sae(tmp_path, tg.Independent(9, 0.1))
    with pytest.raises(UnknownNameError, match="saelens, dictionary_learning"):
        tg.torch.load_sae(tmp_path, LAW, layout="arena")
    toy = tg.train(tg.Problem(tg.Independent(3, 0.1), tg.ReLUOutput(2)), training=tg.Training(0))
    with pytest.raises(SpecError, match=r"must hold dictionaries, models of tg\.SAE"):
        tg.torch.save_sae(toy, tmp_path)
    lost = tg.torch.load_sae(tmp_path, LAW)
    lost["W_enc"][...] = np.nan
    with pytest.raises(SpecError, match="must be finite: this dictionary diverged"):
        tg.torch.save_sae(lost, tmp_path)
    assert (tmp_path / "cfg.json").exists()
