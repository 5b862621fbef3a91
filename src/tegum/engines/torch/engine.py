"""The torch engine: stacks of instances by batched matrix products and autograd."""

from __future__ import annotations

import platform
from collections.abc import Callable
from functools import partial
from math import prod, sqrt
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from tegum.dims import F64
from tegum.distributions import Samples
from tegum.engines.base import Batch, OfLastBatch, State, cost_of_weights, finite, step_of
from tegum.engines.digest import sources_digest
from tegum.engines.fixed import row_losses
from tegum.engines.threads import on_threads
from tegum.engines.torch.addressed import HELD_OUT, PROBE
from tegum.engines.torch.descent import batch_of, descend, losses
from tegum.engines.torch.lowering import Lowered, lower
from tegum.engines.torch.modules import forward_of, initial
from tegum.engines.torch.nets import split
from tegum.engines.torch.optimiser import ARRAYS, Held
from tegum.engines.xavier import fill_weights, standard_normals
from tegum.errors import SpecError
from tegum.models import Deep, TorchModel
from tegum.runs.schema import PARAMETERS

#: Numbers (instances times features times samples) of a stack: on a CPU so many that its arrays
#: stay in a core's cache, on another device so many that they fit in its memory.
_IN_CACHE: Final = 2**18
_ON_DEVICE: Final = 2**27
#: The array of a state that holds what is not trained, (N, Q), where a model has such.
FIXED: Final = "fixed"


class TorchEngine:
    """Minibatch training on fresh samples, a stack of instances at a time.

    The state is one array for each parameter and two for its running means. On a CPU a stack has a
    thread to itself, and what is drawn and summed for an instance depends on nothing else, so that
    it has the same bits in any company; a GPU orders its sums as it likes.
    """

    name = "torch"
    #: Numbers of a training that are drawn on a GPU from which on a compiled kernel pays: those
    #: that take about as long as compiling it.
    fuse_from = 5e11

    def __init__(self, device: str = "auto", dtype: str = "float32") -> None:
        """Raises SpecError for a device that PyTorch does not see."""
        self.device = _device(device)
        self.dtype: type[np.floating[Any]] = np.float64 if dtype == "float64" else np.float32
        self._type = getattr(torch, dtype)
        self._lower = OfLastBatch(self._lowered)

    def _lowered(self, batch: Batch) -> Lowered:
        training, n = batch.training, batch.problem.n_features
        numbers = batch.n_instances * n * batch.batch_size * training.steps
        fuse = self.device.type != "cpu" and numbers >= self.fuse_from
        return lower(batch, self.device, self._type, fuse)

    @property
    def version(self) -> str:
        """A digest of the sources, with what else decides the bits: PyTorch and the device."""
        own = sources_digest(Path(__file__).parent)
        return f"{own}-torch-{torch.__version__}-{self.device.type}"

    @property
    def machine(self) -> str:
        """The CPU with what PyTorch uses of it, or the GPU."""
        if self.device.type == "cuda":
            return str(torch.cuda.get_device_name(self.device))
        return f"{platform.machine()}/{torch.backends.cpu.get_cpu_capability()}"

    def init(self, batch: Batch) -> State:
        """The initial weights of the sampled engine, to the last bit, and biases 0.

        Those of modules are as they make them.
        """
        self._lower(batch)
        shapes, keys = _shapes(batch), batch.addresses()
        if isinstance(batch.problem.model, TorchModel):
            theta, fixed = initial(batch.problem.model, batch.problem.n_features, keys, self.dtype)
            return _state(theta, fixed)
        if isinstance(batch.problem.model, Deep):
            return _state(_deep_weights(batch, keys).astype(self.dtype))
        theta = np.zeros((batch.n_instances, sum(map(prod, shapes.values()))), self.dtype)
        matrices = [name for name in shapes if len(PARAMETERS[name]) > 1]
        weights = sum(prod(shapes[name]) for name in matrices)
        fill_weights(theta, weights, keys, batch)
        first = split(theta, shapes)[matrices[0]]
        # encoders are drawn feature by feature
        first[...] = first.copy().reshape(-1, *reversed(shapes[matrices[0]])).transpose(0, 2, 1)
        return _state(theta)

    def parameters(self, batch: Batch, state: State) -> State:
        """By name, views of the state; those that are not trained too."""
        found = split(state["theta"], _shapes(batch))
        return found | (split(state[FIXED], _fixed(batch)) if FIXED in state else {})

    def advance(self, batch: Batch, state: State, steps: int, *, jobs: int) -> State:
        """Train every instance for `steps` more steps, in place."""
        low, first = self._lower(batch), step_of(state)

        def run(start: int, stop: int) -> None:
            rows = slice(start, stop)
            held = Held(*(self._tensor(state[name][rows]) for name in ARRAYS))
            own = low.rows(rows, self._fixed(batch, state, rows))
            descend(own, held, batch.training, first, steps)
            if self.device.type != "cpu":
                for name, tensor in zip(ARRAYS, held, strict=True):
                    state[name][rows] = tensor.cpu().numpy()

        if steps > 0:
            self._spread(low, batch, run, jobs)
        state["step"] = np.array(first + steps, np.int64)
        return state

    def probe(self, batch: Batch, state: State, *, jobs: int) -> F64:
        """The loss (N,) on one fresh batch of its own stream."""
        step, size = step_of(state), batch.batch_size
        return self._losses(batch, state, (PROBE, step, size), jobs)[:, 0]

    def score(self, batch: Batch, state: State, *, jobs: int) -> State:
        """`loss`, `loss_error` on held-out samples, `diverged`; all costs as `penalty`, if any.

        Of a fixed data set the loss is its mean over all rows, without an error.
        """
        if isinstance(batch.problem.distribution, Samples):
            out = self._over_rows(batch, state)
        else:
            out = self._losses(batch, state, (HELD_OUT, 0, batch.training.held_out), jobs)
        sound = finite(self.parameters(batch, state)) & np.isfinite(out).all(axis=1)
        scores: State = {"loss": out[:, 0], "loss_error": out[:, 1], "diverged": ~sound}
        l1 = np.array([point.l1 for point in batch.points])[batch.point_of()] * out[:, 2]
        of_weights = cost_of_weights(batch, self.parameters(batch, state))
        if of_weights is not None or any(point.l1 for point in batch.points):
            scores["penalty"] = l1 if of_weights is None else l1 + of_weights
        return scores

    def _over_rows(self, batch: Batch, state: State) -> F64:
        """As `_losses`, on a fixed data set."""
        self._lower(batch)
        named, model = self.parameters(batch, state), batch.problem.model
        n, forward = batch.problem.n_features, None
        if isinstance(model, TorchModel):
            forward = partial(forward_of, model, n)
        out: F64 = np.zeros((batch.n_instances, 3))
        for a in range(batch.n_instances):
            own = {name: array[a] for name, array in named.items()}
            out[a, 0], out[a, 2] = row_losses(batch.coordinates(a)[0], own, forward)
        return out

    def _losses(self, batch: Batch, state: State, occasion: tuple[int, int, int], jobs: int) -> F64:
        low, (purpose, number, count) = self._lower(batch), occasion
        out: F64 = np.full((batch.n_instances, 3), np.nan)

        def run(start: int, stop: int) -> None:
            rows = slice(start, stop)
            part = low.rows(rows, self._fixed(batch, state, rows))
            theta = self._tensor(state["theta"][rows])
            samples = batch_of(part, purpose, number, count)
            out[rows] = losses(part, theta, samples, count).cpu().numpy()

        self._spread(low, batch, run, jobs)
        return out

    def _fixed(self, batch: Batch, state: State, rows: slice) -> dict[str, torch.Tensor]:
        """What is not trained in some instances."""
        if FIXED not in state:
            return {}
        found: dict[str, torch.Tensor] = split(self._tensor(state[FIXED][rows]), _fixed(batch))
        return found

    def _tensor(self, array: NDArray[Any]) -> torch.Tensor:
        """On a CPU the array itself, seen as a tensor."""
        return torch.from_numpy(array).to(self.device)

    def _spread(
        self, low: Lowered, batch: Batch, run: Callable[[int, int], None], jobs: int
    ) -> None:
        """Call `run(start, stop)` over all instances, in stacks; on a CPU on threads."""
        on_cpu, count = self.device.type == "cpu", batch.n_instances
        own = batch.problem.n_features * low.piece(batch.batch_size)
        most = max(1, (_IN_CACHE if on_cpu else _ON_DEVICE) // own)
        if on_cpu:
            most = min(most, -(-count // max(1, jobs)))
        stacks = [(start, min(start + most, count)) for start in range(0, count, most)]
        if not on_cpu:
            for stack in stacks:
                run(*stack)
            return
        before = torch.get_num_threads()

        def alone(start: int, stop: int) -> None:
            torch.set_num_threads(1)  # of this thread
            run(start, stop)

        try:
            on_threads(alone, stacks, jobs)
        finally:
            torch.set_num_threads(before)


def _shapes(batch: Batch) -> dict[str, tuple[int, ...]]:
    return batch.problem.model.trained(batch.problem.n_features)


def _fixed(batch: Batch) -> dict[str, tuple[int, ...]]:
    """The shapes of what is not trained."""
    every = batch.problem.model.parameters(batch.problem.n_features)
    return {name: shape for name, shape in every.items() if name not in _shapes(batch)}


def _deep_weights(batch: Batch, keys: NDArray[np.uint64]) -> F64:
    """Weights of layer after layer, N(0, σ²) with σ² = 2/(in + out) of each unless given."""
    shapes = batch.problem.model.parameters(batch.problem.n_features)
    count = sum(prod(shapes[name]) for name in batch.problem.model.weights)
    stds = [training.init_std for training in batch.trainings]
    columns = []
    for name in batch.problem.model.weights:
        own = [sqrt(2 / sum(shapes[name])) if std is None else std for std in stds]
        columns.append(np.repeat(np.array(own)[:, None], prod(shapes[name]), axis=1))
    theta = np.zeros((len(keys), sum(map(prod, shapes.values()))))
    sigma = np.concatenate(columns, axis=1)[batch.point_of()]
    theta[:, :count] = standard_normals(keys, count) * sigma
    return theta


def _state(theta: NDArray[Any], fixed: NDArray[Any] | None = None) -> State:
    """The state at step 0."""
    zero = np.zeros_like(theta)
    more = {} if fixed is None or not fixed.size else {FIXED: fixed}
    return {
        **dict(zip(ARRAYS, (theta, zero, zero.copy()), strict=True)),
        **more,
        "step": np.array(0),
    }


def _device(name: str) -> torch.device:
    """What `Training.device` means here."""
    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        rule = "must be 'cpu' or 'auto' here, where PyTorch sees no GPU"
        raise SpecError.of("Training", "device", rule, name)
    return torch.device("cuda" if found and name == "auto" else name.replace("auto", "cpu"))
