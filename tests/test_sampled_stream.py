"""The random stream against the tests of its profession: spacings, collisions, serial correlation.

Birthday spacings (Marsaglia; Knuth 3.3.2 J): of m words out of d = 2³², sorted, the spacings that
occur more than once number Poisson(m³ / 4d) a key. Here over 12,000 random keys, so that the sum
is normal; a right generator passes a bound of 4 standard deviations with 6e-5 of failing each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit

import tegum as tg
from tegum.engines.base import Batch
from tegum.engines.sampled.random import TRAIN, draw, i64, splitmix, step_key, stream, u32, u64

Words = np.ndarray[Any, np.dtype[np.uint32]]
KEYS, Z_BOUND, DAYS = 12_000, 4.0, 2.0**32


@njit
def one(key, counter, number):  # type: ignore[no-untyped-def]
    """The draw of a sample of a stream of a step."""
    low, high = u32(key), u32(key >> u64(32))
    return draw(u32(counter), stream(low, high, i64(number)), high)


@njit
def along_counter(keys, out):  # type: ignore[no-untyped-def]
    for k in range(out.shape[0]):
        for t in range(out.shape[1]):
            out[k, t] = one(keys[k], t, 0)


@njit
def along_feature(keys, out):  # type: ignore[no-untyped-def]
    for k in range(out.shape[0]):
        for t in range(out.shape[1]):
            out[k, t] = one(keys[k], 0, t)


@njit
def along_both(keys, out):  # type: ignore[no-untyped-def]
    """As a tile is filled: 16 samples of a feature, then of the next of 32, and on."""
    for k in range(out.shape[0]):
        for t in range(out.shape[1]):
            tile, place = t // 512, t % 512
            out[k, t] = one(keys[k], tile * 16 + place % 16, place // 16)


@njit
def along_step(keys, out):  # type: ignore[no-untyped-def]
    for k in range(out.shape[0]):
        for t in range(out.shape[1]):
            out[k, t] = one(step_key(keys[k], TRAIN, t), 0, 0)


@njit
def along_key(keys, out):  # type: ignore[no-untyped-def]
    for k in range(out.shape[0]):
        for t in range(out.shape[1]):
            out[k, t] = one(step_key(splitmix(keys[k] + u64(t)), TRAIN, 0), 0, 0)


STREAMS: dict[str, Callable[..., None]] = {
    "counter": along_counter,
    "feature": along_feature,
    "both": along_both,
    "step": along_step,
    "key": along_key,
}


def words(name: str, n: int, seed: int, keys: int = KEYS) -> Words:
    """(keys, n) words along what the name says."""
    out = np.zeros((keys, n), np.uint32)
    STREAMS[name](np.random.default_rng(seed).integers(0, 2**64, keys, np.uint64), out)
    return out


def repeated_spacings(drawn: Words) -> int:
    spacings = np.diff(np.sort(drawn, axis=1), axis=1)
    spacings.sort(axis=1)
    return int((spacings[:, 1:] == spacings[:, :-1]).sum())


def z_of_spacings(drawn: Words) -> float:
    keys, m = drawn.shape
    expected = keys * m**3 / (4 * DAYS)
    return float((repeated_spacings(drawn) - expected) / np.sqrt(expected))


@njit
def fill_arithmetic(keys, out):  # type: ignore[no-untyped-def]
    """A stream that must fail: samples in a row are an arithmetic progression into one product."""
    for k in range(out.shape[0]):
        for t in range(out.shape[1]):
            x = u32(u32(keys[k]) + u32(t))
            x = u32(u32(x ^ u32(x >> u32(16))) * u32(0x21F0AAAD))
            x = u32(u32(x ^ u32(x >> u32(15))) + u32(keys[k] >> u64(32)))
            x = u32(x * u32(0xD35A2D97))
            out[k, t] = u32(x ^ u32(x >> u32(15)))


def test_birthday_spacings_find_a_weak_stream() -> None:
    out = np.zeros((KEYS, 1024), np.uint32)
    fill_arithmetic(np.random.default_rng(3).integers(0, 2**64, KEYS, np.uint64), out)
    assert z_of_spacings(out) > Z_BOUND
    right = np.random.default_rng(4).integers(0, 2**32, out.shape, np.uint32)
    assert abs(z_of_spacings(right)) < Z_BOUND


@pytest.mark.parametrize("name", STREAMS)
def test_birthday_spacings(name: str) -> None:
    assert abs(z_of_spacings(words(name, 1024, 0))) < Z_BOUND


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("name", STREAMS)
def test_birthday_spacings_of_longer_stretches(name: str, seed: int) -> None:
    assert abs(z_of_spacings(words(name, 4096, seed))) < Z_BOUND


def blocks(name: str, seed: int) -> Words:
    return words(name, 1024, seed, keys=1024).reshape(-1)


@pytest.mark.parametrize("name", STREAMS)
def test_collisions_are_as_many_as_chance_makes(name: str) -> None:
    """2²⁰ words into 2³² cells: C = words − distinct ≈ Poisson(128); 5 standard deviations."""
    drawn = blocks(name, 5)
    expected = drawn.size**2 / (2 * DAYS)
    collisions = drawn.size - len(np.unique(drawn))
    assert abs(collisions - expected) < 5 * np.sqrt(expected)


@pytest.mark.parametrize("name", STREAMS)
def test_neighbours_are_not_correlated(name: str) -> None:
    """The correlation of u_t and u_{t+lag} is N(0, 1/N): 5 standard deviations, eight lags."""
    u = words(name, 1024, 6, keys=1024) / DAYS - 0.5
    for lag in (1, 2, 3, 4, 8, 16, 32, 512):
        product = u[:, lag:] * u[:, :-lag]
        assert abs(product.mean()) * 12 < 5 / np.sqrt(product.size)


@pytest.mark.parametrize("name", STREAMS)
def test_every_bit_is_even_and_changes_every_other_time(name: str) -> None:
    """Ones among 2²⁰ words, bit by bit, and of the xor of neighbours: 5.5 standard deviations."""
    drawn = words(name, 1024, 7, keys=1024)
    for block in (drawn, drawn[:, 1:] ^ drawn[:, :-1]):
        ones = ((block[..., None] >> np.arange(32, dtype=np.uint32)) & 1).sum((0, 1))
        assert np.abs(ones - block.size / 2).max() < 5.5 * np.sqrt(block.size) / 2


def test_the_mean_of_a_batch_varies_as_it_should() -> None:
    """Var of the mean of 1,024 uniforms over 20,000 keys: 1/(12·1024), to 5 standard deviations."""
    for name in ("counter", "feature", "step"):
        mean = words(name, 1024, 8, keys=20_000).mean(1) / DAYS
        ratio = mean.var() * 12 * 1024
        assert abs(ratio - 1) < 5 * np.sqrt(2 / len(mean))


def test_features_far_apart_share_no_samples() -> None:
    """Streams that were shifts of one another would have the same words at a distance."""
    rows = np.zeros((1, 8192), np.uint32)
    own = np.zeros((2000, 8192), np.uint32)
    key = np.array([0x0123456789ABCDEF], np.uint64)
    along_counter(key, rows)
    fill_features(key[0], own)
    common = np.isin(own[1:], rows[0])
    # 8192 · 8192 / 2³² = .0156 a feature
    assert common.sum() < 31.2 + 5 * np.sqrt(31.2)


@njit
def fill_features(key, out):  # type: ignore[no-untyped-def]
    for f in range(out.shape[0]):
        for t in range(out.shape[1]):
            out[f, t] = one(key, t, f)


def test_seeds_and_points_have_addresses_without_pattern() -> None:
    """Addresses of 200 points × 64 seeds: all different, every bit even to 5.5 deviations."""
    problem = tg.Problem(tg.Independent(5, 0.1), tg.ReLUOutput(2))
    points = tuple(
        tg.Problem(tg.Independent(5, p), problem.model) for p in np.linspace(0.01, 1.0, 200)
    )
    found = Batch(problem, points, (tg.Training(),) * 200, tuple(range(64)), 0).addresses()
    assert len(np.unique(found)) == found.size
    ones = ((found[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)).sum(0)
    assert np.abs(ones.astype(float) - found.size / 2).max() < 5.5 * np.sqrt(found.size) / 2
