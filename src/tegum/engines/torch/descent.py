"""Steps of a stack of instances, and its losses on fresh samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

from tegum.engines.torch.addressed import TRAIN, Words, ramp, words
from tegum.engines.torch.nets import split
from tegum.engines.torch.optimiser import Held, Step

if TYPE_CHECKING:
    from tegum.engines.torch.lowering import Lowered
    from tegum.training import Training

#: Steps whose random words are made together.
_TOGETHER: Final = 16
#: Pieces of a batch are filled up to a multiple of this: where an instance's samples begin in
#: memory then moves no bit of a product.
_WHOLE: Final = 16


def descend(low: Lowered, held: Held, training: Training, first: int, steps: int) -> None:
    """Move the parameters of every instance by the steps first, …, first + steps - 1, in place."""
    factors = training.learning_rates(first, first + steps).tolist()
    leaves = [view.requires_grad_() for view in split(held.theta, low.shapes).values()]
    ramps = _ramps(low, training.batch_size)
    for begin in range(first, first + steps, _TOGETHER):
        numbers = range(begin, min(begin + _TOGETHER, first + steps))
        drawn = words_of(low, TRAIN, numbers)
        for k, number in enumerate(numbers):
            slopes = gradient(low, leaves, pieces(low, drawn[k], ramps), training.batch_size)
            Step(training.optimizer, factors[number - first], number + 1).apply(
                held, slopes, low.rates
            )


def gradient(
    low: Lowered, leaves: Sequence[Tensor], batch: Iterator[tuple[Tensor, int]], count: int
) -> Tensor:
    """The gradient (N, P) of the mean loss of a batch of `count` samples, in `pieces`."""
    pull = low.importance * (2 / count)
    named = dict(zip(low.shapes, leaves, strict=True))
    total: Tensor | None = None
    for x, real in batch:
        h, y = low.net(named, x)
        ends, pulls = [y], [(y.detach() - low.target(x)).mul_(pull)]
        if low.l1 is not None:
            ends, pulls = [*ends, h], [*pulls, h.detach().sign().mul_(low.l1 / count)]
        if real < x.shape[2]:
            for one in pulls:
                one[:, :, real:] = 0
        slopes = torch.autograd.grad(ends, leaves, pulls)
        found = torch.cat([slope.flatten(1) for slope in slopes], 1)
        total = found if total is None else total.add_(found)
    return total


def losses(low: Lowered, theta: Tensor, batch: Iterator[tuple[Tensor, int]], count: int) -> Tensor:
    """Mean loss, its standard error and mean ‖h‖₁ of `count` samples: (N, 3) in float64."""
    values = split(theta, low.shapes)
    sums = torch.zeros(3, len(theta), device=theta.device, dtype=torch.float64)
    with torch.no_grad():
        for x, real in batch:
            h, y = low.net(values, x)
            each = (y - low.target(x)).square_().mul_(low.importance).sum(1).double()[:, :real]
            size = h.abs().sum(1).double()[:, :real]
            sums += torch.stack([each.sum(1), each.square().sum(1), size.sum(1)])
    mean, square, size = sums / count
    error = ((square - mean * mean).clamp_(min=0) / max(count - 1, 1)).sqrt()
    return torch.stack([mean, error, size], dim=1)


def words_of(low: Lowered, purpose: int, numbers: Sequence[int]) -> Words:
    """The random words of some steps, for every stream of the data."""
    of = torch.tensor(list(numbers), device=low.addresses.device)
    return words(low.addresses, purpose, of, low.source.streams)


def batch_of(low: Lowered, purpose: int, number: int, count: int) -> Iterator[tuple[Tensor, int]]:
    """The `count` samples of a purpose and step, as `pieces`."""
    return pieces(low, words_of(low, purpose, [number])[0], _ramps(low, count))


def pieces(
    low: Lowered, drawn: Words, ramps: Sequence[tuple[Tensor, int]]
) -> Iterator[tuple[Tensor, int]]:
    """Samples x (N, n, filled up), and how many of them there really are, piece by piece."""
    for samples, real in ramps:
        yield low.source.draw(drawn, samples, low.chances), real


def _ramps(low: Lowered, count: int) -> list[tuple[Tensor, int]]:
    """Samples 0, …, count - 1, in even pieces of as many as may be worked on at once."""
    size, device = low.piece(count), low.addresses.device
    found = []
    for at in range(0, count, size):
        real = min(size, count - at)
        found.append((ramp(at, -(-real // _WHOLE) * _WHOLE, device), real))
    return found
