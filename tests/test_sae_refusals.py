"""What is no sparse autoencoder, and what there is none of, is refused in a line."""

from __future__ import annotations

from typing import Any

import pytest

import tegum as tg
from tegum.engines.choice import engine_of
from tegum.errors import SpecError, TegumError
from tegum.explorer.limits import LimitError, Limits
from tegum.explorer.state import PageState

LAW = tg.Activations.random(3, tg.Independent(5, 0.2))

BAD: list[tuple[dict[str, Any], str]] = [
    ({"n_latents": 0}, r"SAE\.n_latents must be an integer >= 1; got 0"),
    ({"kind": "topk"}, r"SAE\.k must say how many latents fire, as k=4; got None"),
    ({"kind": "topk", "k": 5}, r"SAE\.k must be at most n_latents = 4; got 5"),
    ({"kind": "topk", "k": 0}, r"SAE\.k must be an integer >= 1; got 0"),
    ({"k": 2}, r"SAE\.k must be None of 'relu': k is for topk, batchtopk; got 2"),
    ({"kind": "batchtopk"}, r"SAE\.k must say how many latents fire, as k=4; got None"),
    ({"kind": "batchtopk", "k": 5}, r"SAE\.k must be at most n_latents = 4; got 5"),
    ({"aux_weight": 0.1}, r"SAE\.aux_weight must be 0\.0 of 'relu': it is for topk, batchtopk"),
    ({"kind": "topk", "k": 1, "aux_k": 2}, r"SAE\.aux_k must be None without a loss that dead"),
    ({"kind": "topk", "k": 1, "aux_weight": -1}, r"SAE\.aux_weight must be >= 0; got -1"),
    ({"dead_after": 2}, r"SAE\.dead_after must be in \[0, 1\]; got 2"),
    ({"sparsity_warmup": 1.5}, r"SAE\.sparsity_warmup must be in \[0, 1\]; got 1\.5"),
    (
        {"kind": "vanilla"},
        r"SAE\.architecture must be one of relu, topk, jumprelu, gated, batchtopk, and said once",
    ),
    (
        {"kind": "matryoshka"},
        r"SAE\.architecture .*; a Matryoshka is one of them with nested=\(sizes\); got 'matry",
    ),
    (
        {"nested": (2, 2)},
        r"SAE\.nested must increase, and be less than n_latents = 4; got \(2, 2\)",
    ),
    ({"nested": (4,)}, r"SAE\.nested must increase, and be less than n_latents = 4; got \(4,\)"),
    ({"nested": (0, 1)}, r"SAE\.nested must be an integer >= 1; got 0"),
    ({"bandwidth": 0.2}, r"SAE\.bandwidth must be None of 'relu': it is for jumprelu; got 0\.2"),
    ({"kind": "jumprelu", "bandwidth": 0.0}, r"SAE\.bandwidth must be > 0; got 0\.0"),
    ({"kind": "relu", "architecture": "topk"}, r"SAE\.architecture must be one of"),
]


@pytest.mark.parametrize(("given", "message"), BAD, ids=[message[5:] for _, message in BAD])
def test_what_is_no_dictionary_is_refused_in_a_line(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=f"^{message}") as caught:
        tg.SAE(**{"n_latents": 4, **given})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("problem", "training", "message"),
    [
        ({"importance": 2.0}, {}, r"Problem\.importance must be 1\.0 for SAE"),
        ({"target": "abs"}, {}, r"Problem\.target must be"),
        ({"loss_power": 4}, {}, r"Problem\.loss_power must be 2\.0 for SAE"),
        ({"unit_norm": True}, {}, r"Problem\.unit_norm must be False for SAE"),
        ({}, {"engine": "exact"}, r"Training\.engine must be left out for SAE"),
        ({}, {"engine": "torch"}, r"Training\.engine must be left out for SAE"),
        ({}, {"optimizer": "sgd"}, r"Training\.optimizer must be 'adam' for a dictionary"),
        ({}, {"weight_decay": 0.1}, r"Training\.weight_decay must be 0\.0 for a dictionary"),
        ({}, {"hidden_noise": 0.1}, r"Training\.hidden_noise must be 0\.0 for a dictionary"),
        ({}, {"init_std": 0.1}, r"Training\.init_std must be None for a dictionary"),
    ],
)
def test_what_dictionaries_have_not_is_refused_in_a_line(
    problem: dict[str, Any], training: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError, match=f"^{message}") as caught:
        tg.train(
            tg.Problem(LAW, tg.SAE(4), **problem),
            None,
            tg.Training(**{"steps": 2, **training}),
            progress=False,
        )
    assert "\n" not in str(caught.value)


def test_the_engine_is_the_models_own() -> None:
    assert engine_of(tg.Problem(LAW, tg.SAE(4)), tg.Training()) == "dictionaries"
    plain = tg.Problem(tg.Independent(3, 0.2), tg.ReLUOutput(2))
    assert engine_of(plain, tg.Training(engine="exact")) == "exact"


def test_what_reads_W_says_that_there_is_none() -> None:
    training = tg.Training(steps=2, batch_size=64, held_out=256)
    runs = tg.train(tg.Problem(LAW, tg.SAE(4)), training=training, progress=False)
    for call in (tg.score, tg.polish, tg.minima, tg.dimensionality, tg.factors):
        with pytest.raises(TegumError) as caught:
            call(runs)
        assert "\n" not in str(caught.value)
    with pytest.raises(SpecError, match=r"`loss` of tegum\.train is on samples"):
        tg.score(runs)


def test_the_page_says_where_dictionaries_are_trained() -> None:
    state = PageState.read({"problem": tg.Problem(LAW, tg.SAE(4)).every_field()})
    with pytest.raises(LimitError, match=r"^dictionaries are trained in Python, by tg\.train"):
        Limits().admit(state)
