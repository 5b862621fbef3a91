"""What the kernels of dictionaries read: parameters in a row, numbers of points, work arrays."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32, F64, I64
from tegum.engines.dictionaries.mixing import Mixing, new_mixing
from tegum.engines.dictionaries.select import selection_for
from tegum.engines.sampled.data import Blocks, Chances, Pool, Tile, new_chances, new_tile
from tegum.engines.sampled.data import work_array as work_array
from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.random import GUIDE, part

#: Ways in which codes are made of pre-activations.
RELU, TOPK, JUMP, GATED, BATCH = 1, 2, 3, 4, 5
#: By how many numbers more of each latent codes are made.
_EXTRA: Final = {JUMP: 1, GATED: 2}
#: Samples in a tile: of few dimensions more, so that products are worth their calls.
_WIDE, _NARROW, _FEW = 256, 128, 16
#: k up to which the largest codes are listed; beyond, the last of them is found by bisection.
LISTED: Final = 24


class Numbers(NamedTuple):
    """What may differ from one axis point to the next; every array has a leading `point`."""

    probability: F64  # (point, block): of being switched on
    half_l1: F32  # (point,): half the price of codes
    k: I64  # (point,): how many latents fire, 0 for any
    bandwidth: F32  # (point,): within which of its threshold a pre-activation moves it, both ways
    latents: I64  # (point,): how many there are
    rate: F64  # (point,): the learning rate


class Static(NamedTuple):
    """What a whole batch shares."""

    n: int  # features of x
    m: int  # numbers of a sample h
    latents: int  # for which there is room
    batch: int
    architecture: int
    tied: bool
    unit_norm: bool
    subtract: bool  # b_dec is taken from h first
    ramped: bool  # sparsity sets in as training goes on
    mixed: bool  # h = W x, else x itself
    shifted: bool  # there is a bias behind W x
    rectified: bool  # a ReLU behind it
    simple: bool  # every block is one independent feature, all of one magnitude
    noise: float  # σ of what is added to h
    aux_weight: float  # of the auxiliary loss, by which dead latents learn; 0 for none
    aux_k: int  # how many of them rebuild what is missed of a sample
    dead_after: int  # steps without firing by which a latent is dead


class Instances(NamedTuple):
    """The instances of a batch."""

    static: Static
    blocks: Blocks
    pool: Pool
    truth: F32  # (m, n): W
    shift: F32  # (m,): the bias of h
    nested: I64  # (part,): so many first latents rebuild h by themselves too
    numbers: Numbers
    point_of: I64  # (instance,)
    keys: NDArray[np.uint64]  # (instance,)


class Descent(NamedTuple):
    """The state of instances, one to a row; everything a later step depends on."""

    #: (instance, parameter): [W_enc (latent, m) | W_dec (latent, m) | b_enc | b_dec | of latents:
    #: log θ, or r and the bias of magnitudes | of BATCH: θ, which no gradient moves]
    theta: F32
    moment: F32  # likewise: Adam's mean of gradients
    square: F32  # likewise: of their squares
    silent: NDArray[np.int32]  # (instance, latent): steps since it fired, where dead ones learn


class Work(NamedTuple):
    """The work arrays of one thread, for a tile of samples: one sample to a column."""

    tile: Tile  # x
    mixing: Mixing  # of h, where few features are active
    h: F32  # (m, width)
    centred: F32  # (m, width): h as it is encoded
    error: F32  # (m, width): h' − h, times the sample's weight
    codes: F32  # (latent, width)
    raw: F32  # (latent, width): pre-activations, where there are thresholds or gates
    gates: F32  # (latent, width): what is open of them
    gate_error: F32  # (m, width): of what gates rebuild
    errors: F32  # (part, m, width): of the nested parts, and of all that begin with them
    slopes: F32  # (latent, width): of the loss by pre-activations
    centred_t: F32  # (width, M): transposed, in rows padded for vectors
    error_t: F32  # (width, M)
    into_encoder: F32  # (latent, M): gradients
    into_decoder: F32  # (latent, M)
    into_latent: F32  # (latent,): of b_enc
    into_last: F32  # (m,): of b_dec
    into_extra: F32  # (2, latent): of log θ; of r and the bias of magnitudes
    into_pre: F32  # (latent,): of pre-activations, where b_enc has not all of it
    weight: F32  # (width,): how many samples a column stands for
    price: F32  # (1,): half of what codes cost in the step under way
    most: I64  # (1,): how many codes stay in it: of a sample, of BATCH of a batch
    guess: F32  # (1,): above what about so many are
    limit: F32  # (width,): the k-th largest code of each sample
    selection: I64  # (point,): what finds it, as of `selection_for`; 0 where it is bisected
    counts: NDArray[np.int32]  # (3, width)
    losses: F32  # (3, width): ‖h − h'‖², Σ f and how many latents fire, of each sample
    fired: F64  # (latent,): in how many samples it does
    totals: F64  # (5 + m,)
    cdf: F64  # of the number of non-zero samples in a batch, or in a chunk
    guide: I64
    chances: Chances


def width_of(static: Static, samples: int) -> int:
    """Samples in a tile; by what points share, so that an instance has its bits in any company.

    Of BATCH all that are drawn together.
    """
    if static.architecture == BATCH:
        return ceil(samples)
    return _WIDE if static.m <= _FEW else _NARROW


def new_work(instances: Instances, samples: int) -> Work:
    """Work arrays, for batches or chunks of so many samples."""
    static, numbers = instances.static, instances.numbers
    m, latents, wide, width = static.m, static.latents, ceil(static.m), width_of(static, samples)
    listed = [int(k) if static.architecture == TOPK and k <= LISTED else 0 for k in numbers.k]
    return Work(
        tile=new_tile(work_array(static.n * width), width),
        mixing=new_mixing(instances.truth, width),
        h=work_array(m, width),
        centred=work_array(m, width),
        error=work_array(m, width),
        codes=work_array(latents, width),
        raw=work_array(latents if static.architecture in _EXTRA else 1, width),
        gates=work_array(latents if static.architecture == GATED else 1, width),
        gate_error=work_array(m if static.architecture == GATED else 1, width),
        errors=work_array(len(instances.nested), m, width),
        slopes=work_array(latents, width),
        centred_t=work_array(width, wide),
        error_t=work_array(width, wide),
        into_encoder=work_array(latents, wide),
        into_decoder=work_array(latents, wide),
        into_latent=work_array(latents),
        into_last=work_array(m),
        into_extra=work_array(2, latents),
        into_pre=work_array(latents),
        weight=work_array(width),
        price=work_array(1),
        most=work_array(1, kind=np.int64),
        guess=work_array(1),
        limit=work_array(width),
        selection=np.array([selection_for(k) if k else 0 for k in listed], np.int64),
        counts=work_array(3, width, kind=np.int32),
        losses=work_array(3, width),
        fired=work_array(latents, kind=np.float64),
        totals=work_array(5 + m, kind=np.float64),
        cdf=work_array(samples + 1, kind=np.float64),
        guide=work_array(GUIDE, kind=np.int64),
        chances=new_chances(instances.blocks),
    )


def ceil(size: int) -> int:
    """A size rounded up to whole vectors."""
    return (size + LANES - 1) // LANES * LANES


def n_parameters(static: Static) -> int:
    """How many numbers a model has."""
    matrices = static.latents * static.m * (1 if static.tied else 2)
    more = static.m + (1 if static.architecture == BATCH else 0)
    return matrices + static.latents * (1 + _EXTRA.get(static.architecture, 0)) + more


@part(forceinline=True)
def offsets(static):
    """Where W_dec, b_enc and b_dec start in a row of parameters."""
    size = static.latents * static.m
    decode = 0 if static.tied else size
    return decode, decode + size, decode + size + static.latents
