"""Steps of a stack of instances, and its losses on fresh samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

from tegum.engines.torch.addressed import TRAIN, Words, ramp, words
from tegum.engines.torch.nets import Disturb, as_it_is, split
from tegum.engines.torch.objective import along_sphere, normalise
from tegum.engines.torch.optimiser import Held, Step
from tegum.engines.torch.sources import rows_ahead

if TYPE_CHECKING:
    from tegum.engines.torch.lowering import Lowered
    from tegum.training import Training

#: Steps whose random words are made together.
_TOGETHER: Final = 16
#: Pieces of a batch are filled up to a multiple of this: where an instance's samples begin in
#: memory then moves no bit of a product.
_WHOLE: Final = 16


class Piece(NamedTuple):
    """Samples that are worked on at once."""

    x: Tensor  # (N, n, filled up)
    real: int  # how many there really are
    disturb: Disturb  # what training does to h


def descend(low: Lowered, held: Held, training: Training, first: int, steps: int) -> None:
    """Move the parameters of every instance by the steps first, …, first + steps - 1, in place."""
    factors = training.learning_rates(first, first + steps).tolist()
    named = split(held.theta, low.shapes)
    leaves = [view.requires_grad_() for view in named.values()]
    ramps = _ramps(low, low.size)
    for begin in range(first, first + steps, _TOGETHER):
        numbers = range(begin, min(begin + _TOGETHER, first + steps))
        drawn = words_of(low, TRAIN, numbers)
        for k, number in enumerate(numbers):
            batch = pieces(low, drawn[k], ramps, (TRAIN, number))
            slopes = gradient(low, leaves, batch, low.size)
            Step(training.optimizer, factors[number - first], number + 1).apply(
                held, slopes, low.rates
            )
            if low.objective.unit_norm:
                normalise(named[low.matrices[0]].detach())


def gradient(low: Lowered, leaves: Sequence[Tensor], batch: Iterator[Piece], count: int) -> Tensor:
    """The gradient (N, P) of the mean loss and all costs, of a batch of `count` samples."""
    weight, objective = low.importance / count, low.objective
    named = dict(zip(low.shapes, leaves, strict=True))
    total: list[Tensor] = []
    for x, real, disturb in batch:
        h, y = low.net({**named, **low.fixed}, x, disturb)
        ends, pulls = [y], [objective.pull(y.detach() - low.target(x), weight)]
        if objective.l1 is not None:
            ends, pulls = [*ends, h], [*pulls, h.detach().sign().mul_(objective.l1 / count)]
        if real < x.shape[2]:
            for one in pulls:
                one[:, :, real:] = 0
        found = torch.autograd.grad(ends, leaves, pulls)
        total = [a.add_(b) for a, b in zip(total, found, strict=True)] if total else list(found)
    slopes = dict(zip(low.shapes, total, strict=True))
    own = [slopes[name] for name in low.matrices]
    objective.add_costs(own, [named[name].detach() for name in low.matrices])
    if objective.unit_norm:
        along_sphere(own[0], named[low.matrices[0]].detach())
    return torch.cat([slope.reshape(len(slope), -1) for slope in total], 1)


def losses(low: Lowered, theta: Tensor, batch: Iterator[Piece], count: int) -> Tensor:
    """Mean loss, its standard error and mean ‖h‖₁ of `count` samples: (N, 3) in float64."""
    values, objective = {**split(theta, low.shapes), **low.fixed}, low.objective
    sums = torch.zeros(3, len(theta), device=theta.device, dtype=torch.float64)
    with torch.no_grad():
        for x, real, _ in batch:
            h, y = low.net(values, x, as_it_is)
            each = objective.size(y - low.target(x)).mul_(low.importance).sum(1)
            each, size = (one.double()[:, :real] for one in (each, h.abs().sum(1)))
            sums += torch.stack([each.sum(1), each.square().sum(1), size.sum(1)])
    mean, square, size = sums / count
    error = ((square - mean * mean).clamp_(min=0) / max(count - 1, 1)).sqrt()
    return torch.stack([mean, error, size], dim=1)


def words_of(low: Lowered, purpose: int, numbers: Sequence[int]) -> Words:
    """The random words of some steps, for every stream of the data."""
    of = torch.tensor(list(numbers), device=low.addresses.device)
    return words(low.addresses, purpose, of, low.source.streams + low.objective.streams)


def batch_of(low: Lowered, purpose: int, number: int, count: int) -> Iterator[Piece]:
    """The `count` samples of a purpose and step, as `pieces`."""
    drawn = words_of(low, purpose, [number])[0]
    return pieces(low, drawn, _ramps(low, count), (purpose, number))


def pieces(
    low: Lowered,
    drawn: Words,
    ramps: Sequence[tuple[Tensor, int]],
    occasion: tuple[int, int],
) -> Iterator[Piece]:
    """The samples of a step piece by piece; occasion = (purpose, number)."""
    own = low.source.streams
    data, rest = drawn.of_streams(0, own), drawn.of_streams(own, own + low.objective.streams)
    draws = (low.source.draw(data, samples, low.numbers) for samples, _ in ramps)
    x = _ready(low, occasion, ramps) if low.source.ahead else draws
    for samples, real in ramps:
        disturb = as_it_is
        if low.objective.streams:
            disturb = low.objective.disturbance(rest, samples)
        yield Piece(next(x), real, disturb)


def _ready(
    low: Lowered, occasion: tuple[int, int], ramps: Sequence[tuple[Tensor, int]]
) -> Iterator[Tensor]:
    """Samples that numpy draws, (N, n, filled up) for each ramp."""
    keys = [int(key) for key in low.addresses.cpu().numpy().view(np.uint64)]
    drawn = rows_ahead(low.laws, keys, occasion, sum(real for _, real in ramps))
    rows = next(drawn)
    for samples, real in ramps:
        while rows.shape[1] < real:
            rows = np.concatenate([rows, next(drawn)], axis=1)
        x = np.zeros((len(rows), rows.shape[2], len(samples)), np.float32)
        x[:, :, :real] = rows[:, :real].transpose(0, 2, 1)
        rows = rows[:, real:]
        yield torch.from_numpy(x).to(low.importance.device, low.importance.dtype)


def _ramps(low: Lowered, count: int) -> list[tuple[Tensor, int]]:
    """Samples 0, …, count - 1, in even pieces of as many as may be worked on at once."""
    size, device = low.piece(count), low.addresses.device
    found = []
    for at in range(0, count, size):
        real = min(size, count - at)
        found.append((ramp(at, -(-real // _WHOLE) * _WHOLE, device), real))
    return found
