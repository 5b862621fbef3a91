"""What moves thresholds and gates, whose codes have no slope, or more than one."""

from __future__ import annotations

import numpy as np

from tegum.engines.dictionaries.shared import offsets
from tegum.engines.sampled.product import ANEW, FLIPPED, PLAIN, multiply
from tegum.engines.sampled.random import f32, part


@part()
def move_thresholds(theta, point, span, instances, work):
    """Add to work.into_extra what pre-activations near their thresholds say; work.slopes are raw.

    A step is taken for a slope of 1/ε in a window of ε about it: ∂f/∂θ = −θ/ε, and ∂‖f‖₀/∂θ = −1/ε.
    """
    numbers, weight, last = instances.numbers, work.weight, offsets(instances.static)[2]
    price, width = work.price[0], numbers.bandwidth[point]
    first, half = last + instances.static.m, width * f32(0.5)
    for j in range(numbers.latents[point]):
        raw, slopes, total = work.raw[j], work.slopes[j], f32(0)
        threshold = np.exp(theta[first + j])
        for l in range(span):
            near = abs(raw[l] - threshold) < half
            total += threshold * slopes[l] + price * weight[l] if near else f32(0)
        work.into_extra[0, j] -= threshold * total / width


@part()
def through_gates(theta, point, span, instances, work):
    """work.slopes <- by what is before gates and magnitudes; the gradient of their own numbers.

    What is open of gates is to rebuild h by itself too, with W_dec and b_dec as they are.
    """
    static, numbers, h, weight = instances.static, instances.numbers, work.h, work.weight
    (decode, bias, last), m, latents = offsets(static), static.m, numbers.latents[point]
    price, first, gates, missed = work.price[0], last + m, work.gates, work.gate_error
    decoder = theta[decode : decode + latents * m].reshape(latents, m)
    for j in range(latents):
        for l in range(span):
            gates[j, l] = max(work.raw[j, l], f32(0))
    multiply(FLIPPED, (m, span, latents), decoder, gates, ANEW, missed)
    for k in range(m):
        for l in range(span):
            missed[k, l] = (missed[k, l] + (theta[last + k] - h[k, l])) * weight[l]
    multiply(PLAIN, (latents, span, m), decoder, missed, ANEW, gates)
    for j in range(latents):
        raw, codes, slopes, gate = work.raw[j], work.codes[j], work.slopes[j], gates[j]
        scale, shift = np.exp(theta[first + j]), theta[bias + j]
        of_size, of_magnitude, of_gate = f32(0), f32(0), f32(0)
        for l in range(span):
            by = slopes[l] if codes[l] > f32(0) else f32(0)
            opened = gate[l] + price * weight[l] if raw[l] > f32(0) else f32(0)
            of_size += by * scale * (raw[l] - shift)
            of_magnitude += by
            of_gate += opened
            slopes[l] = scale * by + opened
        work.into_extra[0, j] += of_size
        work.into_extra[1, j] += of_magnitude
        work.into_latent[j] += of_gate
        work.into_pre[j] += scale * of_magnitude + of_gate
