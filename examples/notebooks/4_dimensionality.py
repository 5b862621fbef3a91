# %% [markdown]
# # How many dimensions does a feature get?
# D* = m / ‖W‖²_F over 1/(1−S). It sticks where features lie in pairs.

# %%
import numpy as np

import tegum as tg

# %% tags=["parameters"]
STEPS, FEATURES, HIDDEN, POINTS = 10_000, 100, 10, 20

# %%
problem = tg.Problem(tg.Independent(FEATURES, 0.1), tg.ReLUOutput(HIDDEN))
axes = {"feature_probability": np.geomspace(1, 0.1, POINTS)}
runs = tg.train(problem, axes, tg.Training(steps=STEPS))

# %%
tg.plots.dimensions_per_feature(runs)

# %% [markdown]
# Every feature by itself: D_i, in the colour of the polytope that it is a corner of.

# %%
tg.plots.dimensionality(runs)
