"""Adversarial training: samples moved by the best attack there is on one random output.

Of all moves of x of one length, δ = ε G_i / ‖G_i‖ raises the pre-activation of output i most,
where G = W_out W_in, whose row i is its gradient. It is taken as it is in each step: no gradient
goes through δ. Only h sees it; as h is linear, the moved h is h + W_in δ, of which there are n.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32
from tegum.engines.sampled.product import ADDED, ANEW, FLIPPED, PLAIN, multiply
from tegum.engines.sampled.random import draw, f32, i64, part, step_key, u32, u64
from tegum.engines.sampled.shared import clear, work_array

ATTACK = u64(5)  # a purpose of random numbers beside those of `random` and `start`


class AttackWork(NamedTuple):
    """The n attacks of a step, and what they did."""

    delta: F32  # (n, N): row i is the attack on output i
    shift: F32  # (n, M): W_in δ of each
    into: F32  # (n, M): the gradient by h, summed over the samples of each
    encoder_t: F32  # (m, N)
    chosen: NDArray[np.int64]  # (rows,): the output that is attacked, by sample


def attack_work(n: int, m: int, tall: int, wide: int, rows: int) -> AttackWork:
    """Work arrays; N = `tall`, M = `wide`."""
    return AttackWork(
        delta=work_array(n, tall),
        shift=work_array(n, wide),
        into=work_array(n, wide),
        encoder_t=work_array(m, tall),
        chosen=work_array(rows, kind=np.int64),
    )


@part()
def prepare_attacks(size, model, work, static):
    """delta, shift <- the attacks of length `size` on the model as it is; into <- 0.

    An output that no input moves is not attacked.
    """
    n, m = static.n, static.m
    for i in range(n):
        for k in range(m):
            work.encoder_t[k, i] = model.encoder[i, k]
    multiply(PLAIN, (n, n, m), model.decoder, work.encoder_t, ANEW, work.delta)
    for i in range(n):
        square = f32(0)
        for j in range(n):
            square += work.delta[i, j] * work.delta[i, j]
        scale = f32(size) / np.sqrt(square) if square > f32(0) else f32(0)
        for j in range(n):
            work.delta[i, j] *= scale
    multiply(PLAIN, (n, work.shift.shape[1], n), work.delta, model.encoder, ANEW, work.shift)
    clear(work.into.reshape(-1))


@part()
def attack_rows(h, rows, first, key, work, static):
    """h <- h + W_in δ of a random output for each of the samples from `first` on."""
    low, high = u32(key), u32(key >> u64(32))
    for l in range(rows):
        i = i64((u64(draw(u32(first + l), low, high)) * u64(static.n)) >> u64(32))
        work.chosen[l] = i
        for k in range(h.shape[1]):
            h[l, k] += work.shift[i, k]


@part()
def collect_rows(dh, rows, work):
    """into += the gradients by h of these samples."""
    for l in range(rows):
        i = work.chosen[l]
        for k in range(dh.shape[1]):
            work.into[i, k] += dh[l, k]


@part()
def finish_attacks(model, work, static):
    """The encoder's gradient of the attacks: x + δ stood where x was."""
    size = work.into.shape[1], static.n, static.n
    multiply(FLIPPED, size, work.into, work.delta, ADDED, model.into_encoder)


@part(forceinline=True)
def attack_key(instance, step):
    """The key of one step's choices of outputs."""
    return step_key(instance, ATTACK, step)
