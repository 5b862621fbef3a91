# %% [markdown]
# # Weights from elsewhere
# Models that were trained by other code join in by their weights: arrays, lists or tensors.

# %%
import numpy as np

import tegum as tg

# %% [markdown]
# In place of a file of yours: a pentagon that somebody drew, and two digons.

# %%
angles = 2 * np.pi * np.arange(5) / 5
pentagon = 1.1 * np.array([np.cos(angles), np.sin(angles)])
digons = np.array([[1.0, -1, 0, 0, 0], [0, 0, 1.0, -1, 0]])
weights = np.stack([pentagon, digons])  # (model, hidden, feature)
biases = np.array([[-0.25] * 5, [0.0, 0, 0, 0, 0.05]])

# %% [markdown]
# The losses are exact. `tg.polish` moves each model to the minimum next to it.

# %%
problem = tg.Problem(tg.Independent(5, feature_probability=0.05), tg.ReLUOutput(2))
loaded = tg.from_weights(problem, W=weights, b=biases, dims=["drawn"])
polished = tg.polish(loaded)
np.stack([loaded.loss, polished.loss])

# %%
tg.plots.features_2d(polished.isel(seed=0), by="drawn")

# %%
print(tg.minima(polished))

# %%
tg.plots.gram(polished.isel(drawn=0, seed=0))

# %% [markdown]
# The explorer's views of the same models, live; needs `pip install 'tegum[notebook]'`.

# %%
tg.widgets.view(polished)
