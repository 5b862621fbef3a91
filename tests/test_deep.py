"""Deep models and LayerNorm where there is no PyTorch: descriptions, outputs, who refuses them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import tegum as tg
from tegum.explorer.limits import LimitError, Limits
from tegum.explorer.state import PageState
from tegum.explorer.vocabulary import vocabulary

X = tg.Independent(4, 0.3)
NORMED = tg.Problem(X, tg.ReLUOutput(3, layer_norm=True))
DEEP = tg.Problem(X, tg.Deep((3, 2)))


def test_outputs_are_those_of_a_slow_loop() -> None:
    model, rng = tg.Deep((3, 2), hidden_bias=True, layer_norm=True), np.random.default_rng(0)
    named = {name: rng.normal(size=shape) for name, shape in model.parameters(4).items()}
    x = rng.normal(size=(5, 4))
    h, y = model.forward(named, x)
    for sample in range(5):
        read, seen = x[sample], []
        for k in (1, 2):
            z = np.maximum(named[f"W_{k}"] @ read + named[f"b_{k}"], 0)
            read = (z - z.mean()) / (z.var() + 1e-5) ** 0.5
            seen += read.tolist()
        np.testing.assert_allclose(h[sample], seen, atol=1e-12)
        wanted = np.maximum(named["W_3"] @ read + named["b"], 0)
        np.testing.assert_allclose(y[sample], wanted, atol=1e-12)


def test_shapes_are_those_of_the_chain() -> None:
    shapes = tg.Deep([7, 2, 5], hidden_bias=True).parameters(4)
    assert shapes == {
        "W_1": (7, 4), "W_2": (2, 7), "W_3": (5, 2), "W_4": (4, 5), "b": (4,),
        "b_1": (7,), "b_2": (2,), "b_3": (5,),
    }  # fmt: skip
    assert tg.Deep(3, bias=False).parameters(4) == {"W_1": (3, 4), "W_2": (4, 3)}


def test_json_leaves_layer_norm_out_where_there_is_none() -> None:
    assert "layer_norm" not in tg.Problem(X, tg.ReLUOutput(3)).to_json()
    assert json.loads(NORMED.to_json())["model"]["layer_norm"] is True
    for problem in (NORMED, DEEP):
        assert tg.Problem.from_json(problem.to_json()) == problem


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tg.Deep(()), "Deep.widths must have one hidden layer at least; got ()"),
        (lambda: tg.Deep((3, 0)), "Deep.widths must be an integer >= 1; got 0"),
        (lambda: tg.Deep((3, 1.5)), "Deep.widths must be an integer >= 1; got 1.5"),
        (lambda: tg.Deep((3, 1), layer_norm=True), "Deep.layer_norm must be False where a layer"),
        (lambda: tg.ReLUHidden(1, layer_norm=True), "ReLUHidden.layer_norm must be False where"),
        (
            lambda: tg.Problem(X, tg.Deep((3, 2)), weight_l1=(1, 2)),
            "Problem.weight_l1 must be a number, or one for each of W_1, W_2, W_3; got (1.0, 2.0)",
        ),
        (lambda: tg.train(NORMED), "Problem.model must have no LayerNorm for the sampled engine; "),
        (lambda: tg.train(DEEP), "Problem.model must not be Deep for the sampled engine; Training"),
        (
            lambda: tg.train(NORMED, training=tg.Training(engine="exact")),
            "Problem.model must have no LayerNorm for the exact engine; Training(engine='torch') ",
        ),
        (
            lambda: tg.expected_loss(NORMED, np.ones((3, 4))),
            "Problem.model must have no LayerNorm for an exact expected loss; losses of Training(",
        ),
        (
            lambda: tg.loss_by_active(NORMED, np.ones((3, 4))),
            "Problem.model must have no LayerNorm for an exact expected loss; losses of Training(",
        ),
        (lambda: tg.from_weights(DEEP, W=1), "from_weights.model must have one hidden layer, W or"),
    ],
)
def test_what_is_not_done_is_said(call: Any, said: str) -> None:
    with pytest.raises(tg.SpecError) as caught:
        call()
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_the_page_offers_none_and_refuses_them() -> None:
    offered = vocabulary()["model"]
    assert "deep" not in offered
    assert not any("layer_norm" in kind["fields"] for kind in offered.values())
    for problem in (NORMED, DEEP):
        with pytest.raises(LimitError, match="to be trained here"):
            Limits().admit(PageState(problem=problem))
