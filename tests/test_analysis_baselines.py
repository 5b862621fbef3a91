"""Classical dictionaries: found atoms, codes against their conditions, and what tools get wrong."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import tegum as tg
from tegum.analysis import baselines, recovery
from tegum.errors import SpecError, TegumError

H = tg.Independent(n_features=3, feature_probability=0.2).sample(np.random.default_rng(0), 800)
TURNED = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]

needs_learn = pytest.mark.skipif(
    "ksvd" not in baselines.available(), reason="scikit-learn is not installed"
)
METHODS = [
    "nnls",
    *(pytest.param(name, marks=needs_learn) for name in ("dictionary_learning", "ksvd", "fastica")),
]


@pytest.mark.parametrize("method", METHODS)
def test_features_at_right_angles_are_found_by_all(method: str) -> None:
    """In a Dataset as of `train`; h, of which half of the rows are 0, is left as it was."""
    h = H @ TURNED.T
    before = h.copy()
    found = baselines.fit(h, 3, method, seeds=2, seed=5)
    np.testing.assert_array_equal(h, before)
    assert found.seed.to_numpy().tolist() == [5, 6]
    assert found.attrs["assumes"] == baselines.ASSUMES[method]
    for atoms in found.W_dec.to_numpy():
        np.testing.assert_allclose(np.linalg.norm(atoms, axis=1), 1.0)
        assert recovery.mean_max_cosine(TURNED, atoms) > 0.97
    again = baselines.fit(h, 3, method, seed=6)  # alone as in company
    np.testing.assert_array_equal(again.W_dec[0], found.W_dec[1])
    codes = baselines.codes(found, h).to_numpy()
    rebuilt = codes @ found.W_dec.to_numpy() + found.b_dec.to_numpy()[:, None]
    np.testing.assert_allclose(found.loss, ((h - rebuilt) ** 2).sum(-1).mean(-1), atol=1e-12)
    np.testing.assert_allclose(found.l0, (codes != 0).sum(-1).mean(-1))


@needs_learn
def test_codes_of_the_lasso_are_of_finished_atoms() -> None:
    """The conditions of an optimum of ½‖h − fD‖² + α Σf, f >= 0: what `fit_transform` is not."""
    found = baselines.fit(H, 5, alpha=0.05)
    atoms, codes = found.W_dec.to_numpy()[0], baselines.codes(found, H[:200]).to_numpy()[0]
    slope = (codes @ atoms - H[:200]) @ atoms.T + 0.05
    assert (codes >= 0).all()
    assert slope.min() > -1e-3
    assert np.abs(slope[codes > 0]).max() < 1e-3
    penalty = 2 * 0.05 * baselines.codes(found, H).to_numpy().sum(-1).mean(-1)
    np.testing.assert_allclose(found.objective, found.loss + penalty)


@needs_learn
def test_pursuit_with_one_atom_is_a_projection() -> None:
    found = baselines.fit(H, 4, "ksvd", k=1)
    atoms, codes = found.W_dec.to_numpy()[0], baselines.codes(found, H[:100]).to_numpy()[0]
    along = H[:100] @ atoms.T
    for row, own in zip(along, codes, strict=True):
        nearest = np.abs(row).argmax()
        expected = np.zeros(4)
        expected[nearest] = row[nearest]
        np.testing.assert_allclose(own, expected, atol=1e-12)
    assert not codes[~H[:100].any(1)].any()
    assert found.attrs["k"] == 1


@needs_learn
@pytest.mark.parametrize("k", [1, 2])
def test_pursuit_is_that_of_scikit_learn(k: int) -> None:
    """Row by row, without the Gram matrix; one atom has a way of its own."""
    from sklearn.linear_model import orthogonal_mp

    found = baselines.fit(H, 4, "ksvd", k=k)
    codes = baselines.codes(found, H[:100]).to_numpy()[0]
    for row, own in zip(H[:100], codes, strict=True):
        if row.any():
            expected = orthogonal_mp(found.W_dec.to_numpy()[0].T, row, n_nonzero_coefs=k)
            np.testing.assert_allclose(own, expected, atol=1e-9)


def test_non_negative_least_squares_are_at_their_optimum() -> None:
    found = baselines.fit(H - 0.05, 4, "nnls")
    atoms, codes = found.W_dec.to_numpy()[0], baselines.codes(found, H[:100]).to_numpy()[0]
    slope = (codes @ atoms - H[:100]) @ atoms.T
    assert (codes >= 0).all()
    assert slope.min() > -1e-9
    assert np.abs(slope * codes).max() < 1e-9


@needs_learn
def test_contrasts_that_disagree_are_said() -> None:
    """Sources on which logcosh sees no more than of normal ones, where cube sees them."""
    sharp = tg.Independent(n_features=3, feature_probability=0.05)
    blind = tg.Independent(n_features=3, feature_probability=0.32)
    rng = np.random.default_rng(0)
    assert baselines.fit(sharp.sample(rng, 20_000), 3, "fastica").agree.all()
    assert not baselines.fit(blind.sample(rng, 20_000), 3, "fastica", seeds=3).agree.all()


@needs_learn
def test_fastica_finds_no_more_than_there_are_dimensions() -> None:
    law = tg.Activations.random(2, tg.Independent(n_features=5, feature_probability=0.1))
    h = law.sample(np.random.default_rng(0), 1000)
    assert baselines.fit(h, 5, "fastica").W_dec.shape == (1, 2, 2)
    flat = np.hstack([h, h[:, :1]])  # three dimensions, of which two vary
    assert baselines.fit(flat, 5, "fastica").W_dec.shape == (1, 2, 3)


def test_without_scikit_learn_what_is_needed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(SpecError, match=r"'ksvd' needs scikit-learn: pip install 'tegum\[base"):
        baselines.fit(H, 3, "ksvd")
    assert baselines.fit(H[:50], 3, "nnls").sizes["latent"] == 3


@pytest.mark.parametrize(
    ("arguments", "named", "line"),
    [
        ((np.zeros((4, 2)), 2), {}, "fit.h must have a row that is not 0"),
        ((np.eye(2), 0), {}, "fit.n_latents must be an integer >= 1"),
        ((np.eye(2), 2, "pca"), {}, "unknown method 'pca'; known: dictionary_learning, ksvd"),
        ((np.eye(2), 2, "nnls"), {"alpha": 1.0}, "fit.alpha is no setting of nnls, which has none"),
        ((np.eye(2), 2, "ksvd"), {"k": 3}, r"fit.k must be an integer in \[1, 2\]; got 3"),
        ((np.eye(2), 2), {"alpha": 0.0}, "fit.alpha must be above 0 and finite"),
        ((np.eye(2), 2, "nnls"), {"seeds": 0}, "fit.seeds must be an integer >= 1"),
    ],
)
def test_what_does_not_fit_is_said(
    arguments: tuple[object, ...], named: dict[str, float], line: str
) -> None:
    with pytest.raises(TegumError, match=line):
        baselines.fit(*arguments, **named)  # type: ignore[arg-type]


def test_codes_are_of_dictionaries_of_fit() -> None:
    found = baselines.fit(H[:50], 3, "nnls")
    with pytest.raises(SpecError, match=r"codes.found must be a Dataset of fit"):
        baselines.codes(found.drop_attrs(), H)
    with pytest.raises(SpecError, match=r"codes.h must be \(sample, 3\)"):
        baselines.codes(found, H[:, :2])
