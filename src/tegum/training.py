"""A training: how a problem is solved."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

import numpy as np
from pydantic import Field, PlainValidator, model_validator

from tegum.dims import F64
from tegum.distributions import Distribution, Samples
from tegum.errors import SpecError
from tegum.spec import (
    BrokenRule,
    Count,
    Fraction,
    Interval,
    NonNegative,
    Positive,
    PositiveInt,
    Spec,
    as_integer,
)

if TYPE_CHECKING:
    from jaxtyping import Float64

#: What the exact engine takes where nothing is said …
EXACT_DEFAULTS: Final[dict[str, Any]] = {"steps": 5_000, "learning_rate": 1e-2}
#: … and what it has no other choice of.
_EXACT_ONLY: Final[dict[str, Any]] = {
    "optimizer": "adam",
    "schedule": "constant",
    "warmup": 0,
    "weight_decay": 0.0,
    "attack": 0.0,
    "hidden_noise": 0.0,
    "hidden_dropout": 0.0,
}
#: What the torch engine alone has a choice of.
_TORCH_ONLY: Final = ("device", "dtype")


def _batch_size(value: Any) -> int | Literal["all"]:
    return "all" if isinstance(value, str) and value == "all" else as_integer(value, 1)


def _checkpoints(value: Any) -> int | tuple[int, ...]:
    if getattr(value, "ndim", 0) == 1:
        value = np.asarray(value).tolist()
    if not isinstance(value, (list, tuple, range)):
        return as_integer(value, 0)
    steps = tuple(as_integer(step, 0) for step in value)
    if any(later <= earlier for earlier, later in pairwise(steps)):
        raise BrokenRule("must be strictly increasing steps", value)
    return steps


class Training(Spec):
    """How a problem is solved: by minibatch descent on fresh samples, or on the expected loss.

    The sampled engine makes `steps` updates of `batch_size` samples each; the learning rate of an
    update is `learning_rate` times `learning_rates`. Biases start at 0. Where it trains on attacked
    samples, x + ε G_i/‖G_i‖ takes the place of x in h, with i a random feature of each sample and
    G = W_out W_in (WᵀW if tied), so that output i rises as much as an L2 attack of length ε can
    make it; h must be linear. What is reproduced is t(x), and losses are of samples that nobody
    attacked. Likewise what the decoder reads while training may be h with units left out and noise,
    h∘k/(1 − d) + σ ξ, with k = 0 of probability d and ξ ~ N(0, 1) drawn anew for every unit of
    every sample; losses are of h as it is.

    The exact engine takes no samples. Its first `warm_start` steps are Adam's, at the constant
    `learning_rate`, on the exact gradient; the others are iterations of L-BFGS, which end when a
    local minimum is reached; `steps` bounds their number. It refuses another optimiser, schedule,
    warm-up, weight decay, attack, noise or dropout, and does not read `batch_size`, `momentum` and
    `held_out`.

    The torch engine does what the sampled engine does, but for attacks, on a CPU or a GPU: an
    independent implementation, by PyTorch's products and autograd on samples of its own.

    Args:
        steps: Optimiser steps, >= 0; of the exact engine at most so many.
        batch_size: Samples in a step, >= 1; "all": every row of `Samples` in every step.
        learning_rate: Learning rate at the top of its schedule, > 0.
        engine: sampled: minibatches of fresh samples. exact: the expected loss, Adam and then
            L-BFGS. torch: minibatches, by PyTorch.
        optimizer: Optimiser; weight decay is decoupled from the gradient by adamw alone.
        attack: Length ε >= 0 of the L2 attacks of adversarial training, each on one random feature.
        momentum: Momentum of sgd, in [0, 1).
        weight_decay: Weight decay, >= 0; an L2 penalty with adam and sgd.
        schedule: How the learning rate falls after the warm-up.
        warmup: Steps over which the learning rate rises, >= 0.
        warm_start: Adam steps of the exact engine before L-BFGS, >= 0.
        final_fraction: Fraction of the learning rate that is left at the end, in [0, 1].
        init_std: Standard deviation of initial weights, > 0; Xavier's √(2 / (n + m)) by default.
        checkpoints: Keep W and b at so many log-spaced steps, or at these steps, rising.
        curve_points: Points of the loss curve, >= 0.
        held_out: Samples that score the trained model, >= 1, from a stream of their own.
        hidden_noise: Standard deviation σ >= 0 of noise that is added to h while training.
        hidden_dropout: Probability d in [0, 1) that a hidden unit is left out of a sample while
            training; those that stay are divided by 1 − d.
        device: Where the torch engine works; auto is the GPU that PyTorch sees, if it does.
        dtype: Numbers of the torch engine.

    Raises:
        SpecError: for a value out of its range, a checkpoint after the last step, and what the
            engine refuses.

    Source: defaults are those of the paper's notebook, with no weight decay.
    """

    later: ClassVar[frozenset[str]] = frozenset(
        {"hidden_noise", "hidden_dropout", "device", "dtype"}
    )

    steps: Count = 10_000
    batch_size: Annotated[int | Literal["all"], PlainValidator(_batch_size)] = 1024
    learning_rate: Positive = 1e-3
    engine: Literal["sampled", "exact", "torch"] = "sampled"
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    attack: NonNegative = 0.0
    momentum: Annotated[float, Interval(0, 1, open="high")] = 0.9
    weight_decay: NonNegative = 0.0
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    warmup: Count = 0
    warm_start: Count = 100
    final_fraction: Fraction = 0.0
    init_std: Annotated[float | None, Interval(0, open="low")] = None
    checkpoints: Annotated[int | tuple[int, ...], PlainValidator(_checkpoints)] = ()
    curve_points: Count = 64
    held_out: PositiveInt = 65_536
    hidden_noise: NonNegative = 0.0
    hidden_dropout: Annotated[float, Interval(0, 1, open="high")] = 0.0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    dtype: Literal["float32", "float64"] = "float32"
    kind: Literal["training"] = Field("training", repr=False)

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_exact(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("engine") == "exact":
            return {**EXACT_DEFAULTS, **given}
        return given

    @model_validator(mode="after")
    def _exact_has_no_choice(self) -> Training:
        if self.engine == "exact":
            for field, only in _EXACT_ONLY.items():
                if getattr(self, field) != only:
                    rule = f"must be {only!r} for the exact engine"
                    raise SpecError.of("Training", field, rule, getattr(self, field))
        return self

    @model_validator(mode="after")
    def _torch_has_its_own(self) -> Training:
        for field in ("attack",) if self.engine == "torch" else _TORCH_ONLY:
            only = type(self).model_fields[field].default
            if getattr(self, field) != only:
                rule = f"must be {only!r} for the {self.engine} engine"
                raise SpecError.of("Training", field, rule, getattr(self, field))
        return self

    @model_validator(mode="after")
    def _checkpoints_in_range(self) -> Training:
        listed = self.checkpoints
        if isinstance(listed, tuple) and listed and listed[-1] > self.steps:
            rule = f"must be at most steps = {self.steps}"
            raise SpecError.of("Training", "checkpoints", rule, listed[-1])
        return self

    def place(self) -> dict[str, str]:
        """Where the engine works and with what numbers, if it has a choice.

        Returns:
            `device` and `dtype` of the torch engine; nothing for the others.
        """
        return {name: getattr(self, name) for name in _TORCH_ONLY if self.engine == "torch"}

    def samples_in_step(self, distribution: Distribution) -> int:
        """The number of samples in a step.

        Args:
            distribution: what they are drawn from.

        Returns:
            `batch_size`, or the number of rows.

        Raises:
            SpecError: for all samples of what are no rows, or rows of different weights.
        """
        if self.batch_size != "all":
            return self.batch_size
        if not isinstance(distribution, Samples) or distribution.weights is not None:
            rule = "can be 'all' where the distribution is Samples without weights"
            said = type(distribution).__name__
            said += " with weights" if isinstance(distribution, Samples) else ""
            raise SpecError(f"Training.batch_size {rule}; got {said}")
        return len(distribution.x)

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of one update.

        Args:
            step: the number of updates before it, >= 0.

        Returns:
            `learning_rate` times its part of the schedule.
        """
        return self.learning_rate * float(self.learning_rates(step, step + 1)[0])

    def learning_rates(self, start: int, stop: int) -> Float64[np.ndarray, " {stop}-{start}"]:
        """What multiplies `learning_rate` in the updates start … stop - 1, counted from 0.

        Over the first `warmup` updates it climbs linearly, (step + 1) / warmup. After them it is
        1, or falls to `final_fraction` at the last update, on a line or on half a cosine.

        Args:
            start: the first update, >= 0.
            stop: the one after the last.

        Returns:
            The factors, (stop − start,), in [0, 1].
        """
        step = np.arange(start, stop, dtype=np.float64)
        # progress of the decay: 0 at the end of the warm-up, 1 at the last update
        span = max(self.steps - 1 - self.warmup, 1)
        progress = np.clip((step - self.warmup) / span, 0.0, 1.0)
        if self.schedule == "constant":
            fall = np.zeros_like(progress)
        elif self.schedule == "linear":
            fall = progress
        else:
            fall = (1.0 - np.cos(np.pi * progress)) / 2.0
        climb: F64 = np.minimum((step + 1.0) / max(self.warmup, 1), 1.0)
        return climb * (1.0 - (1.0 - self.final_fraction) * fall)

    def checkpoint_steps(self) -> tuple[int, ...]:
        """The numbers of updates done at which W and b are kept.

        A count k gives min(k, steps + 1) of them, from 0 to `steps`, log-spaced.
        """
        if isinstance(self.checkpoints, tuple):
            return self.checkpoints
        return log_spaced(self.steps, self.checkpoints)

    def curve_steps(self) -> tuple[int, ...]:
        """The numbers of updates done at which the loss curve has its points, 0 and `steps` too."""
        return log_spaced(self.steps, self.curve_points)


def log_spaced(last: int, count: int) -> tuple[int, ...]:
    """min(count, last + 1) different integers: 0, then log-spaced from 1 to `last`.

    Args:
        last: the largest of them, >= 0.
        count: how many, >= 0; 1 gives `last` alone, 0 nothing.

    Returns:
        The integers, rising.

    Source: method, even spacing of logarithms.
    """
    count = min(count, last + 1)
    if count <= 1:
        return (last,) * count
    wanted = np.rint(np.geomspace(last, 1, count - 1)[::-1]).astype(np.int64)
    # where the log spacing is under 1, push on to the next free integer
    order = np.arange(count - 1)
    steps = np.maximum.accumulate(wanted - order) + order
    return (0, *steps.tolist())
