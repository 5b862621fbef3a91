"""A circuit that computes |x| of three features with six neurons.

Each feature has a neuron for x > 0 and one for x < 0; their sum is |x|.
"""

import tegum as tg

x = tg.Independent(3, 0.1, magnitude="signed")
problem = tg.Problem(x, tg.TwoLayer(6), target="abs")
training = tg.Training(steps=3000, learning_rate=0.01, schedule="cosine")
best = tg.best(tg.train(problem, training=training, seeds=8))
figure = tg.plots.circuit(best)
