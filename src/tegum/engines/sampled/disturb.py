"""Noise on h and units that are left out, in vectors of samples: `noise` for the lane kernel."""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir

from tegum.engines.sampled.emitter import I32_TYPE, Emitter
from tegum.engines.sampled.noise import ANGLE, COSINE_SERIES, RADIUS, SINE_SERIES
from tegum.engines.sampled.random import STEP_HIGH, STEP_LOW
from tegum.engines.sampled.vectors import HASH_A, HASH_B


class Words(NamedTuple):
    """The words of the streams as 32-bit values, in the order of `noise.Streams`."""

    radius: Any
    angle: Any
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

    def _hash(self, low: Any, scale: int, offset: int) -> Any:
        """`random.draw` of sample · scale + offset."""
        build, whole = self.e.builder, self.e.whole

        def fold(x: Any, shift: int) -> Any:
            return build.xor(x, build.lshr(x, whole(shift)))

        counter = build.add(build.mul(self.number, whole(scale)), whole(offset))
        a, b = (
            build.add(self.e.integers_at(word), build.mul(counter, whole(int(step))))
            for word, step in ((low, STEP_LOW), (self.words.high, STEP_HIGH))
        )
        x = fold(build.mul(fold(a, 16), whole(HASH_A)), 15)
        return fold(build.mul(build.add(x, b), whole(HASH_B)), 15)

    def _unit(self, word: Any) -> Any:
        e = self.e
        whole = e.builder.sitofp(e.builder.lshr(word, e.whole(1)), e.vector)
        return e.fma(whole, e.constant(2.0**-31), e.constant(2.0**-32))

    def kept(self, k: int, units: int, share: Any) -> Any:
        """k/(1 − d) of unit k of so many, for the vector d = `share`."""
        e, one = self.e, self.e.constant(1.0)
        stays = e.below(share, self._unit(self._hash(self.words.left_out, units, k)))
        scale = e.builder.fdiv(one, e.sub(one, share))
        return e.select(self.real, e.select(stays, scale, e.zero), one)

    def normals(self, j: int, pairs: int, sigma: Any) -> tuple[Any, Any]:
        """σ ξ of the units j and j + pairs."""
        e, build = self.e, self.e.builder
        a = self._hash(self.words.radius, pairs, j)
        b = self._hash(self.words.angle, pairs, j)
        radius = e.root(e.mul(e.constant(RADIUS), e.log2(self._unit(a))))
        radius = e.select(self.real, e.mul(sigma, radius), e.zero)
        angle = e.mul(build.sitofp(b, e.vector), e.constant(ANGLE))
        z = e.mul(angle, angle)
        sine = e.mul(e.mul(e.polynomial(z, SINE_SERIES), angle), radius)
        cosine = e.mul(e.polynomial(z, COSINE_SERIES), radius)
        up, straight = (
            build.icmp_unsigned("==", build.and_(b, e.whole(bit)), e.whole(0)) for bit in (1, 2)
        )
        cosine = e.select(up, cosine, e.sub(e.zero, cosine))
        return e.select(straight, sine, cosine), e.select(straight, cosine, sine)


def words_of(emit: Emitter, numbers: list[Any]) -> Words:
    """The streams' words from 64-bit arguments."""
    return Words(*(emit.builder.trunc(number, I32_TYPE) for number in numbers))
