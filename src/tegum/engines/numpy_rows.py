"""Samples that numpy draws, by random numbers of an address of their own."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from tegum.dims import F32
from tegum.distributions import Custom

if TYPE_CHECKING:
    from tegum.distributions import Distribution


def draw_rows(distribution: Distribution, addresses: Sequence[tuple[int, ...]], rows: F32) -> None:
    """rows (address, size, n) <- samples for each address, by random numbers of its own.

    Engines that give an address the same meaning draw the same samples.
    """
    source = np.random.PCG64()  # making one anew takes as long as a step of a small model
    rng = np.random.Generator(source)
    for into, own in zip(rows, addresses, strict=True):
        digest = blake2b(repr(own).encode(), digest_size=32).digest()
        state, stream = (int.from_bytes(half, "little") for half in (digest[:16], digest[16:]))
        source.state = {
            "bit_generator": "PCG64",
            "state": {"state": state, "inc": stream | 1},  # streams are odd
            "has_uint32": 0,
            "uinteger": 0,
        }
        if isinstance(distribution, Custom):
            distribution.sample_into(rng, into)
        else:
            into[...] = distribution.sample(rng, len(into))
