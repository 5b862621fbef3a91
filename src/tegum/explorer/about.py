"""What a page is told of a training before its first frame."""

from __future__ import annotations

from typing import Any

from tegum.distributions.base import Block
from tegum.explorer.state import PageState


def about_of(state: PageState) -> dict[str, Any]:
    """What a page needs to know of a training besides its state."""
    problem = state.problem
    shapes = problem.model.parameters(problem.n_features)
    return {
        "n_features": problem.n_features,
        "n_hidden": problem.n_hidden,
        "seeds": state.seeds,
        "parameters": {name: list(shape) for name, shape in shapes.items()},
        "draws": [draw for block in problem.distribution.blocks() for draw in _draws(block)],
        "neurons": problem.model.hidden_activation != "identity",
    }


def _draws(block: Block) -> list[dict[str, Any]]:
    """The on/off draws of a block; where features have none, each stands for itself."""
    alone = block.kind == "joint"
    places = range(block.size) if alone else range(1)
    size = 1 if alone else block.size
    return [{"kind": block.kind, "start": block.start + k, "size": size} for k in places]
