"""Dimensions per feature stick at one half.

Sixty features in eight dimensions. Over a range of densities every feature that is represented is
half of an antipodal pair, whatever the density.
"""

import numpy as np

import tegum as tg

problem = tg.Problem(tg.Independent(60, 0.1), tg.ReLUOutput(8))
axis = {"feature_probability": 1 / np.geomspace(1, 10, 14)}
training = tg.Training(steps=2000, batch_size=256, learning_rate=0.003, schedule="cosine")
figure = tg.plots.dimensions_per_feature(tg.train(problem, axis, training))
