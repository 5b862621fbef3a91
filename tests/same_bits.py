"""Trains a few models of every kernel and prints digests of all their numbers: see its test.

python tests/same_bits.py [part of a name]
"""

from __future__ import annotations

import json
import sys
from hashlib import blake2b

import numpy as np

import tegum as tg
from tegum.scalars import powers

#: n, m, p, further fields of the problem and the training, by kernel.
SAMPLED = {
    "lane, small": (5, 2, 0.1, {}, {}),
    "lane, dense": (20, 5, 1.0, {}, {}),
    "lane, gelu": (7, 3, 0.3, {"activation": "gelu"}, {}),
    "rare, power": (6, 2, 0.3, {"loss_power": 3.0}, {}),
    "rare, noise": (6, 2, 0.3, {}, {"hidden_noise": 0.1}),
    "dense": (100, 20, 1.0, {}, {}),
    "dense, attack": (130, 7, 0.5, {}, {"attack": 0.1}),
    "sparse": (100, 20, 0.01, {}, {}),
    "sparse, wide": (400, 30, 0.02, {}, {}),
}
#: n, m, p, latents and further fields of a dictionary.
DICTIONARIES = {
    "SAE, small": (5, 2, 0.2, 8, {}),
    "SAE, top": (20, 5, 0.1, 40, {"kind": "topk", "k": 3}),
    "SAE, jumps": (30, 9, 0.1, 40, {"kind": "jumprelu"}),
    "SAE, rows": (60, 20, 0.1, 70, {"kind": "batchtopk", "k": 3}),
    "SAE, listed": (120, 40, 0.01, 200, {}),
}
#: n, m, how often features are on, of a fixed data set.
DATA_SETS = {"sparse, data set": (70, 20, 0.1)}
EXACT = {"exact": (5, 2, 0.1), "exact, wide": (20, 5, 0.05)}


def _digest(problem: tg.Problem, training: tg.Training, without: tuple[str, ...] = ()) -> str:
    runs = tg.train(problem, training=training, seeds=2, progress=False).drop_vars(without)
    digest = blake2b(digest_size=8)
    for name in sorted(str(name) for name in runs.data_vars):
        digest.update(np.ascontiguousarray(runs[name].values).tobytes())
    return digest.hexdigest()


def main() -> None:
    """Print all digests, by name."""
    wanted, found = (sys.argv[1:] or [""])[0], {}
    for name, (n, m, p, more, how) in SAMPLED.items():
        if wanted in name:
            activation = more.pop("activation", "relu")
            model, law = tg.ReLUOutput(m, activation=activation), tg.Independent(n, p)
            problem = tg.Problem(law, model, powers(0.9, n), **more)
            training = tg.Training(steps=60, batch_size=256, held_out=512, **how)
            found[name] = _digest(problem, training)
    for name, (n, m, p) in DATA_SETS.items():
        if wanted in name:
            rng = np.random.default_rng(0)
            law = tg.Samples(rng.random((300, n)) * (rng.random((300, n)) < p))
            training = tg.Training(steps=60, batch_size=256, held_out=512)
            # numpy's BLAS sums the loss over all rows, which is the same to fifteen digits
            found[name] = _digest(tg.Problem(law, tg.ReLUOutput(m)), training, ("loss",))
    for name, (n, m, p, latents, more) in DICTIONARIES.items():
        if wanted in name:
            law = tg.Activations.random(m, tg.Independent(n, p))
            model, l1 = tg.SAE(n_latents=latents, **more), 0.0 if more else 0.05
            problem = tg.Problem(law, model, l1=l1)
            found[name] = _digest(problem, tg.Training(steps=60, batch_size=256, held_out=512))
    for name, (n, m, p) in EXACT.items():
        if wanted in name:
            problem = tg.Problem(tg.Independent(n, p), tg.ReLUOutput(m), powers(0.9, n))
            found[name] = _digest(problem, tg.Training(engine="exact", steps=40))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
