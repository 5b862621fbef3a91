"""Dictionaries to and from the libraries that keep them; `make test-saes` installs these.

What they compute with our files is what we compute, and the other way round.
"""

from __future__ import annotations

import json
from pathlib import Path

import libraries
import numpy as np
import pytest
import torch
import xarray as xr
from sae_lens import SAE
from sae_lens.saes.batchtopk_sae import BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig
from sae_lens.saes.gated_sae import GatedSAE, GatedSAEConfig
from sae_lens.saes.jumprelu_sae import JumpReLUSAE, JumpReLUSAEConfig
from sae_lens.saes.standard_sae import StandardSAE, StandardSAEConfig
from sae_lens.saes.topk_sae import TopKSAE, TopKSAEConfig

import tegum as tg

pytestmark = pytest.mark.filterwarnings("default")  # what these libraries warn of is theirs

theirs, AutoEncoderTopK, BatchTopKSAE = libraries.dictionary_learning()

LAW = tg.Activations.random(n_hidden=6, distribution=tg.Independent(9, 0.2))
H = LAW.sample(np.random.default_rng(1), 500).astype(np.float32)
KINDS = [
    tg.SAE(8),
    tg.SAE(8, subtract_bias=False),
    tg.SAE(8, tied_weights=True),
    tg.SAE(8, kind="topk", k=2),
    tg.SAE(8, kind="topk", k=2, subtract_bias=False),
    tg.SAE(8, kind="jumprelu"),
    tg.SAE(8, kind="jumprelu", subtract_bias=False),
    tg.SAE(8, kind="gated"),
    tg.SAE(8, kind="gated", subtract_bias=False),
    tg.SAE(8, nested=(3,)),
    tg.SAE(8, kind="batchtopk", k=2),
    tg.SAE(8, kind="batchtopk", k=1, subtract_bias=False),
]
CLASSES = {
    "relu": theirs.AutoEncoder,
    "topk": AutoEncoderTopK,
    "jumprelu": theirs.JumpReluAutoEncoder,
    "gated": theirs.GatedAutoEncoder,
    "batchtopk": BatchTopKSAE,
}
SAELENS = {
    "relu": (StandardSAE, StandardSAEConfig),
    "topk": (TopKSAE, TopKSAEConfig),
    "jumprelu": (JumpReLUSAE, JumpReLUSAEConfig),
    "gated": (GatedSAE, GatedSAEConfig),
}


def trained(model: tg.SAE) -> xr.Dataset:
    how = tg.Training(steps=400, batch_size=128, learning_rate=0.003)
    runs = tg.train(tg.Problem(LAW, model, l1=0.03), training=how, seeds=2, progress=False)
    return runs.isel(seed=1)


def ours(runs: xr.Dataset, h: np.ndarray = H) -> tuple[np.ndarray, np.ndarray]:
    """Codes and what is rebuilt."""
    codes, rebuilt = tg.forward(runs, h, layer="latent"), tg.forward(runs, h)
    return codes.to_numpy().reshape(len(h), -1), rebuilt.to_numpy().reshape(len(h), -1)


def of_theirs(sae: object, h: np.ndarray = H) -> tuple[np.ndarray, np.ndarray]:
    with torch.no_grad():
        codes = sae.encode(torch.tensor(h))  # type: ignore[attr-defined]
        return codes.numpy(), sae.decode(codes).numpy()  # type: ignore[attr-defined]


def assert_alike(a: tuple[np.ndarray, ...], b: tuple[np.ndarray, ...]) -> None:
    for one, other in zip(a, b, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


@pytest.mark.parametrize("model", KINDS, ids=str)
def test_saelens_computes_with_our_files_what_we_do(model: tg.SAE, tmp_path: Path) -> None:
    runs = trained(model)
    tg.torch.save_sae(runs, tmp_path)
    assert_alike(of_theirs(SAE.load_from_disk(tmp_path)), ours(runs))
    assert_alike(ours(tg.torch.load_sae(tmp_path, LAW)), ours(runs))


@pytest.mark.parametrize("model", KINDS, ids=str)
def test_dictionary_learning_computes_with_our_files_what_we_do(
    model: tg.SAE, tmp_path: Path
) -> None:
    runs = trained(model)
    tg.torch.save_sae(runs, tmp_path, layout="dictionary_learning")
    state = torch.load(tmp_path / "ae.pt", weights_only=True)
    k = () if model.k is None else (model.k,)
    sae = CLASSES[model.architecture](LAW.n_features, 8, *k)
    sae.load_state_dict(state)
    assert_alike(of_theirs(sae), ours(runs))
    assert_alike(ours(tg.torch.load_sae(tmp_path, LAW)), ours(runs))


def random_(sae: torch.nn.Module) -> torch.nn.Module:
    """With weights and biases of all kinds, and one atom of zeros."""
    torch.manual_seed(0)
    for name, array in sae.named_parameters():
        array.data = torch.randn(array.shape) * (0.3 if "b_" in name or "bias" in name else 1.0)
        if name == "threshold":
            array.data = array.data.abs()
    return sae


def test_a_threshold_that_saelens_trained_is_read(tmp_path: Path) -> None:
    """A dictionary of batch top-k codes is saved for inference as a jumprelu."""
    sae = random_(BatchTopKTrainingSAE(BatchTopKTrainingSAEConfig(6, 8, k=2)))
    sae.topk_threshold.fill_(0.7)
    sae.save_inference_model(tmp_path)
    saved = SAE.load_from_disk(tmp_path)
    assert saved.threshold.tolist() == pytest.approx([0.7] * 8)
    assert_alike(ours(tg.torch.load_sae(tmp_path, LAW)), of_theirs(saved))


@pytest.mark.parametrize("kind", list(SAELENS))
@pytest.mark.parametrize("subtract", [True, False])
def test_what_saelens_saved_computes_the_same_here(
    kind: str, subtract: bool, tmp_path: Path
) -> None:
    make, configuration = SAELENS[kind]
    more = {"k": 3} if kind == "topk" else {}
    sae = random_(make(configuration(6, 8, apply_b_dec_to_input=subtract, **more)))
    sae.save_model(tmp_path)
    runs = tg.torch.load_sae(tmp_path, LAW)
    assert_alike(ours(runs), of_theirs(sae))
    h = LAW.sample(np.random.default_rng(5), 50_000)
    assert abs(runs.l0.item() - (of_theirs(sae, h.astype(np.float32))[0] > 0).sum(1).mean()) < 0.1


def test_codes_scaled_by_norms_of_atoms(tmp_path: Path) -> None:
    """A top-k of SAELens that ranks latents by what they add; an atom of zeros adds nothing.

    SAELens itself divides by that norm, and rebuilds NaN: there codes alone are compared.
    """
    sae = random_(TopKSAE(TopKSAEConfig(6, 8, k=3, rescale_acts_by_decoder_norm=True)))
    sae.save_model(tmp_path / "a")
    assert_alike(ours(tg.torch.load_sae(tmp_path / "a", LAW)), of_theirs(sae))
    sae.W_dec.data[4] = 0.0
    sae.save_model(tmp_path / "b")
    codes, rebuilt = ours(tg.torch.load_sae(tmp_path / "b", LAW))
    np.testing.assert_allclose(codes, of_theirs(sae)[0], atol=2e-5)
    assert np.isfinite(rebuilt).all()


def test_the_scale_of_a_checkpoint_is_applied(tmp_path: Path) -> None:
    """sae-lens 6.54 keeps it in a file beside, which its own `load_from_disk` does not read."""
    how = {"normalize_activations": "expected_average_only_in"}
    sae = random_(StandardSAE(StandardSAEConfig(6, 8, **how)))
    sae.save_model(tmp_path)
    with pytest.raises(tg.SpecError, match="normalize_activations must be none, or come with"):
        tg.torch.load_sae(tmp_path, LAW)
    (tmp_path / "activation_scaler.json").write_text(json.dumps({"scaling_factor": 2.5}))
    codes, rebuilt = of_theirs(sae, 2.5 * H)
    assert_alike(ours(tg.torch.load_sae(tmp_path, LAW)), (codes, rebuilt / 2.5))
    sae.fold_activation_norm_scaling_factor(2.5)
    assert_alike((codes, rebuilt / 2.5), of_theirs(sae))


@pytest.mark.parametrize("kind", list(CLASSES))
def test_what_dictionary_learning_saved_computes_the_same_here(kind: str, tmp_path: Path) -> None:
    k = (3,) if "top" in kind else ()
    sae = random_(CLASSES[kind](6, 8, *k))
    if kind == "batchtopk":
        sae.threshold.fill_(0.4)
    torch.save(sae.state_dict(), tmp_path / "ae.pt")
    said = {"trainer": {"dict_class": CLASSES[kind].__name__, "k": 3}}
    (tmp_path / "config.json").write_text(json.dumps(said))
    assert_alike(ours(tg.torch.load_sae(tmp_path, LAW)), of_theirs(sae))
