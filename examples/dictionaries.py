"""Features taken out again: dictionaries whose true directions are known.

Left: the features of a pentagon and the atoms of the best sparse autoencoder of its hidden
activations. Right: twenty features in ten dimensions, at several prices of activity.
"""

import matplotlib.pyplot as plt
import numpy as np

import tegum as tg
from tegum.analysis import recovery

toy = tg.Problem(tg.Independent(5, 0.05), tg.ReLUOutput(2))
pentagon = tg.best(tg.train(toy, training=tg.Training(steps=3000, learning_rate=0.003), seeds=8))
how = tg.Training(steps=3000, batch_size=256, learning_rate=0.003, schedule="cosine")

seen = tg.Activations(pentagon)  # h = W x of fresh x, of which x is forgotten
one = tg.best(tg.train(tg.Problem(seen, tg.SAE(5, kind="topk", k=1)), training=how, seeds=16))

twenty = tg.Activations.random(10, tg.Independent(20, 0.05))
prices = {"l1": np.geomspace(0.03, 1, 6)}
by_price = tg.train(tg.Problem(twenty, tg.SAE(20)), prices, how, seeds=4)
by_count = tg.train(tg.Problem(twenty, tg.SAE(20, kind="topk", k=1)), None, how, seeds=4)


def found(runs):
    """The mean max cosine of every dictionary."""
    rows = runs.W_dec.to_numpy().reshape(-1, 20, 10)
    return np.array([recovery.mean_max_cosine(twenty.W, atoms) for atoms in rows])


figure, (plane, curve) = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
for x, y in (seen.W / np.linalg.norm(seen.W, axis=0)).T:
    plane.plot([0, x], [0, y], color="0.75", linewidth=6, solid_capstyle="round")
for x, y in one.W_dec.to_numpy():
    plane.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "->", "color": "C3"})
plane.set(aspect="equal", xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), title="features and atoms")
plane.set_axis_off()
curve.plot(by_price.l1, found(by_price).reshape(-1, 4), "o", color="C0", label="ReLU, 4 seeds each")
for level in found(by_count):
    curve.axhline(level, color="C1", linewidth=1, label="TopK, k = 1, 4 seeds")
curve.set(xscale="log", xlabel="price of activity, l1", ylabel="mean max cosine")
handles, labels = curve.get_legend_handles_labels()
curve.legend(handles[3:5], labels[3:5], loc="lower right")
