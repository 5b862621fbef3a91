"""Models with nothing between W_in and W_out, on few active features: z = Σ_j x_j (W_out W_in)_j.

All that a batch adds to both matrices follows from M = Σ x gᵀ over its samples, g the slopes by z:
to W_in rows of M W_out, to W_out those of Mᵀ W_inᵀ. So samples cost as many rows of n numbers as
they have active features, and no product with the hidden layer.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32
from tegum.engines.sampled.data import work_array
from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.forms import FREE, IDENTITY, Codes
from tegum.engines.sampled.outputs import output_errors
from tegum.engines.sampled.product import ADDED, ANEW, FLIPPED, PLAIN, multiply
from tegum.engines.sampled.random import f32, part, u64
from tegum.engines.sampled.shared import Instances, clear
from tegum.engines.sampled.sums import Sums, add_rows, scatter_row, sums_for
from tegum.engines.sampled.vectors import shift_lanes

#: Features up to which both matrices stay in a near cache, and active ones of a sample, for each
#: hidden unit, up to which rows are less work than the products.
_MOST_FEATURES: Final = 256
_MOST_ACTIVE: Final = 1.0
#: Samples at a time, whose outputs stay in the nearest cache.
_ROWS: Final = 32


class Products(NamedTuple):
    """Work arrays of one thread; empty where models are not trained so."""

    through: F32  # (n, N): row j is what feature j gives to the outputs
    back: F32  # (n, N): row j is Σ x_j g
    y: F32  # (rows, N): targets of samples, 0 between times
    place: NDArray[np.int32]  # (entry,): where the active features of samples are in these
    sums: Sums


def products_work(instances: Instances, codes: Codes, entries: int) -> Products:
    """The work arrays of a form; what picks it is the same for all its instances."""
    n, rows = instances.static.n, _ROWS
    if not _is_worth_it(instances, codes):
        n = rows = entries = 0
    width = (n + LANES - 1) // LANES * LANES
    return Products(
        through=work_array(n, width),
        back=work_array(n, width),
        y=work_array(rows, width),
        place=work_array(entries, kind=np.int32),
        sums=sums_for(width) if rows else Sums(0, 0, 0),
    )


def _is_worth_it(instances: Instances, codes: Codes) -> bool:
    """Of fixed data sets alone."""
    static, pool = instances.static, instances.pool
    linear = codes.hidden_activation == IDENTITY and not static.has_hidden_bias
    linear = linear and codes.penalty == FREE and codes.disturbed == 0
    if not linear or len(pool.pointer) == 0 or static.n > _MOST_FEATURES:
        return False
    return bool(pool.pointer[-1] <= _MOST_ACTIVE * static.m * len(pool.rows))


@part()
def add_by_products(work, total, sizes, codes):
    """Add the gradients of `total` active samples to those of the model; sizes = m, padded to 4."""
    (m, m4), model, z = sizes, work.model, work.z
    (index, value, pointer), wanted = work.active, work.wanted
    through, back, y, place, sums = work.products
    (n, width), flat, targets = through.shape, z.reshape(-1), y.reshape(-1)
    multiply(PLAIN, (n, width, m), model.encoder, model.decoder_t, ANEW, through)
    clear(back.reshape(-1))
    size = min(y.shape[0], z.shape[0])
    for r0 in range(0, total, size):
        rows = min(size, total - r0)
        first, stop = pointer[r0], pointer[r0 + rows]
        clear(flat[: rows * width])
        for l in range(rows):
            span = pointer[r0 + l], pointer[r0 + l + 1]
            entries = index, value, span[0], span[1]
            shift_lanes(index, span, l * width, place)
            add_rows(sums.add, through, width, entries, flat, l * width)
        for t in range(first, stop):
            targets[u64(place[t])] = wanted[t]
        output_errors(z, y, rows, model, codes)
        for l in range(rows):
            entries = index, value, pointer[r0 + l], pointer[r0 + l + 1]
            scatter_row(sums.scatter, z[l], entries, back, width)
        for t in range(first, stop):
            targets[u64(place[t])] = f32(0)
    multiply(FLIPPED, (n, m4, n), back, model.encoder, ADDED, model.into_decoder)
    multiply(PLAIN, (n, m4, n), back, model.decoder, ADDED, model.into_encoder)
