"""Correlated pairs beside anticorrelated ones.

What is active together is put at right angles; what excludes each other, opposite.
"""

import matplotlib.pyplot as plt

import tegum as tg

together = tg.Problem(tg.Correlated(2, 2, feature_probability=0.05), tg.ReLUOutput(2))
apart = tg.Problem(tg.Anticorrelated(2, 2, feature_probability=0.2), tg.ReLUOutput(2))
training = tg.Training(steps=4000, learning_rate=0.003)

pairs = [("correlated", together), ("anticorrelated", apart)]
figure, axes = plt.subplots(1, 2, figsize=(5.2, 2.7), layout="constrained")
for ax, (title, problem) in zip(axes, pairs, strict=True):
    best = tg.best(tg.train(problem, training=training, seeds=16))
    tg.plots.sets_2d(best, ax=ax)
    ax.set_title(title)
