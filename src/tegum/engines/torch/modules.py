"""Modules of PyTorch as a net: one for each instance, stacked by torch.func."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from tegum.dims import F64
from tegum.engines.torch.nets import Disturb, as_it_is
from tegum.errors import SpecError, joined
from tegum.models.torch_model import arrays_of

if TYPE_CHECKING:
    from tegum.models import TorchModel

#: Samples that a module is tried on, by two instances.
_TRIED: Final = 4


class ModuleNet:
    """The forward pass of a stack of modules, as `nets.Net`.

    A module changes while it is called, so that every thread has one of its own.
    """

    def __init__(self, model: TorchModel, n: int, device: torch.device, dtype: torch.dtype) -> None:
        self._model, self._n, self._device, self._dtype = model, n, device, dtype
        self._named = model.described(n).named
        self._local = threading.local()

    def __call__(
        self, parameters: Mapping[str, Tensor], x: Tensor, disturb: Disturb
    ) -> tuple[Tensor, Tensor]:
        """h (N, m, batch), m = 0 where the model names none, and x' of x (N, n, batch)."""
        found = self.outputs(parameters, x.transpose(1, 2), disturb)
        h = x[:, :0]
        if self._model.outputs:
            h = found[self._model.outputs[0]].flatten(2).transpose(1, 2)
        return h, found["output"].transpose(1, 2)

    def outputs(
        self, parameters: Mapping[str, Tensor], x: Tensor, disturb: Disturb = as_it_is
    ) -> dict[str, Tensor]:
        """What the outputs of the model are, (N, batch, …), of x (N, batch, n); x' as `output`."""
        named = {self._named[name]: tensor for name, tensor in parameters.items()}
        watched = self._watched()
        parts = [None if part is None else part.transpose(1, 2) for part in disturb]
        places = (0, 0, *(None if part is None else 0 for part in parts))
        call = vmap(watched, in_dims=places, randomness="error")
        found: dict[str, Tensor] = call(named, x, *parts)
        return found

    def _watched(self) -> _Watched:
        """That of this thread."""
        if not hasattr(self._local, "own"):
            with torch.random.fork_rng(devices=[]):
                module = self._model.made(self._n)
            module = module.to(self._device, self._dtype)
            self._local.own = _Watched(module, self._model.outputs)
        own: _Watched = self._local.own
        return own


class _Watched:
    """A module, and what its submodules give while it is called."""

    def __init__(self, module: nn.Module, names: tuple[str, ...]) -> None:
        self.module = module
        self._seen: dict[str, Tensor] = {}
        self._change = as_it_is
        for k, name in enumerate(names):
            hook = partial(self._see, name, k == 0)
            module.get_submodule(name).register_forward_hook(hook)

    def _see(self, name: str, first: bool, *given: Any) -> Any:
        h = given[-1]
        if name in self._seen or not isinstance(h, Tensor):
            rule = "must name submodules that are called once, and give a tensor"
            raise SpecError.of("TorchModel", "outputs", rule, name)
        self._seen[name] = h
        for part in self._change if first else ():
            if part is not None and part.shape != h.shape:
                rule = f"must begin with a layer of shape {tuple(part.shape)} to be disturbed"
                raise SpecError.of("TorchModel", "outputs", rule, tuple(h.shape))
        return self._change(h) if first else None

    def __call__(
        self, named: Mapping[str, Tensor], x: Tensor, scale: Tensor | None, shift: Tensor | None
    ) -> dict[str, Tensor]:
        """Every output of one model, with these parameters, of x (batch, n)."""
        self._seen, self._change = {}, Disturb(scale, shift)
        output = functional_call(self.module, dict(named), (x,))
        seen, self._seen, self._change = self._seen, {}, as_it_is
        return {**seen, "output": output}


class Initial(NamedTuple):
    """What modules are made with: rows of what is trained, and of what is not."""

    trained: NDArray[Any]  # (N, P)
    fixed: NDArray[Any]  # (N, Q)


def initial(
    model: TorchModel, n: int, addresses: NDArray[np.uint64], dtype: type[np.floating[Any]]
) -> Initial:
    """The arrays of modules that are each made after a seed of its own."""
    found = model.described(n)
    names = [name for name in found.shapes if name not in found.trained]
    sizes = [sum(prod(found.shapes[name]) for name in part) for part in (found.trained, names)]
    rows = Initial(*(np.zeros((len(addresses), size), dtype) for size in sizes))
    with torch.random.fork_rng(devices=[]):
        for k, address in enumerate(addresses.tolist()):
            torch.manual_seed(address)
            tensors = arrays_of(model.made(n))
            for row, part in zip((rows.trained, rows.fixed), (found.trained, names), strict=True):
                flat = [tensors[found.named[name]].detach().reshape(-1) for name in part]
                row[k] = torch.cat(flat).cpu().numpy() if flat else 0
    return rows


def outputs_of(model: TorchModel, n: int, arrays: Mapping[str, F64], x: F64) -> dict[str, F64]:
    """Every output of models (N, …), of samples x (N or 1, samples, n), in float64 on a CPU."""
    net = ModuleNet(model, n, torch.device("cpu"), torch.float64)
    named = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}
    count = len(next(iter(named.values())))
    rows = torch.tensor(x).expand(count, -1, -1)
    with torch.no_grad():
        return {name: tensor.numpy() for name, tensor in net.outputs(named, rows).items()}


def forward_of(
    model: TorchModel, n: int, arrays: Mapping[str, NDArray[Any]], x: F64
) -> tuple[F64, F64]:
    """h (samples, m), m = 0 where the model names none, and x' of one model, in float64."""
    own = {name: np.asarray(array, np.float64)[None] for name, array in arrays.items()}
    found = outputs_of(model, n, own, x[None])
    h = found[model.outputs[0]][0] if model.outputs else x[:, :0]
    return h.reshape(len(x), -1), found["output"][0]


def module_of(model: TorchModel, n: int, arrays: Mapping[str, NDArray[Any]]) -> nn.Module:
    """A module with these arrays, one model's, in it."""
    found = model.described(n)
    with torch.random.fork_rng(devices=[]):
        module: nn.Module = model.made(n)
    tensors = {found.named[name]: torch.from_numpy(array) for name, array in arrays.items()}
    kind = next(iter(tensors.values())).dtype
    module = module.to(kind)
    with torch.no_grad():
        for name, tensor in arrays_of(module).items():
            tensor.copy_(tensors[name])
    return module


def check_module(net: ModuleNet, model: TorchModel, n: int, dtype: torch.dtype) -> None:
    """Raise SpecError for a module that cannot be trained as a stack, sample by sample."""
    found = model.described(n)
    for name in model.outputs:
        if name not in found.layers:
            rule = f"must name submodules, which are {', '.join(found.layers) or 'none'}"
            raise SpecError.of("TorchModel", "outputs", rule, name)
    modules = _two(model, n, dtype)
    for name, part in modules[0].named_modules():
        _check_part(name, part)
    tensors = [arrays_of(module) for module in modules]
    leaves = {
        name: torch.stack([own[inner].detach() for own in tensors]).requires_grad_()
        for name, inner in found.named.items()
    }
    x = torch.rand(2, _TRIED, n, generator=torch.Generator().manual_seed(0)).to(dtype)
    try:
        y = net.outputs(leaves, x)["output"]
    except SpecError:
        raise
    except Exception as error:  # whatever PyTorch or the code of a user may raise
        rule = f"must make a module that torch.func.vmap can stack: {joined(error)[:200]}"
        raise SpecError.of("TorchModel", "factory", rule, model.factory) from error
    _check_output(y, n, dtype)
    _check_alone(net, modules, leaves, x, y)
    _check_gradients(y, {name: leaves[name] for name in found.trained})


def _two(model: TorchModel, n: int, dtype: torch.dtype) -> list[nn.Module]:
    with torch.random.fork_rng(devices=[]):
        made = []
        for seed in (1, 2):
            torch.manual_seed(seed)
            made.append(model.made(n).to(dtype))
    return made


def _check_part(name: str, part: nn.Module) -> None:
    if isinstance(part, _BatchNorm):
        rule = "must make a module that takes every sample by itself, without BatchNorm"
        raise SpecError.of("TorchModel", "factory", rule, name or type(part).__name__)
    if isinstance(part, _DropoutNd) and part.p > 0:
        rule = "must make a module without dropout; Training(hidden_dropout=…) is that of outputs"
        raise SpecError.of("TorchModel", "factory", rule, name or type(part).__name__)


def _check_output(y: Any, n: int, dtype: torch.dtype) -> None:
    if not isinstance(y, Tensor) or y.shape[1:] != (_TRIED, n) or y.dtype != dtype:
        said = type(y).__name__
        if isinstance(y, Tensor):
            said = f"{y.dtype} of shape {tuple(y.shape[1:])} for {_TRIED} samples"
        rule = f"must make a module whose output is {dtype} of shape (batch, {n})"
        raise SpecError.of("TorchModel", "factory", rule, said)


def _check_alone(
    net: ModuleNet, modules: list[nn.Module], named: Mapping[str, Tensor], x: Tensor, y: Tensor
) -> None:
    """A stack gives what its modules give by themselves, a part of a batch what the batch gives."""
    fewer = net.outputs(named, x[:, : _TRIED // 2])["output"]
    if not torch.allclose(fewer, y[:, : _TRIED // 2], rtol=1e-3, atol=1e-5, equal_nan=True):
        rule = "must make a module that takes every sample by itself: outputs depend on the batch"
        raise SpecError.of("TorchModel", "factory", rule, type(modules[0]).__name__)
    for module, own, wanted in zip(modules, x, y, strict=True):
        before = {name: tensor.clone() for name, tensor in module.named_buffers()}
        alone = module(own)
        for name, tensor in module.named_buffers():
            if not torch.equal(tensor, before[name]):
                rule = "must make a module whose buffers stay as they are while it is called"
                raise SpecError.of("TorchModel", "factory", rule, name)
        if not torch.allclose(alone, wanted, rtol=1e-3, atol=1e-5, equal_nan=True):
            rule = "must make modules that differ by nothing but parameters and real buffers"
            raise SpecError.of("TorchModel", "factory", rule, type(module).__name__)


def _check_gradients(y: Tensor, trained: Mapping[str, Tensor]) -> None:
    if not y.requires_grad:
        rule = "must make a module whose output has a gradient by its parameters"
        raise SpecError.of("TorchModel", "factory", rule, list(trained))
    slopes = torch.autograd.grad(y.sum(), list(trained.values()), allow_unused=True)
    for name, slope in zip(trained, slopes, strict=True):
        if slope is None:
            rule = "must make a module that uses every parameter, but those that need no gradient"
            raise SpecError.of("TorchModel", "factory", rule, name)
