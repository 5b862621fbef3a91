"""Whose rounding numbers have: the kind of CPU that numba compiles for."""

from __future__ import annotations

from functools import cache

from numba.core.registry import cpu_target

from tegum.engines.portable import LEVEL
from tegum.engines.shipped import level_of


@cache
def cpu() -> str:
    """The level of the CPU if it is `LEVEL` or above, whose kernels round alike: `"x86-64-v3"`.

    Else its architecture and kind, for which kernels are tuned: `"aarch64/apple-m1"`.
    """
    triple, kind, features = cpu_target.target_context.codegen().magic_tuple()
    return LEVEL if level_of(features) else f"{triple.partition('-')[0]}/{kind}"
