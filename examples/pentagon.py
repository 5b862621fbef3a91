"""Five features in two dimensions, from dense to sparse.

The best of 32 models at each density: two orthogonal features, two digons, a pentagon.
"""

import numpy as np

import tegum as tg

problem = tg.Problem(
    tg.Independent(n_features=5, feature_probability=0.05),
    tg.ReLUOutput(n_hidden=2),
    importance=0.9 ** np.arange(5),
)
axis = {"feature_probability": [1.0, 0.2, 0.1]}
runs = tg.train(problem, axis, tg.Training(steps=4000, learning_rate=0.003), seeds=32)
figure = tg.plots.features_2d(tg.best(runs))
