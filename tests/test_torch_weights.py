"""Layouts of weights from elsewhere, on plain arrays: nothing here needs PyTorch."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from safetensors.numpy import save_file

import tegum as tg
from tegum.errors import InputFileError, TegumError, UnknownNameError
from tegum.torch import _layouts, reading

N, M = 5, 3
RNG = np.random.default_rng(0)
X = tg.Independent(N, 0.3)
TIED = tg.Problem(X, tg.ReLUOutput(M))
UNTIED = tg.Problem(X, tg.TwoLayer(M, hidden_activation="identity"))
HIDDEN = tg.Problem(X, tg.ReLUHidden(M, hidden_bias=True))
W, B = RNG.normal(size=(4, M, N)), RNG.normal(size=(4, N))
W_IN, W_OUT = W[0], RNG.normal(size=(N, M))
SQUARE = tg.Problem(tg.Independent(3, 0.5), tg.ReLUOutput(3))

Array = np.ndarray[Any, Any]


def read(source: Any, problem: tg.Problem, layout: str | None = None) -> dict[str, Array]:
    """What `load` gives to `from_weights`, whose losses other tests are about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "from_weights", lambda problem, **given: given)
        found: Any = tg.torch.load(source, problem, layout=layout)
    return dict(found)


def turned(a: Array) -> Array:
    return np.swapaxes(a, -1, -2)


def ways(a: Array) -> dict[str, Array]:
    """The same numbers in memory of other kinds."""
    wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]))
    wide[..., ::2] = a
    return {
        "as it is": a,
        "Fortran order": np.asfortranarray(a),
        "transposed": np.swapaxes(np.ascontiguousarray(np.swapaxes(a, -1, -2)), -1, -2),
        "strided": wide[..., ::2],
        "backwards": a[..., ::-1].copy()[..., ::-1],
    }


@pytest.mark.parametrize("way", ways(W))
def test_stacks_are_read_either_way_round(way: str) -> None:
    for W_given, layout in ((turned(W), "notebook"), (W, "arena")):
        given = {"W": ways(W_given)[way], "b_final": ways(B)[way]}
        for named in (None, layout):
            found = read(given, TIED, named)
            np.testing.assert_array_equal(found["W"], W)
            np.testing.assert_array_equal(found["b"], B)


def test_the_loss_is_that_of_their_own_forward_pass() -> None:
    """The paper's notebook: relu(einsum(einsum(x, W), W) + b), over samples of ours."""
    runs = tg.torch.load({"W": turned(W), "b_final": B}, TIED)
    assert runs.W.dims == ("seed", "hidden", "feature")
    x = X.sample(np.random.default_rng(1), 200_000)
    h = np.einsum("bf,ifh->bih", x, turned(W))
    y = np.maximum(np.einsum("bih,ifh->bif", h, turned(W)) + B, 0)
    each = ((x[:, None] - y) ** 2).sum(-1)
    error = each.std(0) / len(x) ** 0.5
    assert (np.abs(each.mean(0) - runs.loss.to_numpy()) < 5 * error).all()
    np.testing.assert_allclose(
        tg.forward(runs, x[:50]).transpose("sample", "seed", "feature"), y[:50], rtol=1e-12
    )


def test_linear_layers_and_layers_between_them() -> None:
    layers = RNG.normal(size=(2, M, M))
    given = {
        "linear1.weight": W_IN, "linear2.weight": W_OUT, "linear2.bias": B[0],
        "hidden_layers.1.weight": layers[1], "hidden_layers.0.weight": layers[0],
    }  # fmt: skip
    found = read(given, UNTIED)
    x = RNG.uniform(size=(20, N))
    y = np.maximum(x @ W_IN.T @ layers[0].T @ layers[1].T @ W_OUT.T + B[0], 0)
    own = {name: found[name] for name in ("W_in", "W_out", "b")}
    np.testing.assert_allclose(UNTIED.model.forward(own, x)[1], y, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(found["W_in"], W_IN)


def test_linear_layers_as_stacks_of_inputs_first_have_them() -> None:
    given = {"linear1.weight": turned(W), "linear2.weight": W, "b_final": B}
    found = read(given, TIED)
    np.testing.assert_array_equal(found["W"], W)
    np.testing.assert_array_equal(found["b"], B)


def test_identities_between_linear_layers_change_nothing() -> None:
    given = {"linear1.weight": W_IN, "linear2.weight": W_IN.T, "hidden_layers.0.weight": np.eye(M)}
    np.testing.assert_array_equal(read(given, TIED)["W"], W_IN)


def test_names_in_wrappers_are_found() -> None:
    plain = {"W": W, "b_final": B}
    wrapped = {f"_orig_mod.module.{name}": array for name, array in plain.items()}
    for given in (wrapped, {"epoch": 3, "state_dict": wrapped}, {"model": {"model": plain}}):
        np.testing.assert_array_equal(read(given, TIED)["W"], W)


@pytest.mark.parametrize("way", ways(W))
def test_files_of_arrays_are_read(tmp_path: Path, way: str) -> None:
    array = ways(turned(W))[way]
    save_file({"W": np.array(array, order="C")}, tmp_path / "w.safetensors")
    np.savez(tmp_path / "w.npz", W=array)
    for name in ("w.safetensors", "w.npz"):
        np.testing.assert_array_equal(read(tmp_path / name, TIED)["W"], W)


@pytest.mark.parametrize("layout", _layouts.LAYOUTS)
def test_what_is_written_in_a_layout_is_read_from_it_as_it_was(layout: str) -> None:
    cases = [(SQUARE, {"W": RNG.normal(size=(4, 3, 3)), "b": RNG.normal(size=(4, 3))})]
    cases += [(TIED, {"W": W, "b": B}), (TIED.replace(model=tg.Linear(M, bias=False)), {"W": W})]
    if layout in ("plain", "linear"):
        cases.append((HIDDEN, {"W": W, "b": B, "b_hidden": W[:, :, 0]}))
        cases.append((UNTIED, {"W_in": W, "W_out": turned(W[::-1]), "b": B}))
    for problem, named in cases:
        for way in ways(W):
            for one in (False, True):
                rows = {k: ways(a)[way][: 1 if one else 4] for k, a in named.items()}
                written = _layouts.write("write", rows, layout, one)
                assert all(a.flags.c_contiguous for a in written.values())
                found = read(written, problem, layout)
                assert found.keys() == rows.keys()
                for name, array in rows.items():
                    given = array[0] if one and layout in ("plain", "linear") else array
                    np.testing.assert_array_equal(found[name], given)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "square": (
        lambda: tg.torch.load({"W": np.eye(3)}, SQUARE),
        "load.layout must be named, one of ('plain', 'notebook', 'arena', 'linear'): a square W "
        "has none to be read off it; got None",
    ),
    "names": (
        lambda: tg.torch.load({"weight": W}, TIED),
        "load.source must hold W, W_in and W_out, or linear1.weight and linear2.weight; "
        "got ['weight']",
    ),
    "strange": (
        lambda: tg.torch.load({"W": W, "b_final": B, "W2": W}, TIED),
        "load.source must hold W, perhaps b_final, nothing else; got ['W', 'b_final', 'W2']",
    ),
    "shape": (
        lambda: tg.torch.load({"W": W}, TIED, layout="notebook"),
        "load.W must have shape (..., 5, 3) in the layout 'notebook'; got (4, 3, 5)",
    ),
    "layout": (
        lambda: tg.torch.load({"W": W}, TIED, layout="keras"),
        "unknown load.layout 'keras'; known: plain, notebook, arena, linear",
    ),
    "problem": (
        lambda: tg.torch.load({"W": W}, X),  # type: ignore[arg-type]
        f"load.problem must be a Problem; got {X!r}",
    ),
    "source": (
        lambda: tg.torch.load(3, TIED),  # type: ignore[arg-type]
        "load.source must be a file or a mapping of names to arrays; got <class 'int'>",
    ),
    "numbers": (
        lambda: tg.torch.load({"W": "text"}, TIED, layout="plain"),
        "load.W must be an array of real numbers; got 'text'",
    ),
    "untied": (
        lambda: tg.torch.load({"linear1.weight": W_IN, "linear2.weight": W_OUT}, TIED),
        "load.linear2.weight must be the transposed linear1.weight of a tied model, or the model "
        "a TwoLayer; got (5, 3)",
    ),
    "between": (
        lambda: tg.torch.load(
            {
                "linear1.weight": W_IN,
                "linear2.weight": W_IN.T,
                "hidden_layers.0.weight": 2 * np.eye(M),
            },
            TIED,
        ),
        "load.hidden_layers can be part of W_out alone, of a "
        "TwoLayer(hidden_activation='identity'); got <class 'tegum.models.relu_output.ReLUOutput'>",
    ),
    "no place": (
        lambda: _layouts.write("state_dict", {"W_in": W, "W_out": turned(W)}, "arena", False),
        "state_dict.layout must be 'plain' or 'linear': 'arena' has no place for W_in, W_out; "
        "got 'arena'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_said_in_a_line(name: str) -> None:
    call, said = REFUSED[name]
    with pytest.raises(TegumError) as caught:
        call()
    assert str(caught.value) == said


def test_files_that_are_none_are_said(tmp_path: Path) -> None:
    for name in ("w.safetensors", "w.npz"):
        path = tmp_path / name
        with pytest.raises(InputFileError, match="is not there"):
            tg.torch.load(path, TIED)
        for content in (b"", b"PK\x03\x04 no archive", b"\xff" * 100):
            path.write_bytes(content)
            with pytest.raises(InputFileError, match="cannot be read as") as caught:
                tg.torch.load(path, TIED)
            assert "\n" not in str(caught.value)
    np.savez(tmp_path / "o.npz", W=np.array([{}], dtype=object))
    with pytest.raises(InputFileError, match="cannot be read as arrays"):
        tg.torch.load(tmp_path / "o.npz", TIED)


def test_what_needs_pytorch_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    coordinates = {"seed": np.arange(4)}
    runs = xr.Dataset(
        {"W": (("seed", "hidden", "feature"), W), "b": (("seed", "feature"), B)},
        coordinates,
        {"problem": TIED.to_json()},
    )
    (tmp_path / "w.pt").write_bytes(b"PK")
    for call, name in (
        (lambda: tg.torch.load(tmp_path / "w.pt", TIED), "load"),
        (lambda: tg.torch.state_dict(runs), "state_dict"),
        (lambda: tg.torch.module(runs), "module"),
    ):
        with pytest.raises(TegumError) as caught:
            call()
        said = f"tegum.torch.{name} needs PyTorch: pip install 'tegum[torch]'"
        assert str(caught.value) == said
    with pytest.raises(UnknownNameError):
        tg.torch.state_dict(runs, layout="keras")
