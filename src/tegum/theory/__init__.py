"""Closed forms for toy models: arrays in, arrays out, no training and no sampling.

`linear` (the linear model and its optimum), `sparse_expansion` (the loss by number of active
features), `thomson` (the 1-sparse loss as a packing energy), `packing` (the antipodal-pair count
and loss). Features are independent and, unless said, uniform on [0, 1] when active.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tegum.faces import lazy

if TYPE_CHECKING:
    from tegum.theory import activity as activity
    from tegum.theory import linear as linear
    from tegum.theory import packing as packing
    from tegum.theory import phases as phases
    from tegum.theory import principal as principal
    from tegum.theory import sparse_expansion as sparse_expansion
    from tegum.theory import thomson as thomson
    from tegum.theory import two_features as two_features
    from tegum.theory import two_minima as two_minima

__all__, __getattr__, __dir__ = lazy(__name__)
