"""Tiles of small dictionaries as machine code: a fraction of a second for each kind, by LLVM alone.

The kernel that calls them is the same for all.
"""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from tegum.engines.dictionaries.layout import Arrays, Shape, Sizes
from tegum.engines.dictionaries.tile import emit_tiles
from tegum.engines.sampled.emitter import F32_TYPE, I64_TYPE, LANES, Emitter
from tegum.engines.sampled.machine_code import address_of

_POINTERS: Final = [F32_TYPE.as_pointer()] * (len(Arrays._fields) - 1) + [I64_TYPE.as_pointer()]
_FUNCTION: Final = ir.FunctionType(ir.VoidType(), _POINTERS + [I64_TYPE] * len(Sizes._fields))


def tiles_for(shape: Shape) -> int:
    """The address of the machine code for dictionaries of this shape: see `add_tiles`."""

    def emit(builder: Any, arguments: Any) -> None:
        emit_tiles(builder, arguments, shape)

    return address_of("codes_" + "_".join(map(str, shape)), _FUNCTION, emit)


@intrinsic
def add_tiles(typing, tiles, arrays, sizes):
    """Add the gradient of samples to the sums, tile by tile; tiles = `tiles_for` the dictionary."""
    signature = types.void(types.int64, arrays, sizes)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Emitter(context, builder, LANES)
        given = [emit.data_of(sig.args[1], args[1], name) for name in Arrays._fields]
        numbers = [emit.field(sig.args[2], args[2], name)[1] for name in Sizes._fields]
        builder.call(builder.inttoptr(args[0], _FUNCTION.as_pointer()), given + numbers)
        return context.get_dummy_value()

    return signature, generate
