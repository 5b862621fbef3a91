"""One tile of samples, forward and backward, as explicit LLVM vectors: see `vectors` for why."""

from __future__ import annotations

from typing import Any, NamedTuple

from numba.core import cgutils, types
from numba.extending import intrinsic

from tegum.dims import F32
from tegum.engines.sampled.emitter import I64_TYPE, LANES, WIDE, Emitter
from tegum.engines.sampled.forms import ABSOLUTE, FILLED, PENALISED, RELU, count
from tegum.engines.sampled.shared import Costs


def registers_per_row(n_hidden: int) -> int:
    """Vectors per hidden unit that still fit the register file of the lane kernel.

    Where registers have 8 lanes a vector takes two: more than 2 vectors mostly spill.
    """
    if n_hidden <= 3:
        return 4 if WIDE else 2
    return 2 if n_hidden <= 8 else 1


class Model(NamedTuple):
    """Parameters in one flat vector, and what errors cost."""

    theta: F32  # E (n, m) first, which is D, too, for tied weights
    decode: int  # where D (n, m) starts
    bias: int  # where b (n,) starts
    hidden_bias: int  # where b_hidden (m,) starts
    costs: Costs


class Samples(NamedTuple):
    """The samples of a tile: in flat arrays (feature, stride), from `offset` on."""

    x: F32
    y: F32  # targets of their own; read only by kernels of such
    features: int
    stride: int
    offset: int


class Sums(NamedTuple):
    """Flat accumulators of gradients, a vector for each number."""

    decode: F32  # (n, m + 1, LANES): row m takes db
    encode: F32  # (n, m + 1, LANES): the same array for tied weights
    hidden: F32  # (m + 1, LANES)


class _Tile:
    """Emits one tile: LANES·U samples forward and backward through one model.

    H_k and dH_k of the tile stay in registers; X, the weights and the accumulators are in L1.
    """

    def __init__(self, emit: Emitter, sig: Any, args: Any) -> None:
        self.e = emit
        tags, self.u = sig.args[0], sig.args[1].count
        self.m, self.target = count(tags, "hidden"), count(tags, "target")
        self.hidden, self.output = (
            count(tags, f"{layer}_activation") for layer in ("hidden", "output")
        )
        self.penalised = count(tags, "penalty") == PENALISED
        model, samples, sums = ((sig.args[k], args[k]) for k in (2, 3, 4))
        costs = emit.field(*model, "costs")
        self.encode = emit.data_of(*model, "theta")
        self.decode, self.bias, self.hidden_bias = (
            emit.builder.gep(self.encode, [emit.field(*model, name)[1]])
            for name in ("decode", "bias", "hidden_bias")
        )
        self.importance, self.half_l1 = (emit.data_of(*costs, name) for name in costs[0].fields)
        self.x, self.y = (emit.data_of(*samples, name) for name in ("x", "y"))
        self.n, self.stride, self.offset = (
            emit.field(*samples, name)[1] for name in ("features", "stride", "offset")
        )
        self.into_decode, self.into_encode, self.into_hidden = (
            emit.data_of(*sums, name) for name in sums[0].fields
        )
        self.h = [[emit.slot() for _ in range(self.u)] for _ in range(self.m)]
        self.dh = [[emit.slot() for _ in range(self.u)] for _ in range(self.m)]

    def features(self) -> Any:
        return cgutils.for_range_slice(self.e.builder, I64_TYPE(0), self.n, I64_TYPE(1))

    def row(self, pointer: Any, i: Any) -> list[Any]:
        add, mul = self.e.builder.add, self.e.builder.mul
        row = add(mul(i, self.stride), self.offset)
        return [self.e.load(pointer, add(row, I64_TYPE(LANES * u))) for u in range(self.u)]

    def wanted(self, x: list[Any], i: Any) -> list[Any]:
        """The targets of feature i."""
        if self.target == FILLED:
            return self.row(self.y, i)
        return [self.e.magnitude(v) for v in x] if self.target == ABSOLUTE else x

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
        with self.features() as (i, _):
            x = self.row(self.x, i)
            for k in range(self.m):
                w = e.splat_at(self.encode, e.index(i, self.m, k))
                for u in range(self.u):
                    store(e.fma(w, x[u], load(self.h[k][u])), self.h[k][u])
        if self.hidden == RELU:
            for k, u in self.each_hidden():
                value = load(self.h[k][u])
                store(e.select(e.positive(value), value, e.zero), self.h[k][u])

    def outputs(self) -> None:
        """z, the output gradient g, dD += g h, db += g, dH += D g."""
        e, load, store = self.e, self.e.builder.load, self.e.builder.store
        one = e.constant(1.0)
        with self.features() as (i, _):
            x = self.row(self.x, i)
            w = [e.splat_at(self.decode, e.index(i, self.m, k)) for k in range(self.m)]
            z = [e.splat_at(self.bias, i) for _ in range(self.u)]
            for k, u in self.each_hidden():
                z[u] = e.fma(w[k], load(self.h[k][u]), z[u])
            importance = e.splat_at(self.importance, i)
            y = self.wanted(x, i)
            g = [
                e.mul(importance, e.error_times_slope(self.output, z[u], y[u]))
                for u in range(self.u)
            ]
            for k in range(self.m):
                for u in range(self.u):
                    store(e.fma(w[k], g[u], load(self.dh[k][u])), self.dh[k][u])
                terms = [(g[u], load(self.h[k][u])) for u in range(self.u)]
                self.accumulate(self.into_decode, i, k, terms)
            self.accumulate(self.into_decode, i, self.m, [(g[u], one) for u in range(self.u)])

    def backward_hidden(self) -> None:
        """The penalty's and the hidden activation's part of dH, then dE += x dH."""
        e, load, store = self.e, self.e.builder.load, self.e.builder.store
        for k, u in self.each_hidden():
            h, dh = load(self.h[k][u]), load(self.dh[k][u])
            if self.penalised:
                half = e.splat_at(self.half_l1, I64_TYPE(0))
                up = e.select(e.positive(h), half, e.zero)
                down = e.select(e.positive(e.sub(e.zero, h)), half, e.zero)
                dh = e.sub(e.add(dh, up), down)
            if self.hidden == RELU:
                dh = e.select(e.positive(h), dh, e.zero)
            store(dh, self.dh[k][u])
        for k in range(self.m):
            terms = [(load(self.dh[k][u]), e.constant(1.0)) for u in range(self.u)]
            self.accumulate(self.into_hidden, I64_TYPE(0), k, terms)
        with self.features() as (i, _):
            x = self.row(self.x, i)
            for k in range(self.m):
                terms = [(x[u], load(self.dh[k][u])) for u in range(self.u)]
                self.accumulate(self.into_encode, i, k, terms)


@intrinsic
def gradient_tile(typing, tags, vectors, model, samples, sums):
    """Add the gradient of LANES·len(vectors) samples to the accumulators."""
    signature = types.void(tags, vectors, model, samples, sums)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        tile = _Tile(Emitter(context, builder, LANES), sig, args)
        tile.forward_hidden()
        tile.outputs()
        tile.backward_hidden()
        return context.get_dummy_value()

    return signature, generate
