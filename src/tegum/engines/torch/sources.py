"""Samples of every distribution: of blocks, copulas, rows and mixtures of these on the device.

What is none of these (`Custom`, and what it is part of) numpy draws: see `engines.numpy_rows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor

from tegum.dims import F32
from tegum.distributions import Copula, Samples
from tegum.engines.numpy_rows import draw_rows
from tegum.engines.torch.addressed import TRAIN, Words, bits, places
from tegum.engines.torch.data import Chances, Magnitudes, OfBlocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tegum.distributions import Distribution

#: Uniform numbers that normal ones are made of stay off -1 and 1 by so much.
_OFF_ONE: Final = 2.0**-24
#: A limit beyond all normal numbers.
_BEYOND: Final = 1e30
#: Samples of a loss that share an address where numpy draws them.
_CHUNK: Final = 1024


class Numbers(NamedTuple):
    """What the parts of a distribution have for each instance."""

    parts: tuple[Chances, ...]

    def rows(self, which: slice) -> Numbers:
        """Those of some instances."""
        return Numbers(tuple(part.rows(which) for part in self.parts))


class OfCopula:
    """Samples of features that are on where normal numbers, which hang together, are low."""

    def __init__(self, law: Copula, device: torch.device, dtype: torch.dtype) -> None:
        """SpecError for a magnitude that is not known."""
        self.n, self.dtype = law.n_features, dtype
        self.streams = 2 * self.n
        self._mixing = torch.from_numpy(law.mixing()).to(device, dtype)
        self._magnitudes = Magnitudes(law.laws(), device)

    def chances(self, points: Sequence[Distribution], point_of: Tensor) -> Chances:
        """Up to where normal numbers switch a feature on."""
        p = torch.tensor([point.draws() for point in points], dtype=torch.float64)
        limit = torch.special.ndtri(p).clamp_(-_BEYOND, _BEYOND)
        return Chances(limit.to(point_of.device, self.dtype)[point_of, :, None])

    def draw(self, words: Words, samples: Tensor, chances: Chances) -> Tensor:
        """x (N, n, count) of the words of a step and a ramp of samples."""
        u = bits(words.of_streams(0, self.n), samples).to(self.dtype).mul_(2.0**-31)
        g = u.clamp_(_OFF_ONE - 1, 1 - _OFF_ONE).erfinv_().mul_(2**0.5)
        z = self._mixing.expand(len(g), -1, -1) @ g if self.n > 1 else g
        own = words.of_streams(self.n, self.streams)
        return self._magnitudes(own, samples, self.dtype).mul_(z <= chances.scale)


class OfRows:
    """Rows of a data set: drawn with replacement, or every one in its place."""

    streams = 1

    def __init__(
        self, law: Samples, device: torch.device, dtype: torch.dtype, in_order: bool
    ) -> None:
        self._rows = torch.tensor(law.x.values, device=device, dtype=dtype)
        self._in_order = in_order
        below = np.cumsum(law.chances())
        self._below = None if law.weights is None else torch.from_numpy(below).to(device)

    def chances(self, points: Sequence[Distribution], point_of: Tensor) -> Chances:
        """None."""
        return Chances(torch.zeros(len(point_of), 0, 1, device=point_of.device))

    def draw(self, words: Words, samples: Tensor, chances: Chances) -> Tensor:
        """x (N, n, count) of the words of a step and a ramp of samples."""
        count, last = len(chances.scale), len(self._rows) - 1
        if self._in_order:
            at = places(samples).clamp_(max=last).expand(count, -1)
        else:
            u = bits(words, samples)[:, 0].double().mul_(2.0**-32).add_(0.5)
            if self._below is None:
                at = u.mul_(len(self._rows)).long().clamp_(max=last)
            else:
                at = torch.searchsorted(self._below, u, right=True).clamp_(max=last)
        return self._rows[at].transpose(1, 2).contiguous()


Part: TypeAlias = OfBlocks | OfCopula | OfRows


class Source:
    """Where samples of a batch come from; `streams` words are read for each."""

    def __init__(
        self,
        distribution: Distribution,
        device: torch.device,
        dtype: torch.dtype,
        *,
        fuse: bool = False,
        in_order: bool = False,
    ) -> None:
        """To `fuse` is to compile what is drawn. SpecError for a magnitude that is not known."""
        components = distribution.components()
        #: Whether numpy draws samples ahead.
        self.ahead = any(_is_unknown(one) for _, one in components)
        self.parts: list[Part] = []
        for _, one in () if self.ahead else components:
            if isinstance(one, Samples):
                self.parts.append(OfRows(one, device, dtype, in_order))
            elif isinstance(one, Copula):
                self.parts.append(OfCopula(one, device, dtype))
            else:
                self.parts.append(OfBlocks(one, device, dtype, fuse))
        self.below = np.cumsum([weight for weight, _ in components])
        self.below[-1] = 2.0  # whatever rounding says
        of_parts = sum(part.streams for part in self.parts)
        self.streams = of_parts + (1 if len(self.parts) > 1 else 0)

    def numbers(self, points: Sequence[Distribution], point_of: Tensor) -> Numbers:
        """Of the instances whose points have these distributions."""
        return Numbers(
            tuple(
                part.chances([point.components()[k][1] for point in points], point_of)
                for k, part in enumerate(self.parts)
            )
        )

    def draw(self, words: Words, samples: Tensor, numbers: Numbers) -> Tensor:
        """x (N, n, count) of the words of a step and a ramp of samples."""
        first, *others = self.parts
        of_first = words.of_streams(0, first.streams)
        x = first.draw(of_first, samples, numbers.parts[0])
        if not others:
            return x
        last = words.of_streams(self.streams - 1, self.streams)
        u = bits(last, samples).double().mul_(2.0**-32).add_(0.5)
        at = first.streams
        x *= u < self.below[0]
        for k, part in enumerate(others, 1):
            own = words.of_streams(at, at + part.streams)
            here = (u >= self.below[k - 1]) & (u < self.below[k])
            x += part.draw(own, samples, numbers.parts[k]) * here
            at += part.streams
        return x


def _is_unknown(one: Distribution) -> bool:
    joint = any(block.kind == "joint" for block in one.blocks())
    return joint and not isinstance(one, (Copula, Samples))


def rows_ahead(
    laws: Sequence[Distribution], keys: Sequence[int], occasion: tuple[int, int], count: int
) -> Iterator[F32]:
    """Samples of a purpose and number that numpy draws, (N, up to `count`, n), by and by.

    laws, keys: the distribution and the address of each instance. A step is drawn at once, as the
    sampled engine draws it: both train on the same samples.
    """
    purpose, number = occasion
    size = count if purpose == TRAIN else _CHUNK
    for chunk in range(-(-count // size)):
        rows = np.empty((len(laws), size, laws[0].n_features), np.float32)
        own = (purpose, number) if purpose == TRAIN else (purpose, number, chunk)
        for into, law, key in zip(rows, laws, keys, strict=True):
            draw_rows(law, [(key, *own)], into[None])
        yield rows[:, : count - chunk * size]
