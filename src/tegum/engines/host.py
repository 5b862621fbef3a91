"""On which CPU numbers were rounded: the one that numba compiles for."""

from __future__ import annotations

from functools import cache

from numba.core.registry import cpu_target

from tegum.engines.shipped import level_of


@cache
def cpu() -> str:
    """The level of the CPU, or its architecture, and its kind: `"x86-64-v3/znver3"`.

    Kernels and products of matrices are tuned to it, and may add in another order on another.
    """
    triple, kind, features = cpu_target.target_context.codegen().magic_tuple()
    return f"{level_of(features) or triple.partition('-')[0]}/{kind}"
