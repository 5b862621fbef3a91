"""Neurons that store one feature, and neurons that store several.

A ReLU-hidden model of ten features and five neurons, dense and sparse: the best of forty. A column
is a neuron, a segment one of its weights.
"""

import numpy as np

import tegum as tg

problem = tg.Problem(tg.Independent(10, 0.1), tg.ReLUHidden(5), importance=0.75 ** np.arange(10))
training = tg.Training(steps=3000, batch_size=256, learning_rate=0.005, schedule="cosine")
runs = tg.train(problem, {"feature_probability": [0.8, 0.3, 0.08]}, training, seeds=40)
figure = tg.plots.stacks(tg.best(runs))
