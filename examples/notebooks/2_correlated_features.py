# %% [markdown]
# # Correlated and anticorrelated features
# Features of one set are active together, or never two at once.

# %%
import tegum as tg

# %% tags=["parameters"]
STEPS, SEEDS = 10_000, 16

# %%
training = tg.Training(steps=STEPS)
correlated = tg.Problem(tg.Correlated(2, 2, feature_probability=0.1), tg.ReLUOutput(2))
together = tg.best(tg.train(correlated, training=training, seeds=SEEDS))

# %% [markdown]
# Two features that are active together are put at a right angle to each other: they do not mind
# neighbours that are never there with them.

# %%
tg.plots.sets_2d(together)

# %%
anticorrelated = tg.Problem(tg.Anticorrelated(2, 2, feature_probability=0.1), tg.ReLUOutput(2))
apart = tg.best(tg.train(anticorrelated, training=training, seeds=SEEDS))

# %% [markdown]
# Two that exclude each other may be opposite: ReLU takes out what little they interfere.

# %%
tg.plots.sets_2d(apart)

# %% [markdown]
# What each output receives of each feature, and the biases.

# %%
tg.plots.gram(apart)
