# %% [markdown]
# # Neurons that compute |x|
# A hidden ReLU layer has a basis of its own: it makes sense to ask what a neuron stands for.

# %%
import tegum as tg

# %% tags=["parameters"]
STEPS, SEEDS, FEATURES, NEURONS = 20_000, 4, 10, 20

# %%
x = tg.Independent(FEATURES, 0.1, magnitude="signed")
importance = [0.8**i for i in range(FEATURES)]
problem = tg.Problem(x, tg.TwoLayer(NEURONS), importance, target="abs")
axes = {"feature_probability": [1.0, 0.1, 0.01]}
runs = tg.train(problem, axes, tg.Training(steps=STEPS), seeds=SEEDS)
best = tg.best(runs)

# %% [markdown]
# A column is a neuron, a segment a feature. Dense data: each neuron has one feature (blue), two
# neurons to a feature, for x > 0 and x < 0. Sparse data: neurons share (red).

# %%
tg.plots.stacks(best)

# %%
tg.plots.neuron_weights(best.isel(feature_probability=0))
