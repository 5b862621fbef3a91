"""A batch as the kernels of dictionaries read it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from tegum.distributions import Activations, Copula, Distribution
from tegum.engines.base import Batch
from tegum.engines.dictionaries.shared import (
    BATCH,
    GATED,
    JUMP,
    RELU,
    TOPK,
    Instances,
    Numbers,
    Static,
)  # fmt: skip
from tegum.engines.sampled.source import (
    block_arrays,
    blocks_of,
    is_ahead,
    parts_of,
    pool_of,
)  # fmt: skip
from tegum.errors import SpecError
from tegum.models import SAE
from tegum.problem import Problem
from tegum.training import Training

#: What trainings of dictionaries have no choice of.
_ONLY: Final[dict[str, Any]] = {
    "optimizer": "adam",
    "attack": 0.0,
    "weight_decay": 0.0,
    "hidden_noise": 0.0,
    "hidden_dropout": 0.0,
    "init_std": None,
}
_CODES: Final = {"relu": RELU, "topk": TOPK, "jumprelu": JUMP, "gated": GATED, "batchtopk": BATCH}
#: Addresses of (sample, block) are 32-bit.
_MOST_CELLS: Final = 2**31 - 2**16


class Lowered(NamedTuple):
    """A batch as the kernels read it."""

    instances: Instances
    ahead: bool  # x is drawn by numpy, and put into the pool


def law_of(problem: Problem) -> Distribution:
    """What x is drawn from, of which samples are made."""
    law = problem.distribution
    return law.distribution if isinstance(law, Activations) else law


def model_of(problem: Problem) -> SAE:
    """The dictionary of a problem."""
    assert isinstance(problem.model, SAE)
    return problem.model


def lower(batch: Batch) -> Lowered:
    """The arrays of a batch; raises SpecError for what this engine cannot train."""
    problem, law = batch.problem, law_of(batch.problem)
    for training in batch.trainings:
        _check(training)
    blocks = blocks_of(law)
    if batch.batch_size * len(blocks) > _MOST_CELLS:
        rule = f"times the number of on/off draws ({len(blocks)}) must be < 2^31"
        raise SpecError.of("Training", "batch_size", rule, batch.batch_size)
    mixing, nested = _mixing(problem), np.array(model_of(problem).nested, np.int64)
    arrays = block_arrays(law), pool_of(law, batch.training), *mixing, nested, _numbers(batch)
    static = _static(batch, law)
    return Lowered(Instances(static, *arrays, batch.point_of(), batch.addresses()), is_ahead(law))


def size_of(problem: Problem) -> float:
    """√E‖h‖², what thresholds are measured by; 1 where every h is 0."""
    square = float(np.trace(problem.distribution.second_moment()))
    return square**0.5 if square > 0 else 1.0


def _check(training: Training) -> None:
    for name, only in _ONLY.items():
        given = getattr(training, name)
        if given != only:
            raise SpecError.of("Training", name, f"must be {only!r} for a dictionary", given)


def _static(batch: Batch, law: Distribution) -> Static:
    problem, model, given = batch.problem, model_of(batch.problem), batch.problem.distribution
    blocks, mixed = blocks_of(law), isinstance(given, Activations)
    alike = all(b.kind == "independent" and b.magnitude == blocks[0].magnitude for b in blocks)
    plain = alike and len(parts_of(law)) == 1 and not isinstance(law, Copula)
    return Static(
        n=law.n_features,
        m=problem.n_features,
        latents=model.n_latents,
        batch=batch.batch_size,
        architecture=_CODES[model.architecture],
        tied=model.tied_weights,
        unit_norm=model.unit_atoms,
        subtract=model.subtract_bias,
        ramped=model.sparsity_warmup > 0,
        mixed=mixed,
        shifted=isinstance(given, Activations) and given.b_hidden is not None,
        rectified=isinstance(given, Activations) and given.rectified,
        simple=plain and isinstance(blocks[0].magnitude, str),
        noise=given.noise if isinstance(given, Activations) else 0.0,
        aux_weight=model.aux_weight,
        aux_k=model.aux_k or max(1, problem.n_features // 2),
        dead_after=max(1, round(model.dead_after * batch.training.steps)),
    )


def _mixing(problem: Problem) -> tuple[Any, Any]:
    """W and the bias of h; neither is read where samples are x itself."""
    given, m = problem.distribution, problem.n_features
    shift = np.zeros(m, np.float32)
    if not isinstance(given, Activations):
        return np.zeros((1, 1), np.float32), shift
    if given.b_hidden is not None:
        shift = given.b_hidden.values.astype(np.float32)
    return np.ascontiguousarray(given.W, np.float32), shift


def _bandwidth(problem: Problem) -> float:
    model = model_of(problem)
    return size_of(problem) * model.width if model.has_thresholds else 0.0


def _numbers(batch: Batch) -> Numbers:
    models = [model_of(point) for point in batch.points]
    chances = [[block.probability for block in blocks_of(law_of(p))] for p in batch.points]
    with np.errstate(over="ignore"):  # too large for float32 is infinite: the training diverges
        half_l1 = np.array([point.l1 / 2.0 for point in batch.points], np.float32)
    return Numbers(
        probability=np.array(chances),
        half_l1=half_l1,
        k=np.array([model.k or 0 for model in models], np.int64),
        bandwidth=np.array([_bandwidth(point) for point in batch.points], np.float32),
        latents=np.array([model.n_latents for model in models], np.int64),
        rate=np.array([training.learning_rate for training in batch.trainings]),
    )
