"""Where the pentagon gives way to two digons.

Both minima are followed over the density of all features, and the density solved for at which
they are equally deep: the lowest loss is continuous there, and its slope jumps.
"""

import numpy as np

import tegum as tg
from tegum.analysis.figure_tables import branch_table

problem = tg.Problem(tg.Independent(5, 0.2), tg.ReLUOutput(2))
angles = 2 * np.pi * np.arange(5) / 5
pentagon = np.array([np.cos(angles), np.sin(angles)])
digons = np.array([[1.0, -1, 0, 0, 0], [0, 0, 1.0, -1, 0]])
axis = {"target": "feature_probability", "values": np.linspace(0.15, 0.32, 18), "start": 0.2}
branches = {
    "pentagon": tg.follow(problem, pentagon, np.full(5, -0.1), **axis),
    "two digons": tg.follow(problem, digons, np.array([0, 0, 0, 0, 0.1]), **axis),
}
(found,) = tg.crossings(*branches.values())
print(f"equally deep at p = {found.value:.6f}, with a loss of {found.loss:.6f}")
figure = tg.plots.crossing(branch_table(branches), at="feature_probability")
