"""One tile of samples, forward and backward, as explicit LLVM vectors: see `vectors` for why."""

from __future__ import annotations

from functools import reduce
from typing import Any, Final, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from tegum.dims import F32
from tegum.engines.sampled.disturb import Disturbance, words_of
from tegum.engines.sampled.emitter import F32_TYPE, I64_TYPE, LANES, Emitter
from tegum.engines.sampled.forms import ABSOLUTE, FILLED, NOISY, PENALISED, RELU, THINNED, Codes
from tegum.engines.sampled.machine_code import address_of
from tegum.engines.sampled.shared import Costs


def registers_per_row(n_hidden: int) -> int:
    """Vectors per hidden unit that still fit the register file of the lane kernel.

    Where registers have 8 lanes a vector takes two: more than 2 vectors mostly spill. Where they
    have 16 there is room for 4 of small models, which is 2 to 6 % faster; but tied weights sum
    what a tile adds to both their places in one order, and the order would be another.
    """
    return 2 if n_hidden <= 8 else 1


class Model(NamedTuple):
    """Parameters in one flat vector, and what errors cost."""

    theta: F32  # E (n, m) first, which is D, too, for tied weights
    decode: int  # where D (n, m) starts
    bias: int  # where b (n,) starts
    hidden_bias: int  # where b_hidden (m,) starts
    costs: Costs


class Samples(NamedTuple):
    """Samples in flat arrays (feature, size); size is a multiple of LANES."""

    x: F32
    y: F32  # targets of their own; read only where there are such
    features: int
    size: int
    first: int  # the number of the first of them
    stop: int  # samples from this number on, which only fill up a tile, are not disturbed
    noise: np.uint32  # as the next two a word of `noise.Streams`
    left_out: np.uint32
    high: np.uint32


class Sums(NamedTuple):
    """Flat accumulators of gradients, a vector for each number."""

    decode: F32  # (n, m + 1, LANES): row m takes db
    encode: F32  # (n, m + 1, LANES): the same array for tied weights
    hidden: F32  # (m + 1, LANES)


_ARRAYS: Final = ("theta", *Costs._fields, "x", "y", *Sums._fields)
_NUMBERS: Final = ("decode", "bias", "hidden_bias", *Samples._fields[2:])
#: Tiles of samples; of such without an active feature; and of these where b_hidden is trained.
WHOLE, EMPTY, BARE = range(3)
_FUNCTION: Final = ir.FunctionType(
    ir.VoidType(), [F32_TYPE.as_pointer()] * len(_ARRAYS) + [I64_TYPE] * len(_NUMBERS)
)


class _Tile:
    """Emits one tile: LANES·U samples forward and backward through one model.

    H_k and dH_k of the tile stay in registers; X, the weights and the accumulators are in L1.
    """

    def __init__(self, emit: Emitter, arguments: Any, m: int, codes: Codes, kind: int) -> None:
        self.e, self.m, self.codes, self.kind = emit, m, codes, kind
        arrays, numbers = arguments[: len(_ARRAYS)], arguments[len(_ARRAYS) :]
        self.encode, self.importance, self.half_l1, self.beyond = arrays[:4]
        self.noise, self.x, self.y = arrays[4:7]
        self.into_decode, self.into_encode, self.into_hidden = arrays[7:]
        self.decode, self.bias, self.hidden_bias = (
            emit.builder.gep(self.encode, [start]) for start in numbers[:3]
        )
        self.n, self.stride, self.first, self.stop = numbers[3:7]
        self.words = words_of(emit, numbers[7:])

    def emit(self, vectors: int, offset: Any) -> None:
        """The tile of so many vectors that starts at sample `offset`."""
        self.u, self.offset = vectors, offset
        self.h, self.dh = (
            [[self.e.slot() for _ in range(vectors)] for _ in range(self.m)] for _ in range(2)
        )
        self.forward_hidden()
        self.kept: dict[tuple[int, int], Any] = {}
        self.seen = self.disturb() if self.codes.disturbed else self.h
        self.outputs()
        if self.kind != EMPTY:
            self.backward_hidden()

    def features(self) -> Any:
        return cgutils.for_range_slice(self.e.builder, I64_TYPE(0), self.n, I64_TYPE(1))

    def row(self, pointer: Any, i: Any) -> list[Any]:
        add, mul = self.e.builder.add, self.e.builder.mul
        row = add(mul(i, self.stride), self.offset)
        return [self.e.load(pointer, add(row, I64_TYPE(LANES * u))) for u in range(self.u)]

    def wanted(self, x: list[Any], i: Any) -> list[Any]:
        """The targets of feature i."""
        if self.codes.target == FILLED:
            return self.row(self.y, i)
        return [self.e.magnitude(v) for v in x] if self.codes.target == ABSOLUTE else x

    def each_hidden(self) -> list[tuple[int, int]]:
        return [(k, u) for k in range(self.m) for u in range(self.u)]

    def accumulate(self, pointer: Any, i: Any, k: int, terms: list[tuple[Any, Any]]) -> None:
        """pointer[i, k, :] += sum of products, with (m + 1) vectors to each row i."""
        offset = self.e.index(i, (self.m + 1) * LANES, k * LANES)
        total = self.e.load(pointer, offset)
        for x, y in terms:
            total = self.e.fma(x, y, total)
        self.e.store(total, pointer, offset)

    def forward_hidden(self) -> None:
        e, load, store = self.e, self.e.builder.load, self.e.builder.store
        for k, u in self.each_hidden():
            store(e.splat_at(self.hidden_bias, I64_TYPE(k)), self.h[k][u])
        if self.kind == WHOLE:
            with self.features() as (i, _):
                x = self.row(self.x, i)
                for k in range(self.m):
                    w = e.splat_at(self.encode, e.index(i, self.m, k))
                    for u in range(self.u):
                        store(e.fma(w, x[u], load(self.h[k][u])), self.h[k][u])
        if self.codes.hidden_activation == RELU:
            for k, u in self.each_hidden():
                value = load(self.h[k][u])
                store(e.select(e.positive(value), value, e.zero), self.h[k][u])

    def disturb(self) -> list[list[Any]]:
        """Slots of h as the decoder reads it: units are left out, and noise is added."""
        e, load, m = self.e, self.e.builder.load, self.m
        sigma, share = (e.splat_at(self.noise, I64_TYPE(at)) for at in (0, 1))
        first = e.builder.add(self.first, self.offset)
        seen = [[self.e.slot() for _ in range(self.u)] for _ in range(m)]
        for u in range(self.u):
            start = e.builder.add(first, I64_TYPE(LANES * u))
            found = Disturbance(e, self.words, start, self.stop)
            values = [load(self.h[k][u]) for k in range(m)]
            if self.codes.disturbed & THINNED:
                for k in range(m):
                    kept = found.kept(k, m, share)
                    self.kept[k, u] = e.slot()
                    e.builder.store(kept, self.kept[k, u])
                    values[k] = e.mul(values[k], kept)
            if self.codes.disturbed & NOISY:
                pairs = (m + 1) // 2
                scale = found.deviation(sigma)
                for j in range(pairs):
                    both = found.normals(j, pairs, scale)
                    for k, noise in zip(range(j, m, pairs), both, strict=False):
                        values[k] = e.add(values[k], noise)
            for k in range(m):
                e.builder.store(values[k], seen[k][u])
        return seen

    def any_positive(self, values: list[Any]) -> Any:
        build, bits = self.e.builder, ir.IntType(LANES)
        found = [build.bitcast(self.e.positive(value), bits) for value in values]
        return build.icmp_unsigned("!=", reduce(build.or_, found), bits(0))

    def outputs(self) -> None:
        """z, the output gradient g, dD += g h, db += g, dH += D g."""
        e, load = self.e, self.e.builder.load
        # without x most ReLUs are off, and often those of all samples of a tile
        sparse = self.kind == EMPTY and self.codes.output_activation == RELU
        with self.features() as (i, _):
            x = self.row(self.x, i) if self.kind == WHOLE else [e.zero] * self.u
            w = [e.splat_at(self.decode, e.index(i, self.m, k)) for k in range(self.m)]
            z = [e.splat_at(self.bias, i) for _ in range(self.u)]
            for k, u in self.each_hidden():
                z[u] = e.fma(w[k], load(self.seen[k][u]), z[u])
            if sparse:
                with e.builder.if_then(self.any_positive(z)):
                    self.output(i, w, z, x)
            else:
                self.output(i, w, z, self.wanted(x, i) if self.kind == WHOLE else x)

    def output(self, i: Any, w: list[Any], z: list[Any], y: list[Any]) -> None:
        """What output i with the pre-activation z adds to the gradients."""
        e, load, store = self.e, self.e.builder.load, self.e.builder.store
        one, code = e.constant(1.0), self.codes.output_activation
        power = self.codes.power, e.splat_at(self.beyond, I64_TYPE(0))
        importance = e.splat_at(self.importance, i)
        g = [e.mul(importance, e.error_times_slope(code, z[u], y[u], power)) for u in range(self.u)]
        for k in range(self.m):
            for u in range(self.u if self.kind != EMPTY else 0):
                store(e.fma(w[k], g[u], load(self.dh[k][u])), self.dh[k][u])
            terms = [(g[u], load(self.seen[k][u])) for u in range(self.u)]
            self.accumulate(self.into_decode, i, k, terms)
        self.accumulate(self.into_decode, i, self.m, [(g[u], one) for u in range(self.u)])

    def backward_hidden(self) -> None:
        """The penalty's and the hidden activation's part of dH, then dE += x dH."""
        e, load, store = self.e, self.e.builder.load, self.e.builder.store
        for k, u in self.each_hidden():
            h, dh = load(self.h[k][u]), load(self.dh[k][u])
            if (k, u) in self.kept:
                dh = e.mul(dh, load(self.kept[k, u]))
            if self.codes.penalty == PENALISED:
                half = e.splat_at(self.half_l1, I64_TYPE(0))
                up = e.select(e.positive(h), half, e.zero)
                down = e.select(e.positive(e.sub(e.zero, h)), half, e.zero)
                dh = e.sub(e.add(dh, up), down)
            if self.codes.hidden_activation == RELU:
                dh = e.select(e.positive(h), dh, e.zero)
            store(dh, self.dh[k][u])
        for k in range(self.m):
            terms = [(load(self.dh[k][u]), e.constant(1.0)) for u in range(self.u)]
            self.accumulate(self.into_hidden, I64_TYPE(0), k, terms)
        if self.kind != WHOLE:
            return
        with self.features() as (i, _):
            x = self.row(self.x, i)
            for k in range(self.m):
                terms = [(x[u], load(self.dh[k][u])) for u in range(self.u)]
                self.accumulate(self.into_encode, i, k, terms)


def tiles_for(m: int, codes: Codes, kind: int) -> int:
    """The address of the machine code for models and samples of this kind: see `add_tiles`.

    The kernel around it is the same for all.
    """

    def emit(builder: Any, arguments: Any) -> None:
        tile = _Tile(Emitter(None, builder, LANES), arguments, m, codes, kind)
        done = I64_TYPE(0)
        for vectors in sorted({registers_per_row(m), 1}, reverse=True):
            step = I64_TYPE(LANES * vectors)
            stop = builder.sub(tile.stride, builder.srem(tile.stride, step))
            with cgutils.for_range_slice(builder, done, stop, step) as (offset, _):
                tile.emit(vectors, offset)
            done = stop

    name = "tiles_" + "_".join(map(str, (m, *codes, kind)))
    read = len(_ARRAYS) - len(Sums._fields)  # sums of tied weights are one array
    return address_of(name, _FUNCTION, emit, alone=read)


@intrinsic
def add_tiles(typing, tiles, model, samples, sums):
    """Add the gradient of samples to the accumulators, tile by tile.

    tiles = `tiles_for` the model; the last samples, if they are no whole tile, go by the vector.
    """
    signature = types.void(types.int64, model, samples, sums)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Emitter(context, builder, LANES)
        model, samples, sums = zip(sig.args[1:], args[1:], strict=True)
        costs = emit.field(*model, "costs")
        arrays = [emit.data_of(*model, "theta")]
        arrays += [emit.data_of(*costs, name) for name in Costs._fields]
        arrays += [emit.data_of(*samples, name) for name in ("x", "y")]
        arrays += [emit.data_of(*sums, name) for name in Sums._fields]
        numbers = [emit.field(*model, name)[1] for name in _NUMBERS[:3]]
        for name in _NUMBERS[3:]:
            kind, number = emit.field(*samples, name)
            numbers.append(number if kind.bitwidth == 64 else builder.zext(number, I64_TYPE))
        builder.call(builder.inttoptr(args[0], _FUNCTION.as_pointer()), arrays + numbers)
        return context.get_dummy_value()

    return signature, generate
