"""Addressed randomness on tensors: any draw of any step of any instance, from its address alone.

Words are integers, and integer arithmetic wraps on every device alike: a CPU and a GPU draw the
same bits. An instance has a 64-bit address, a step a hash of it, and a step's streams (a feature, a
set, …) two 32-bit words each; sample b of a stream is a hash of these words and b.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor

#: What samples are drawn for: independent purposes. 4 is `xavier.INIT`.
TRAIN, PROBE, HELD_OUT = 1, 2, 3
#: From one sample's word to the next one's: odd, so that no word comes twice in 2^32 samples.
_STEP: Final = 0x9E3779B9
_BACK: Final = pow(_STEP, -1, 2**32)


def signed(value: int, bits: int) -> int:
    """The integer that has the same lowest bits, in the range that a tensor of so many holds."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


_GOLDEN: Final = signed(0x9E3779B97F4A7C15, 64)
_MIX_A, _MIX_B = signed(0xBF58476D1CE4E5B9, 64), signed(0x94D049BB133111EB, 64)
_HASH_A, _HASH_B = signed(0x7FEB352D, 32), signed(0x846CA68B, 32)


class Words(NamedTuple):
    """The two words of every stream, (…, instance, stream, 1) in int32."""

    low: Tensor
    high: Tensor

    def __getitem__(self, k: int) -> Words:  # type: ignore[override]
        """Those of the k-th step."""
        return Words(self.low[k], self.high[k])

    def of_streams(self, first: int, stop: int) -> Words:
        """Those of some of the streams."""
        return Words(self.low[..., first:stop, :], self.high[..., first:stop, :])


def splitmix(value: Tensor) -> Tensor:
    """The splitmix64 output function of int64 tensors: a bijection that mixes all bits."""
    z = value + _GOLDEN
    z = (z ^ _shifted(z, 30)) * _MIX_A
    z = (z ^ _shifted(z, 27)) * _MIX_B
    return z ^ _shifted(z, 31)


def _shifted(z: Tensor, by: int) -> Tensor:
    """The bits of z moved down; the sign does not follow them."""
    return (z >> by) & ((1 << (64 - by)) - 1)


def words(addresses: Tensor, purpose: int, numbers: Tensor, streams: int) -> Words:
    """The words of `streams` streams of every instance (N,) at steps (K,): (K, N, streams, 1)."""
    own = splitmix(addresses ^ splitmix(torch.full_like(addresses, purpose)))
    keys = splitmix(own + numbers[:, None])
    stream = torch.arange(streams, device=addresses.device)
    halves = splitmix(keys[..., None] + stream).view(torch.int32).unflatten(-1, (streams, 2))
    return Words(halves[..., 0, None], halves[..., 1, None])


def ramp(first: int, count: int, device: torch.device) -> Tensor:
    """What sample first, …, first + count - 1 add to a stream's low word, int32 (count,)."""
    wide = torch.arange(first, first + count, device=device) * _STEP
    return wide.view(torch.int32)[::2].contiguous()  # the lower halves


def places(samples: Tensor) -> Tensor:
    """The numbers first, …, first + count - 1 that a `ramp` is of, int64."""
    return (samples * signed(_BACK, 32)).long()


def bits(of: Words, samples: Tensor) -> Tensor:
    """A hash of every (instance, stream, sample), int32 (N, streams, count); of a `ramp`.

    Shifts fill in the sign, so that x and ~x hash alike up to the next product: what is lost is a
    bit of 32, and the values are as even.
    """
    x = of.low + samples
    x ^= x >> 16
    x *= _HASH_A
    x ^= x >> 15
    x += of.high
    x *= _HASH_B
    return x
