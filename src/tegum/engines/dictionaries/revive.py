"""Latents that no longer fire are to rebuild what the others miss: an auxiliary loss of theirs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32, I64
from tegum.engines.dictionaries.projected import above_which
from tegum.engines.dictionaries.shared import Instances, offsets
from tegum.engines.sampled.data import work_array
from tegum.engines.sampled.random import f32, i32, part


class Revival(NamedTuple):
    """Work arrays of the auxiliary loss."""

    weight: float  # of that loss; 0 for none
    k: int  # how many dead latents rebuild what is missed of a sample
    after: int  # the steps without firing by which a latent is dead
    dead: I64  # (latent,): which are
    several: I64  # (1,): how many
    fired: NDArray[np.int32]  # (latent,): whether it fires in the step under way
    codes: F32  # (latent,): of one sample, those of the dead
    missed: F32  # (m,): what they miss of what is missed


def new_revival(instances: Instances) -> Revival:
    """Work arrays for the auxiliary loss."""
    static = instances.static
    latents = static.latents if static.aux_weight > 0 else 1
    return Revival(
        weight=static.aux_weight,
        k=static.aux_k,
        after=static.dead_after,
        dead=work_array(latents, kind=np.int64),
        several=work_array(1, kind=np.int64),
        fired=work_array(latents, kind=np.int32),
        codes=work_array(latents),
        missed=work_array(static.m),
    )


@part()
def list_dead(silent, latents, to):
    """to.dead <- the latents that have been silent for so long; silent (latent,) counts steps."""
    found = 0
    for j in range(latents):
        to.fired[j] = i32(0)
        if silent[j] >= to.after:
            to.dead[found] = j
            found += 1
    to.several[0] = found


@part()
def count_silent(silent, latents, to):
    """Silent for one step more, or not at all."""
    for j in range(latents):
        silent[j] = i32(0) if to.fired[j] != i32(0) else i32(silent[j] + i32(1))


@part()
def note_fired(listed, latents, span, work, lists, to):
    """to.fired <- 1 for the latents that fire in a tile, which is listed or in work.codes."""
    weight = work.weight
    for j in range(latents):
        if listed:
            for t in range(lists.column[j], lists.column[j + 1]):
                if weight[lists.sample[t]] > f32(0):
                    to.fired[j] = i32(1)
        else:
            for l in range(span):
                if work.codes[j, l] > f32(0) and weight[l] > f32(0):
                    to.fired[j] = i32(1)


@part()
def add_revival(theta, span, instances, work, to):
    """Add the gradient of weight·‖e − ê‖² of a tile, without the factor 2; see `SAE`.

    e is what the dictionary misses, which is held fixed, and ê what the largest codes of dead
    latents make of it; work.error_t has −e, and centred_t what is encoded, sample by sample.
    """
    (decode, bias, _), m = offsets(instances.static), instances.static.m
    share, count, codes, missed = f32(to.weight), to.several[0], to.codes, to.missed
    for l in range(span):
        weight, centred, error = work.weight[l], work.centred_t[l], work.error_t[l]
        if weight == f32(0):
            continue
        for d in range(count):
            j = to.dead[d]
            z = theta[bias + j]
            for k in range(m):
                z += theta[j * m + k] * centred[k]
            codes[d] = max(z, f32(0))
        limit = above_which(codes, count, to.k) if count > to.k else f32(0)
        for k in range(m):
            missed[k] = error[k]
        for d in range(count):
            if codes[d] > limit:
                at, size = decode + to.dead[d] * m, weight * codes[d]
                for k in range(m):
                    missed[k] += size * theta[at + k]
        for d in range(count):
            if codes[d] > limit:
                j, slope = to.dead[d], f32(0)
                at = decode + j * m
                for k in range(m):
                    slope += theta[at + k] * missed[k]
                slope *= share
                work.into_latent[j] += slope
                for k in range(m):
                    work.into_encoder[j, k] += slope * centred[k]
                    work.into_decoder[j, k] += share * codes[d] * missed[k]
