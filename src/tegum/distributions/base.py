"""What a distribution is: an ordered row of independent blocks of features."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np

from tegum.arguments import explained
from tegum.dims import F64, I64
from tegum.distributions._forest import active_together
from tegum.distributions._forest import by_depth as by_depth
from tegum.distributions.magnitudes import OneMagnitude, magnitude_of
from tegum.errors import SpecError
from tegum.memory import check_listed
from tegum.spec import Interval, Spec, nested

if TYPE_CHECKING:
    from jaxtyping import Float64

BlockKind = Literal["independent", "correlated", "anticorrelated", "child", "joint"]

Probability: TypeAlias = Annotated[float | tuple[float, ...], Interval(0, 1)]


@dataclass(frozen=True, slots=True)
class Block:
    """One on/off draw: features start … start + size - 1 hang on it, and on nothing else.

    With `probability` the draw is on. Then, by `kind`, the one member ("independent", size 1),
    all members with magnitudes independent of one another ("correlated"), or exactly one member,
    each with chance 1/size ("anticorrelated"), takes a value of the law `magnitude`. All other
    members are 0. A "child" (size 1) can be on only while its parent is, and `probability` is
    given that; exclusive children of a parent are never on together. How the features of a "joint"
    block hang together its distribution alone knows.

    Args:
        kind: "independent", "correlated", "anticorrelated", "child" or "joint".
        start: the position of its first feature, >= 0.
        size: how many features it has, >= 1.
        probability: that it is on, in [0, 1].
        magnitude: a law of `tegum.distributions.magnitudes`, or its name.
        parent: of a child, the position of the feature that it hangs on, that of a block of size 1.
        exclusive: of a child, whether it shares one draw with the other such children.

    Source: "Correlated and Anticorrelated Features".
    """

    kind: BlockKind
    start: int
    size: int
    probability: float
    magnitude: OneMagnitude
    parent: int = -1
    exclusive: bool = False

    def moved(self, by: int) -> Block:
        """The same block so many positions further on.

        Args:
            by: how many, >= 0.

        Returns:
            The block.
        """
        parent = self.parent + by if self.kind == "child" else self.parent
        return replace(self, start=self.start + by, parent=parent)


class Distribution(Spec):
    """The law of one sample x, a vector of `n_features`; blocks are independent of one another.

    A subclass states `n_features`, `blocks` and `feature_probability`; moments and samples follow.
    Engines read the `blocks()` of its `components()`. One whose features hang together in another
    way has a single "joint" block, and states moments and samples itself.

    Source: "Demonstrating Superposition: Experiment Setup".
    """

    if TYPE_CHECKING:  # a field in some subclasses, a property in others

        @property
        def n_features(self) -> int:
            """The length n of a sample."""

        @property
        def feature_probability(self) -> float | tuple[float, ...]:
            """The probability of each on/off draw: one number for all, or one per draw."""

    @abstractmethod
    def blocks(self) -> tuple[Block, ...]:
        """The blocks, in feature order, without gaps."""

    def with_probability(self, value: object, index: int | None = None) -> Distribution:
        """A copy whose on/off draws have probability `value`: all of them, or only the index-th.

        Args:
            value: in [0, 1], or one per draw where no index is given.
            index: which draw, from 0; None for all.

        Returns:
            The copy.

        Raises:
            SpecError: for a value out of its range, a draw that there is not, and a distribution
                without a field `feature_probability`.
        """
        name = type(self).__name__
        if "feature_probability" not in type(self).model_fields:
            fields = [field for field in type(self).model_fields if field != "kind"]
            rule = f"cannot be set, {name} has no such field; it has"
            raise SpecError(f"{name}.feature_probability {rule} {', '.join(fields)}")
        if index is None:
            return self.replace(feature_probability=value)
        given = self.feature_probability
        count = len(self.draws())
        if not 0 <= index < count:
            raise no_such_draw(name, index, count)
        entries: list[object] = list(given) if isinstance(given, tuple) else [given] * count
        entries[index] = value
        return self.replace(feature_probability=tuple(entries))

    def draws(self) -> tuple[float, ...]:
        """The probability of every on/off draw, in the order in which `with_probability` counts."""
        return tuple(block.probability for block in self.blocks())

    def components(self) -> tuple[tuple[float, Distribution], ...]:
        """What this is a mixture of, with the chances of each: itself alone, if of nothing."""
        return ((1.0, self),)

    def mean(self) -> Float64[np.ndarray, " n"]:
        """E[x], (n,)."""
        rows = Layout(self.blocks())
        return rows.active * rows.law("mean")

    def active_probability(self) -> Float64[np.ndarray, " n"]:
        """P(x_i ≠ 0), (n,)."""
        return Layout(self.blocks()).active

    def active_together(self) -> Float64[np.ndarray, "n n"]:
        """P(x_i ≠ 0 and x_j ≠ 0), (n, n)."""
        return Layout(self.blocks()).together()

    def mean_square(self) -> Float64[np.ndarray, " n"]:
        """E[x_i²], (n,)."""
        if any(block.kind == "joint" for block in self.blocks()):
            return np.diagonal(self.second_moment()).copy()
        rows = Layout(self.blocks())
        return rows.active * rows.law("mean_square")

    def second_moment(self) -> Float64[np.ndarray, "n n"]:
        """E[x xᵀ], (n, n); with p the block's probability, k its size and v the magnitude.

        Between blocks E[x_i] E[x_j]. Within one: the diagonal is p E[v²] (p E[v²] / k when
        anticorrelated); off it, p E[v]² when correlated and 0 when anticorrelated. Of features with
        parents P(both active) E[v]².
        """
        rows = Layout(self.blocks())
        mean = rows.active * rows.law("mean")
        moment = np.outer(mean, mean)
        for block in rows.blocks:
            if block.size > 1:
                span = slice(block.start, block.start + block.size)
                both_on = block.probability if block.kind == "correlated" else 0.0
                moment[span, span] = both_on * magnitude_of(block.magnitude).mean ** 2
        if rows.children:
            some = rows.of_trees
            means = np.outer(rows.law("mean"), rows.law("mean"))
            moment[np.ix_(some, some)] = (rows.together() * means)[np.ix_(some, some)]
        np.fill_diagonal(moment, rows.active * rows.law("mean_square"))
        return moment

    @explained(example="sample(np.random.default_rng(0), 10)")
    def sample(self, rng: np.random.Generator, size: int) -> Float64[np.ndarray, "size n"]:
        """Independent samples x: the plain reference, not the fast path.

        Args:
            rng: the random numbers to use.
            size: how many samples, >= 0.

        Returns:
            The samples, (size, n).

        Raises:
            SpecError: for an rng that is no Generator.
        """
        check_generator(rng)
        return self._drawn(rng, size)

    def _drawn(self, rng: np.random.Generator, size: int) -> F64:
        """Samples (size, n), of blocks; a distribution that is something else draws its own."""
        rows = Layout(self.blocks())
        u = rng.random((size, len(rows.blocks)))
        on = u < rows.probability
        for g in rows.children:
            block, chooser = rows.blocks[g], rows.chooser[g]
            if block.exclusive:
                low = rows.below[g]
                on[:, g] = (u[:, chooser] >= low) & (u[:, chooser] < low + block.probability)
            on[:, g] &= on[:, rows.block_of[block.parent]]
        active = on[:, rows.block_of]
        if rows.chosen_one.any():
            member = (rng.random(on.shape) * rows.sizes).astype(np.int64)  # (size, blocks)
            active &= (member[:, rows.block_of] == rows.member) | ~rows.chosen_one
        x = rng.random(active.shape)
        for law in dict.fromkeys(rows.magnitudes):
            columns = rows.features_of(law)
            x[:, columns] = magnitude_of(law).from_uniform(x[:, columns])
        return np.where(active, x, 0.0)


class Layout:
    """Blocks as arrays: per block `probability`, `sizes`; the rest per feature."""

    def __init__(self, blocks: tuple[Block, ...]) -> None:
        """Read `blocks`, which must be in order and without gaps."""
        self.blocks = blocks
        self.probability: F64 = np.array([block.probability for block in blocks])
        self.sizes: I64 = np.array([block.size for block in blocks], dtype=np.int64)
        self.block_of: I64 = np.repeat(np.arange(len(blocks), dtype=np.int64), self.sizes)
        starts = np.array([block.start for block in blocks], dtype=np.int64)
        self.member: I64 = np.arange(len(self.block_of), dtype=np.int64) - starts[self.block_of]
        one = np.array([block.kind == "anticorrelated" for block in blocks])
        self.chosen_one = one[self.block_of]
        self.magnitudes = [block.magnitude for block in blocks for _ in range(block.size)]
        share = np.where(one, self.probability / self.sizes, self.probability)
        self.active: F64 = share[self.block_of]
        self._read_children()

    def _read_children(self) -> None:
        """Of blocks with a parent: their order, and what their draw must not be below."""
        order = by_depth(self.blocks)
        self.children = [g for g in order if self.blocks[g].kind == "child"]
        self.chooser: I64 = np.arange(len(self.blocks), dtype=np.int64)
        self.below: F64 = np.zeros(len(self.blocks))
        last: dict[int, int] = {}  # the sibling before, by parent
        self.of_trees: list[int] = []
        for g in self.children:
            block = self.blocks[g]
            self.active[block.start] *= self.active[block.parent]
            if block.exclusive and block.parent in last:
                before = last[block.parent]
                self.chooser[g] = self.chooser[before]
                self.below[g] = self.below[before] + self.blocks[before].probability
            if block.exclusive:
                last[block.parent] = g
            self.of_trees += [block.start, block.parent]
        self.of_trees = sorted(set(self.of_trees))

    def together(self) -> F64:
        """P(x_i ≠ 0 and x_j ≠ 0), (n, n)."""
        both = np.outer(self.active, self.active)
        for block in self.blocks:
            span = slice(block.start, block.start + block.size)
            both[span, span] = block.probability if block.kind == "correlated" else 0.0
        if self.children:
            active_together([self.blocks[g] for g in self.children], self.active, both)
        np.fill_diagonal(both, self.active)
        return both

    def law(self, moment: Literal["mean", "mean_square", "mean_abs"]) -> F64:
        """A moment of the magnitude of each feature."""
        laws = {law: float(getattr(magnitude_of(law), moment)) for law in set(self.magnitudes)}
        return np.array([laws[law] for law in self.magnitudes])

    def features_of(self, law: OneMagnitude) -> I64:
        """The features with this magnitude."""
        return np.array([i for i, own in enumerate(self.magnitudes) if own == law], np.int64)


def per_draw(
    owner: str, given: float | tuple[float, ...], count: int, what: str
) -> tuple[float, ...]:
    """`given` as one probability per draw; `SpecError` when there are not `count` of them."""
    if not isinstance(given, tuple):
        check_listed(owner, "feature_probability", count)
        return (given,) * count
    if len(given) != count:
        raise SpecError(
            f"{owner}.feature_probability must be a number or have {what} = {count} entries; "
            f"got {len(given)} entries"
        )
    return given


def check_generator(rng: object) -> None:
    """Raise SpecError for what is no Generator."""
    if not isinstance(rng, np.random.Generator):
        rule = "must be a Generator, as np.random.default_rng(0) is"
        raise SpecError.of("sample", "rng", rule, rng)


def no_such_draw(owner: str, index: int, count: int) -> SpecError:
    """The error of an index past the `count` on/off draws."""
    return SpecError(f"{owner}.feature_probability has entries 0 to {count - 1}; got index {index}")


AnyDistribution: TypeAlias = Annotated[Distribution, nested(Distribution)]
