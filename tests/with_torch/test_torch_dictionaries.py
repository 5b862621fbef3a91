"""Gradients of every kind of dictionary against PyTorch's autograd, in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from dictionary_cases import Case, Taken, cases, reviving_cases, take
from torch import Tensor

from tegum.dims import F64


class Step(torch.autograd.Function):
    """H(z − θ), whose derivative by θ is −1/ε in a window of ε about it, and by z 0."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, theta: Tensor, width: float) -> Tensor:
        ctx.save_for_backward(z, theta)
        ctx.width = width
        return (z > theta).to(z.dtype)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[None, Tensor, None]:
        z, theta = ctx.saved_tensors
        near = (abs(z - theta) < ctx.width / 2).to(z.dtype)
        return None, -(slopes[0] * near).sum(0) / ctx.width, None


def stepped(z: Tensor, theta: Tensor, width: float) -> Tensor:
    step: Tensor = Step.apply(z, theta, width)  # type: ignore[no-untyped-call]
    return step


def jumped(z: Tensor, theta: Tensor, width: float) -> Tensor:
    """z H(z − θ); of the step's slope by θ it has θ where the step has z: the two are close."""
    kept = z * (z > theta)
    return kept + theta.detach() * (stepped(z, theta, width) - stepped(z, theta, width).detach())


def revived(case: Case, missed: Tensor, z: Tensor, decoder: Tensor) -> Tensor:
    """What the largest codes of dead latents leave of what is missed."""
    dead = list(case.dead)
    k = min(case.model.aux_k or missed.shape[1] // 2, len(dead))
    kept = torch.topk(torch.relu(z[:, dead]), k, dim=1)
    codes = torch.zeros(len(z), len(dead), dtype=z.dtype).scatter(1, kept.indices, kept.values)
    return ((missed - codes @ decoder[dead]) ** 2).sum(1).mean()


def by_autograd(case: Case, taken: Taken) -> dict[str, F64]:
    """The penalised loss as one writes it in PyTorch.

    Atoms of norm 1 are V/‖V‖: at ‖V‖ = 1 the gradient by V is that along the sphere.
    """
    model = case.model
    given = {n: torch.tensor(a, requires_grad=True) for n, a in taken.named.items()}
    h = torch.tensor(taken.h)
    decoder = given["W_dec"]
    if model.unit_atoms:
        decoder = torch.nn.functional.normalize(decoder, dim=1)
    encoder = decoder if model.tied_weights else given["W_enc"]
    centred = h - given["b_dec"] if model.subtract_bias else h
    z = torch.nn.functional.linear(centred, encoder, given["b_enc"])
    codes, prices = torch.relu(z), torch.relu(z)
    if "log_threshold" in given:
        theta = torch.exp(given["log_threshold"])
        codes, prices = jumped(z, theta, case.window), stepped(z, theta, case.window)
    if model.architecture == "batchtopk":
        assert model.k is not None
        last = torch.topk(codes.flatten(), model.k * len(h)).values[-1]
        codes = prices = codes * (codes >= last)
    elif model.k is not None:
        kept = torch.topk(codes, model.k, dim=1)
        codes = prices = torch.zeros_like(codes).scatter(1, kept.indices, kept.values)
    loss = case.l1 * prices.sum(1).mean()
    if "r_mag" in given:
        magnitudes = torch.exp(given["r_mag"]) * (z - given["b_enc"]) + given["b_mag"]
        codes = torch.relu(magnitudes) * (z > 0)
        aside = torch.relu(z) @ decoder.detach() + given["b_dec"].detach()
        loss = loss + ((h - aside) ** 2).sum(1).mean()
    for size in (*model.nested, model.n_latents):
        rebuilt = codes[:, :size] @ decoder[:size] + given["b_dec"]
        loss = loss + ((h - rebuilt) ** 2).sum(1).mean()
    if case.dead:
        loss = loss + model.aux_weight * revived(case, (h - rebuilt).detach(), z, decoder)
    found = torch.autograd.grad(loss, list(given.values()))
    return {name: tensor.numpy() for name, tensor in zip(given, found, strict=True)}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("case", [*cases(), *reviving_cases()], ids=lambda case: case.name)
def test_gradients_are_those_of_autograd(case: Case, seed: int) -> None:
    taken = take(case, seed)
    for name, wanted in by_autograd(case, taken).items():
        np.testing.assert_allclose(taken.gradient[name], wanted, atol=1e-5, rtol=1e-5, err_msg=name)
