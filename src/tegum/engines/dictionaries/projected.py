"""Codes by features: the few active ones of a sample bring what each says to all latents.

W_enc W is worked out once for a step, of n features in place of a batch of samples; a sample's
pre-activations are a sum of few of its columns, and its h of few of W's.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32, I64
from tegum.engines.dictionaries.listed import Lists, new_lists
from tegum.engines.dictionaries.nonzero import list_nonzero
from tegum.engines.dictionaries.shared import JUMP, TOPK, Instances, Work, ceil, offsets
from tegum.engines.sampled.data import work_array
from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.listing import list_positive
from tegum.engines.sampled.product import ANEW, PLAIN, multiply
from tegum.engines.sampled.random import f32, i32, part, u64
from tegum.engines.sampled.sums import add_rows, sums_for
from tegum.engines.sampled.vectors import bits_float

#: How many products a sum of rows costs as much time as.
_ROWS_COST: Final = 3.0


class Projected(NamedTuple):
    """Work arrays of codes by features."""

    use: NDArray[np.bool_]  # (point,): where it is less work
    truth: F32  # (feature, m): W transposed
    turned: F32  # (m, latent, padded): W_enc transposed
    seen: F32  # (feature, latent, padded): what latents see of each feature
    constant: F32  # (latent, padded): and of a sample without one
    add: I64  # (point,): what adds up rows of `seen`, as of `sums_for`
    z: F32  # (latent, padded): pre-activations of one sample
    pointer: I64  # (width + 1,): where the active features of each sample begin
    feature: NDArray[np.int32]
    value: F32
    found: I64  # (feature + 1,): where the samples begin in which each is active
    by_feature: NDArray[np.int32]  # these samples
    amounts: F32
    row: I64  # (width + 1,): where its listed latents begin
    which: NDArray[np.int32]
    amount: F32


class Few(NamedTuple):
    """Work arrays for tiles in which few latents fire."""

    lists: Lists
    projected: Projected


def new_few(instances: Instances, work: Work) -> Few:
    """Those for the tiles of `work`."""
    lists = new_lists(instances, work)
    return Few(lists, _new_projected(instances, work, lists))


def _new_projected(instances: Instances, work: Work, lists: Lists) -> Projected:
    """Work arrays, and whether points are for it."""
    static, width = instances.static, work.weight.shape[0]
    points = range(len(instances.numbers.latents))
    use = np.array([lists.share > 0.0 and _is_less(instances, point) for point in points])
    n, latents = (static.n, static.latents) if use.any() else (1, 1)
    room = len(lists.sample) if use.any() else 1
    sizes = [ceil(int(latents)) if use.any() else LANES for latents in instances.numbers.latents]
    return Projected(
        use=use,
        truth=np.ascontiguousarray(instances.truth.T),
        # rows that do not all begin in one place of the cache
        turned=work_array(static.m, ceil(latents) + LANES),
        seen=work_array(n, ceil(latents)),
        constant=work_array(ceil(latents)),
        add=np.array([sums_for(size).add for size in sizes], np.int64),
        z=work_array(ceil(latents)),
        pointer=work_array(width + 1, kind=np.int64),
        feature=work_array(n * width, kind=np.int32),
        value=work_array(n * width),
        found=work_array(n + 1, kind=np.int64),
        by_feature=work_array(n * width + LANES, kind=np.int32),
        amounts=work_array(n * width + LANES),
        row=work_array(width + 1, kind=np.int64),
        which=work_array(room, kind=np.int32),
        amount=work_array(room),
    )


def _is_less(instances: Instances, point: int) -> bool:
    """By the point's own numbers alone, so that an instance has its bits in any company."""
    static, blocks = instances.static, instances.blocks
    if not static.mixed or static.rectified or static.noise > 0.0 or len(blocks.weight) > 1:
        return False
    active = float(instances.numbers.probability[point] @ blocks.size)
    by_rows = active * static.batch * _ROWS_COST / static.m
    return len(instances.pool.rows) == 0 and static.n + by_rows < static.batch


@part()
def project(theta, point, instances, to):
    """to.seen and constant <- those of W_enc."""
    static, m = instances.static, instances.static.m
    (_, bias, last), latents = offsets(static), instances.numbers.latents[point]
    turned = to.turned
    for j0 in range(0, latents, LANES):
        for k0 in range(0, m, LANES):
            for k in range(k0, min(k0 + LANES, m)):
                for j in range(j0, min(j0 + LANES, latents)):
                    turned[u64(k), u64(j)] = theta[u64(j * m + k)]
    multiply(PLAIN, (static.n, latents, m), to.truth, turned, ANEW, to.seen)
    for j in range(latents):
        total = f32(0)
        for k in range(m):
            taken = theta[u64(last + k)] if static.subtract else f32(0)
            total += theta[u64(j * m + k)] * (instances.shift[u64(k)] - taken)
        to.constant[j] = theta[bias + j] + total


@part()
def _list_features(span, instances, work, to):
    """The active features of each sample of work.tile.x."""
    x, pointer, at = work.tile.x, to.pointer, 0
    for l in range(span + 1):
        pointer[l] = 0
    for i in range(instances.static.n):
        to.found[i] = at
        at += list_nonzero(x, i * span, span, to.by_feature[at:], to.amounts[at:])
    to.found[instances.static.n] = at
    for t in range(at):
        pointer[to.by_feature[t] + 1] += 1
    for l in range(span):
        pointer[l + 1] += pointer[l]
    for i in range(instances.static.n):
        for t in range(to.found[i], to.found[i + 1]):
            l = to.by_feature[t]
            at = pointer[l]
            to.feature[at] = i32(i)
            to.value[at] = to.amounts[t]
            pointer[l] = at + 1
    for l in range(span, 0, -1):
        pointer[l] = pointer[l - 1]
    pointer[0] = 0


@part()
def above_which(z, latents, k):
    """A number >= 0 that k of z are above, and more only where they tie; 0 for fewer."""
    low, high = i32(0), i32(0x7F800000)
    while high - low > 1:
        middle = i32(low + ((high - low) >> i32(1)))
        limit, found = bits_float(middle), i32(0)
        for j in range(latents):
            found += i32(1) if z[j] > limit else i32(0)
        if found == k:
            return limit
        low, high = i32(middle if found > k else low), i32(high if found > k else middle)
    return bits_float(low)


@part()
def _project_sample(l, theta, point, instances, work, to):
    """to.z <- pre-activations of a sample; its row of work.centred_t, and error_t <- b_dec − h."""
    static, z, mixing = instances.static, to.z, work.mixing
    last, m, centred, error = offsets(static)[2], static.m, work.centred_t[l], work.error_t[l]
    entries = to.feature, to.value, to.pointer[l], to.pointer[l + 1]
    for j in range(z.shape[0]):
        z[j] = to.constant[j]
    add_rows(to.add[point], to.seen, to.seen.shape[1], entries, z, 0)
    for k in range(m):
        centred[k] = instances.shift[k]
    add_rows(mixing.sums.add, mixing.columns, centred.shape[0], entries, centred, 0)
    for k in range(m):
        error[k] = theta[u64(last + k)] - centred[k]
        centred[k] -= theta[u64(last + k)] if static.subtract else f32(0)


@part()
def list_projected(theta, point, span, instances, work, few):
    """As `list_tile`, but always lists; work.centred_t, and error_t <- b_dec − h."""
    lists, to = few
    static, latents, z = instances.static, instances.numbers.latents[point], to.z
    k_top, jumps = work.most[0], static.architecture == JUMP
    top = static.architecture == TOPK and k_top < latents
    padded, stop = (latents + LANES - 1) // LANES * LANES, 0
    _list_features(span, instances, work, to)
    for j in range(latents + 2):
        lists.column[j] = 0
    for j in range(padded):
        lists.lowered[j] = -lists.least[j] if j < latents else f32(0)
    for l in range(span):
        _project_sample(l, theta, point, instances, work, to)
        if top:
            limit = above_which(z, latents, k_top)
            for j in range(latents):
                lists.lowered[j] = -limit
        to.row[l] = stop
        stop += list_positive(z, 0, lists.lowered, padded, to.which[stop:], to.amount[stop:])
        for t in range(to.row[l], stop):
            j = to.which[t]
            lists.column[j + 2] += 1
            if top or jumps:
                to.amount[t] = z[j]
    to.row[span] = stop
    for j in range(2, latents + 2):
        lists.column[j] += lists.column[j - 1]
    for l in range(span):
        for t in range(to.row[l], to.row[l + 1]):
            at = lists.column[to.which[t] + 1]
            lists.sample[at] = i32(l)
            lists.amount[at] = to.amount[t]
            lists.column[to.which[t] + 1] = at + 1
    return stop <= lists.share * latents * span


@part()
def spread(theta, point, span, instances, work, lists):
    """work.h, centred, codes and, of JUMP, raw <- what is listed: too much for lists."""
    static, latents = instances.static, instances.numbers.latents[point]
    last, jumps = offsets(static)[2], static.architecture == JUMP
    for k in range(static.m):
        taken = theta[last + k] if static.subtract else f32(0)
        for l in range(span):
            work.centred[k, l] = work.centred_t[l, k]
            work.h[k, l] = work.centred_t[l, k] + taken
    for j in range(latents):
        codes = work.codes[j]
        for l in range(span):
            codes[l] = f32(0)
        if jumps:
            for l in range(span):
                work.raw[j, l] = f32(-np.inf)
        for t in range(lists.column[j], lists.column[j + 1]):
            l, z = lists.sample[t], lists.amount[t]
            codes[l] = z if z > lists.bound[j] else f32(0)
            if jumps:
                work.raw[j, l] = z
