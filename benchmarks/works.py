"""The work to be timed and the floors it is held against; standard library only.

One *model-step* is one optimiser step of one model on a fresh batch of `BATCH` samples. Every
contestant, in whatever environment, reads the works from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["relu_output", "relu_hidden", "two_layer_abs"]
Settings = dict[str, str | int | bool]

BATCH: Final = 1024
LEARNING_RATE: Final = 1e-3
PROBABILITIES: Final = (1.0, 0.05, 0.01)

_KIND_TITLES: Final[dict[Kind, str]] = {
    "relu_output": "",
    "relu_hidden": " ReLU-hidden",
    "two_layer_abs": " two-layer \\|x\\|",
}


@dataclass(frozen=True)
class Work:
    """`instances` models of n features and m hidden units, importance 1, Adam.

    relu_output: x' = ReLU(Wᵀ W x + b), x in [0, 1]. relu_hidden: x' = ReLU(Wᵀ ReLU(W x) + b).
    two_layer_abs: y = ReLU(W_out ReLU(W_in x) + b) with target |x|, x in [-1, 1].
    `check_instances` and `check_steps` size the proof that all contestants do the same work.
    """

    key: str
    kind: Kind
    n: int
    m: int
    instances: int
    check_instances: int
    check_steps: int = 100

    @property
    def title(self) -> str:
        """How tables call it."""
        return f"({self.n},{self.m}){_KIND_TITLES[self.kind]} × {self.instances}"

    @property
    def flops(self) -> int:
        """Floating-point operations of one dense model-step: 4nm forward, 6nm backward a sample."""
        return 10 * self.n * self.m * BATCH


WORKS: Final = (
    Work("2x1", "relu_output", 2, 1, 1000, 150),
    Work("5x2", "relu_output", 5, 2, 10, 80),
    Work("10x5", "relu_output", 10, 5, 1000, 50),
    Work("10x5-hidden", "relu_hidden", 10, 5, 1000, 50),
    Work("20x5", "relu_output", 20, 5, 20, 40),
    Work("100x20", "relu_output", 100, 20, 20, 6),
    Work("400x30", "relu_output", 400, 30, 20, 3, 80),
    Work("100x40-abs", "two_layer_abs", 100, 40, 20, 6),
)

#: Least acceptable ratio of tegum's model-steps/s to the notebook's, by work and probability.
FLOORS: Final[dict[str, dict[float, float]]] = {
    "2x1": {1.0: 60, 0.05: 150, 0.01: 220},
    "5x2": {1.0: 45, 0.05: 100, 0.01: 200},
    "10x5": {1.0: 45, 0.05: 90, 0.01: 200},
    "10x5-hidden": {1.0: 28, 0.05: 50, 0.01: 120},
    "20x5": {1.0: 20, 0.05: 20, 0.01: 60},
    "100x20": {1.0: 6.5, 0.05: 6.5, 0.01: 16},
    "400x30": {1.0: 6, 0.05: 7, 0.01: 13},
    "100x40-abs": {1.0: 4, 0.05: 4, 0.01: 11},
}
#: Least ratio to the fastest peer, whichever it is, at this probability.
PEER_FLOOR: Final = 5.0
PEER_FLOOR_AT: Final = 0.05
#: Least fraction of the machine's sgemm rate for dense data (p = 1) and n of at least this.
SGEMM_FLOOR: Final = 0.8
SGEMM_FROM_N: Final = 100
#: Least speed-up of two threads over one.
THREADS_FLOOR: Final = 1.8
#: Most seconds: `import tegum`; `tegum --help`; from `import` to the first step, kernels on disk.
IMPORT_CEILING: Final = 0.5
HELP_CEILING: Final = 1.0
WARM_START_CEILING: Final = 2.0


@dataclass(frozen=True)
class Footprint:
    """A training whose peak memory has a ceiling, in megabytes."""

    n: int
    m: int
    instances: int
    steps: int
    ceiling: float

    @property
    def title(self) -> str:
        """How tables call it."""
        return f"({self.n},{self.m}) × {self.instances:,}"


FOOTPRINTS: Final = (Footprint(2, 1, 100_000, 64, 400.0), Footprint(400, 30, 20, 64, 600.0))


#: What is trained to the end, from that many starts: see time_to_loss.py.
RACES: Final = (
    Work("2x1", "relu_output", 2, 1, 8, 0),
    Work("5x2", "relu_output", 5, 2, 8, 0),
    Work("20x5", "relu_output", 20, 5, 8, 0),
    Work("40x6", "relu_output", 40, 6, 4, 0),
    Work("80x20", "relu_output", 80, 20, 2, 0),
)


def work_of(key: str) -> Work:
    """The work of this key; KeyError names those there are."""
    known = {work.key: work for work in (*RACES, *WORKS)}
    if key in known:
        return known[key]
    raise KeyError(f"no work {key!r}; there are {', '.join(known)}")
