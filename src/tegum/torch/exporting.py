"""Models of a run as tensors by name, and as modules."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from tegum.models import Model
from tegum.runs.models import rows_of
from tegum.runs.weights import encoder_in
from tegum.torch._layouts import Arrays, check_layout, write
from tegum.torch.reading import need_torch

if TYPE_CHECKING:
    import xarray as xr


def state_dict(runs: xr.Dataset, *, layout: str = "plain") -> dict[str, Any]:
    """The weights of a run as tensors, named and turned as others have them.

    Args:
        runs: a Dataset of `tegum.train` or `from_weights`, or what was selected from one.
        layout: "plain", "notebook", "arena" or "linear", as `help(tegum.torch)` says.

    Returns:
        Tensors by name, in the numbers of the Dataset, each with memory of its own. All axes and
        `seed` are one instance axis, in their order; one model has none in plain and linear.

    Raises:
        SpecError: for a Dataset that `train` did not make, and models for which a layout has no
            names.
        UnknownNameError: for a layout that there is not.
        TegumError: where PyTorch is not installed.

    Source: method, the inverse of `load`.
    """
    check_layout("state_dict", layout)
    _, arrays, lead = _arrays(runs, "state_dict")
    found = write("state_dict", arrays, layout, prod(lead) == 1)
    torch = need_torch("state_dict")
    return {name: torch.from_numpy(array) for name, array in found.items()}


def module(runs: xr.Dataset) -> Any:
    """One model, or a stack of models, as an `nn.Module` whose parameters can be trained on.

    Its `hidden(x)` is h = f_h(W_in x + b_hidden), its `forward(x)` x' = f(W_out h + b), with
    W_in = W and W_out = Wᵀ where tied. One model takes x (..., feature); a stack with leading
    dimensions (...), those of W, takes x (batch, feature), for all alike, or (..., batch, feature).

    Args:
        runs: a Dataset of `tegum.train` or `from_weights`, or what was selected from one.

    Returns:
        The module. Its parameters have the names of the Dataset.

    Raises:
        SpecError: for a Dataset that `train` did not make.
        TegumError: where PyTorch is not installed.

    Source: "Demonstrating Superposition: Experiment Setup".
    """
    model, arrays, lead = _arrays(runs, "module")
    need_torch("module")
    from tegum.torch._module import ToyModel

    shape = () if prod(lead) == 1 else lead
    shaped = {name: array.reshape(*shape, *array.shape[1:]) for name, array in arrays.items()}
    return ToyModel(model, shaped)


def _arrays(runs: xr.Dataset, owner: str) -> tuple[Model, Arrays, tuple[int, ...]]:
    """The model, its parameters (instance, ...) in the numbers of the Dataset, leading shape."""
    rows = rows_of(runs, owner)
    dtype = encoder_in(runs, owner).dtype
    kept = {name: np.array(a, dtype, order="C") for name, a in rows.weights.named().items()}
    return rows.weights.model, kept, rows.shape
