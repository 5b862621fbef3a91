"""What only a fresh process can tell of tegum: how soon it starts, how much memory it takes.

    python fresh.py start WORK P LAUNCHED            (LAUNCHED: the parent's time.monotonic())
    python fresh.py memory N M INSTANCES STEPS

One JSON object on standard output.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable


def start(work_key: str, p: str, launched: str) -> dict[str, float]:
    """Seconds from launch to interpreter, to `import tegum` done, to the first step done."""
    began = time.monotonic()
    import tegum

    imported = time.monotonic()
    from contestants.tegum_engine import problem_of, training_of
    from works import LEARNING_RATE, work_of

    problem = problem_of(work_of(work_key), float(p))
    tegum.train(problem, training=training_of(1, LEARNING_RATE), progress=False)
    return {
        "interpreter": began - float(launched),
        "import": imported - began,
        "to_first_step": time.monotonic() - began,
    }


def memory(n: str, m: str, instances: str, steps: str) -> dict[str, float]:
    """Peak memory of a whole training with the default loss curve and held-out score."""
    from worker import peak_megabytes

    import tegum as tg

    features = tg.Independent(n_features=int(n), feature_probability=0.05)
    problem = tg.Problem(features, tg.ReLUOutput(n_hidden=int(m)))
    began = time.monotonic()
    imported = peak_megabytes()
    training = tg.Training(steps=int(steps))
    runs = tg.train(problem, training=training, seeds=int(instances), progress=False)
    return {
        "import_megabytes": imported,
        "peak_megabytes": peak_megabytes(),
        "result_megabytes": runs.nbytes / 1e6,
        "seconds": time.monotonic() - began,
    }


COMMANDS: dict[str, Callable[..., dict[str, float]]] = {"start": start, "memory": memory}

if __name__ == "__main__":
    print(json.dumps(COMMANDS[sys.argv[1]](*sys.argv[2:])))
