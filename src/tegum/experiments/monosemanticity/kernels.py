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
def rectify(h, bias, listed, pointer):
    """h <- ReLU(h + b), listing the neurons of each sample that fire; returns how many."""
    count = 0
    for b in range(h.shape[0]):
        pointer[b] = count
        for k in range(h.shape[1]):
            v = h[b, k] + bias[k]
            h[b, k] = max(v, np.float32(0))
            listed[count] = k
            count += 1 if v > np.float32(0) else 0
    pointer[h.shape[0]] = count
    return count


@keep
@njit(nogil=True, fastmath=_FAST, boundscheck=False, error_model="numpy")
def outputs(h, listed, pointer, decoder, into):
    """into (batch, n) <- h W_out of the listed neurons, eight at a time."""
    for b in range(h.shape[0]):
        out, a, t, stop = into[b], h[b], pointer[b], pointer[b + 1]
        for i in range(out.shape[0]):
            out[i] = np.float32(0)
        while t + 8 <= stop:
            k = listed[t : t + 8]
            a0, a1, a2, a3 = a[k[0]], a[k[1]], a[k[2]], a[k[3]]
            a4, a5, a6, a7 = a[k[4]], a[k[5]], a[k[6]], a[k[7]]
            r0, r1, r2, r3 = decoder[k[0]], decoder[k[1]], decoder[k[2]], decoder[k[3]]
            r4, r5, r6, r7 = decoder[k[4]], decoder[k[5]], decoder[k[6]], decoder[k[7]]
            for i in range(out.shape[0]):
                first = a0 * r0[i] + a1 * r1[i] + a2 * r2[i] + a3 * r3[i]
                out[i] += first + a4 * r4[i] + a5 * r5[i] + a6 * r6[i] + a7 * r7[i]
            t += 8
        while t < stop:
            one, row = a[listed[t]], decoder[listed[t]]
            for i in range(out.shape[0]):
                out[i] += one * row[i]
            t += 1


@keep
@njit(nogil=True, fastmath=_FAST, boundscheck=False, error_model="numpy")
def turn(listed, pointer, samples, starts):
    """The other way round: samples from starts[k] to starts[k + 1] are those where k fires."""
    count = starts.shape[0] - 1
    for k in range(count + 1):
        starts[k] = 0
    for t in range(pointer[-1]):
        starts[listed[t]] += 1
    total = 0
    for k in range(count + 1):
        total += starts[k]
        starts[k] = total - starts[k]
    for b in range(pointer.shape[0] - 1):
        for t in range(pointer[b], pointer[b + 1]):
            samples[starts[listed[t]]] = b
            starts[listed[t]] += 1
    for k in range(count, 0, -1):
        starts[k] = starts[k - 1]
    starts[0] = 0


@keep
@njit(nogil=True, fastmath=_FAST, boundscheck=False, error_model="numpy")
def gradients(h, z, samples, starts, decoder, error, sums):
    """sums <- half the gradients of Σ_b ‖error_b‖², four samples of a neuron at a time.

    h (batch, k), z (batch, m), decoder (k, n), error (batch, n); sums are those of W_in (k, m),
    b_hidden (k,) and W_out (k, n).
    """
    into_encoder, into_bias, into_decoder = sums
    for k in range(decoder.shape[0]):
        w, g, q, total = decoder[k], into_decoder[k], into_encoder[k], np.float32(0)
        g[:] = np.float32(0)
        q[:] = np.float32(0)
        t, stop = starts[k], starts[k + 1]
        while t < stop:
            # a sample that is missing is the first one, at 0
            left = stop - t
            b0, b1 = samples[t], samples[t + 1] if left > 1 else samples[t]
            b2 = samples[t + 2] if left > 2 else samples[t]
            b3 = samples[t + 3] if left > 3 else samples[t]
            on1, on2, on3 = np.float32(left > 1), np.float32(left > 2), np.float32(left > 3)
            a0, a1, a2, a3 = h[b0, k], on1 * h[b1, k], on2 * h[b2, k], on3 * h[b3, k]
            e0, e1, e2, e3 = error[b0], error[b1], error[b2], error[b3]
            s0, s1, s2, s3 = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
            for i in range(w.shape[0]):
                s0 += e0[i] * w[i]
                s1 += e1[i] * w[i]
                s2 += e2[i] * w[i]
                s3 += e3[i] * w[i]
                g[i] += a0 * e0[i] + a1 * e1[i] + a2 * e2[i] + a3 * e3[i]
            s1, s2, s3 = on1 * s1, on2 * s2, on3 * s3
            total += s0 + s1 + s2 + s3
            z0, z1, z2, z3 = z[b0], z[b1], z[b2], z[b3]
            for j in range(q.shape[0]):
                q[j] += s0 * z0[j] + s1 * z1[j] + s2 * z2[j] + s3 * z3[j]
            t += 4
        into_bias[k] = total


@keep
@njit(nogil=True, fastmath=_FAST, boundscheck=False, error_model="numpy")
def adam(theta, gradient, moment, square, rate, scale):
    """One step of Adam in place on flat arrays.

    scale is 1/(1 − β₁ᵗ), 1/(1 − β₂ᵗ) and what the gradient is times.
    """
    lr, correction, times = np.float32(rate * scale[0]), np.float32(scale[1]), np.float32(scale[2])
    for i in range(theta.shape[0]):
        g = times * gradient[i]
        moment[i] = _B1 * moment[i] + _C1 * g
        square[i] = _B2 * square[i] + _C2 * (g * g)
        theta[i] -= lr * moment[i] / (np.sqrt(square[i] * correction) + np.float32(1e-8))


@keep
@njit(nogil=True, fastmath=_FAST, boundscheck=False, error_model="numpy")
def lamb(theta, gradient, moment, square, rate, scale):
    """One step of LAMB: Adam's direction, as long as the array is, to a length of 10."""
    own, length, times = 0.0, 0.0, np.float32(scale[2])
    for i in range(theta.shape[0]):
        g = times * gradient[i]
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
