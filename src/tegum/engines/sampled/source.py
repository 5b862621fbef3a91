"""What a problem's samples are drawn from, in the arrays of the kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.distributions import (
    Block,
    Constant,
    Copula,
    Discrete,
    HalfNormal,
    Law,
    Normal,
    Samples,
    Uniform,
)
from tegum.distributions.base import by_depth
from tegum.engines.sampled.data import (
    ANTICORRELATED,
    CHILD,
    CORRELATED,
    EXCLUSIVE,
    INDEPENDENT,
    Blocks,
    Laws,
    Pool,
    pool_in_order,
)  # fmt: skip
from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.factors import factors_of, no_factors
from tegum.engines.sampled.random import (
    AFFINE,
    DISCRETE,
    EXPONENTIAL,
    HALF_NORMAL,
    NORMAL,
    ONE,
    OTHER,
    SIGNED,
    UNIFORM,
)
from tegum.engines.sampled.sparse import BELOW
from tegum.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tegum.distributions import Distribution
    from tegum.distributions.magnitudes import OneMagnitude
    from tegum.training import Training

BLOCK_CODES: Final = {
    "independent": INDEPENDENT, "correlated": CORRELATED, "anticorrelated": ANTICORRELATED,
    "child": CHILD,
}  # fmt: skip
MAGNITUDE_CODES: Final = {
    "uniform": UNIFORM, "signed": SIGNED, "exponential": EXPONENTIAL, "one": ONE,
}  # fmt: skip
#: No rows.
EMPTY: Final = pool_in_order(np.zeros((0, 1), np.float32), -1)


def is_pooled(distribution: Distribution) -> bool:
    """Whether samples are rows of a pool: where features hang together in no way of the kernels."""
    return not isinstance(distribution, Copula) and any(
        block.kind == "joint" for _, one in distribution.components() for block in one.blocks()
    )


def is_ahead(distribution: Distribution) -> bool:
    """Whether numpy draws the rows of the pool, instance by instance, ahead of its steps."""
    return is_pooled(distribution) and not isinstance(distribution, Samples)


def parts_of(distribution: Distribution) -> tuple[tuple[float, tuple[Block, ...]], ...]:
    """The chance and the blocks of each part, those of children after that of their parent."""
    if is_pooled(distribution):
        # on, whatever it is: the kernels leave out no samples
        return ((1.0, (Block("correlated", 0, distribution.n_features, 1.0, "uniform"),)),)
    if isinstance(distribution, Copula):
        rows = enumerate(zip(distribution.draws(), distribution.laws(), strict=True))
        return ((1.0, tuple(Block("independent", i, 1, p, law) for i, (p, law) in rows)),)
    found = []
    for weight, one in distribution.components():
        blocks = one.blocks()
        found.append((weight, tuple(blocks[g] for g in by_depth(blocks))))
    return tuple(found)


def blocks_of(distribution: Distribution) -> tuple[Block, ...]:
    """The blocks of all parts."""
    return tuple(block for _, blocks in parts_of(distribution) for block in blocks)


def block_arrays(distribution: Distribution) -> Blocks:
    """The blocks of all parts as arrays; SpecError for one that the kernels do not know."""
    parts = parts_of(distribution)
    given = dict.fromkeys(b.magnitude for _, blocks in parts for b in blocks)
    laws = [law for law in given if isinstance(law, Law)]
    rows = [
        (
            EXCLUSIVE if b.exclusive else code_of("distribution.kind", BLOCK_CODES, b.kind),
            b.start,
            b.size,
            _code_of(b.magnitude, laws),
            b.parent,
        )
        for _, blocks in parts
        for b in blocks
    ]
    first = np.cumsum([0, *(len(blocks) for _, blocks in parts)], dtype=np.int64)
    weight = np.array([weight for weight, _ in parts])
    kind, start, size, magnitude, parent = np.array(rows, np.int64).T.copy()
    mixing, factors = np.zeros((0, 0), np.float32), no_factors()
    if isinstance(distribution, Copula):
        mixing = distribution.mixing().astype(np.float32)
        factors = factors_of(distribution.correlations())
    together = _law_arrays(laws), mixing, factors
    return Blocks(kind, start, size, magnitude, parent, first, weight, *together)


def _code_of(magnitude: OneMagnitude, laws: Sequence[Law]) -> int:
    if isinstance(magnitude, Law):
        return int(OTHER) + laws.index(magnitude)
    return int(code_of("distribution.magnitude", MAGNITUDE_CODES, magnitude))


def _law_arrays(laws: Sequence[Law]) -> Laws:
    """Laws in the arrays of the kernels; SpecError for one that they do not know."""
    rows: list[tuple[Any, float, float]] = []
    values: list[float] = []
    below: list[float] = []
    first = [0]
    for law in laws:
        if isinstance(law, Uniform):
            rows.append((AFFINE, law.low, law.high - law.low))
        elif isinstance(law, Constant):
            rows.append((AFFINE, law.value, 0.0))
        elif isinstance(law, Normal):
            rows.append((NORMAL, law.mean, law.std))
        elif isinstance(law, HalfNormal):
            rows.append((HALF_NORMAL, 0.0, law.std))
        elif isinstance(law, Discrete):
            rows.append((DISCRETE, 0.0, 0.0))
            values += law.values
            below += np.cumsum(law.chances()).tolist()
        else:
            rule = "must be one that the sampled engine knows"
            raise SpecError.of("Problem", "distribution.magnitude", rule, law)
        first.append(len(values))
    table = np.array(rows, np.float64).reshape(-1, 3)
    return Laws(
        table[:, 0].astype(np.int64),
        table[:, 1].astype(np.float32),
        table[:, 2].astype(np.float32),
        np.array(first, np.int64),
        np.array(values, np.float32),
        np.array(below, np.float32),
    )


def pool_of(distribution: Distribution, training: Training) -> Pool:
    """The rows that samples are drawn from, in float32; none where there are blocks."""
    if not isinstance(distribution, Samples):
        return EMPTY
    rows = np.asarray(distribution.x.values, np.float32)
    pool = pool_in_order(rows, 0)
    if training.batch_size != "all":
        weighted = distribution.weights is not None
        chances = np.cumsum(distribution.chances()) if weighted else np.zeros(0)
        pool = pool._replace(cumulative=chances, stride=-1)
    if density(distribution) >= BELOW:
        return pool
    row, feature = np.nonzero(rows)
    pointer = np.searchsorted(row, np.arange(len(rows) + 1))
    room = (0, LANES)  # whole vectors are read
    return pool._replace(
        feature=np.pad(feature.astype(np.int32), room),
        value=np.pad(rows[row, feature], room),
        pointer=pointer,
    )


def density(distribution: Samples) -> float:
    """The part of a data set that is not 0."""
    return float(np.mean(distribution.x.values != 0))


def code_of(field: str, codes: Mapping[str, Any], name: str) -> Any:
    """What the kernels call a part of a problem; SpecError for one that they do not know."""
    if name not in codes:
        rule = f"must be one that the sampled engine knows: {', '.join(codes)}"
        raise SpecError.of("Problem", field, rule, name)
    return codes[name]
