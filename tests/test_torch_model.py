"""Code that is named and never imported: what tells factories apart, where there is no PyTorch."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

import tegum as tg
from tegum.explorer.limits import LimitError, Limits
from tegum.explorer.state import PageState
from tegum.explorer.vocabulary import vocabulary
from tegum.factories import Factory

WIDTH = 3


class Net:
    """Stands for a module."""

    def __init__(self, n: int, m: int) -> None:
        self.size = n * m * WIDTH


def made(n: int, m: int) -> Net:
    return Net(n, m)


def digest(code: Any) -> str:
    return Factory.of(code).digest


def defined(text: str) -> Any:
    """What a text defines as `f`, in a module that is this one's."""
    space: dict[str, Any] = {"__name__": __name__}
    exec(text, space)
    return space["f"]


def test_the_digest_follows_the_text_and_what_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    first = digest(made)
    assert digest(made) == first
    assert digest(made) != digest(Net)
    with monkeypatch.context() as patch:
        patch.setattr(Net, "__init__", lambda self, n, m: None)  # made() names Net
        assert digest(made) != first
    with monkeypatch.context() as patch:
        patch.setitem(globals(), "WIDTH", 4)  # which Net reads
        assert digest(made) != first
    assert digest(made) == first


def test_functions_without_a_source_are_told_apart_by_what_they_do() -> None:
    same = [defined("def f(n, m): return n + 1") for _ in range(2)]
    assert digest(same[0]) == digest(same[1])
    assert digest(same[0]) != digest(defined("def f(n, m): return n + 2"))
    assert digest(same[0]) != digest(defined("def f(n, m=3): return n + 1"))


def test_closures_and_partials_are_told_apart_by_what_they_hold() -> None:
    def within(width: int) -> Any:
        return lambda n, m: Net(n, width)

    assert digest(within(2)) == digest(within(2)) != digest(within(3))
    assert digest(partial(made, m=2)) == digest(partial(made, m=2)) != digest(partial(made, m=3))
    for code in (within(2), partial(made, m=2)):
        assert not Factory.of(code).importable
    assert Factory.of(made).importable


def test_json_names_the_code_and_its_digest() -> None:
    model = tg.TorchModel(made, 2, outputs=["h"])
    text = model.to_json()
    assert json.loads(text)["factory"] == f"{__name__}:made#{digest(made)}"
    assert tg.TorchModel.from_json(text) == model
    assert hash(tg.TorchModel.from_json(text)) == hash(model)
    # random numbers are addressed by the key: they stay where the text is changed
    assert json.loads(model.key())["factory"] == f"{__name__}:made"
    assert tg.TorchModel(Net, 2) != tg.TorchModel(made, 2)


def test_code_that_was_not_given_is_not_called() -> None:
    named = tg.TorchModel.from_json(tg.TorchModel(made, 2).to_json().replace(digest(made), "0"))
    with pytest.raises(tg.SpecError, match="names code that this program has not given"):
        named.parameters(3)
    with pytest.raises(tg.SpecError, match=r"must make a torch\.nn\.Module; got 'Net'"):
        tg.TorchModel(made, 2).parameters(3)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (("a:b", 2), "TorchModel.factory must be a class or function that makes a torch.nn.Module"),
        ((3, 2), "TorchModel.factory must be a class or function that makes a torch.nn.Module"),
        ((made, 0), "TorchModel.n_hidden must be an integer >= 1"),
        ((made, 2, "h"), "TorchModel.outputs must be a list of names of submodules; got 'h'"),
        ((made, 2, ["h", "h"]), "TorchModel.outputs must be different names of submodules"),
        ((made, 2, ["output"]), "TorchModel.outputs must be names of submodules; 'hidden' is the"),
    ],
)
def test_bad_fields_are_said(fields: Any, said: str) -> None:
    with pytest.raises(tg.SpecError) as caught:
        tg.TorchModel(*fields)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_parts_of_a_problem_that_need_columns_are_said() -> None:
    with pytest.raises(tg.SpecError, match=r"Problem\.unit_norm must be False: columns are"):
        tg.Problem(tg.Independent(3, 0.5), tg.TorchModel(made, 2), unit_norm=True)
    with pytest.raises(tg.SpecError, match=r"Problem\.weight_l1 must be a number"):
        tg.Problem(tg.Independent(3, 0.5), tg.TorchModel(made, 2), weight_l1=(0.1, 0.2))


def test_the_page_offers_none_and_refuses_one() -> None:
    assert "torch_model" not in vocabulary()["model"]
    problem = tg.Problem(tg.Independent(3, 0.5), tg.TorchModel(made, 2))
    with pytest.raises(LimitError, match="must be no module of PyTorch to be trained here"):
        Limits().admit(PageState(problem=problem))
