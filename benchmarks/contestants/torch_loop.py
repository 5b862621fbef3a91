"""The training loop of public notebooks: a stack of models, einsum, Adam, fresh data each step.

Two layouts of the data differ in speed, not in meaning: (batch, instance, feature), which
notebooks use, and (instance, batch, feature), which turns every einsum into a batched matrix
product. Random numbers are drawn outside the part that may be compiled: torch.compile's own
generator is slower on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from works import BATCH, Settings, Work

from contestants.base import (
    Trainer,
    Weights,
    has_hidden_relu,
    is_signed,
    is_tied,
    stack_size,
    start_weights,
)


@dataclass(frozen=True)
class Layout:
    """Axes of the data and of W as einsum letters: i instance, b batch, f feature, h hidden."""

    data: str
    w_in: str
    w_out: str

    def encode(self) -> str:
        """x, w_in -> hidden."""
        return f"{self.data},{self.w_in}->{self.data.replace('f', 'h')}"

    def decode(self, tied: bool) -> str:
        """hidden, w_in or w_out -> output."""
        return f"{self.data.replace('f', 'h')},{self.w_in if tied else self.w_out}->{self.data}"


LAYOUTS: Final = {
    "batch first, W (feature, hidden)": Layout("bif", "ifh", "ihf"),
    "batch first, W (hidden, feature)": Layout("bif", "ihf", "ifh"),
    "instance first": Layout("ibf", "ihf", "ifh"),
}


def arranged(array: np.ndarray, axes: str, wanted: str, device: str = "cpu") -> Tensor:
    """A leaf tensor of an array with these axes, its axes in the wanted order."""
    order = np.transpose(array, [axes.index(axis) for axis in wanted])
    return torch.from_numpy(np.ascontiguousarray(order)).to(device).requires_grad_()


def compiled(function: Any) -> Any:
    """torch.compile for one shape, unhindered by what was compiled before."""
    torch._dynamo.reset()
    return torch.compile(function, dynamic=False)


class Loop(Trainer):
    """One stack of models in one layout."""

    def __init__(
        self, work: Work, p: float, settings: Settings, learning_rate: float, start: Weights
    ) -> None:
        torch.set_num_threads(int(settings["threads"]))
        self.device = device = str(settings.get("device", "cpu"))
        self.work, self.instances = work, start.instances
        self.layout = layout = LAYOUTS[str(settings["layout"])]
        sizes = {"b": BATCH, "i": self.instances, "f": work.n}
        self.shape = tuple(sizes[axis] for axis in layout.data)
        self.w_in = arranged(start.w_in, "ihf", layout.w_in, device)
        self.w_out = (
            self.w_in if is_tied(work) else arranged(start.w_out, "ifh", layout.w_out, device)
        )
        bias = start.b[None] if layout.data.startswith("b") else start.b[:, None]
        self.b = torch.from_numpy(bias.copy()).to(device).requires_grad_()
        parameters = [self.w_in, self.b] if is_tied(work) else [self.w_in, self.w_out, self.b]
        self.optimizer = torch.optim.Adam(parameters, lr=learning_rate, fused=True)
        self.loss = self._loss_function(p)
        if settings.get("compile"):
            self.loss = compiled(self.loss)

    def _loss_function(self, p: float) -> Callable[[Tensor, Tensor], Tensor]:
        signed, hidden_relu, tied = (f(self.work) for f in (is_signed, has_hidden_relu, is_tied))
        encode, decode = self.layout.encode(), self.layout.decode(tied)
        importance = torch.ones(self.work.n, device=self.device)
        w_in, w_out, b = self.w_in, self.w_out, self.b

        def loss(magnitude: Tensor, chance: Tensor) -> Tensor:
            if signed:
                magnitude = 2 * magnitude - 1
            x = torch.where(chance <= p, magnitude, 0.0)
            hidden = torch.einsum(encode, x, w_in)
            if hidden_relu:
                hidden = torch.relu(hidden)
            y = torch.relu(torch.einsum(decode, hidden, w_out) + b)
            target = x.abs() if signed else x
            return (importance * (target - y) ** 2).sum() / BATCH

        return loss

    def advance(self, steps: int) -> None:
        for _ in range(steps):
            self.optimizer.zero_grad(set_to_none=True)
            self.loss(*(torch.rand(self.shape, device=self.device) for _ in range(2))).backward()
            self.optimizer.step()

    def weights(self) -> Weights:
        layout = self.layout
        w_in = np.einsum(f"{layout.w_in}->ihf", self.w_in.detach().cpu().numpy())
        b = self.b.detach().cpu().numpy().reshape(self.instances, -1)
        if is_tied(self.work):
            return Weights.tied(w_in, b)
        return Weights(
            w_in, np.einsum(f"{layout.w_out}->ifh", self.w_out.detach().cpu().numpy()), b
        )


def build(
    work: Work, p: float, settings: Settings, learning_rate: float, start: Weights | None
) -> Loop:
    """A loop over one stack."""
    if start is None:
        start = start_weights(work, stack_size(work, settings), 0)
    return Loop(work, p, settings, learning_rate, start)


def thread_counts(cores: int) -> list[int]:
    """Numbers of threads worth trying."""
    return sorted({1, cores})
