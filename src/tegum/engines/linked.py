"""Kernels that other kernels call by their address: compiled once for all of them, and apart.

What numba compiles into its callers is compiled again with each of them, whether a call comes to it
or not. A kernel by address is compiled where it is first needed, in a process of its own if need
be, and kept by itself.

A tuple of a hundred arrays has seven hundred numbers, which every call would write anew. They lie
in a frame instead: who calls writes them now and then, who is called reads those that it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.errors import TypingError
from numba.core.imputils import impl_ret_borrowed
from numba.core.registry import cpu_target
from numba.extending import intrinsic

#: Types of arguments and of the result, as numba names them.
Signature = tuple[tuple[Any, ...], Any]

_ADDRESSES: Final[dict[Any, int]] = {}


def address_of_kernel(kernel: Any, signature: Signature) -> int:
    """The address of a kernel, compiled for its one signature where no form of it is kept.

    Raises TypeError where it returns something else than the signature says.
    """
    with global_compiler_lock:
        if kernel not in _ADDRESSES:
            kernel.compile(signature[0])
            form = kernel.overloads[signature[0]]
            if form.signature.return_type != signature[1]:
                raise TypeError(f"{kernel.__name__} returns {form.signature.return_type}")
            name = form.fndesc.llvm_func_name
            _ADDRESSES[kernel] = int(form.library.get_pointer_to_function(name))
    return _ADDRESSES[kernel]


def caller_of(signature: Callable[[], Signature]) -> Any:
    """call(address, arguments) for kernels: what is at an address takes a tuple of arguments.

    `signature` is asked for when the first kernel that calls is compiled: arguments of other types
    are cast to it, or there is an error then.
    """

    @intrinsic
    def call(context, address, arguments):
        taken, result = signature()
        for given, wanted in zip(arguments, taken, strict=True):
            if given != wanted and (
                isinstance(wanted, types.Array) or context.can_convert(given, wanted) is None
            ):
                raise TypingError(f"an argument of a kernel by address is {given}, not {wanted}")

        def generate(target, builder, sig, given):
            kind = target.call_conv.get_function_type(result, taken)
            there = builder.inttoptr(given[0], kind.as_pointer())
            values = cgutils.unpack_tuple(builder, given[1], len(taken))
            status, found = target.call_conv.call_function(builder, there, result, taken, values)
            with cgutils.if_unlikely(builder, status.is_error):
                target.call_conv.return_status_propagate(builder, status)
            return found

        return result(types.intp, types.Tuple(taken)), generate

    return call


class Frame:
    """Room for a tuple of given types, which kernels write and read by its address."""

    def __init__(self, held: Callable[[], Any]) -> None:
        """`held`: asked for the type of the tuple when a kernel is compiled, or a room is made."""

        @intrinsic
        def write(context, address, value):
            def generate(target, builder, sig, given):
                kind = target.get_value_type(held())
                there = builder.inttoptr(given[0], kind.as_pointer())
                for path in _leaves(kind):
                    place = builder.gep(there, _indices(path), inbounds=True)
                    builder.store(builder.extract_value(given[1], path), place)
                return target.get_dummy_value()

            return types.void(types.intp, held()), generate

        @intrinsic
        def read(context, address):
            def generate(target, builder, sig, given):
                kind = target.get_value_type(held())
                there = builder.inttoptr(given[0], kind.as_pointer())
                value = ir.Constant(kind, ir.Undefined)
                for path in _leaves(kind):
                    leaf = builder.load(builder.gep(there, _indices(path), inbounds=True))
                    value = builder.insert_value(value, leaf, path)
                return impl_ret_borrowed(target, builder, sig.return_type, value)

            return held()(types.intp), generate

        self.write, self.read, self._held = write, read, held
        self._size = 0

    def size(self) -> int:
        """How many int64 it takes."""
        if not self._size:
            kind = cpu_target.target_context.get_value_type(self._held())
            self._size = sum(1 for _ in _leaves(kind))
        return self._size


def _leaves(kind: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """Where the numbers of a nested type of LLVM are in it; none takes more than eight bytes."""
    if isinstance(kind, ir.LiteralStructType | ir.ArrayType):
        for k in range(len(kind)):
            yield from _leaves(kind.gep(ir.Constant(ir.IntType(32), k)), (*path, k))
    else:
        yield path


def _indices(path: tuple[int, ...]) -> list[Any]:
    return [ir.Constant(ir.IntType(32), k) for k in (0, *path)]
