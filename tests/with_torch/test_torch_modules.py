"""Modules of users: trained as by a loop by hand, named in Datasets, given back, and refused."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from optimisers import batch_of
from torch import Tensor, nn

import tegum as tg
from tegum import ensemble
from tegum.cli.main import main
from tegum.engines.base import Batch, State
from tegum.engines.torch.addressed import HELD_OUT, TRAIN
from tegum.engines.torch.descent import batch_of as drawn
from tegum.engines.torch.engine import TorchEngine
from tegum.engines.torch.lowering import lower

N, M = 6, 3
X = tg.Independent(N, 0.3)


class Net(nn.Module):
    """Two layers and a residual path."""

    def __init__(self, n_features: int, n_hidden: int, width: int = 4) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(n_features, width), nn.GELU(), nn.LayerNorm(width))
        self.h = nn.Linear(width, n_hidden, bias=False)
        self.decoder = nn.Linear(n_hidden, n_features)
        self.scale = nn.Parameter(torch.tensor(0.5))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = torch.relu(self.decoder(self.h(self.encoder(x))) + self.scale * x)
        return y


class Embedded(nn.Module):
    """What it reads is a random projection that stays; its decoder is the transposed encoder."""

    def __init__(self, n_features: int, n_hidden: int) -> None:
        super().__init__()
        self.register_buffer("seen", torch.randn(n_features, n_features))
        self.W = nn.Parameter(torch.randn(n_hidden, n_features) / 4)
        self.loss = nn.Parameter(torch.zeros(n_features))
        self.gain = nn.Parameter(torch.ones(2), requires_grad=False)
        self.h = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        h = self.h(x @ self.seen.T @ self.W.T)
        return torch.relu(h @ self.W + self.loss) * self.gain.sum()


MODEL = tg.TorchModel(Net, M, outputs=["h", "encoder"])


def small(**fields: Any) -> tg.Training:
    given = {"engine": "torch", "steps": 12, "batch_size": 50, "curve_points": 0, "held_out": 300}
    return tg.Training(**{**given, **fields})


def samples(batch: Batch, instance: int, purpose: int, number: int, count: int) -> Tensor:
    low = lower(batch, torch.device("cpu"), torch.float64, False)
    parts = drawn(low.rows(slice(instance, instance + 1)), purpose, number, count)
    return torch.cat([x[0, :, :real].T for x, real, _ in parts])


def module_in(model: tg.TorchModel, arrays: dict[str, Any]) -> nn.Module:
    """One that is made by hand, with these arrays."""
    module: nn.Module = model.made(N).double()
    called = {k.removeprefix("module."): torch.tensor(v) for k, v in arrays.items()}
    module.load_state_dict(called)
    return module


@pytest.mark.parametrize("made", [Net, Embedded])
def test_steps_are_those_of_a_loop_by_hand(made: Any) -> None:
    """PyTorch's own optimiser on the module itself, on the samples that the engine draws."""
    model = tg.TorchModel(made, M, outputs=["h"])
    problem = tg.Problem(
        X, model, importance=np.geomspace(1, 0.1, N), l1=0.02, weight_l1=0.01, weight_l2=0.003
    )
    training = small(dtype="float64", learning_rate=0.01)
    batch, engine = batch_of(problem, training, seeds=2), TorchEngine("cpu", "float64")
    state = engine.init(batch)
    first = {k: v[1].copy() for k, v in engine.parameters(batch, state).items()}
    module, seen = module_in(model, first), []
    module.get_submodule("h").register_forward_hook(lambda *given: seen.append(given[2]))
    trained = [p for p in module.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(trained, lr=0.01)
    importance = torch.tensor(problem.importance_vector())
    for step in range(training.steps):
        x = samples(batch, 1, TRAIN, step, 50)
        loss = ((x - module(x)) ** 2 @ importance).mean() + 0.02 * seen[-1].abs().sum(1).mean()
        matrices = [p for p in trained if p.ndim > 1]
        loss = loss + sum(0.01 * p.abs().sum() + 0.003 * (p**2).sum() for p in matrices)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    scores = engine.score(batch, engine.advance(batch, state, training.steps, jobs=2), jobs=2)
    for name, wanted in module.state_dict().items():
        found = engine.parameters(batch, state)
        array = found.get(f"module.{name}", found.get(name))
        assert array is not None
        np.testing.assert_allclose(array[1], wanted, rtol=1e-8, atol=1e-10)
    x = samples(batch, 1, HELD_OUT, 0, 300)
    with torch.no_grad():
        each = (x - module(x)) ** 2 @ importance
    assert scores["loss"][1] == pytest.approx(float(each.mean()), rel=1e-9)


def test_every_array_has_a_name_and_dimensions() -> None:
    runs = tg.train(tg.Problem(X, tg.TorchModel(Embedded, M)), training=small(), progress=False)
    assert {str(name): array.dims[1:] for name, array in runs.items() if array.ndim > 1} == {
        "W": ("hidden", "feature"),
        "module.loss": ("feature",),
        "gain": ("gain_0",),
        "seen": ("seen_0", "seen_1"),
    }
    assert list(runs)[:4] == ["W", "module.loss", "gain", "seen"]
    assert (runs.gain == 1).all()
    assert "module.loss" not in runs.loss.name


def test_initial_weights_are_the_modules_own_and_addressed() -> None:
    """What the factory makes after a seed, whatever was drawn before, alone and in company."""
    torch.manual_seed(3)
    drawn_next = torch.rand(1)
    torch.manual_seed(3)
    batch, engine = batch_of(tg.Problem(X, MODEL), small(), seeds=3), TorchEngine("cpu")
    found = engine.parameters(batch, engine.init(batch))
    assert torch.equal(torch.rand(1), drawn_next), "the generator of PyTorch was moved"
    for k, address in enumerate(batch.addresses().tolist()):
        torch.manual_seed(address)
        for name, tensor in Net(N, M).state_dict().items():
            np.testing.assert_array_equal(found[name][k], tensor)
    assert len(np.unique(found["h.weight"])) == found["h.weight"].size


@pytest.mark.parametrize("made", [Net, Embedded])
def test_an_instance_alone_is_what_it_is_in_company(made: Any) -> None:
    """Up to the rounding of float32, in whatever slices."""
    problem = tg.Problem(X, tg.TorchModel(made, M, ["h"]), l1=0.01)
    training = small(batch_size=77, hidden_noise=0.1, hidden_dropout=0.2)
    axes = {"learning_rate": [1e-3, 1e-2], "feature_probability": [0.0, 0.3]}
    batch, engine = batch_of(problem, training, axes, seeds=3), TorchEngine("cpu")
    state = engine.advance(batch, engine.init(batch), 5, jobs=2)
    scores = engine.score(batch, state, jobs=1)
    for k in range(0, batch.n_instances, 5):
        point, own, seed = batch.coordinates(k)
        alone = Batch(problem, (point,), (own,), (seed,), batch.run_seed)
        single: State = engine.init(alone)
        for steps in (1, 3, 1):
            single = engine.advance(alone, single, steps, jobs=1)
        for name in ("theta", "moment", "square"):
            np.testing.assert_allclose(single[name][0], state[name][k], rtol=1e-4, atol=2e-6)
        loss = engine.score(alone, single, jobs=1)["loss"][0]
        assert loss == pytest.approx(scores["loss"][k], rel=1e-5, abs=1e-9)


def test_noise_and_dropout_change_what_the_decoder_reads() -> None:
    """A module that only passes h on sees h∘k/(1 − d) + σ ξ: by the means of what comes out."""
    n = 40

    class Pass(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.h, self.gain = nn.Identity(), nn.Parameter(torch.ones(()))

        def forward(self, x: Tensor) -> Tensor:
            return self.h(x) * self.gain

    problem = tg.Problem(tg.Independent(n, 1.0, "one"), tg.TorchModel(Pass, n, ["h"]))
    # the gradient by the gain at 1 is 2 Σ (h' − 1) h', of h' = k/(1 − d) + σ ξ
    for fields, wanted in (
        ({"hidden_noise": 0.5}, 2 * n * 0.25),
        ({"hidden_dropout": 0.2}, 2 * n * 0.25),
    ):
        training = small(optimizer="sgd", momentum=0, steps=1, batch_size=4000, **fields)
        runs = tg.train(problem, training=training.replace(learning_rate=1e-4), progress=False)
        assert float(1 - runs.gain[0]) / 1e-4 == pytest.approx(wanted, rel=0.03)


def test_a_store_knows_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, store = tg.Problem(X, MODEL), tmp_path / "store"
    training = small(checkpoints=3, curve_points=3)
    runs = tg.train(problem, {"l1": [0.0, 0.1]}, training, 2, store=store, progress=False)
    assert runs["h.weight_checkpoint"].dims == ("l1", "seed", "checkpoint", "hidden", "h.weight_1")

    def untouched(*given: Any, **named: Any) -> Any:
        raise AssertionError("what is stored was computed again")

    with monkeypatch.context() as patch:
        patch.setattr(TorchEngine, "advance", untouched)
        again = tg.train(problem, {"l1": [0.0, 0.1]}, training, 2, store=store, progress=False)
        assert again.identical(runs)
        # the same name with another text is other code
        patch.setattr(sys.modules[__name__], "Net", _other(Net))
        other = tg.Problem(X, tg.TorchModel(sys.modules[__name__].Net, M))
        assert other.key() == tg.Problem(X, tg.TorchModel(Net, M)).key()
        with pytest.raises(AssertionError, match="computed again"):
            tg.train(other, {"l1": [0.0]}, training, 2, store=store, progress=False)


def _other(made: type[nn.Module]) -> type[nn.Module]:
    def forward(self: Any, x: Tensor) -> Tensor:
        y: Tensor = torch.relu(self.decoder(self.h(self.encoder(x))) + (1 + self.scale) * x)
        return y

    fields = {"__module__": made.__module__, "__qualname__": made.__qualname__}
    return type(made.__name__, (made,), {**fields, "forward": forward})


def test_a_training_that_was_stopped_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = tg.Problem(X, tg.TorchModel(Embedded, M))
    training = small(steps=100, curve_points=5)
    whole = tg.train(problem, training=training, seeds=2, progress=False)
    engine, calls = TorchEngine(**training.place()), 0
    true = engine.advance

    def stopped(*given: Any, **named: Any) -> State:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return true(*given, **named)

    monkeypatch.setattr(engine, "advance", stopped)
    monkeypatch.setattr(ensemble, "get_engine", lambda name, **place: engine)
    given = {"training": training, "seeds": 2, "store": tmp_path / "s", "progress": False}
    with pytest.raises(KeyboardInterrupt):
        tg.train(problem, **given)
    assert tg.train(problem, **given).identical(whole)


def test_runs_give_outputs_modules_and_starts(tmp_path: Path) -> None:
    axes = {"learning_rate": [1e-3, 1e3]}
    training = small(steps=40, optimizer="sgd")
    runs = tg.train(tg.Problem(X, MODEL), axes, training, 2, progress=False)
    tg.save(runs, tmp_path / "runs.nc")
    runs = tg.load(tmp_path / "runs.nc")
    assert runs.diverged.to_numpy().tolist() == [[False] * 2, [True] * 2]
    assert np.isnan(runs["decoder.bias"][1]).all()
    x = X.sample(np.random.default_rng(0), 20)
    y = tg.forward(runs, x)
    assert y.dims == ("learning_rate", "seed", "sample", "feature")
    for seed in range(2):
        one = runs.isel(learning_rate=0, seed=seed)
        module, alone = tg.torch.module(one), Net(N, M)
        alone.load_state_dict(tg.torch.state_dict(one))
        for own in (module, alone):
            with torch.no_grad():
                found = own(torch.tensor(x, dtype=torch.float32)).numpy()
            np.testing.assert_allclose(found, y[0, seed], atol=1e-5)
        with torch.no_grad():
            inner = alone.encoder(torch.tensor(x, dtype=torch.float32)).numpy()
        np.testing.assert_allclose(tg.forward(one, x, layer="encoder"), inner, atol=1e-5)
    hidden = tg.forward(runs, x, layer="hidden")
    assert hidden.dims == (*y.dims[:3], "hidden")
    assert hidden.drop_vars("x", errors="ignore").equals(tg.forward(runs, x, layer="h"))
    on = tg.train(tg.Problem(X, MODEL), axes, small(steps=0), 2, start=runs, progress=False)
    np.testing.assert_array_equal(on["h.weight"], runs["h.weight"])


def test_a_file_runs_no_code_that_was_not_given(tmp_path: Path) -> None:
    """A Dataset names its factory, and a program that has not imported it calls nothing."""
    path = tmp_path / "runs.nc"
    runs = tg.train(tg.Problem(X, MODEL), training=small(steps=1), progress=False)
    named = f"{__name__}:Net"
    assert named in runs.attrs["problem"]
    digest = runs.attrs["problem"].partition(f"{named}#")[2].partition('"')[0]
    runs.attrs["problem"] = runs.attrs["problem"].replace(f"{named}#{digest}", "os:kill#00")
    tg.save(runs, path)
    with pytest.raises(tg.SpecError, match=r"this program has not given: .*; got 'os:kill#00'"):
        tg.forward(tg.load(path), np.eye(N))


class _Where(nn.Module):
    """Outputs that depend on the other samples."""

    def __init__(self, n: int, m: int) -> None:
        super().__init__()
        self.one = nn.Linear(n, n)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.one(x) - x.mean(0)
        return y


class _InPlace(_Where):
    def forward(self, x: Tensor) -> Tensor:
        y = torch.zeros(len(x), N)
        y += self.one(x)
        return y


class _Random(_Where):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.dropout(self.one(x))


class _Counting(_Where):
    def __init__(self, n: int, m: int) -> None:
        super().__init__(n, m)
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.count = self.count + 1
        y: Tensor = self.one(x)
        return y


class _Idle(_Where):
    def __init__(self, n: int, m: int) -> None:
        super().__init__(n, m)
        self.idle = nn.Parameter(torch.ones(2))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.one(x)
        return y


class _Apart(_Idle):
    """What a module draws for itself is no parameter."""

    def __init__(self, n: int, m: int) -> None:
        super().__init__(n, m)
        self.own = torch.rand(n)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.one(x) + self.own + self.idle.sum()
        return y


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no parameters": (nn.ReLU, {}, "make a module with parameters to train"),
    "no module": (lambda n, m: 3, {}, "make a torch.nn.Module; got 'int'"),
    "fails": (lambda n, m: nn.Linear(n, -1), {}, "make a module for n_features=6, n_hidden=3: "),
    "arguments": (lambda n: nn.Linear(n, n), {}, r"take \(n_features, n_hidden\), or nothing"),
    "shape": (
        lambda: nn.Linear(N, 4),
        {},
        r"output is torch.float32 of shape \(batch, 6\); got .*\(4, 4\) for 4 samples",
    ),
    "batch norm": (
        lambda: nn.Sequential(nn.Linear(N, N), nn.BatchNorm1d(N)),
        {},
        "every sample by itself, without BatchNorm; got '1'",
    ),
    "dropout": (
        lambda: nn.Sequential(nn.Linear(N, N), nn.Dropout()),
        {},
        "without dropout; Training.hidden_dropout=…. is that of outputs; got '1'",
    ),
    "random": (_Random, {}, "torch.func.vmap can stack: .*random"),
    "batch": (_Where, {}, "every sample by itself: outputs depend on the batch; got '_Where'"),
    "in place": (_InPlace, {}, "torch.func.vmap can stack: output with shape"),
    "buffers": (_Counting, {}, "buffers stay as they are while it is called; got 'count'"),
    "idle": (_Idle, {}, "uses every parameter, but those that need no gradient; got 'idle'"),
    "apart": (_Apart, {}, "differ by nothing but parameters and real buffers; got '_Apart'"),
    "outputs": (Net, {"outputs": ["hidden_layer"]}, "name submodules, which are encoder, enc"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_trained_is_said(name: str) -> None:
    made, fields, rule = REFUSED[name]
    problem = tg.Problem(X, tg.TorchModel(made, M, **fields))
    with pytest.raises(tg.SpecError, match=rule) as caught:
        tg.train(problem, training=small(), progress=False)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("TorchModel.")


@pytest.mark.parametrize(
    ("problem", "training", "rule"),
    [
        ({"l1": 0.1}, {}, "Problem.l1 must be 0 for a TorchModel without outputs="),
        ({}, {"hidden_noise": 0.1}, "Training.hidden_noise must be 0 for a TorchModel without out"),
        ({}, {"init_std": 0.1}, "Training.init_std must be None for a TorchModel"),
        ({}, {"engine": "sampled"}, "Problem.model must be no module of PyTorch for the sampled"),
        ({}, {"engine": "exact"}, "Problem.model must be no module of PyTorch for the exact"),
    ],
)
def test_what_has_no_meaning_is_said(
    problem: dict[str, Any], training: dict[str, Any], rule: str
) -> None:
    asked = tg.Problem(X, tg.TorchModel(Net, M), **problem)
    how = tg.Training(**{"engine": "torch", **training})
    with pytest.raises(tg.SpecError, match=rule):
        tg.train(asked, training=how, progress=False)


def test_functions_of_weights_say_that_there_are_none() -> None:
    problem = tg.Problem(X, MODEL)
    runs = tg.train(problem, training=small(steps=0), progress=False)
    made = partial(tg.from_weights, problem)
    for call in (tg.polish, made, tg.analysis.robustness.vulnerability):
        with pytest.raises(tg.SpecError, match="must have one hidden layer"):
            call(runs)
    with pytest.raises(tg.SpecError, match="no module of PyTorch for an exact expected loss"):
        tg.score(runs)
    with pytest.raises(tg.SpecError, match="must be one model of a TorchModel"):
        tg.torch.module(tg.train(problem, training=small(steps=0), seeds=2, progress=False))


def test_a_lambda_is_trained_but_not_stored(tmp_path: Path) -> None:
    for made in (lambda n, m: Net(n, m), partial(Net, width=3)):
        problem = tg.Problem(X, tg.TorchModel(made, M))
        runs = tg.train(problem, training=small(), progress=False)
        assert tg.forward(runs, np.eye(N)).shape == (1, N, N)
        with pytest.raises(tg.SpecError, match="at the top of a module to be stored; leave out"):
            tg.train(problem, training=small(), store=tmp_path, progress=False)


def test_the_command_line_takes_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(
        "from torch import nn\n"
        "def net(n, m):\n"
        "    return nn.Sequential(nn.Linear(n, m), nn.Linear(m, n), nn.ReLU())\n"
    )
    line = (
        "train --model torch-model --factory mine:net --outputs 0 --hidden 2 --features 4 "
        "--probability 0.3 --l1 0.1 --engine torch --steps 2 --batch-size 8 --held-out 16 --seeds 2"
    )
    for arguments in (line.split(), ["show", "tegum-run.nc"]):
        assert main(arguments) == 0
        said = capsys.readouterr().out
        assert "TorchModel(factory=mine:net, n_hidden=2, outputs=(0))" in said
        assert "variables   0.weight, 0.bias, 1.weight, 1.bias, loss" in said
        assert "1 x 2 models, 0 of them diverged" in said
