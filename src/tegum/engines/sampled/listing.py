"""Which outputs of a sample are positive, as a list: the sparse kernel goes backward by it."""

from __future__ import annotations

from typing import Any

from numba.core import cgutils, types
from numba.extending import intrinsic

from tegum.engines.sampled import packing
from tegum.engines.sampled.emitter import I64_TYPE, LANES, Emitter


@intrinsic
def list_positive(typing, z, offset, bias, width, index, value):
    """List i and z[offset+i] + bias[i] where that sum is positive; returns how many.

    `width` is a multiple of LANES; index and value need LANES entries of slack.
    """
    signature = types.int64(z, types.int64, bias, types.int64, index, value)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Emitter(context, builder, LANES)
        zs, biases, indices, values = (emit.data(sig.args[a], args[a]) for a in (0, 2, 4, 5))
        into, count = (indices, values), cgutils.alloca_once_value(builder, I64_TYPE(0))
        with cgutils.for_range_slice(builder, I64_TYPE(0), args[3], I64_TYPE(LANES)) as (t, _):
            total = emit.add(emit.load(zs, builder.add(args[1], t)), emit.load(biases, t))
            packing.list_lanes(emit, total, emit.positive(total), t, into, count)
        return builder.load(count)

    return signature, generate
