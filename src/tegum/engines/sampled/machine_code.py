"""Functions that LLVM alone compiles, in a fraction of a second; kernels have their addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from llvmlite import ir
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from tegum.engines.portable import same_bits

#: Libraries, and the address of the code in them, which goes with them.
_COMPILED: Final[dict[str, tuple[Any, int]]] = {}


def address_of(
    name: str, kind: Any, emit: Callable[[Any, Any], None], alone: int | None = None
) -> int:
    """The address of a function of this name and type, as emit(builder, arguments) makes it.

    alone: nothing else points where so many first arguments do, by default all of them.
    """
    with global_compiler_lock:
        if name not in _COMPILED:
            library = cpu_target.target_context.codegen().create_library(name)
            module = library.create_ir_module(name)
            function = ir.Function(module, kind, name)
            for argument in function.args[:alone]:
                if isinstance(argument.type, ir.PointerType):
                    argument.add_attribute("noalias")
            builder = ir.IRBuilder(function.append_basic_block("entry"))
            emit(builder, function.args)
            builder.ret_void()
            with same_bits():
                library.add_ir_module(module)
                library.finalize()
            _COMPILED[name] = library, int(library.get_pointer_to_function(name))
    return _COMPILED[name][1]
