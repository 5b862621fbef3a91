"""Addressed randomness: any draw of any step of any instance, from its address alone.

An instance has a 64-bit key; a step's key is a splitmix64 hash of it; a draw is a 32-bit hash of
(step key, stream, sample). Nothing is consumed, so a step can be redone in any order.

The sample moves both words of the key, each by a constant of its own: were it one word, samples in
a row would be an arithmetic progression up to the last round, and birthday spacings show that.
"""

from __future__ import annotations

import math
from types import FunctionType
from typing import Any

import numpy as np
from numba import njit

from tegum.engines.parts import PART, WHOLE
from tegum.engines.portable import alike
from tegum.engines.sampled.vectors import HASH_A, HASH_B, HASH_C, bits_float, float_bits

f32, f64 = np.float32, np.float64
i32, i64, u32, u64 = np.int32, np.int64, np.uint32, np.uint64
FAST = {"reassoc", "contract"}  # NaN and infinity stay well defined

TRAIN, PROBE, HELD_OUT = u64(1), u64(2), u64(3)  # independent purposes; 4 is `xavier.INIT`
#: Magnitudes by code. No plain integers: a literal is a type of its own, and what is given one is
#: compiled for it alone.
UNIFORM, SIGNED, EXPONENTIAL, ONE, OTHER = (i64(code) for code in range(5))
#: Kinds of other laws.
AFFINE, NORMAL, HALF_NORMAL, DISCRETE = (i64(code) for code in range(4))


def kernel(function: Any) -> Any:
    """`njit` for a function that Python calls and that owns no array.

    Without ownership there are no reference counts. They are atomic: left in, every view of an
    array costs as much as a step of a small model does, and threads contend for them.
    """
    return alike(njit(
        nogil=True, fastmath=FAST, boundscheck=False, error_model="numpy", _nrt=False,
        no_cfunc_wrapper=True, **WHOLE,
    )(function))  # fmt: skip


def twin(compiled: Any, name: str) -> Any:
    """The same kernel under a name of its own, and so with compiled forms of its own on disk."""
    original = compiled.py_func
    other = FunctionType(original.__code__, original.__globals__, name)
    other.__qualname__ = name
    return kernel(other)


def part(forceinline: bool = False) -> Any:
    """The same for one that only kernels call: no wrapper for Python, which saves seconds.

    Unsaid, `forceinline` would be what it is for whoever calls it first.
    """
    return njit(
        fastmath=FAST, boundscheck=False, error_model="numpy", _nrt=False,
        forceinline=forceinline, **PART,
    )  # fmt: skip


_GOLDEN = u64(0x9E3779B97F4A7C15)
_MIX_A, _MIX_B = u64(0xBF58476D1CE4E5B9), u64(0x94D049BB133111EB)
_HASH_A, _HASH_B, _HASH_C = u32(HASH_A), u32(HASH_B), u32(HASH_C)
STEP_LOW, STEP_HIGH = u32(0x9E3779B9), u32(0x85EBCA6B)  # from a sample's words to the next one's
_STREAMS, _FIRST_STREAM = u32(0x5BD1E995), i64(7)  # streams are numbered from -7 on
_S1, _S15, _S16 = u32(1), u32(15), u32(16)
_TO_UNIT = f32(2.0**-31)
_HALF = f32(0.5)
_BELOW_ONE = f32(1 - 2.0**-24)
_NEGLIGIBLE = 1e-20
GUIDE = 512  # entries of a guide into a cdf
_LN2 = f32(0.6931471805599453)
_BEYOND, _SMALLEST, _NEWTON = 1e30, 1e-12, 4
_ROOT_HALF, _DENSITY = 0.5**0.5, (2 * math.pi) ** -0.5


@part(forceinline=True)
def splitmix(value):
    """The splitmix64 output function: a bijection of 64-bit words that mixes all bits."""
    z = value + _GOLDEN
    z = (z ^ (z >> u64(30))) * _MIX_A
    z = (z ^ (z >> u64(27))) * _MIX_B
    return z ^ (z >> u64(31))


@part(forceinline=True)
def step_key(instance, purpose, step):
    """The key of one step of one purpose of an instance."""
    return splitmix(splitmix(instance ^ splitmix(purpose)) + u64(step))


@part(forceinline=True)
def _stir(a, b):
    x = u32(a ^ u32(a >> _S16))
    x = u32(x * _HASH_A)
    x = u32(x ^ u32(x >> _S15))
    return u32(x + b)


@part(forceinline=True)
def mix(a, b):
    """A 32-bit hash of two words: numba promotes uint32, so every operation casts.

    A loop over samples adds STEP_LOW to a and STEP_HIGH to b, which is cheaper than products.
    """
    x = u32(_stir(a, b) * _HASH_B)
    return u32(x ^ u32(x >> _S15))


@part(forceinline=True)
def mix_two(a, b):
    """The same and another one, which together are a point of a fine lattice in the plane."""
    x = _stir(a, b)
    one, other = u32(x * _HASH_B), u32(x * _HASH_C)
    return u32(one ^ u32(one >> _S15)), u32(other ^ u32(other >> _S15))


@part(forceinline=True)
def words(counter, low, high):
    """The words of sample `counter` of the stream (low, high)."""
    return u32(low + u32(counter * STEP_LOW)), u32(high + u32(counter * STEP_HIGH))


@part(forceinline=True)
def draw(counter, low, high):
    """A 32-bit hash of (counter, low, high)."""
    a, b = words(counter, low, high)
    return mix(a, b)


@part(forceinline=True)
def stream(low, high, number):
    """The low key of stream `number` (a feature, a set, ...; from -7 on) of a step."""
    return draw(u32(number + _FIRST_STREAM), u32(low ^ _STREAMS), high)


@part(forceinline=True)
def unit(bits):
    """A hash as a float32 in (0, 1], from its upper 31 bits."""
    return (f32(i32(bits >> _S1)) + _HALF) * _TO_UNIT


@part(forceinline=True)
def log2(x):
    """log2 of a positive float32, within 3e-7: an atanh series around 1, vectorisable."""
    bits = float_bits(x)
    exponent = (bits - i32(0x3F2AAAAB)) >> i32(23)
    m = bits_float(i32(bits - (exponent << i32(23)))) - f32(1)
    s = m / (f32(2) + m)
    z = s * s
    p = f32(0.4124695) * z + f32(0.5770780)
    p = p * z + f32(0.9617967)
    p = p * z + f32(2.8853900)
    return f32(exponent) + p * s


@part(forceinline=True)
def magnitude(u, kind):
    """The magnitude of an active feature, from u in (0, 1]."""
    if kind == UNIFORM:
        return u
    if kind == SIGNED:
        return u + u - f32(1)
    if kind == ONE:
        return f32(1)
    return -_LN2 * log2(u)


@part(forceinline=True)
def quantile(u):
    """That of the standard normal distribution, within 5e-5: x P(ω), x = 2u - 1, ω = -ln(1 - x²).

    Polynomials by least squares: in ω, and from 5 on in its root.
    """
    u = min(u, _BELOW_ONE)
    w = -_LN2 * log2(f32(4) * u * (f32(1) - u))
    y = w - f32(2.5)
    p = f32(4.6426283e-7) * y - f32(4.4888175e-6)
    p = p * y - f32(5.9787371e-6)
    p = p * y + f32(3.0720496e-4)
    p = p * y - f32(1.7737596e-3)
    p = p * y - f32(5.9057670e-3)
    p = p * y + f32(0.34880325)
    p = p * y + f32(2.1233132)
    y = np.sqrt(max(w, f32(5))) - f32(3.6675437)
    q = f32(6.2794879e-4) * y - f32(1.2401679e-3)
    q = q * y + f32(4.9647968e-4)
    q = q * y - f32(1.3609809e-3)
    q = q * y + f32(3.6315985e-3)
    q = q * y + f32(1.4257830)
    q = q * y + f32(4.9558730)
    return (u + u - f32(1)) * (p if w < f32(5) else q)


@part()
def normal_quantile(p):
    """The same in double precision; for 0 and 1 a number beyond all others."""
    if p <= 0.0 or p >= 1.0:
        return -_BEYOND if p <= 0.0 else _BEYOND
    z = f64(quantile(f32(max(p, _SMALLEST))))
    for _ in range(_NEWTON):
        density = math.exp(-0.5 * z * z) * _DENSITY
        z -= (0.5 * math.erfc(-z * _ROOT_HALF) - p) / density
    return z


@part(forceinline=True)
def other_magnitude(u, k, laws):
    """The magnitude of an active feature of the k-th of the laws, from u in (0, 1]."""
    kind, shift, scale = laws.kind[k], laws.shift[k], laws.scale[k]
    if kind == AFFINE:
        return shift + scale * u
    if kind == NORMAL:
        return shift + scale * quantile(u)
    if kind == HALF_NORMAL:
        return -scale * quantile(_HALF * u)
    at = laws.first[k]
    while at < laws.first[k + 1] - 1 and u > laws.below[at]:
        at += 1
    return laws.value[at]


@part()
def binomial_table(size, probability, cdf, guide):
    """Fill cdf (size + 1,) of Binomial(size, probability) where it matters, and a guide into it.

    Terms run down and up from the mode until they are below 1e-20, so that a table costs a
    microsecond: every axis point needs one in every slice of a run.
    """
    if probability <= 0.0:
        cdf[0], cdf[1] = 1.0, 2.0
        for g in range(guide.shape[0]):
            guide[g] = 0
        return
    odds = probability / (1.0 - probability)
    mode = min(int((size + 1) * probability), size)
    term = math.exp(
        math.lgamma(size + 1.0)
        - math.lgamma(mode + 1.0)
        - math.lgamma(size - mode + 1.0)
        + mode * math.log(probability)
        + (size - mode) * math.log1p(-probability)
    )
    low = mode
    while low > 0 and term > _NEGLIGIBLE:
        term *= low / ((size - low + 1.0) * odds)
        low -= 1
    total, k = 0.0, low
    while k < size and (k <= mode or term > _NEGLIGIBLE):
        total += term
        cdf[k] = total
        term *= (size - k) / (k + 1.0) * odds
        k += 1
    cdf[k] = 2.0
    for g in range(guide.shape[0]):
        while cdf[low] <= g / guide.shape[0]:
            low += 1
        guide[g] = low


@part(forceinline=True)
def binomial_draw(key, cdf, guide):
    """The number of successes whose address is `key`, by inversion of the exact cdf."""
    u = (splitmix(key) >> u64(11)) * 2.0**-53
    k = guide[int(u * guide.shape[0])]
    while cdf[k] <= u:
        k += 1
    return k
