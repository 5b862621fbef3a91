"""The kernels' gradients against a slow loop over the very samples they drew."""

from __future__ import annotations

import numpy as np
import pytest
from dictionary_cases import BATCH, Case, cases, take

from tegum.dims import F64
from tegum.models import SAE


def codes_of(model: SAE, named: dict[str, F64], h: F64) -> F64:
    """The codes of one sample."""
    encoder = named.get("W_enc", named["W_dec"])
    centred = h - named["b_dec"] if model.subtract_bias else h
    pairs = zip(encoder, named["b_enc"], strict=True)
    codes = np.array([max(0.0, e @ centred + b) for e, b in pairs])
    if model.k is not None:
        for latent in np.argsort(codes)[: len(codes) - model.k]:
            codes[latent] = 0.0
    return codes


def slow_gradient(case: Case, named: dict[str, F64], batch: F64) -> dict[str, F64]:
    """Sample by sample, and latent by latent."""
    model, l1 = case.model, case.l1
    decoder, encoder = named["W_dec"], named.get("W_enc", named["W_dec"])
    into_dec, into_enc = np.zeros_like(decoder), np.zeros_like(decoder)
    into_b_enc, into_b_dec = np.zeros(len(decoder)), np.zeros_like(named["b_dec"])
    for h in batch:
        codes = codes_of(model, named, h)
        centred = h - named["b_dec"] if model.subtract_bias else h
        error = sum((f * d for f, d in zip(codes, decoder, strict=True)), named["b_dec"]) - h
        into_b_dec += 2 * error
        for j in np.flatnonzero(codes):
            slope = 2 * error @ decoder[j] + l1
            into_dec[j] += 2 * codes[j] * error
            into_enc[j] += slope * centred
            into_b_enc[j] += slope
            if model.subtract_bias:
                into_b_dec -= slope * encoder[j]
    if model.tied_weights:
        into_dec += into_enc
    if model.unit_atoms:
        into_dec -= (into_dec * decoder).sum(1, keepdims=True) * decoder
    found = {"W_dec": into_dec, "b_enc": into_b_enc, "b_dec": into_b_dec}
    if not model.tied_weights:
        found["W_enc"] = into_enc
    return {name: array / len(batch) for name, array in found.items()}


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_gradients_are_those_of_a_slow_loop(case: Case) -> None:
    taken = take(case)
    wanted = slow_gradient(case, taken.named, taken.h)
    assert taken.gradient.keys() == wanted.keys()
    assert max(abs(array).max() for array in wanted.values()) > 0.01
    for name, array in wanted.items():
        np.testing.assert_allclose(taken.gradient[name], array, atol=1e-5, rtol=1e-5, err_msg=name)


def test_samples_without_active_features_are_one_with_a_weight() -> None:
    """… which counts: 0.95⁵ = 77 % of them are such."""
    taken = take(cases()[0])
    none = (taken.h == 0).all(axis=1)
    assert taken.h.shape == (BATCH, 3)
    assert abs(none.mean() - 0.95**5) < 5 * np.sqrt(0.95**5 * (1 - 0.95**5) / BATCH)
    some = slow_gradient(cases()[0], taken.named, taken.h[~none])
    assert abs(some["b_dec"] * (~none).mean() - taken.gradient["b_dec"]).max() > 0.01
