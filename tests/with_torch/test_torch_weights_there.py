"""Checkpoints, state dicts and modules where PyTorch is: there and back, and their own losses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import tegum as tg
from tegum.errors import InputFileError

N, M = 6, 3
X = tg.Independent(N, 0.4)
PROBLEMS = {
    "tied": tg.Problem(X, tg.ReLUOutput(M)),
    "square": tg.Problem(tg.Independent(3, 0.4), tg.ReLUOutput(3, activation="gelu")),
    "hidden": tg.Problem(X, tg.ReLUHidden(M, hidden_bias=True)),
    "untied": tg.Problem(X, tg.TwoLayer(M, bias=False)),
}
TRAINING = tg.Training(engine="torch", steps=5, batch_size=64, curve_points=0, held_out=20_000)
SAMPLES = X.sample(np.random.default_rng(5), 4000)


def trained(problem: tg.Problem, seeds: int = 2, **axes: Any) -> Any:
    return tg.train(problem, axes, TRAINING, seeds, progress=False)


class Notebook(nn.Module):
    """As in the paper's notebook: W (instance, feature, hidden)."""

    def __init__(self) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.randn(4, N, M))
        self.b_final = nn.Parameter(torch.randn(4, N))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        hidden = torch.einsum("...if,ifh->...ih", features, self.W)
        return torch.relu(torch.einsum("...ih,ifh->...if", hidden, self.W) + self.b_final)


class Arena(nn.Module):
    """As in ARENA's exercises: W (inst, d_hidden, feats)."""

    def __init__(self) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.randn(4, M, N))
        self.b_final = nn.Parameter(torch.randn(4, N))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        hidden = torch.einsum("bif,ihf->bih", features, self.W)
        return torch.relu(torch.einsum("bih,ihf->bif", hidden, self.W) + self.b_final)


class Target(nn.Module):
    """As targets of parameter decompositions: two linear layers, one between them."""

    def __init__(self) -> None:
        super().__init__()
        self.linear1 = nn.Linear(N, M, bias=False)
        self.hidden_layers = nn.ModuleList([nn.Linear(M, M, bias=False)])
        self.linear2 = nn.Linear(M, N)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.linear2(self.hidden_layers[0](self.linear1(features))))


PUBLIC = {
    "notebook": (Notebook, PROBLEMS["tied"]),
    "arena": (Arena, PROBLEMS["tied"]),
    "linear": (Target, tg.Problem(X, tg.TwoLayer(M, hidden_activation="identity"))),
}


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("layout", PUBLIC)
def test_losses_of_checkpoints_are_those_of_their_own_forward_pass(
    layout: str, suffix: str, tmp_path: Path
) -> None:
    made, problem = PUBLIC[layout]
    torch.manual_seed(0)
    theirs = made()
    path = tmp_path / f"w{suffix}"
    save = torch.save if suffix == ".pt" else save_file
    save(theirs.state_dict(), path)
    x = torch.from_numpy(SAMPLES).float()
    own = x if layout == "linear" else x[:, None].expand(-1, 4, -1)
    with torch.no_grad():
        loss = ((own - theirs(own)) ** 2).sum(-1).double().mean(0).numpy()
    runs = tg.torch.load(path, problem)
    y = tg.forward(runs, SAMPLES.astype(np.float32))
    ours = ((y - SAMPLES) ** 2).sum("feature").mean("sample")
    np.testing.assert_allclose(ours.to_numpy(), np.atleast_1d(loss), rtol=1e-6)
    assert runs.W_in.dtype == np.float32 if layout == "linear" else runs.W.dtype == np.float32


@pytest.mark.parametrize("layout", ["plain", "notebook", "arena", "linear"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_there_and_back(layout: str, name: str, tmp_path: Path) -> None:
    problem = PROBLEMS[name]
    for runs in (trained(problem, importance=[1.0, 2.0]), trained(problem, 1)):
        if layout in ("notebook", "arena") and name in ("hidden", "untied"):
            with pytest.raises(tg.SpecError, match=f"{layout!r} has no place for"):
                tg.torch.state_dict(runs, layout=layout)
            continue
        tensors = tg.torch.state_dict(runs, layout=layout)
        torch.save(tensors, tmp_path / "w.pt")
        save_file(tensors, tmp_path / "w.safetensors")
        for source in (tensors, tmp_path / "w.pt", tmp_path / "w.safetensors"):
            back = tg.torch.load(source, problem, layout=layout)
            for parameter in problem.model.parameters(problem.n_features):
                wanted = runs[parameter].to_numpy()
                assert back[parameter].dtype == wanted.dtype
                np.testing.assert_array_equal(back[parameter].to_numpy(), wanted.reshape(
                    back[parameter].shape))  # fmt: skip


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_module_gives_what_forward_gives(name: str) -> None:
    problem = PROBLEMS[name]
    x = problem.distribution.sample(np.random.default_rng(2), 7).astype(np.float32)
    for runs in (trained(problem, 3, importance=[1.0, 2.0]), trained(problem, 1)):
        module = tg.torch.module(runs)
        for layer, call in (("output", module), ("hidden", module.hidden)):
            wanted = tg.forward(runs, x, layer=layer)
            found = call(torch.from_numpy(x)).detach().numpy()
            np.testing.assert_allclose(found.reshape(wanted.shape), wanted, atol=1e-5)
        names = {key for key, _ in module.named_parameters()}
        assert names == set(problem.model.parameters(problem.n_features))
    stacked = tg.torch.module(trained(problem, 3))
    own = torch.rand(3, 5, problem.n_features)
    each = [stacked(own[k])[k] for k in range(3)]
    torch.testing.assert_close(stacked(own), torch.stack(each))


def test_a_module_is_trained_on_and_comes_back() -> None:
    runs = trained(PROBLEMS["tied"], 2)
    module = tg.torch.module(runs)
    x = torch.from_numpy(SAMPLES[:500]).float()
    optimiser = torch.optim.SGD(module.parameters(), lr=0.1)
    for _ in range(20):
        optimiser.zero_grad()
        ((module(x) - x) ** 2).sum(-1).mean(-1).sum().backward()
        optimiser.step()
    back = tg.torch.load(module.state_dict(), PROBLEMS["tied"])
    assert (back.loss < runs.loss).all()


def test_half_precision_is_read_as_float32() -> None:
    given = {"W": torch.randn(2, M, N).bfloat16(), "b_final": torch.zeros(2, N).half()}
    back = tg.torch.load(given, PROBLEMS["tied"])
    np.testing.assert_array_equal(back.W, given["W"].float().numpy())


def test_objects_in_a_checkpoint_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    torch.save(Notebook(), path)
    said = (
        f"{path} is no checkpoint of tensors alone: nothing else is read; save model.state_dict()"
    )
    with pytest.raises(InputFileError) as caught:
        tg.torch.load(path, PROBLEMS["tied"])
    assert str(caught.value) == said
    torch.save(torch.zeros(3), path)
    with pytest.raises(InputFileError, match="holds no state dict but a Tensor"):
        tg.torch.load(path, PROBLEMS["tied"])
    for content in (b"", b"text", path.read_bytes()[:200]):
        path.write_bytes(content)
        with pytest.raises(InputFileError) as caught:
            tg.torch.load(path, PROBLEMS["tied"])
        assert "\n" not in str(caught.value)
