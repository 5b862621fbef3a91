# %% [markdown]
# # Five features in two dimensions
# Each feature is a line from the origin to its column of W, in the colour of its importance.

# %%
import numpy as np

import tegum as tg

# %% tags=["parameters"]
STEPS, SEEDS = 10_000, 16

# %% [markdown]
# Over density: features that are rarely active share two dimensions. Of 16 models at each density
# the one of lowest loss is drawn.

# %%
problem = tg.Problem(tg.Independent(5, 0.05), tg.ReLUOutput(2), importance=0.9 ** np.arange(5))
training = tg.Training(steps=STEPS)
densities = {"feature_probability": np.geomspace(1, 0.01, 10)}
runs = tg.train(problem, densities, training, seeds=SEEDS)
tg.plots.features_2d(tg.best(runs))

# %% [markdown]
# Over importance: an axis of rows. `importance_row` counts them, `importance` is what is in them.

# %%
rows = {"importance": [np.ones(5), 0.9 ** np.arange(5), 0.5 ** np.arange(5)]}
uneven = tg.best(tg.train(problem, rows, training, seeds=SEEDS))
tg.plots.features_2d(uneven, by="importance_row")

# %%
tg.plots.loss_curves(runs.isel(feature_probability=-1))

# %%
tg.plots.gram(tg.best(runs).isel(feature_probability=-1))
