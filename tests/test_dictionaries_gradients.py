"""The kernels' gradients against a slow loop over the very samples they drew.

Of thresholds, where a loss has none, a window of width ε about them says: by (θ/ε) and 1/ε.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from dictionary_cases import (
    BATCH,
    Case,
    Taken,
    cases,
    listed_cases,
    reviving_cases,
    take,
    warming_cases,
)

from tegum.dims import F64
from tegum.engines.base import Batch
from tegum.engines.dictionaries import listed
from tegum.engines.dictionaries.lanes import LaneWork, lane_work
from tegum.engines.dictionaries.lowering import lower
from tegum.engines.dictionaries.projected import Few, new_few
from tegum.engines.dictionaries.shared import new_work
from tegum.models import SAE
from tegum.training import Training


def before(model: SAE, named: dict[str, F64], h: F64) -> F64:
    """Pre-activations of one sample."""
    encoder = named.get("W_enc", named["W_dec"])
    centred = h - named["b_dec"] if model.subtract_bias else h
    return np.array([e @ centred + b for e, b in zip(encoder, named["b_enc"], strict=True)])


def last_of(case: Case, named: dict[str, F64], batch: F64) -> float:
    """The smallest code that stays of a batch."""
    every = np.array([np.maximum(before(case.model, named, h), 0.0) for h in batch])
    k = case.model.k if case.k_now is None else case.k_now
    assert k is not None
    return float(np.sort(every, axis=None)[-round(k * len(batch))])


def codes_of(model: SAE, named: dict[str, F64], z: F64, last: float = 0.0) -> F64:
    """The codes of one sample."""
    if model.architecture == "jumprelu":
        theta = np.exp(named["log_threshold"])
        return np.array([x if x > least else 0.0 for x, least in zip(z, theta, strict=True)])
    if model.architecture == "gated":
        size = np.exp(named["r_mag"]) * (z - named["b_enc"]) + named["b_mag"]
        return np.array([max(0.0, s) if x > 0 else 0.0 for s, x in zip(size, z, strict=True)])
    codes = np.array([max(0.0, x) for x in z])
    if model.architecture == "batchtopk":
        return np.array([x if x >= last else 0.0 for x in codes])
    if model.k is not None:
        for latent in np.argsort(codes)[: len(codes) - model.k]:
            codes[latent] = 0.0
    return codes


def add_revival(
    case: Case, named: dict[str, F64], sample: tuple[F64, ...], into: tuple[dict[str, F64], F64]
) -> None:
    """Add what the dead latents of the largest pre-activations learn from a sample."""
    (h, z, error), (found, into_enc), model = sample, into, case.model
    k = model.aux_k or len(h) // 2
    chosen = [j for j in sorted(case.dead, key=lambda j: -z[j])[:k] if z[j] > 0]
    decoder, encoder = named["W_dec"], named.get("W_enc", named["W_dec"])
    missed = error + sum((z[j] * decoder[j] for j in chosen), np.zeros(len(h)))
    for j in chosen:
        found["W_dec"][j] += 2 * model.aux_weight * z[j] * missed
        slope = 2 * model.aux_weight * missed @ decoder[j]
        found["b_enc"][j] += slope
        into_enc[j] += slope * (h - named["b_dec"] if model.subtract_bias else h)
        if model.subtract_bias:
            found["b_dec"] -= slope * encoder[j]


def slow_gradient(case: Case, named: dict[str, F64], batch: F64) -> dict[str, F64]:
    """Sample by sample, and latent by latent."""
    model, l1, window = case.model, case.l1, case.window
    jumps, gated = model.architecture == "jumprelu", model.architecture == "gated"
    decoder, encoder = named["W_dec"], named.get("W_enc", named["W_dec"])
    found = {name: np.zeros_like(array) for name, array in named.items()}
    into_enc = np.zeros_like(decoder)
    last = last_of(case, named, batch) if model.architecture == "batchtopk" else 0.0
    if model.architecture == "topk" and case.k_now is not None:
        model = model.replace(k=int(case.k_now))
    for h in batch:
        z = before(model, named, h)
        codes = codes_of(model, named, z, last)
        centred = h - named["b_dec"] if model.subtract_bias else h
        slopes = np.zeros(len(decoder))
        for size in (*model.nested, len(decoder)):
            error = codes[:size] @ decoder[:size] + named["b_dec"] - h
            found["b_dec"] += 2 * error
            for j in range(size):
                slopes[j] += 2 * error @ decoder[j]
                found["W_dec"][j] += 2 * codes[j] * error
        if case.dead:
            error = codes @ decoder + named["b_dec"] - h
            add_revival(case, named, (h, z, error), (found, into_enc))
        missed = np.maximum(z, 0) @ decoder + named["b_dec"] - h
        for j in range(len(decoder)):
            if gated:
                scale, by = np.exp(named["r_mag"][j]), slopes[j] if codes[j] else 0.0
                found["r_mag"][j] += by * scale * (z[j] - named["b_enc"][j])
                found["b_mag"][j] += by
                opened = 2 * missed @ decoder[j] + l1 if z[j] > 0 else 0.0
                found["b_enc"][j] += opened
                into_enc[j] += (by * scale + opened) * centred
                if model.subtract_bias:
                    found["b_dec"] -= (by * scale + opened) * encoder[j]
                continue
            if jumps:
                theta = np.exp(named["log_threshold"][j])
                if abs(z[j] - theta) < window / 2:
                    step = -(theta * slopes[j] + l1) / window
                    found["log_threshold"][j] += step * theta
            if codes[j]:
                slope = slopes[j] + (0.0 if jumps else l1)
                into_enc[j] += slope * centred
                found["b_enc"][j] += slope
                if model.subtract_bias:
                    found["b_dec"] -= slope * encoder[j]
    found["W_dec" if model.tied_weights else "W_enc"] += into_enc
    if model.unit_atoms:
        into = found["W_dec"]
        into -= (into * decoder).sum(1, keepdims=True) * decoder
    return {name: array / len(batch) for name, array in found.items()}


@pytest.mark.parametrize("share", [0.0001, 1.0], ids=["products", "lists"])
@pytest.mark.parametrize("case", listed_cases(), ids=lambda case: case.name)
def test_gradients_by_lists_are_too(
    case: Case, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listed, "share_of", lambda m: share)
    _, few = work_of(case)
    assert few.projected.use[0] == case.name.endswith("by features")
    assert_close(case)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_gradients_are_those_of_a_slow_loop(case: Case) -> None:
    assert_close(case)


@pytest.mark.parametrize("case", reviving_cases(), ids=lambda case: case.name)
def test_dead_latents_learn_what_the_others_miss(case: Case) -> None:
    """Their encoder too: that of sparsify 1.3.3 has a gradient of exactly 0."""
    taken = take(case)
    assert_close(case, taken)
    others = take(replace(case, dead=()))
    name = "W_dec" if case.model.tied_weights else "W_enc"
    gained = abs(taken.gradient[name] - others.gradient[name]).max(axis=1)
    assert gained[list(case.dead)].max() > 1e-3
    living = [j for j in range(7) if j not in case.dead]
    np.testing.assert_allclose(gained[living], 0, atol=1e-6)


@pytest.mark.parametrize("case", warming_cases(), ids=lambda case: case.name)
@pytest.mark.parametrize(("step", "price", "k"), [(0, 0.025, 5.5), (2, 0.075, 2.5), (5, 0.1, 1.0)])
def test_sparsity_sets_in_on_a_line(case: Case, step: int, price: float, k: float) -> None:
    """Of 8 steps over 4: from no price to .1, and from all 7 latents to 1; a half is one more."""
    of_batch = case.model.architecture == "batchtopk"
    now = replace(case, l1=price, k_now=k if of_batch else np.floor(k + 0.5))
    assert_close(now, take(case, before=step, steps=8))


def assert_close(case: Case, taken: Taken | None = None) -> None:
    taken = take(case) if taken is None else taken
    wanted = slow_gradient(case, taken.named, taken.h)
    assert taken.gradient.keys() == wanted.keys()
    assert max(abs(array).max() for array in wanted.values()) > 0.01
    for name, array in wanted.items():
        np.testing.assert_allclose(taken.gradient[name], array, atol=1e-5, rtol=1e-5, err_msg=name)


def work_of(case: Case) -> tuple[LaneWork, Few]:
    points = (case.problem,)
    low = lower(Batch(case.problem, points, (Training(batch_size=BATCH),), (0,), 0))
    work = new_work(low.instances, BATCH)
    return lane_work(low.instances, work), new_few(low.instances, work)


def test_small_dictionaries_are_trained_in_lanes() -> None:
    for case in cases():
        lanes, _ = work_of(case)
        products = any(word in case.name for word in ("wide", "gated", "large k"))
        assert (lanes.tiles[0] == 0) == products, case.name


def test_samples_without_active_features_are_one_with_a_weight() -> None:
    """… which counts: 0.95⁵ = 77 % of them are such."""
    taken = take(cases()[0])
    none = (taken.h == 0).all(axis=1)
    assert taken.h.shape == (BATCH, 3)
    assert abs(none.mean() - 0.95**5) < 5 * np.sqrt(0.95**5 * (1 - 0.95**5) / BATCH)
    some = slow_gradient(cases()[0], taken.named, taken.h[~none])
    assert abs(some["b_dec"] * (~none).mean() - taken.gradient["b_dec"]).max() > 0.01
