"""Samples x of blocks, on the device: every block by one draw for all instances at once.

A draw w is a float of both signs, uniform in [-1/p, 1/p]: the block is on where |w| <= 1, and given
that it is, |w| is uniform in [0, 1] and its sign a coin. One draw is therefore the on/off and the
magnitude of a feature by itself, and the on/off and the choice among the members of a set.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tegum.distributions import Constant, Discrete, HalfNormal, Law, Normal, Uniform
from tegum.distributions.base import Layout
from tegum.engines.torch.addressed import Words, bits
from tegum.errors import SpecError, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tegum.distributions import Distribution
    from tegum.distributions.magnitudes import OneMagnitude

log = logging.getLogger("tegum.engines")

#: The absolute values of 32-bit integers reach to 2^31.
_REACH: Final = 2.0**-31
#: The largest number below 1 in float32, where a quantile is finite.
_BELOW_ONE: Final = 1 - 2.0**-24


def _uniform(w: Tensor) -> Tensor:
    return torch.rsub(w.abs_(), 1).relu_()


def _signed(w: Tensor) -> Tensor:
    return w.mul_(w.abs() <= 1)


def _exponential(w: Tensor) -> Tensor:
    return w.abs_().add_(_REACH / 2).log_().neg_().relu_()


def _one(w: Tensor) -> Tensor:
    return (w.abs_() <= 1).to(w.dtype)


#: By the name of a magnitude: x from draws w, which are overwritten; 0 where |w| > 1.
MAGNITUDES: Final[dict[str, Callable[[Tensor], Tensor]]] = {
    "uniform": _uniform,
    "signed": _signed,
    "exponential": _exponential,
    "one": _one,
}


def _of_law(law: Law) -> Callable[[Tensor], Tensor]:
    """The same of a law with numbers of its own."""
    if isinstance(law, (Uniform, Constant)):
        low = law.low if isinstance(law, Uniform) else law.value
        width = law.high - law.low if isinstance(law, Uniform) else 0.0
        return lambda w: (low + width * w.abs()) * (w.abs() <= 1)
    if isinstance(law, (Normal, HalfNormal)):
        mean, folded = (law.mean, False) if isinstance(law, Normal) else (0.0, True)

        def normal(w: Tensor) -> Tensor:
            z = w.clamp(_BELOW_ONE * -1.0, _BELOW_ONE).erfinv().mul_(law.std * 2.0**0.5)
            return (z.abs_() if folded else z.add_(mean)) * (w.abs() <= 1)

        return normal
    if isinstance(law, Discrete):
        values, below = np.array(law.values), np.cumsum(law.chances())

        def discrete(w: Tensor) -> Tensor:
            edges = torch.from_numpy(below[:-1]).to(w.device, w.dtype)
            value = torch.from_numpy(values).to(w.device, w.dtype)
            return value[torch.bucketize(w.abs(), edges)] * (w.abs() <= 1)

        return discrete
    rule = "must be one that the torch engine knows"
    raise SpecError.of("Problem", "distribution.magnitude", rule, law)


def drawn_by(law: OneMagnitude) -> Callable[[Tensor], Tensor]:
    """x from draws w of a law; SpecError for one that is not known."""
    if isinstance(law, Law):
        return _of_law(law)
    if law not in MAGNITUDES:
        rule = f"must be one that the torch engine knows: {', '.join(MAGNITUDES)}"
        raise SpecError.of("Problem", "distribution.magnitude", rule, law)
    return MAGNITUDES[law]


def features(law: str, of: Words, samples: Tensor, chances: Chances) -> Tensor:
    """x of features that are each a block by itself, all with the same magnitude."""
    w = bits(of, samples) * chances.scale
    if chances.never is not None:
        w = w + torch.copysign(chances.never, w)
    return MAGNITUDES[law](w)


class Fused:
    """`features` as one kernel; as it is, after a warning, where PyTorch cannot compile it here."""

    def __init__(self) -> None:
        self._call: Callable[[str, Words, Tensor, Chances], Tensor] | None = None

    def __call__(self, law: str, of: Words, samples: Tensor, chances: Chances) -> Tensor:
        """Compiled in the first call."""
        if self._call is not None:
            return self._call(law, of, samples, chances)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # those of the compiler about itself
                compiled = torch.compile(features, dynamic=False)
                x = compiled(law, of, samples, chances)
        except Exception as error:  # whatever a compiler or its absence may raise
            log.warning("torch: samples are drawn without a compiler: %s", joined(error)[:200])
            compiled, x = features, features(law, of, samples, chances)
        self._call = compiled
        return x


_fused: Final = Fused()


class Chances(NamedTuple):
    """Of the blocks of each instance, (N, blocks, 1)."""

    scale: Tensor  # w of one bit
    never: Tensor | None = None  # what keeps p = 0 off
    span: tuple[Tensor, Tensor] | None = None  # a child is on where its draw is in [low, high)

    def rows(self, which: slice) -> Chances:
        """Those of some instances."""
        span = None if self.span is None else (self.span[0][which], self.span[1][which])
        never = None if self.never is None else self.never[which]
        return Chances(self.scale[which], never, span)


class Magnitudes:
    """x of features that are on, of uniform draws; by law."""

    def __init__(self, given: Sequence[OneMagnitude], device: torch.device) -> None:
        """SpecError for one that is not known."""
        self._laws = []
        for law in dict.fromkeys(given):
            own = [i for i, other in enumerate(given) if other == law]
            self._laws.append((drawn_by(law), torch.tensor(own, device=device)))

    def __call__(self, of: Words, samples: Tensor, dtype: torch.dtype) -> Tensor:
        """x (N, n, count), by a stream for each feature."""
        x = bits(of, samples).to(dtype).mul_(_REACH)
        for law, features in self._laws:
            x[:, features] = law(x[:, features])
        return x


class OfBlocks:
    """Samples of blocks; `streams` words are read for each."""

    def __init__(
        self, distribution: Distribution, device: torch.device, dtype: torch.dtype, fuse: bool
    ) -> None:
        """To `fuse` is to compile what is drawn. SpecError for a magnitude that is not known."""
        rows = Layout(distribution.blocks())
        self.dtype, self.n_blocks = dtype, len(rows.blocks)
        kinds, first = {block.kind for block in rows.blocks}, rows.magnitudes[0]
        alike = kinds == {"independent"} and len(set(rows.magnitudes)) == 1
        #: The law of all features, where each is a block by itself and all have the same name.
        self.simple = first if alike and isinstance(first, str) else None
        self._magnitudes = Magnitudes(rows.magnitudes, device)
        self._features = _fused if fuse else features
        self.streams = self.n_blocks + (0 if self.simple else len(rows.block_of))
        self.block_of = torch.from_numpy(rows.block_of).to(device)
        self.sizes = torch.from_numpy(rows.sizes).to(device, dtype)[:, None]
        self.last = self.sizes - 1
        self.member = torch.from_numpy(rows.member).to(device, dtype)[:, None]
        self.all_members = torch.from_numpy(~rows.chosen_one).to(device)[:, None]
        #: Blocks with a parent, each after it; whose draw each goes by, and the parent's block.
        self.children = [
            (g, int(rows.chooser[g]), int(rows.block_of[rows.blocks[g].parent]))
            for g in rows.children
        ]

    def chances(self, points: Sequence[Distribution], point_of: Tensor) -> Chances:
        """Of the instances whose points have these distributions."""
        rows = [Layout(point.blocks()) for point in points]
        p = np.array([own.probability for own in rows])
        off = p == 0
        device = point_of.device

        def column(values: NDArray[Any]) -> Tensor:
            return torch.from_numpy(values).to(device, self.dtype)[point_of, :, None]

        scale, never = _REACH / np.where(off, 1.0, p), np.where(off, 2.0, 0.0)
        span = None
        if self.children:
            low = np.array([own.below for own in rows])
            span = column(low), column(np.where(low + p < 1.0, low + p, 2.0))
        return Chances(column(scale), column(never) if off.any() else None, span)

    def draw(self, words: Words, samples: Tensor, chances: Chances) -> Tensor:
        """x (N, n, count) of the words of a step and a ramp of samples."""
        if self.simple:
            return self._features(self.simple, words, samples, chances)
        drawn = bits(words.of_streams(0, self.n_blocks), samples)
        w = drawn * chances.scale
        w.abs_()
        if chances.never is not None:
            w += chances.never
        switch = w <= 1
        if chances.span is not None:
            self._switch_children(switch, drawn, *chances.span)
        chosen = torch.minimum((w * self.sizes).floor_(), self.last)[:, self.block_of]
        active = switch[:, self.block_of] & ((chosen == self.member) | self.all_members)
        own = words.of_streams(self.n_blocks, self.streams)
        return self._magnitudes(own, samples, self.dtype).mul_(active)

    def _switch_children(self, switch: Tensor, drawn: Tensor, low: Tensor, high: Tensor) -> None:
        """Each by its own draw, or that of its exclusive siblings, while its parent is on."""
        u = drawn.to(self.dtype).mul_(_REACH).abs_()
        for g, chooser, parent in self.children:
            own = u[:, chooser]
            switch[:, g] = (own >= low[:, g]) & (own < high[:, g]) & switch[:, parent]
