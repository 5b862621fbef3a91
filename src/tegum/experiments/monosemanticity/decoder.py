"""Features out of fewer dimensions, by a layer of neurons: the model, and how it is trained.

x of n sparse features is seen as z = E x alone, with E (m, n) fixed and random; h = ReLU(W_in z +
b_hidden) has k neurons, x' = W_out h. No model of `tegum.models` has a fixed first matrix, and none
is trained by LAMB; few neurons fire, and those that are silent are skipped.
"""

from __future__ import annotations

from threading import Event
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.arguments import number, whole
from tegum.dims import F32, F64
from tegum.errors import SpecError

#: More neurons than this share in a batch are multiplied as matrices.
_DENSE: Final = 0.4
_RUN: Final = 59
#: What random numbers are for.
_START, _TRAIN, _HELD_OUT = range(3)


class Size(NamedTuple):
    """n features, m dimensions, k neurons, and the probability of each feature."""

    n: int
    m: int
    k: int
    p: float = 1 / 64

    def checked(self) -> Size:
        """Itself; SpecError for what is no size."""
        for field in ("n", "m", "k"):
            whole("Size", field, getattr(self, field), "must be an integer >= 1", 1)
        if self.m > self.n:
            raise SpecError.of("Size", "m", f"must be at most n = {self.n}", self.m)
        number("Size", "p", self.p, "must be in (0, 1]", lambda p: 0 < p <= 1)
        return self


class Descent(NamedTuple):
    """How a decoder is trained; the learning rate falls to 0 on half a cosine."""

    steps: int
    batch: int
    learning_rate: float
    initial_bias: float = 0.0
    bias_decay: float = 0.0  # of b_hidden, in units of the learning rate, over the first half
    optimizer: Literal["adam", "lamb"] = "adam"

    def checked(self) -> Descent:
        """Itself; SpecError for numbers out of their ranges, and another optimiser."""
        whole("Descent", "steps", self.steps, "must be an integer >= 0")
        whole("Descent", "batch", self.batch, "must be an integer >= 1", 1)
        rate = self.learning_rate
        number("Descent", "learning_rate", rate, "must be >= 0", lambda x: x >= 0)
        number("Descent", "initial_bias", self.initial_bias, "must be finite", lambda x: True)
        number("Descent", "bias_decay", self.bias_decay, "must be >= 0", lambda x: x >= 0)
        if self.optimizer not in (known := ("adam", "lamb")):
            rule = f"must be one of {', '.join(known)}"
            raise SpecError.of("Descent", "optimizer", rule, self.optimizer)
        return self


class Rows(NamedTuple):
    """Sparse samples: those of sample b are feature and value from pointer[b] to pointer[b + 1]."""

    feature: NDArray[np.int32]
    value: F32
    pointer: NDArray[np.int64]


class Decoder(NamedTuple):
    """E (n, m), W_in (k, m), b_hidden (k,) and W_out (k, n), transposed where that is faster."""

    embedder: F32
    encoder: F32
    bias: F32
    decoder: F32


class Moment(NamedTuple):
    """A decoder on its way: steps done, the loss of the last batch, and what `neurons` counts."""

    step: int
    loss: float
    monosemantic: int
    bias: float


class Trained(NamedTuple):
    """A decoder, its loss on fresh samples, the standard error of that, and how it came there."""

    model: Decoder
    loss: float
    error: float
    path: list[Moment]


def embedder(n: int, m: int, rng: np.random.Generator) -> F32:
    """n random directions of length 1 in m dimensions, (n, m), from m orthogonal columns."""
    columns = np.linalg.svd(rng.normal(size=(n, m)), full_matrices=False)[0]
    return np.asarray(columns / np.linalg.norm(columns, axis=1, keepdims=True), np.float32)


def start(size: Size, initial_bias: float, rng: np.random.Generator) -> Decoder:
    """Weights that a linear layer of PyTorch begins with: uniform to one over √inputs."""
    E = embedder(size.n, size.m, rng)
    side, out = size.m**-0.5, size.k**-0.5
    encoder = rng.uniform(-side, side, (size.k, size.m))
    bias = initial_bias + rng.uniform(-side, side, size.k)
    decoder = rng.uniform(-out, out, (size.k, size.n))
    return Decoder(E, *(np.asarray(a, np.float32) for a in (encoder, bias, decoder)))


def sample(size: Size, batch: int, rng: np.random.Generator) -> Rows:
    """Independent features, each active with probability p, then uniform in [0, 1].

    Drawn are the gaps between active cells: as many numbers as there are such cells.
    """
    cells, mean = batch * size.n, batch * size.n * size.p
    gaps = rng.geometric(size.p, int(mean + 12 * mean**0.5) + 64)
    at = np.cumsum(gaps) - 1
    at = at[: np.searchsorted(at, cells)]
    pointer = np.searchsorted(at, np.arange(batch + 1) * size.n)
    value = rng.random(len(at), dtype=np.float32)
    return Rows((at % size.n).astype(np.int32), value, pointer.astype(np.int64))


def activations(model: Decoder) -> F64:
    """What each neuron makes of each feature alone, at 1: (k, n)."""
    pre = model.encoder.astype(float) @ model.embedder.astype(float).T
    return np.asarray(np.maximum(pre + model.bias.astype(float)[:, None], 0.0))


def share(model: Decoder) -> F64:
    """The largest part of a neuron's activations that is one feature's, (k,); 0 if it is dead."""
    alone = activations(model)
    total = alone.sum(axis=1)
    return np.asarray(
        np.divide(alone.max(axis=1), total, out=np.zeros_like(total), where=total > 0)
    )


def train(
    size: Size, how: Descent, seed: int, monosemantic: float, stop: Event | None = None
) -> Trained:
    """A decoder by minibatch descent; the path has it at 1, 2, 4, … steps and at the end.

    Decoders of one seed and size have the same embedder and begin with the same weights but for
    the initial bias. A neuron counts as monosemantic whose `share` is above that number. Once
    `stop` is set, training ends where it is. SpecError for sizes and numbers that cannot be.
    """
    from tegum.experiments.monosemanticity.kernels import adam, lamb

    size, how = size.checked(), how.checked()
    seed = whole("train", "seed", seed, "must be an integer >= 0")
    model = start(size, how.initial_bias, np.random.default_rng((_RUN, _START, seed)))
    rng = np.random.default_rng((_RUN, _TRAIN, seed))
    move = {"adam": adam, "lamb": lamb}[how.optimizer]
    arrays = model.encoder, model.bias, model.decoder
    sums, moments, squares = (_zeros(model) for _ in range(3))
    work = Work(size, how.batch)
    wanted = {0, *(2**j for j in range(how.steps.bit_length())), how.steps}
    path = []
    for step in range(how.steps):
        if stop is not None and stop.is_set():
            break
        loss = work.gradients(model, sample(size, how.batch, rng), sums)
        if step in wanted:
            path.append(_moment(step, loss, model, monosemantic))
        rate = how.learning_rate * (1 + np.cos(np.pi * step / how.steps)) / 2
        scale = (1 / (1 - 0.9 ** (step + 1)), 1 / (1 - 0.999 ** (step + 1)), 2 / how.batch)
        for a, g, first, second in zip(arrays, sums, moments, squares, strict=True):
            move(a.ravel(), g.ravel(), first.ravel(), second.ravel(), rate, scale)
        if step < how.steps / 2:
            model.bias[:] *= np.float32(1 - how.bias_decay * how.learning_rate)
    loss, error = held_out(size, model, seed)
    path.append(_moment(how.steps, loss, model, monosemantic))
    return Trained(model, loss, error, path)


def _zeros(model: Decoder) -> tuple[F32, F32, F32]:
    return np.zeros_like(model.encoder), np.zeros_like(model.bias), np.zeros_like(model.decoder)


def _moment(step: int, loss: float, model: Decoder, monosemantic: float) -> Moment:
    count = int((share(model) > monosemantic).sum())
    return Moment(step, loss, count, float(model.bias.mean()))


class Work:
    """The arrays of one batch."""

    def __init__(self, size: Size, batch: int) -> None:
        self.z = np.zeros((batch, size.m), np.float32)
        self.h = np.zeros((batch, size.k), np.float32)
        self.error = np.zeros((batch, size.n), np.float32)
        #: Which neurons of a sample fire, and in which samples a neuron does.
        self.listed = np.zeros(batch * size.k + 1, np.int32), np.zeros(batch + 1, np.int64)
        self.turned = np.zeros(batch * size.k + 1, np.int32), np.zeros(size.k + 1, np.int64)

    def hidden(self, model: Decoder, rows: Rows) -> float:
        """self.h <- ReLU(W_in E x + b_hidden); returns the share of neurons that fire."""
        from tegum.experiments.monosemanticity.kernels import embed, rectify

        embed(model.embedder, *rows, self.z)
        np.matmul(self.z, model.encoder.T, out=self.h)
        return float(rectify(self.h, model.bias, *self.listed)) / self.h.size

    def losses(self, model: Decoder, rows: Rows) -> float:
        """self.error <- x' − x of every sample; returns the mean of its square."""
        from tegum.experiments.monosemanticity.kernels import outputs

        firing = self.hidden(model, rows)
        if firing > _DENSE:
            np.matmul(self.h, model.decoder, out=self.error)
        else:
            outputs(self.h, *self.listed, model.decoder, self.error)
        owner = np.repeat(np.arange(len(self.h)), np.diff(rows.pointer))
        self.error[owner, rows.feature] -= rows.value
        return float(np.vdot(self.error, self.error)) / len(self.h)

    def gradients(self, model: Decoder, rows: Rows, sums: tuple[F32, F32, F32]) -> float:
        """sums <- half of the summed gradient of W_in, b_hidden, W_out; returns the mean loss."""
        from tegum.experiments.monosemanticity.kernels import gradients, turn

        loss = self.losses(model, rows)
        if self.listed[1][-1] > _DENSE * self.h.size:
            slope = self.error @ model.decoder.T
            slope *= self.h > 0
            np.matmul(slope.T, self.z, out=sums[0])
            np.sum(slope, axis=0, out=sums[1])
            np.matmul(self.h.T, self.error, out=sums[2])
        else:
            turn(*self.listed, *self.turned)
            gradients(self.h, self.z, *self.turned, model.decoder, self.error, sums)
        return loss


def held_out(size: Size, model: Decoder, seed: int, batches: int = 64) -> tuple[float, float]:
    """The loss on 64 batches of 256 fresh samples, the same for all of a seed; standard error."""
    rng, work = np.random.default_rng((_RUN, _HELD_OUT, seed)), Work(size, 256)
    losses = [work.losses(model, sample(size, 256, rng)) for _ in range(batches)]
    return float(np.mean(losses)), float(np.std(losses) / batches**0.5)
