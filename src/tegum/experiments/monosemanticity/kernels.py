"""Compiled parts of a training step: neurons that are silent cost nothing."""

from __future__ import annotations

import numpy as np
from numba import njit

from tegum.engines.cache import keep

_FAST = {"reassoc", "contract", "nsz", "arcp"}  # NaN and infinity stay well defined
_B1, _B2 = np.float32(0.9), np.float32(0.999)
_C1, _C2 = np.float32(0.1), np.float32(0.001)


@keep
@njit(nogil=True, fastmath=_FAST, boundscheck=False, error_model="numpy")
def embed(embedder, index, value, pointer, into):
    """into (batch, m) <- E x of every sample, whose features are listed; embedder (n, m)."""
    for b in range(into.shape[0]):
        for j in range(into.shape[1]):
            into[b, j] = np.float32(0)
        for t in range(pointer[b], pointer[b + 1]):
            row, x = embedder[index[t]], value[t]
            for j in range(into.shape[1]):
                into[b, j] += x * row[j]


@keep
@njit(nogil=True, fastmath=_FAST, boundscheck=False, error_model="numpy")
def add_gradients(h, z, decoder, index, value, pointer, sums, work):
    """Add the gradients of half of Σ_b ‖W_out h_b − x_b‖² to `sums`; returns the sum of squares.

    h (batch, k), z (batch, m) and decoder (k, n); sums are into_encoder (k, m), into_bias (k,) and
    into_decoder (k, n); work is (error (n,), active (k,)).
    """
    into_encoder, into_bias, into_decoder = sums
    error, active = work
    n, m, total = decoder.shape[1], z.shape[1], 0.0
    for b in range(h.shape[0]):
        count = 0
        for k in range(h.shape[1]):
            active[count] = k
            count += 1 if h[b, k] > np.float32(0) else 0
        for i in range(n):
            error[i] = np.float32(0)
        for t in range(count):
            k = active[t]
            a, row = h[b, k], decoder[k]
            for i in range(n):
                error[i] += a * row[i]
        for t in range(pointer[b], pointer[b + 1]):
            error[index[t]] -= value[t]
        squares = np.float32(0)
        for i in range(n):
            squares += error[i] * error[i]
        total += squares
        for t in range(count):
            k = active[t]
            a, row, into, slope = h[b, k], decoder[k], into_decoder[k], np.float32(0)
            for i in range(n):
                slope += error[i] * row[i]
                into[i] += a * error[i]
            into_bias[k] += slope
            into = into_encoder[k]
            for j in range(m):
                into[j] += slope * z[b, j]
    return total


@keep
@njit(nogil=True, fastmath=_FAST, boundscheck=False, error_model="numpy")
def adam(theta, gradient, moment, square, rate, scale):
    """One step of Adam in place on flat arrays; scale is 1/(1 − β₁ᵗ) and 1/(1 − β₂ᵗ)."""
    lr, correction = np.float32(rate * scale[0]), np.float32(scale[1])
    for i in range(theta.shape[0]):
        g = gradient[i]
        moment[i] = _B1 * moment[i] + _C1 * g
        square[i] = _B2 * square[i] + _C2 * (g * g)
        theta[i] -= lr * moment[i] / (np.sqrt(square[i] * correction) + np.float32(1e-8))


@keep
@njit(nogil=True, fastmath=_FAST, boundscheck=False, error_model="numpy")
def lamb(theta, gradient, moment, square, rate, scale):
    """One step of LAMB: Adam's direction, as long as the array is, to a length of 10."""
    own, length = 0.0, 0.0
    for i in range(theta.shape[0]):
        g = gradient[i]
        moment[i] = _B1 * moment[i] + _C1 * g
        square[i] = _B2 * square[i] + _C2 * (g * g)
        step = np.float32(scale[0]) * moment[i]
        step /= np.sqrt(square[i] * np.float32(scale[1])) + np.float32(1e-6)
        gradient[i] = step
        own += theta[i] * theta[i]
        length += step * step
    trust = min(np.sqrt(own), 10.0) / np.sqrt(length) if own > 0.0 and length > 0.0 else 1.0
    lr = np.float32(rate * trust)
    for i in range(theta.shape[0]):
        theta[i] -= lr * gradient[i]
