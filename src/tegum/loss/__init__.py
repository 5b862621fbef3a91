"""Expected losses without sampling: of given weights, of trained models, by active features."""

from __future__ import annotations

from tegum.loss.by_active import loss_by_active
from tegum.loss.expected import ExpectedLoss, expected_loss, has_expected_loss, score
from tegum.loss.polishing import polish

__all__ = [
    "ExpectedLoss",
    "expected_loss",
    "has_expected_loss",
    "loss_by_active",
    "polish",
    "score",
]
