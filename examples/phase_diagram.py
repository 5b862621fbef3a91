"""What becomes of a second feature that shares one dimension with a first.

The best of ten exact descents in each cell, and the boundaries that theory gives for three
candidates: left out, alone, or antipodal to the other.
"""

import numpy as np
import pandas as pd

import tegum as tg
from tegum.theory import phases

problem = tg.Problem(tg.Independent(2, 0.1), tg.ReLUOutput(1))
axes = {
    "r": ("importance[1]", np.geomspace(0.1, 10, 17)),
    "feature_probability": np.geomspace(0.01, 1, 17),
}
runs = tg.train(problem, axes, tg.Training(engine="exact"), seeds=10)

r = np.geomspace(0.1, 10, 101)
theory = pd.DataFrame(
    {
        "relative_importance": r,
        "feature_probability": phases.boundary_two(r),
        "curve": "three candidates",
    }
)
figure = tg.plots.phase_map(runs, theory)
