"""Who is timed: one module each, with the functions `candidates` and `build` (see `base`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Entry:
    """A contestant: its module here, the environment it runs in, the packages it stands on."""

    name: str
    module: str
    environment: Literal["tegum", "peers"]
    packages: tuple[str, ...]
    summary: str


ENTRIES: Final = (
    Entry("tegum", "tegum_engine", "tegum", ("tegum", "numpy", "numba"), "the sampled engine"),
    Entry(
        "notebook",
        "notebook",
        "peers",
        ("torch",),
        "a stacked-einsum PyTorch loop over (batch, instance, feature) tensors, as in public "
        "notebooks; all models in one stack",
    ),
    Entry(
        "bmm loop",
        "bmm_loop",
        "peers",
        ("torch",),
        "the same loop with the instance axis first, so that einsum becomes a batched matrix "
        "product, in stacks of whatever size is fastest",
    ),
    Entry(
        "tms-kit",
        "tms_kit_stack",
        "peers",
        ("tms-kit", "torch"),
        "`tms_kit.optimize.optimize` on a stack of models",
    ),
    Entry(
        "occhio",
        "occhio_grid",
        "peers",
        ("occhio", "torch"),
        "`occhio.ModelGrid.fit`, every model with random numbers of its own",
    ),
)
