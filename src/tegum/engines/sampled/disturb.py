"""Noise on h and units that are left out, in vectors of samples: `noise` for the lane kernel."""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir

from tegum.engines.sampled.emitter import I32_TYPE, Emitter
from tegum.engines.sampled.noise import (
    COSINE_SERIES,
    EXPONENT,
    LEAST,
    RADIUS_SERIES,
    SINE_SERIES,
    UNIT,
)
from tegum.engines.sampled.random import STEP_HIGH, STEP_LOW
from tegum.engines.sampled.vectors import HASH_A, HASH_B, HASH_C


class Words(NamedTuple):
    """The words of the streams as 32-bit values, in the order of `noise.Streams`."""

    noise: Any
    left_out: Any
    high: Any


class Disturbance:
    """Emits the random numbers of a vector of samples, from number `first` on.

    Samples from number `stop` on, which only fill up a tile, are left as they are.
    """

    def __init__(self, emit: Emitter, words: Words, first: Any, stop: Any) -> None:
        self.e, self.words = emit, words
        lanes = list(range(emit.vector.count))
        number = emit.integers_at(emit.builder.trunc(first, I32_TYPE))
        self.number = emit.builder.add(number, ir.Constant(emit.integers, lanes))
        last = emit.integers_at(emit.builder.trunc(stop, I32_TYPE))
        self.real = emit.builder.icmp_unsigned("<", self.number, last)

    def _fold(self, x: Any, shift: int) -> Any:
        return self.e.builder.xor(x, self.e.builder.lshr(x, self.e.whole(shift)))

    def _stirred(self, low: Any, scale: int, offset: int) -> Any:
        """`random._stir` of the words of sample · scale + offset."""
        build, whole = self.e.builder, self.e.whole
        a, b = (
            build.add(
                build.add(
                    self.e.integers_at(word),
                    build.mul(self.number, whole(scale * int(step) % 2**32)),
                ),
                whole(offset * int(step) % 2**32),
            )
            for word, step in ((low, STEP_LOW), (self.words.high, STEP_HIGH))
        )
        return build.add(self._fold(build.mul(self._fold(a, 16), whole(HASH_A)), 15), b)

    def _hashed(self, x: Any, factor: int) -> Any:
        return self._fold(self.e.builder.mul(x, self.e.whole(factor)), 15)

    def _unit(self, word: Any) -> Any:
        e = self.e
        whole = e.builder.sitofp(e.builder.lshr(word, e.whole(1)), e.vector)
        return e.fma(whole, e.constant(2.0**-31), e.constant(2.0**-32))

    def kept(self, k: int, units: int, share: Any) -> Any:
        """k/(1 − d) of unit k of so many, for the vector d = `share`."""
        e, one = self.e, self.e.constant(1.0)
        stays = e.below(
            share, self._unit(self._hashed(self._stirred(self.words.left_out, units, k), HASH_B))
        )
        scale = e.builder.fdiv(one, e.sub(one, share))
        return e.select(self.real, e.select(stays, scale, e.zero), one)

    def deviation(self, sigma: Any) -> Any:
        """σ in the units of `normals`, and 0 for samples that are left as they are."""
        return self.e.select(self.real, self.e.mul(sigma, self.e.constant(UNIT)), self.e.zero)

    def _signed_unit(self, word: Any) -> Any:
        build, whole = self.e.builder, self.e.whole
        number = build.sitofp(build.or_(word, whole(1)), self.e.vector)
        return build.sub(build.bitcast(number, self.e.integers), whole(EXPONENT))

    def normals(self, j: int, pairs: int, sigma: Any) -> tuple[Any, Any]:
        """σ ξ of the units j and j + pairs: see `noise._normals`."""
        e, build, whole = self.e, self.e.builder, self.e.whole
        x = self._stirred(self.words.noise, pairs, j)
        v, angle = (self._signed_unit(self._hashed(x, factor)) for factor in (HASH_B, HASH_C))
        bits = build.and_(v, whole(0x7FFFFFFF))
        exponent = build.ashr(build.sub(bits, whole(LEAST)), whole(23))
        near_1 = build.bitcast(build.sub(bits, build.shl(exponent, whole(23))), e.vector)
        m = e.sub(near_1, e.constant(1.0))
        length = e.mul(e.polynomial(m, RADIUS_SERIES), m)
        length = e.root(e.sub(length, build.sitofp(exponent, e.vector)))
        sign = build.and_(v, whole(-(2**31)))
        radius = build.bitcast(build.or_(build.bitcast(length, e.integers), sign), e.vector)
        radius, t = e.mul(sigma, radius), build.bitcast(angle, e.vector)
        z = e.mul(t, t)
        cosine = e.mul(e.polynomial(z, COSINE_SERIES), radius)
        return cosine, e.mul(e.mul(e.polynomial(z, SINE_SERIES), t), radius)


def words_of(emit: Emitter, numbers: list[Any]) -> Words:
    """The streams' words from 64-bit arguments."""
    return Words(*(emit.builder.trunc(number, I32_TYPE) for number in numbers))
