"""The classes of dictionary_learning, without what it loads language models with."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any


def dictionary_learning() -> tuple[Any, Any, Any]:
    """Its module of dictionaries, and the classes of its top-k and batch top-k ones.

    The package imports nnsight when it is imported itself, and that wants another PyTorch: so it is
    passed by.
    """
    found = find_spec("dictionary_learning")
    assert found is not None
    assert found.origin is not None
    for name, home in (
        ("dictionary_learning", Path(found.origin).parent),
        ("dictionary_learning.trainers", Path(found.origin).parent / "trainers"),
    ):
        package = ModuleType(name)
        package.__path__ = [str(home)]
        sys.modules[name] = package
    top_k = import_module("dictionary_learning.trainers.top_k")
    of_batch = import_module("dictionary_learning.trainers.batch_top_k")
    found = import_module("dictionary_learning.dictionary")
    return found, top_k.AutoEncoderTopK, of_batch.BatchTopKSAE
