"""Small dictionaries, a lane to a sample: a tile of samples forward and backward in registers.

Explicit LLVM vectors, as in `sampled.tile`; `machine` compiles them.
"""

from __future__ import annotations

from typing import Any

from numba.core import cgutils

from tegum.engines.dictionaries.layout import (
    CODES,
    GIVEN,
    RECTIFIED,
    VECTORS,
    Arrays,
    Shape,
    Sizes,
    row_of,
)
from tegum.engines.dictionaries.shared import BATCH, JUMP, TOPK
from tegum.engines.sampled.emitter import I64_TYPE, LANES, Emitter


class _Tile:
    """Emits one tile: LANES·U samples; see `Arrays`."""

    def __init__(self, emit: Emitter, arguments: Any, shape: Shape) -> None:
        self.e, self.shape, self.m = emit, shape, shape.m
        n_arrays = len(Arrays._fields)
        self.a = Arrays(*arguments[:n_arrays])
        self.size = Sizes(*arguments[n_arrays:])
        self.row = row_of(shape.m, shape.architecture)
        self.one = emit.constant(1.0)
        self.bottom = emit.builder.mul(self.size.latents, I64_TYPE(self.row))

    def emit(self, vectors: int, offset: Any) -> None:
        """The tile of so many vectors that starts at sample `offset`."""
        self.u, self.offset = vectors, offset
        self.h, self.error = self.slots(), self.slots()
        self.weight = self.across(self.a.weight, offset)
        self.mix()
        if self.shape.architecture == CODES:
            with self.loop(I64_TYPE(0), self.size.latents) as (j, _):
                self.put(self.rectified(self.encoded(j)), self.a.raw, self.place_in_batch(j))
            return
        if self.shape.architecture == TOPK:
            limits = self.encode_all()
            self.by_parts(lambda j: self.keep(j, limits), self.store_errors)
        else:
            self.by_parts(self.encode_and_decode, self.store_errors)
        self.weigh()
        price = self.e.splat_at(self.a.costs, I64_TYPE(0))
        self.price = [self.e.mul(price, w) for w in self.weight]
        self.by_parts(self.backward, lambda q: None, self.load_errors)

    def slots(self) -> list[list[Any]]:
        return [[self.e.slot() for _ in range(self.u)] for _ in range(self.m)]

    def each(self) -> list[tuple[int, int]]:
        return [(k, u) for k in range(self.m) for u in range(self.u)]

    def across(self, pointer: Any, at: Any) -> list[Any]:
        """The vectors from there on."""
        add = self.e.builder.add
        return [self.e.load(pointer, add(at, I64_TYPE(LANES * u))) for u in range(self.u)]

    def loop(self, start: Any, stop: Any) -> Any:
        return cgutils.for_range_slice(self.e.builder, start, stop, I64_TYPE(1))

    def by_parts(self, body: Any, after: Any, before: Any = lambda q: None) -> None:
        """body(j) for the latents of each part in turn."""
        e, start = self.e, cgutils.alloca_once_value(self.e.builder, I64_TYPE(0))
        e.builder.store(I64_TYPE(0), start)
        with self.loop(I64_TYPE(0), self.size.parts) as (q, _):
            before(q)
            stop = e.scalar(self.a.ends, q)
            with self.loop(e.builder.load(start), stop) as (j, _):
                body(j)
            e.builder.store(stop, start)
            after(q)

    def mix(self) -> None:
        """h as it is encoded, and minus h + b_dec, of which the error begins."""
        e, load, store = self.e, self.e.builder.load, self.e.builder.store
        add, mul = e.builder.add, e.builder.mul
        n, stride = self.size.features, self.size.stride
        if self.shape.source == GIVEN:
            for k in range(self.m):
                for slot, value in zip(
                    self.h[k],
                    self.across(self.a.x, add(mul(I64_TYPE(k), stride), self.offset)),
                    strict=True,
                ):
                    store(value, slot)
        else:
            for k, u in self.each():
                store(e.splat_at(self.a.shift, I64_TYPE(k)), self.h[k][u])
            with self.loop(I64_TYPE(0), n) as (i, _):
                x = self.across(self.a.x, add(mul(i, stride), self.offset))
                for k in range(self.m):
                    w = e.splat_at(self.a.truth, add(mul(I64_TYPE(k), n), i))
                    for u in range(self.u):
                        store(e.fma(w, x[u], load(self.h[k][u])), self.h[k][u])
        for k, u in self.each():
            h = load(self.h[k][u])
            if self.shape.source == RECTIFIED:
                h = e.select(e.positive(h), h, e.zero)
            store(e.sub(e.splat_at(self.a.last, I64_TYPE(k)), h), self.error[k][u])
            store(e.sub(h, e.splat_at(self.a.taken, I64_TYPE(k))), self.h[k][u])

    def place(self, j: Any) -> Any:
        """Where the codes of latent j are."""
        return self.e.index(j, LANES * self.u)

    def numbers(self, pointer: Any, j: Any) -> list[Any]:
        return [self.e.splat_at(pointer, self.e.index(j, self.m, k)) for k in range(self.m)]

    def encoded(self, j: Any) -> list[Any]:
        """Pre-activations of latent j."""
        e, z = self.e, [self.e.splat_at(self.a.bias, j)] * self.u
        for k, w in enumerate(self.numbers(self.a.encode, j)):
            z = [e.fma(w, e.builder.load(self.h[k][u]), z[u]) for u in range(self.u)]
        return z

    def put(self, values: list[Any], pointer: Any, at: Any) -> None:
        for u, value in enumerate(values):
            self.e.store(value, pointer, self.e.builder.add(at, I64_TYPE(LANES * u)))

    def decode(self, j: Any, codes: list[Any]) -> None:
        e = self.e
        for k, d in enumerate(self.numbers(self.a.decode, j)):
            for u, f in enumerate(codes):
                slot = self.error[k][u]
                e.builder.store(e.fma(d, f, e.builder.load(slot)), slot)

    def place_in_batch(self, j: Any) -> Any:
        """Where the codes of latent j are among those of a batch."""
        build = self.e.builder
        return build.add(build.mul(j, self.size.stride), self.offset)

    def rectified(self, z: list[Any]) -> list[Any]:
        return [self.e.select(self.e.positive(v), v, self.e.zero) for v in z]

    def above(self, least: Any, z: list[Any]) -> list[Any]:
        return [self.e.select(self.e.below(least, v), v, self.e.zero) for v in z]

    def encode_and_decode(self, j: Any) -> None:
        e = self.e
        if self.shape.architecture == BATCH:
            z = self.across(self.a.raw, self.place_in_batch(j))
            codes = self.above(e.splat_at(self.a.thresholds, I64_TYPE(0)), z)
        elif self.shape.architecture == JUMP:
            z = self.encoded(j)
            self.put(z, self.a.raw, self.place(j))
            codes = self.above(e.splat_at(self.a.thresholds, j), z)
        else:
            codes = self.rectified(self.encoded(j))
        self.put(codes, self.a.codes, self.place(j))
        self.decode(j, codes)

    def encode_all(self) -> list[Any]:
        """All codes; the smallest of the largest ones of each sample."""
        e, load, store = self.e, self.e.builder.load, self.e.builder.store
        best = [[e.slot() for _ in range(self.u)] for _ in range(self.shape.top)]
        for slots in best:
            for slot in slots:
                store(e.zero, slot)
        with self.loop(I64_TYPE(0), self.size.latents) as (j, _):
            codes = self.rectified(self.encoded(j))
            self.put(codes, self.a.raw, self.place(j))
            for u, value in enumerate(codes):
                for slots in best:
                    old = load(slots[u])
                    more = e.below(old, value)
                    store(e.select(more, value, old), slots[u])
                    value = e.select(more, old, value)
        return [load(slot) for slot in best[-1]]

    def keep(self, j: Any, limits: list[Any]) -> None:
        e = self.e
        codes = self.across(self.a.raw, self.place(j))
        codes = [
            e.select(e.below(f, least), e.zero, f) for f, least in zip(codes, limits, strict=True)
        ]
        self.put(codes, self.a.codes, self.place(j))
        self.decode(j, codes)

    def place_of_error(self, q: Any) -> Any:
        return self.e.index(q, self.m * self.u * LANES)

    def store_errors(self, q: Any) -> None:
        flat = [self.e.builder.load(self.error[k][u]) for k, u in self.each()]
        self.put(flat, self.a.errors, self.place_of_error(q))

    def weigh(self) -> None:
        """errors <- those of each part and all larger ones, times weights; b_dec's slope."""
        e, load, store = self.e, self.e.builder.load, self.e.builder.store
        for k, u in self.each():
            store(e.zero, self.error[k][u])
        with self.loop(I64_TYPE(0), self.size.parts) as (q, _):
            build = e.builder
            at = self.place_of_error(build.sub(build.sub(self.size.parts, q), I64_TYPE(1)))
            for k, u in self.each():
                here = build.add(at, I64_TYPE((k * self.u + u) * LANES))
                own = e.fma(e.load(self.a.errors, here), self.weight[u], load(self.error[k][u]))
                e.store(own, self.a.errors, here)
                store(own, self.error[k][u])
        for k in range(self.m):
            self.accumulate(
                e.builder.add(self.bottom, I64_TYPE(k)),
                [(load(slot), self.one) for slot in self.error[k]],
            )

    def load_errors(self, q: Any) -> None:
        e = self.e
        at = self.place_of_error(q)
        for k, u in self.each():
            here = e.builder.add(at, I64_TYPE((k * self.u + u) * LANES))
            e.builder.store(e.load(self.a.errors, here), self.error[k][u])

    def accumulate(self, position: Any, terms: list[tuple[Any, Any]]) -> None:
        """sums[position] += sum of products."""
        offset = self.e.index(position, LANES)
        total = self.e.load(self.a.sums, offset)
        for x, y in terms:
            total = self.e.fma(x, y, total)
        self.e.store(total, self.a.sums, offset)

    def backward(self, j: Any) -> None:
        e, load = self.e, self.e.builder.load
        codes = self.across(self.a.codes, self.place(j))
        jumps = self.shape.architecture == JUMP
        g = [e.zero] * self.u if jumps else self.price
        for k, d in enumerate(self.numbers(self.a.decode, j)):
            g = [e.fma(d, load(self.error[k][u]), g[u]) for u in range(self.u)]
        if jumps:
            self.move_threshold(j, g)
        g = [e.select(e.positive(f), v, e.zero) for f, v in zip(codes, g, strict=True)]
        for k in range(self.m):
            terms = [(g[u], load(self.h[k][u])) for u in range(self.u)]
            self.accumulate(e.index(j, self.row, k), terms)
        for k in range(self.m):
            terms = [(codes[u], load(self.error[k][u])) for u in range(self.u)]
            self.accumulate(e.index(j, self.row, self.m + k), terms)
        self.accumulate(e.index(j, self.row, 2 * self.m), [(v, self.one) for v in g])

    def move_threshold(self, j: Any, slopes: list[Any]) -> None:
        """Sums for log θ, as in `slopes.move_thresholds`."""
        e, theta = self.e, self.e.splat_at(self.a.thresholds, j)
        half, raw = e.splat_at(self.a.costs, I64_TYPE(1)), self.across(self.a.raw, self.place(j))
        terms = []
        for u, z in enumerate(raw):
            near = e.below(e.magnitude(e.sub(z, theta)), half)
            own = e.fma(theta, slopes[u], self.price[u])
            terms.append((e.select(near, own, e.zero), self.one))
        self.accumulate(e.index(j, self.row, 2 * self.m + 1), terms)


def emit_tiles(builder: Any, arguments: Any, shape: Shape) -> None:
    """Emit the loop over the tiles of `Sizes.span` samples; arguments are `Arrays` and `Sizes`."""
    tile, done = _Tile(Emitter(None, builder, LANES), arguments, shape), I64_TYPE(0)
    for vectors in sorted({VECTORS, 1}, reverse=True):
        step = I64_TYPE(LANES * vectors)
        stop = builder.sub(tile.size.span, builder.srem(tile.size.span, step))
        with cgutils.for_range_slice(builder, done, stop, step) as (offset, _):
            tile.emit(vectors, offset)
        done = stop
