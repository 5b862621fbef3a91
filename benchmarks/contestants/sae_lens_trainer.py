"""One sparse autoencoder by the trainer of SAELens, on activations in memory or on its own.

No logging, evaluation, checkpoint or normalisation. Needs sae-lens; TQDM_DISABLE, set before
anything imports tqdm, switches its progress bar off.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import torch
from sae_lens import SAETrainer, StandardTrainingSAE, StandardTrainingSAEConfig
from sae_lens.config import SAETrainerConfig
from sae_lens.synthetic import ActivationGenerator, FeatureDictionary
from sae_lens.synthetic.training import SyntheticActivationIterator


def remembered(batches: Any) -> Iterator[torch.Tensor]:
    """Arrays (batch, sample, hidden) in turns, over and over."""
    return cycle(list(torch.from_numpy(batches)))


def fresh(truth: Any, p: float, size: int) -> Iterator[torch.Tensor]:
    """What SAELens draws itself of W (hidden, feature): active with chance p, a half on average."""
    m, n = truth.shape
    atoms = FeatureDictionary(n, m, initializer=None)
    atoms.feature_vectors.data = torch.from_numpy(truth.T.astype("float32").copy())
    x = ActivationGenerator(n, p, std_firing_magnitudes=0.25, mean_firing_magnitudes=0.5)
    return SyntheticActivationIterator(atoms, x, size)


class Peer:
    """ReLU codes with a price on their sum, Adam, on one thread."""

    def __init__(
        self, given: Iterator[torch.Tensor], size: int, m: int, latents: int, l1: float
    ) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self.size = size
        own = StandardTrainingSAEConfig(d_in=m, d_sae=latents, l1_coefficient=l1)
        how = SAETrainerConfig(0, size, lr=1e-3, lr_end=1e-3)
        self.trainer = SAETrainer(how, StandardTrainingSAE(own), given)

    def rate(self, steps: int) -> float:
        """Steps a CPU second."""
        self.trainer.cfg.total_training_samples += self.size * steps
        began = time.process_time()
        self.trainer.fit()
        return steps / (time.process_time() - began)
