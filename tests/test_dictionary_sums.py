"""Sums over listed rows, and h of few features, are what numpy makes of the same lists."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tegum as tg
from tegum.engines.base import Batch
from tegum.engines.dictionaries.draw import samples
from tegum.engines.dictionaries.forward import chances_at
from tegum.engines.dictionaries.lowering import lower
from tegum.engines.dictionaries.mixing import mix_few, new_mixing
from tegum.engines.dictionaries.nonzero import list_nonzero
from tegum.engines.dictionaries.shared import new_work
from tegum.engines.sampled import draw
from tegum.engines.sampled.data import SKIP_BELOW
from tegum.engines.sampled.random import kernel
from tegum.engines.sampled.sums import add_rows, dot_rows, scatter_row, sums_for

#: Rounding of float32 sums of some dozen products of size 1.
CLOSE: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-4}


@kernel
def _each(codes, rows, index, value, span, one, into, spread, dots):  # type: ignore[no-untyped-def]
    start, stop = span
    stride = rows.shape[1]
    add_rows(codes.add, rows, stride, (index, value, start, stop), into, 16)
    scatter_row(codes.scatter, one, (index, value, start, stop), spread, stride)
    dot_rows(codes.dot, rows, stride, (index, dots, start, stop), one)


@pytest.mark.parametrize("length", [16, 32, 48, 144, 256])
@pytest.mark.parametrize("span", [(0, 0), (3, 4), (2, 39), (1, 9)])
def test_sums_over_listed_rows(length: int, span: tuple[int, int]) -> None:
    rng = np.random.default_rng(length)
    rows, one = rng.normal(size=(2, 50, length)).astype(np.float32)
    index = rng.integers(0, 50, size=40).astype(np.int32)
    value = rng.normal(size=40).astype(np.float32)
    into, spread = np.ones(length + 16, np.float32), np.ones((50, length), np.float32)
    dots = np.full(40, 9, np.float32)
    _each(sums_for(length), rows, index, value, span, one[0], into, spread, dots)
    own = slice(*span)
    np.testing.assert_array_equal(into[:16], 1)
    np.testing.assert_allclose(into[16:], 1 + value[own] @ rows[index[own]], **CLOSE)
    scattered = np.ones((50, length))
    np.add.at(scattered, index[own], value[own, None] * one[0])
    np.testing.assert_allclose(spread, scattered, **CLOSE)
    expected = np.full(40, 9.0)
    expected[own] = rows[index[own]] @ one[0]
    np.testing.assert_allclose(dots, expected, **CLOSE)


@kernel
def _mixed(x, span, h, mixing, index, value):  # type: ignore[no-untyped-def]
    mix_few(x, span, h, mixing)
    return list_nonzero(x, span, span, index, value)


def test_few_features_are_listed_and_mixed() -> None:
    rng = np.random.default_rng(0)
    x = np.where(rng.random((40, 48)) < 0.1, rng.normal(size=(40, 48)), 0).astype(np.float32)
    W, h = rng.normal(size=(18, 40)).astype(np.float32), np.zeros((18, 64), np.float32)
    index, value = np.zeros(64, np.int32), np.zeros(64, np.float32)
    found = _mixed(x.reshape(-1), 48, h, new_mixing(W, 64), index, value)
    np.testing.assert_allclose(h[:, :48], W @ x, **CLOSE)
    there = np.flatnonzero(x[1])
    assert there.size > 0
    np.testing.assert_array_equal(index[:found], there)
    np.testing.assert_array_equal(value[:found], x[1, there])


@kernel
def _few(point, instances, work):  # type: ignore[no-untyped-def]
    chances_at(point, 16, instances, work)


def _is_few(n: int, m: int, p: float) -> bool:
    problem = tg.Problem(tg.Activations.random(m, tg.Independent(n, p)), tg.SAE(4))
    batch = Batch(problem, (problem,), (tg.Training(steps=1, batch_size=16),), (0,), 0)
    instances = lower(batch).instances
    work = new_work(instances, 16)
    _few(0, instances, work)
    return bool(work.mixing.few[0])


def test_activations_of_few_features_have_their_mean() -> None:
    assert [_is_few(40, 18, p) for p in (0.05, 0.5)] == [True, False]
    assert not _is_few(40, 10, 0.05)
    law = tg.Activations.random(18, tg.Independent(40, 0.05))
    how = tg.Training(steps=1, batch_size=2000)
    h = samples(tg.Problem(law, tg.SAE(4)), how, steps=5).reshape(-1, 18)
    spread = np.sqrt(np.diag(law.second_moment()) / len(h))  # a mean's, at most
    assert (np.abs(h.mean(axis=0) - law.W @ np.full(40, 0.025)) < 5 * spread).all()


def test_groups_of_a_copula_are_drawn_as_other_kernels_draw_them() -> None:
    law = tg.Copula(0.05, np.kron(np.eye(4), np.full((3, 3), 0.5)) + 0.5 * np.eye(12))
    problem = tg.Problem(tg.Activations.random(5, law), tg.SAE(4))
    how = tg.Training(steps=1, batch_size=300)
    instances = lower(Batch(problem, (problem,), (how,), (0,), 0)).instances
    keys = np.zeros(2, np.uint64)
    draw._step_keys(instances.keys[0], keys)
    source, some, table = draw.source_of(instances)
    assert some < SKIP_BELOW
    x = draw.by_tiles(keys, (300, 12), source, table)
    assert (x == 0).all(axis=2).any()
    np.testing.assert_allclose(samples(problem, how, steps=2), x @ instances.truth.T, **CLOSE)
