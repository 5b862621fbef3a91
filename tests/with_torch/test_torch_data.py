"""What the torch engine draws: moments, sets, independence, and the same bits wherever it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import tegum as tg
from tegum.distributions import Distribution
from tegum.engines.torch import data
from tegum.engines.torch.addressed import bits, ramp, splitmix, words
from tegum.engines.torch.sources import Source
from tegum.engines.xavier import _splitmix

CPU = torch.device("cpu")
COUNT = 200_000
#: Standard errors that a mean may lie off; of some thousand comparisons none is expected to.
FAR = 5.0
DISTRIBUTIONS: dict[str, Distribution] = {
    name: tg.Independent(4, (0.03, 0.5, 1.0, 0.0), magnitude=name)
    for name in ("uniform", "signed", "exponential", "one")
} | {
    "laws": tg.Independent(
        5,
        (0.5, 1.0, 0.2, 0.7, 0.0),
        [
            tg.Uniform(-0.5, 2),
            tg.Normal(1, 2),
            tg.HalfNormal(0.5),
            tg.Discrete((1, -2, 3), (3, 1, 0.5)),
            tg.Constant(2),
        ],
    ),
    "correlated": tg.Correlated(2, 3, (0.2, 1.0), magnitude="exponential"),
    "anticorrelated": tg.Anticorrelated(2, 3, (0.3, 1.0), magnitude="signed"),
    "groups": tg.Groups(
        [tg.Independent(2, 0.4), tg.Anticorrelated(1, 4, 0.8), tg.Correlated(1, 2, 0.3)]
    ),
    "hierarchy": tg.Hierarchy((2, 0, -1, 2, 1), (0.5, 0.9, 0.8, 1.0, 0.3), magnitude="signed"),
    "exclusive": tg.Hierarchy((2, 0, -1, 2, 2, 0), (0.5, 0.6, 0.9, 0.0, 0.5, 0.4), exclusive=True),
    "trees side by side": tg.Groups([tg.Correlated(1, 2, 0.3), tg.Hierarchy((1, -1), 0.6)]),
    "copula": tg.Copula(
        (0.3, 0.5, 0.0, 1.0), factors=[[0.8, 0.5], [0.6, -0.8], [0.3, 0.1], [0, 1]],
        magnitude=["one", "exponential", tg.Normal(1, 2), "signed"],
    ),
    "one of a copula": tg.Copula(0.2, correlation=[[1.0]]),
    "rows": tg.Samples([[1.0, 0.0, -2.0], [0.5, 0.5, 0.0], [0.0, 0.0, 3.0]]),
    "rows by weight": tg.Samples([[1.0, 0.0], [5.0, 5.0], [0.5, -0.5]], weights=(3, 0, 1)),
    "mixture": tg.Mixture(
        [
            tg.Independent(3, (0.1, 0.9, 0.0)),
            tg.Hierarchy((-1, 0, 0), 0.7, exclusive=False),
            tg.Mixture([tg.Copula(0.4, factors=[[1.0], [0.5], [0.0]]), tg.Samples(np.eye(3))]),
            tg.Independent(3, 1.0, "one"),
        ],
        weights=(1, 3, 2, 0),
    ),
}  # fmt: skip


def drawn(distribution: Distribution, address: int = 7, step: int = 3, count: int = COUNT) -> Any:
    """x (count, n) in float64."""
    source = Source(distribution, CPU, torch.float64)
    of = words(torch.tensor([address]), 1, torch.tensor([step]), source.streams)[0]
    numbers = source.numbers([distribution], torch.zeros(1, dtype=torch.long))
    return source.draw(of, ramp(0, count, CPU), numbers)[0].numpy().T


@pytest.mark.parametrize("distribution", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)
def test_moments_are_those_that_are_stated(distribution: Distribution) -> None:
    x = drawn(distribution)

    def near(found: Any, wanted: Any) -> None:
        error = found.std(0) / COUNT**0.5
        assert (np.abs(found.mean(0) - wanted) <= FAR * error + 1e-12).all()

    near(x, distribution.mean())
    on = (x != 0).astype(float)
    near(on, distribution.active_probability())
    near(on[:, :, None] * on[:, None, :], distribution.active_together())
    near(x[:, :, None] * x[:, None, :], distribution.second_moment())


@pytest.mark.parametrize("name", ["uniform", "signed", "exponential"])
def test_magnitudes_have_their_law(name: str) -> None:
    from scipy.stats import kstest

    law = {"uniform": "uniform", "signed": "uniform", "exponential": "expon"}[name]
    where = (-1, 2) if name == "signed" else (0, 1)
    for p in (0.02, 0.7):
        x = drawn(tg.Independent(1, p, magnitude=name))
        assert kstest(x[x != 0], law, where).pvalue > 1e-3


def test_of_a_set_at_most_one_or_all() -> None:
    x = drawn(DISTRIBUTIONS["anticorrelated"]).reshape(-1, 2, 3) != 0
    assert x.sum(2).max() == 1
    assert (x[:, 1].sum(1) == 1).all()
    together = drawn(DISTRIBUTIONS["correlated"]).reshape(-1, 2, 3) != 0
    assert (together.all(2) == together.any(2)).all()


def test_features_samples_steps_and_instances_are_independent() -> None:
    """Correlations of neighbours of every kind, each within 5/√count."""
    one = tg.Independent(6, 1.0, magnitude="signed")
    x = drawn(one, count=50_000)
    others = [drawn(one, address, step, 50_000) for address, step in ((7, 4), (8, 3), (6, 3))]
    for u, v in [(x, other) for other in others] + [(x[:-1], x[1:]), (x[:-2], x[2:])]:
        cross = (u[: len(v)].T @ v) / len(v) * 3
        assert np.abs(cross).max() < FAR / 50_000**0.5
    within = x.T @ x / len(x) * 3
    assert np.abs(within - np.diag(np.diag(within))).max() < FAR / 50_000**0.5
    squares = (x**2 - 1 / 3).T @ (others[0] ** 2 - 1 / 3) / len(x) / (4 / 45)
    assert np.abs(squares).max() < FAR / 50_000**0.5


def test_words_collide_as_random_ones_do() -> None:
    """Among k values of 2^31 there are k²/2^32 pairs, within 5 standard errors of Poisson."""
    of = words(torch.arange(64), 1, torch.tensor([0, 1]), 16)
    found = torch.stack([bits(of[k], ramp(0, 1024, CPU)) for k in (0, 1)]).numpy().ravel()
    upper = found.view(np.uint32) >> np.uint32(1)
    wanted = len(upper) ** 2 / 2**32
    pairs = len(upper) - len(np.unique(upper))
    assert abs(pairs - wanted) < 5 * wanted**0.5
    high = np.bincount(upper >> np.uint32(19), minlength=4096)
    spread = ((high - len(upper) / 4096) ** 2).sum() / (len(upper) / 4096)
    assert abs(spread - 4095) < 5 * (2 * 4095) ** 0.5


def test_the_hash_is_that_of_the_initial_weights() -> None:
    values = np.random.default_rng(0).integers(0, 2**63, 100).astype(np.uint64) * np.uint64(2)
    ours = splitmix(torch.from_numpy(values.view(np.int64))).numpy().view(np.uint64)
    np.testing.assert_array_equal(ours, _splitmix(values))


def test_samples_do_not_depend_on_the_piece_they_are_drawn_in() -> None:
    of = words(torch.tensor([5]), 1, torch.tensor([0]), 3)[0]
    whole = bits(of, ramp(0, 100, CPU))
    parts = [bits(of, ramp(at, 25, CPU)) for at in range(0, 100, 25)]
    assert torch.equal(whole, torch.cat(parts, -1))


def test_a_compiler_that_fails_is_done_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: Any, **named: Any) -> Any:
        raise RuntimeError("no\ncompiler")

    monkeypatch.setattr(data, "_fused", data.Fused())
    monkeypatch.setattr(torch, "compile", broken)
    law = tg.Independent(3, (0.5, 0.0, 1.0))
    plain, fused = (Source(law, CPU, torch.float32, fuse=fuse) for fuse in (False, True))
    of = words(torch.tensor([5]), 1, torch.tensor([0]), 3)[0]
    numbers = plain.numbers([law], torch.zeros(1, dtype=torch.long))
    for _ in range(2):
        assert torch.equal(*(s.draw(of, ramp(0, 64, CPU), numbers) for s in (plain, fused)))
    assert [record.getMessage() for record in caplog.records] == [
        "torch: samples are drawn without a compiler: no compiler"
    ]


def test_every_row_in_its_place() -> None:
    """A step of all rows has each once, whatever piece of them is asked for."""
    law = tg.Samples(np.arange(80.0).reshape(40, 2))
    source = Source(law, CPU, torch.float64, in_order=True)
    of = words(torch.arange(2), 1, torch.tensor([4]), source.streams)[0]
    numbers = source.numbers([law], torch.zeros(2, dtype=torch.long))
    parts = [source.draw(of, ramp(at, 16, CPU), numbers).numpy() for at in (0, 16, 32)]
    x = np.concatenate(parts, axis=2).transpose(0, 2, 1)
    np.testing.assert_array_equal(x[:, :40], np.broadcast_to(law.x.values, (2, 40, 2)))


def test_parts_of_a_mixture_are_whole_samples() -> None:
    """Each sample is of one part: by values that only one of them has, and of equal chances."""
    parts = [tg.Independent(3, 1.0, tg.Constant(k + 1.0)) for k in range(5)]
    x = drawn(tg.Mixture(parts))
    assert (x == x[:, :1]).all()
    count = np.bincount(x[:, 0].astype(int), minlength=6)[1:]
    assert np.abs(count / COUNT - 0.2).max() < FAR * 0.4 / COUNT**0.5
