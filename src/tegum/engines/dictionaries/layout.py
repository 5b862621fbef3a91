"""What tiles of small dictionaries are made for, and the arrays that they read and make."""

from __future__ import annotations

from typing import Final, NamedTuple

from tegum.dims import F32, I64
from tegum.engines.dictionaries.shared import JUMP
from tegum.engines.sampled.emitter import WIDE

#: Where a tile has its h from: what is given, W x + b, or the ReLU of that.
GIVEN, MIXED, RECTIFIED = range(3)
#: In place of an architecture: a tile that only encodes.
CODES: Final = 0


class Shape(NamedTuple):
    """What the code of tiles is made for."""

    m: int
    architecture: int
    top: int  # how many latents fire, of TOPK
    source: int


class Arrays(NamedTuple):
    """What a tile reads, and makes; all flat."""

    encode: F32  # (latent, m)
    decode: F32  # (latent, m)
    bias: F32  # (latent,)
    last: F32  # (m,): b_dec
    taken: F32  # (m,): what is taken from h before it is encoded
    thresholds: F32  # (latent,): θ of JUMP; the first is that of a BATCH, which all have
    costs: F32  # (2,): half the price, and half the window about thresholds
    x: F32  # (feature, stride): or h (m, stride)
    truth: F32  # (m, feature)
    shift: F32  # (m,)
    weight: F32  # (span,): how many samples each stands for
    codes: F32  # (latent, tile): work space
    raw: F32  # (latent, tile): likewise, what they are chosen from; not of RELU. Of a BATCH they
    #: are there, (latent, stride)
    errors: F32  # (part + 1, m, tile): likewise
    sums: F32  # (latent, row, LANES), then (m, LANES): see `row_of`
    ends: I64  # (part + 1,): how many first latents each part has; the last has all


class Sizes(NamedTuple):
    """How much there is of it."""

    features: int
    parts: int  # all latents as one of them
    latents: int
    stride: int
    span: int  # samples, a multiple of LANES


#: Vectors of a tile: more do not stay in registers. Sums are the same, of each lane in turn.
VECTORS: Final = 2 if WIDE else 1


def row_of(m: int, architecture: int) -> int:
    """Numbers of a latent among the sums: W_enc, W_dec, b_enc, and of JUMP its threshold."""
    return 2 * m + (2 if architecture == JUMP else 1)
