"""A process of its own that trains with the reference engine: `ensemble_worker.py STORE OUT`.

Saves its state very often and takes DELAY seconds a step, so that a test can kill it half-way.
Prints the number of instance-steps it computed.
"""

from __future__ import annotations

import os
import sys
import time

import numpy as np
from reference_engine import ReferenceEngine

import tegum as tg
from tegum import ensemble
from tegum.ensemble import slices

PROBLEM = tg.Problem(tg.Independent(3, 0.3), tg.ReLUOutput(2))
TRAINING = tg.Training(steps=20, batch_size=4, held_out=32, learning_rate=0.01, curve_points=4)
AXES = {"feature_probability": [0.2, 0.5], "importance[1]": [0.5, 2.0]}


def main(store: str, out: str) -> None:
    engine = ReferenceEngine()
    delay = float(os.environ.get("DELAY", "0"))
    engine.on_advance = lambda: time.sleep(delay)
    ensemble.get_engine = lambda name: engine
    slices._SAVE_SECONDS, slices._SAVE_SHARE = 0.0, 1e9
    runs = tg.train(PROBLEM, AXES, TRAINING, seeds=3, store=store, progress=False)
    np.savez(out, **{name: runs[name].values for name in runs.data_vars})
    print(sum(instances * steps for instances, steps in engine.calls))


if __name__ == "__main__":
    main(*sys.argv[1:])
