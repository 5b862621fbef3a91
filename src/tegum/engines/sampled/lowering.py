"""A batch as the kernels read it: plain arrays, and the kernel that trains each axis point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.distributions import Copula, Samples
from tegum.engines.base import Batch
from tegum.engines.sampled.forms import (
    FILLED,
    FOURTH,
    FREE,
    GELU,
    IDENTITY,
    LEAKY,
    NOISY,
    OTHER,
    PENALISED,
    QUADRATIC,
    RELU,
    SQUARE,
    THINNED,
    Codes,
)
from tegum.engines.sampled.optimiser import ADAM, ADAMW, SGD
from tegum.engines.sampled.shared import Instances, Numbers, Static
from tegum.engines.sampled.source import (
    block_arrays,
    blocks_of,
    code_of,
    density,
    is_ahead,
    is_pooled,
    parts_of,
    pool_of,
)  # fmt: skip
from tegum.engines.sampled.sparse import BELOW, hit_capacity
from tegum.engines.sampled.targets import asked, tag_of
from tegum.errors import SpecError
from tegum.targets import LinearMap, Pairs

if TYPE_CHECKING:
    from tegum.distributions.base import Block
    from tegum.problem import Problem
    from tegum.training import Training

KernelName = Literal["lane", "dense", "sparse"]

ACTIVATION_CODES: Final = {
    "identity": IDENTITY, "relu": RELU, "leaky": LEAKY, "quadratic": QUADRATIC, "gelu": GELU,
}  # fmt: skip
POWER_CODES: Final = {2.0: SQUARE, 4.0: FOURTH}
OPTIMISER_CODES: Final = {"adam": ADAM, "adamw": ADAMW, "sgd": SGD}

_LANE_WEIGHTS, _LANE_HIDDEN = 500, 10  # the largest n·m and m the lane kernel is best at
_MOST_CELLS: Final = 2**31 - 2**16  # addresses of (sample, block) are 32-bit


class KernelForm(NamedTuple):
    """Which kernel trains a point, and what is asked of it."""

    kernel: KernelName
    codes: Codes
    rare: bool  # what few problems ask for is in it: see `forms`


class Lowered(NamedTuple):
    """A batch as the kernels read it."""

    instances: Instances
    forms: tuple[KernelForm, ...]  # by point
    room: tuple[int, int]  # work arrays of the sparse kernel: active cells, entries
    ahead: bool  # samples are drawn by numpy, and put into the pool


def lower(batch: Batch) -> Lowered:
    """The arrays of a batch; raises SpecError for what this engine cannot train."""
    problem, training = batch.problem, batch.training
    law, size = problem.distribution, batch.batch_size
    blocks = blocks_of(law)
    cells = size * len(blocks)
    if cells > _MOST_CELLS:
        rule = f"times the number of on/off draws ({len(blocks)}) must be < 2^31"
        raise SpecError.of("Training", "batch_size", rule, size)
    static = Static(
        n=problem.n_features,
        m=problem.n_hidden,
        batch=size,
        tied=problem.model.tied,
        has_bias=problem.model.has_bias,
        has_hidden_bias=problem.model.has_hidden_bias,
        simple=_is_simple(blocks, len(parts_of(law))) and not isinstance(law, Copula),
        optimiser=OPTIMISER_CODES[training.optimizer],
        unit_norm=problem.unit_norm,
    )
    numbers = _numbers(batch)
    plain = len(parts_of(law)) == 1 and not is_pooled(law) and not isinstance(law, Copula)
    listed = plain and all(block.kind != "child" for block in blocks)
    highest = numbers.probability.max(axis=1)
    part = density(law) if isinstance(law, Samples) else 1.0
    forms = tuple(
        _form(point, training, float(p) if listed else part, not listed)
        for point, training, p in zip(batch.points, batch.trainings, highest, strict=True)
    )
    arrays = block_arrays(law), pool_of(law, training), asked(problem), numbers
    return Lowered(
        instances=Instances(static, *arrays, batch.point_of(), batch.addresses()),
        forms=forms,
        room=_room(forms, highest, static, blocks),
        ahead=is_ahead(law),
    )


def _is_simple(blocks: tuple[Block, ...], parts: int) -> bool:
    first = blocks[0].magnitude
    plain = all(block.kind == "independent" and block.magnitude == first for block in blocks)
    return plain and parts == 1 and isinstance(first, str)


def _numbers(batch: Batch) -> Numbers:
    points, trainings = batch.points, batch.trainings
    with np.errstate(over="ignore"):  # too large for float32 is infinite: the training diverges
        importance = np.array([p.importance_vector() for p in points], np.float32)
        half_l1 = np.array([[p.l1 / 2.0] for p in points], np.float32)
        halves = np.array([p.loss_power for p in points])[:, None] / 2.0
        pull = np.array(importance * halves, np.float32)
        # the kernels' gradients are of a whole batch, without the factor 2
        whole = np.array([(p.weight_costs() * ((0.5,), (1.0,))).ravel() for p in points])
        costs = np.array(whole * batch.batch_size, np.float32)
    return Numbers(
        probability=np.array([[b.probability for b in blocks_of(p.distribution)] for p in points]),
        importance=importance,
        pull=pull,
        beyond=np.array(2.0 * halves - 2.0, np.float32),
        half_l1=half_l1,
        costs=costs,
        noise=np.array([(t.hidden_noise, t.hidden_dropout) for t in trainings], np.float32),
        rate=np.array([t.learning_rate for t in trainings]),
        decay=np.array([t.weight_decay for t in trainings]),
        momentum=np.array([t.momentum for t in trainings]),
        attack=np.array([t.attack for t in trainings]),
    )


def _form(problem: Problem, training: Training, highest: float, rare: bool) -> KernelForm:
    """The kernel of a point: by what is its own, never by its company.

    `highest` is its largest probability, or the density of its data set, if what is active can be
    listed; `rare`, whether its distribution is one that plain kernels leave out.
    """
    model, attacked = problem.model, training.attack > 0
    n, m = problem.n_features, problem.n_hidden
    if model.hidden_activation not in ("identity", "relu"):
        rule = "must be identity or relu for the sampled engine"
        raise SpecError.of(type(model).__name__, "hidden_activation", rule, model.hidden_activation)
    if attacked and model.hidden_activation != "identity":
        rule = f"must be 0 where h is not linear (hidden_activation {model.hidden_activation!r})"
        raise SpecError(f"Training.attack {rule}: the strongest attack is known for linear h only")
    codes = Codes(
        ACTIVATION_CODES[model.hidden_activation],
        code_of("model.output_activation", ACTIVATION_CODES, model.output_activation),
        tag_of(problem),
        PENALISED if problem.l1 > 0 else FREE,
        POWER_CODES.get(problem.loss_power, OTHER),
        NOISY * (training.hidden_noise > 0) + THINNED * (training.hidden_dropout > 0),
    )
    rare = rare or _is_rare(problem, codes)
    small = n * m <= _LANE_WEIGHTS and not attacked
    if small and m <= _LANE_HIDDEN and model.output_activation != "gelu":
        return KernelForm("lane", codes, rare)
    # such targets are found by looking at all features of a sample; attacks move all of them
    mixed = attacked or isinstance(problem.target, (LinearMap, Pairs))
    sparse = highest < BELOW and not mixed
    return KernelForm("sparse" if sparse else "dense", codes, rare)


def _is_rare(problem: Problem, codes: Codes) -> bool:
    """Whether it asks for what plain kernels leave out, beside what its distribution does."""
    other = codes.target == FILLED or codes.power != SQUARE or codes.disturbed != 0
    return other or problem.unit_norm or bool(problem.weight_costs().any())


def _room(
    forms: tuple[KernelForm, ...],
    highest: NDArray[np.float64],
    static: Static,
    blocks: tuple[Block, ...],
) -> tuple[int, int]:
    sparse = [p for form, p in zip(forms, highest, strict=True) if form.kernel == "sparse"]
    if not sparse:
        return 1, 1
    cells = hit_capacity(static.batch, len(blocks), float(max(sparse)))
    largest = max((block.size for block in blocks if block.kind == "correlated"), default=1)
    return cells, cells * largest
