"""Models of a run as tensors by name, and as modules."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from tegum.errors import SpecError
from tegum.models import Deep, Model, Shallow, TorchModel
from tegum.runs.models import arrays_of, rows_of, stated_problem
from tegum.runs.weights import encoder_in
from tegum.torch._layouts import Arrays, check_layout, write
from tegum.torch.reading import need_torch

if TYPE_CHECKING:
    import xarray as xr


def state_dict(runs: xr.Dataset, *, layout: str = "plain") -> dict[str, Any]:
    """The weights of a run as tensors, named and turned as others have them.

    Those of a `TorchModel` have the names of its module, in the layout "plain" alone.

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
    found = _named(runs, layout)
    torch = need_torch("state_dict")
    return {name: torch.from_numpy(array) for name, array in found.items()}


def module(runs: xr.Dataset) -> Any:
    """One model, or a stack of models, as an `nn.Module` whose parameters can be trained on.

    Its `hidden(x)` is h = f_h(W_in x + b_hidden), its `forward(x)` x' = f(W_out h + b), with
    W_in = W and W_out = Wᵀ where tied. One model takes x (..., feature); a stack with leading
    dimensions (...), those of W, takes x (batch, feature), for all alike, or (..., batch, feature).
    Of a `TorchModel` it is what its factory makes, with the parameters of the run: one model.

    Args:
        runs: a Dataset of `tegum.train` or `from_weights`, or what was selected from one.

    Returns:
        The module. Its parameters have the names of the Dataset.

    Raises:
        SpecError: for a Dataset that `train` did not make, a `TorchModel` whose code this program
            has not given, and several models of one.
        TegumError: where PyTorch is not installed.

    Source: "Demonstrating Superposition: Experiment Setup".
    """
    model = stated_problem(runs, "module").model
    need_torch("module")
    if isinstance(model, TorchModel):
        return _users_own(runs)
    from tegum.torch._module import DeepModel, ToyModel

    if isinstance(model, Deep):
        found = arrays_of(runs, "module")
        arrays, lead = found.named, found.shape
    else:
        _, arrays, lead = _arrays(runs, "module")
    shape = () if prod(lead) == 1 else lead
    shaped = {
        name: np.array(array.reshape(*shape, *array.shape[1:]), order="C")
        for name, array in arrays.items()
    }
    return DeepModel(model, shaped) if isinstance(model, Deep) else ToyModel(model, shaped)


def _named(runs: xr.Dataset, layout: str) -> Arrays:
    """The arrays of a run by the names of a layout."""
    model = stated_problem(runs, "state_dict").model
    if isinstance(model, Shallow):
        _, arrays, lead = _arrays(runs, "state_dict")
        return write("state_dict", arrays, layout, prod(lead) == 1)
    if layout != "plain":
        raise SpecError.of("state_dict", "layout", f"must be 'plain' for {model!r}", layout)
    found = arrays_of(runs, "state_dict")
    calls = _calls(model, found.problem.n_features)
    one = prod(found.shape) == 1
    return {
        calls.get(name, name): np.array(array[0] if one else array, order="C")
        for name, array in found.named.items()
    }


def _calls(model: Model, n_features: int) -> dict[str, str]:
    """What a module calls the arrays that a Dataset calls otherwise."""
    return model.described(n_features).named if isinstance(model, TorchModel) else {}


def _users_own(runs: xr.Dataset) -> Any:
    """The module that a factory makes, with what one model learned."""
    from tegum.engines.torch.modules import module_of

    found = arrays_of(runs, "module")
    model = found.problem.model
    assert isinstance(model, TorchModel)
    if prod(found.shape) != 1:
        rule = "must be one model of a TorchModel, as runs.isel(seed=0)"
        raise SpecError.of("module", "runs", rule, dict(zip(found.dims, found.shape, strict=True)))
    arrays = {name: np.array(array[0], order="C") for name, array in found.named.items()}
    return module_of(model, found.problem.n_features, arrays)


def _arrays(runs: xr.Dataset, owner: str) -> tuple[Model, Arrays, tuple[int, ...]]:
    """The model, its parameters (instance, ...) in the numbers of the Dataset, leading shape."""
    rows = rows_of(runs, owner)
    dtype = encoder_in(runs, owner).dtype
    kept = {name: np.array(a, dtype, order="C") for name, a in rows.weights.named().items()}
    return rows.weights.model, kept, rows.shape
