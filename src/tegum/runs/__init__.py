"""Datasets of trained models: their names, reading, writing, selecting, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tegum.faces import lazy

if TYPE_CHECKING:
    from tegum.runs import files as files
    from tegum.runs import models as models
    from tegum.runs import outputs as outputs
    from tegum.runs import schema as schema
    from tegum.runs import select as select
    from tegum.runs import shapes as shapes
    from tegum.runs import sweep_tables as sweep_tables
    from tegum.runs import tables as tables
    from tegum.runs import weights as weights
    from tegum.runs import write as write

__all__, __getattr__, __dir__ = lazy(__name__)
