"""The k-th largest codes of samples, in registers: machine code for each k, by LLVM alone."""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from tegum.engines.sampled.emitter import F32_TYPE, I64_TYPE, LANES, Emitter
from tegum.engines.sampled.machine_code import address_of

_FUNCTION: Final = ir.FunctionType(ir.VoidType(), [F32_TYPE.as_pointer()] * 2 + [I64_TYPE] * 3)


def selection_for(k: int) -> int:
    """The address of the machine code for `find_limits`."""

    def emit(builder: Any, arguments: Any) -> None:
        e, (codes, limits, latents, stride, span) = Emitter(None, builder, LANES), arguments
        best = [e.slot() for _ in range(k)]
        with cgutils.for_range_slice(builder, I64_TYPE(0), span, I64_TYPE(LANES)) as (l, _):
            for slot in best:
                builder.store(e.zero, slot)
            with cgutils.for_range_slice(builder, I64_TYPE(0), latents, I64_TYPE(1)) as (j, _):
                value = e.load(codes, builder.add(builder.mul(j, stride), l))
                for slot in best:
                    old = builder.load(slot)
                    more = e.below(old, value)
                    builder.store(e.select(more, value, old), slot)
                    value = e.select(more, old, value)
            e.store(builder.load(best[-1]), limits, l)

    return address_of(f"largest_{k}", _FUNCTION, emit)


@intrinsic
def find_limits(typing, selection, codes, limits, sizes):
    """limits[l] <- the k-th largest of codes[:, l], at least 0; selection = `selection_for(k)`.

    codes flat; sizes = how many there are, the length of its rows, and of these the samples.
    """
    signature = types.void(types.int64, codes, limits, types.UniTuple(types.int64, 3))

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Emitter(context, builder, LANES)
        given = [emit.data(sig.args[a], args[a]) for a in (1, 2)]
        numbers = [value for _, value in emit.pair(sig.args[3], args[3])]
        builder.call(builder.inttoptr(args[0], _FUNCTION.as_pointer()), given + numbers)
        return context.get_dummy_value()

    return signature, generate
