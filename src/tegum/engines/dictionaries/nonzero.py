"""Which numbers of a row are not 0, as a list."""

from __future__ import annotations

from typing import Any

from numba.core import cgutils, types
from numba.extending import intrinsic

from tegum.engines.sampled import packing
from tegum.engines.sampled.emitter import I64_TYPE, LANES, Emitter


@intrinsic
def list_nonzero(typing, x, at, span, index, value):
    """List l and x[at + l] where that is not 0, for l below span, a multiple of LANES; how many.

    index and value need LANES entries of slack.
    """
    signature = types.int64(x, types.int64, types.int64, index, value)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        e = Emitter(context, builder, LANES)
        xs, indices, values = (e.data(sig.args[k], args[k]) for k in (0, 3, 4))
        row, count = builder.gep(xs, [args[1]]), cgutils.alloca_once_value(builder, I64_TYPE(0))
        with cgutils.for_range_slice(builder, I64_TYPE(0), args[2], I64_TYPE(LANES)) as (l, _):
            own = e.load(row, l)
            there = builder.fcmp_unordered("!=", own, e.zero)
            packing.list_lanes(e, own, there, l, (indices, values), count)
        return builder.load(count)

    return signature, generate
