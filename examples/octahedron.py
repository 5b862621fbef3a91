"""Two sets of three correlated features form an octahedron.

Features of a set are at right angles to each other, and each is opposite to one of the other set:
three digons in orthogonal directions, the best of eight models.
"""

import tegum as tg

problem = tg.Problem(tg.Correlated(2, 3, feature_probability=0.05), tg.ReLUOutput(3))
training = tg.Training(steps=4000, learning_rate=0.003)
best = tg.best(tg.train(problem, training=training, seeds=8))
print([(factor.name, factor.features) for factor in tg.factors(best.W)])
figure = tg.plots.features_3d(best)
