"""Gradients of every kind of dictionary against PyTorch's autograd, in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from dictionary_cases import Case, Taken, cases, take
from torch import Tensor

from tegum.dims import F64


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
    codes: Tensor = torch.relu(torch.nn.functional.linear(centred, encoder, given["b_enc"]))
    if model.k is not None:
        kept = torch.topk(codes, model.k, dim=1)
        codes = torch.zeros_like(codes).scatter(1, kept.indices, kept.values)
    rebuilt = codes @ decoder + given["b_dec"]
    loss = ((h - rebuilt) ** 2).sum(1).mean() + case.l1 * codes.sum(1).mean()
    found = torch.autograd.grad(loss, list(given.values()))
    return {name: tensor.numpy() for name, tensor in zip(given, found, strict=True)}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_gradients_are_those_of_autograd(case: Case, seed: int) -> None:
    taken = take(case, seed)
    for name, wanted in by_autograd(case, taken).items():
        np.testing.assert_allclose(taken.gradient[name], wanted, atol=1e-5, rtol=1e-5, err_msg=name)
