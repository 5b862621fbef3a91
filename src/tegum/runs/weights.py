"""Weights of models, tied or untied: as a user gives them, as a Dataset holds them, as arrays.

Functions that take weights take `W`, or for untied models the pair `(W_in, W_out)`, and `b`.
Here, in `models.base` and in the engines is asked which of the two it is, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import prod
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from tegum.arguments import doubles, no_array
from tegum.dims import F64, FEATURE, HIDDEN, Bools
from tegum.errors import SpecError
from tegum.models import Model, shallow
from tegum.problem import Problem
from tegum.runs.schema import PARAMETERS, TIED, UNTIED
from tegum.runs.shapes import check_dataset

T = TypeVar("T")

_SIZES: Final = {HIDDEN: "n_hidden", FEATURE: "n_features"}


@dataclass(frozen=True, eq=False)
class Weights:
    """Models of one kind: h = f_h(W_in x + b_hidden), x' = f(W_out h + b).

    The leading dimensions (...) are those of as many models, m hidden dimensions and n features
    each. A bias that the model does not have is 0.

    Args:
        model: what they are weights of.
        encoder: W_in, or W, (..., m, n).
        decoder: W_out, or a view of Wᵀ, (..., n, m).
        b: (..., n).
        b_hidden: (..., m).
    """

    model: Model
    encoder: F64
    decoder: F64
    b: F64
    b_hidden: F64

    @classmethod
    def of(cls, model: Model, named: Mapping[str, NDArray[Any]]) -> Weights:
        """From arrays by the names of `PARAMETERS`; those of biases may be missing."""
        encoder = np.asarray(named[TIED[0] if model.tied else UNTIED[0]], np.float64)
        decoder = np.swapaxes(encoder, -1, -2)
        if not model.tied:
            decoder = np.asarray(named[UNTIED[1]], np.float64)
        *lead, m, n = encoder.shape
        b, b_hidden = named.get("b", np.zeros((*lead, n))), named.get("b_hidden")
        hidden = np.zeros((*lead, m)) if b_hidden is None else b_hidden
        return cls(model, encoder, decoder, np.asarray(b, np.float64), np.asarray(hidden, float))

    @classmethod
    def of_flat(cls, problem: Problem, theta: F64) -> Weights:
        """From `flat` parameters (..., P) of models of the problem."""
        named, at = {}, 0
        for name, shape in problem.model.parameters(problem.n_features).items():
            named[name] = theta[..., at : at + prod(shape)].reshape(*theta.shape[:-1], *shape)
            at += prod(shape)
        return cls.of(problem.model, named)

    def __getitem__(self, at: Any) -> Weights:
        """Some of the models, or one of them, by an index of the leading dimensions."""
        arrays = (self.encoder, self.decoder, self.b, self.b_hidden)
        return Weights(self.model, *(array[at] for array in arrays))

    @property
    def W(self) -> Any:
        """W, or the pair (W_in, W_out): as functions take weights."""
        return self.encoder if self.model.tied else (self.encoder, self.decoder)

    @property
    def A(self) -> F64:
        """W_out W_in, or WᵀW, (..., n, n): what output i receives of input j, A_ij."""
        return np.asarray(self.decoder @ self.encoder)

    def named(self) -> dict[str, F64]:
        """What the model trains, by the names and in the order of `Model.parameters`."""
        known = {
            **dict.fromkeys((TIED[0], UNTIED[0]), self.encoder),
            UNTIED[1]: self.decoder,
            "b": self.b,
            "b_hidden": self.b_hidden,
        }
        return {name: known[name] for name in self.model.parameters(self.b.shape[-1])}

    def flat(self) -> F64:
        """All that the model trains in one row, (..., P), in the order of `named`."""
        lead, arrays = self.b.shape[:-1], self.named().values()
        rows = [array.reshape(*lead, prod(array.shape[len(lead) :])) for array in arrays]
        return np.concatenate(rows, -1)

    def finite(self) -> Bools:
        """Whether a model has no NaN or infinity, (...)."""
        one = np.isfinite(self.encoder).all((-1, -2)) & np.isfinite(self.decoder).all((-1, -2))
        two = np.isfinite(self.b).all(-1) & np.isfinite(self.b_hidden).all(-1)
        return np.asarray(one & two)

    def rotations(self) -> F64:
        """Directions (count, P) of `flat` parameters that change one model's hidden basis only.

        B W_in and −W_out B for any B, m² of them; for tied weights for antisymmetric B.
        """
        m = len(self.b_hidden)
        pairs = combinations(range(m), 2) if self.model.tied else np.ndindex(m, m)
        rows = []
        for k, l in pairs:
            turn = np.zeros((m, m))
            turn[k, l] = 1.0
            if self.model.tied:
                turn[l, k] = -1.0
            moved = (turn @ self.encoder, -self.decoder @ turn)
            still = (np.zeros_like(self.b), np.zeros_like(self.b_hidden))
            rows.append(Weights(self.model, *moved, *still).flat())
        return np.array(rows).reshape(len(rows), self.flat().shape[-1])


class Layout(NamedTuple):
    """How models in one row were laid out."""

    lead: tuple[int, ...]
    dims: tuple[str, ...] | None  # names of the leading dimensions, if W was a DataArray
    coords: dict[str, Any]

    def shaped(self, array: F64, name: str = "") -> Any:
        """(N, ...) in the leading shape: a number for one model, a DataArray where W was one."""
        full = array.reshape((*self.lead, *array.shape[1:]))
        if self.dims is None:
            return full[()] if full.ndim == 0 else full
        import xarray as xr

        return xr.DataArray(full, self.coords, (*self.dims, *PARAMETERS.get(name, ())))


def read(owner: str, problem: Problem, W: Any, b: Any) -> tuple[Weights, Layout]:
    """W (..., hidden, feature), or the pair (W_in, W_out) of an untied model, and b (..., feature).

    In one row of float64, broadcast against one another; None is b = 0. Raises SpecError.
    """
    model = shallow(owner, problem.model)
    if model.tied and isinstance(W, tuple):
        raise SpecError.of(owner, "W", "must be one array, as the model is tied", type(W))
    if not model.tied and not (isinstance(W, tuple | list) and len(W) == 2):
        raise SpecError.of(owner, "W", "must be the pair (W_in, W_out)", type(W))
    given = {TIED[0]: W} if model.tied else dict(zip(UNTIED, W, strict=True))
    dims, coords = leading(owner, *next(iter(given.items())))
    sizes = {HIDDEN: problem.n_hidden, FEATURE: problem.n_features}
    plain = {name: _plain(owner, name, array, dims, sizes) for name, array in given.items()}
    plain["b"] = np.zeros(sizes[FEATURE]) if b is None else _plain(owner, "b", b, dims, sizes)
    if not model.has_bias and plain["b"].any():
        raise SpecError.of(owner, "b", "must be None or 0: the model has no bias", b)
    leads = [array.shape[: array.ndim - len(PARAMETERS[name])] for name, array in plain.items()]
    try:
        lead = np.broadcast_shapes(*leads)
    except ValueError:
        raise SpecError.of(owner, "b", "must broadcast against W", leads) from None
    if dims is not None and lead != leads[0]:
        raise SpecError.of(owner, "b", "must have no leading dimensions but those of W", leads)
    rows = {}
    for name, array in plain.items():
        own = tuple(sizes[dim] for dim in PARAMETERS[name])
        rows[name] = np.broadcast_to(array, (*lead, *own)).reshape((prod(lead), *own))
    return Weights.of(model, rows), Layout(lead, dims, coords)


def read_one(owner: str, problem: Problem, W: Any, b: Any) -> Weights:
    """One model, W (hidden, feature) or the pair, and b (feature,). Raises SpecError."""
    weights, layout = read(owner, problem, W, b)
    if layout.lead:
        raise SpecError.of(owner, "W", "must be one model (hidden, feature)", layout.lead)
    return weights[0]


def read_named(owner: str, problem: Problem, parameters: Mapping[str, NDArray[Any]]) -> Weights:
    """The parameters of one model, all that `Model.parameters` names and no others.

    Raises SpecError.
    """
    wanted = shallow(owner, problem.model).parameters(problem.n_features)
    for name in wanted:
        if name not in parameters:
            raise SpecError.of(owner, "parameters", f"must hold {name}", list(parameters))
    found = {name: np.shape(array) for name, array in parameters.items()}
    if found != wanted:
        raise SpecError.of(owner, "parameters", f"must have the shapes {wanted}", found)
    return Weights.of(problem.model, parameters)


def split(W: T | tuple[T, T]) -> tuple[T, T | None]:
    """W and None, or W_in and W_out, of weights as functions take them."""
    return W if isinstance(W, tuple) else (W, None)


def weights_in(named: Mapping[Any, T], owner: str) -> T | tuple[T, T]:
    """W, or the pair (W_in, W_out), of a Dataset or of arrays by name. Raises SpecError."""
    if TIED[0] in _checked(named, owner):
        return named[TIED[0]]
    if UNTIED[0] in named and UNTIED[1] in named:
        return named[UNTIED[0]], named[UNTIED[1]]
    raise SpecError.of(owner, "runs", "must hold W, or W_in and W_out", list(named))


def encoder_in(named: Mapping[Any, T], owner: str) -> T:
    """W or W_in, what a model reads features by, as `weights_in`."""
    return _one_in(named, (TIED[0], UNTIED[0]), owner)


def decoder_in(named: Mapping[Any, T], owner: str) -> T:
    """W or W_out, what a model writes features by, as `weights_in`."""
    return _one_in(named, (TIED[0], UNTIED[1]), owner)


def _checked(named: Mapping[Any, T], owner: str) -> Mapping[Any, T]:
    if not isinstance(named, Mapping):
        check_dataset(owner, named)
    return named


def _one_in(named: Mapping[Any, T], names: tuple[str, str], owner: str) -> T:
    for name in names:
        if name in _checked(named, owner):
            return named[name]
    raise SpecError.of(owner, "runs", f"must hold {' or '.join(names)}", list(named))


def as_array(owner: str, name: str, given: Any) -> NDArray[Any]:
    """Real numbers as an array, of a list or of another library's tensor too; else SpecError."""
    try:
        for leave in ("detach", "cpu"):
            given = getattr(given, leave)() if hasattr(given, leave) else given
        plain = np.asarray(given)
        if plain.dtype.kind not in "fiubO":
            raise TypeError
        return plain if plain.dtype == np.float32 else doubles(plain)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise no_array(owner, name, given) from None


def leading(owner: str, name: str, W: Any) -> tuple[tuple[str, ...] | None, dict[str, Any]]:
    """Names and coordinates of the dimensions of W before its own, None where it has no names."""
    if not hasattr(W, "dims") or hasattr(W, "data_vars"):
        return None, {}
    own = PARAMETERS[name]
    if not set(own) <= set(W.dims):
        raise SpecError.of(owner, name, f"must have the dimensions {own}; rename", W.dims)
    dims = tuple(str(dim) for dim in W.dims if dim not in own)
    return dims, {str(k): c for k, c in W.coords.items() if not set(own) & set(c.dims)}


def laid_out(
    owner: str, name: str, given: Any, dims: tuple[str, ...] | None, sizes: Mapping[str, int]
) -> NDArray[Any]:
    """A parameter as an array (..., own), in the order of `dims` if they are named.

    Raises SpecError unless its own dimensions have these sizes.
    """
    own, array = PARAMETERS[name], given
    if dims is not None and hasattr(array, "dims"):
        if not set(own) <= set(array.dims) <= {*dims, *own}:
            rule = f"must have the dimensions {own} and leading ones of W, {dims}"
            raise SpecError.of(owner, name, rule, array.dims)
        missing = [dim for dim in dims if dim not in array.dims]
        array = array.drop_vars(list(array.coords)).expand_dims(missing).transpose(*dims, *own)
        array = array.to_numpy()
    plain, shape = as_array(owner, name, array), tuple(sizes[dim] for dim in own)
    last = plain.shape[max(plain.ndim - len(own), 0) :]
    if last != shape:
        rule = f"must have shape (..., {', '.join(map(str, shape))})"
        if len(own) > 1:
            rule += f", (..., {', '.join(_SIZES[dim] for dim in own)})"
            rule += "; transpose it" if last[::-1] == shape else ""
        raise SpecError.of(owner, name, rule, plain.shape)
    return plain


def _plain(
    owner: str, name: str, array: Any, dims: tuple[str, ...] | None, sizes: Mapping[str, int]
) -> F64:
    plain = doubles(laid_out(owner, name, array, dims, sizes))
    if not np.isfinite(plain).all():
        raise SpecError.of(owner, name, "must be finite", "NaN or infinity")
    return plain
