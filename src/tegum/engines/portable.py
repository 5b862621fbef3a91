"""Kernels that round alike on every machine of a kind: optimised for the least, finished for this.

What LLVM makes of a loop, how many lanes wide and in how many partial sums, it decides by the
machine that it is told of. It is told of x86-64-v3 wherever there is that or more, so that sums are
added in one order; the instructions are chosen for the machine itself, and leave that order alone.
Two flags of fast mathematics are not given because they would let LLVM do otherwise: `nsz`, which
beside `reassoc` allows it to turn sums about for a CPU, and `arcp`, by which a quotient may be a
product with what a CPU takes for 1/x.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, cast

import llvmlite.binding as llvm
from numba.core import config
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from tegum.engines.shipped import level_of

#: What kernels are optimised for, where a machine is of this level or above.
LEVEL: Final = "x86-64-v3"


@contextmanager
def same_bits() -> Iterator[None]:
    """What numba optimises meanwhile is optimised for `LEVEL`."""
    with global_compiler_lock:
        codegen: Any = cpu_target.target_context.codegen()
        own, least = codegen._tm, _least()
        codegen._tm = least or own
        try:
            yield
        finally:
            codegen._tm = own


def alike(dispatcher: Any) -> Any:
    """The same function of numba, compiled to the `same_bits`."""
    compiled = dispatcher.compile

    def compile(signature: Any) -> Any:
        with same_bits():
            return compiled(signature)

    dispatcher.compile = compile
    return dispatcher


@cache
def _least() -> Any:
    """LLVM's idea of the least machine of a kind; None where there is none, and it is this one."""
    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    if level_of(features) is None:
        return None
    settings, target = cast(Any, config), cast(Any, llvm.Target)
    options = {"opt": settings.OPT, "reloc": "static", "codemodel": "jitdefault", "jit": True}
    return target.from_triple(triple).create_target_machine(cpu=LEVEL, **options)
