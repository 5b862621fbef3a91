"""Oracles: planted turns and orders, all permutations and a scan of turns, hand-made positions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import xarray as xr
from polytopes import planted, turn

from tegum.analysis import alignment, geometry
from tegum.errors import SpecError

SHAPES = [
    ("pentagon",),
    ("triangle", "digon"),
    ("square antiprism", "pentagon", "digon"),
    ("icosahedron",),
    ("tesseract", "dedicated"),
    ("5-simplex", "triangle"),
]


def model(rng: np.random.Generator, *names: str, noise: float = 0.0) -> np.ndarray:
    return planted(rng, *names, spare=1, noise=noise, uneven=noise)[0]


# --- Procrustes --------------------------------------------------------------------------------


def test_procrustes_undoes_a_turn() -> None:
    rng = np.random.default_rng(0)
    for m, n in ((1, 3), (2, 5), (4, 4), (5, 9)):
        w, Q = rng.standard_normal((m, n)), turn(rng, m)
        np.testing.assert_allclose(alignment.procrustes(w, Q @ w), Q, atol=1e-10)


def test_procrustes_is_the_best_of_all_turns_of_the_plane() -> None:
    rng = np.random.default_rng(1)
    w, target = rng.standard_normal((2, 2, 4))

    def miss(Q: np.ndarray) -> float:
        return float(np.linalg.norm(Q @ w - target))

    angle = np.linspace(0, 2 * np.pi, 3601)
    proper = [np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]) for a in angle]
    mirrored = [Q @ np.diag([1.0, -1.0]) for Q in proper]
    for reflect, turns in ((False, proper), (True, proper + mirrored)):
        Q = alignment.procrustes(w, target, reflect=reflect)
        np.testing.assert_allclose(Q @ Q.T, np.eye(2), atol=1e-12)
        least = min(miss(R) for R in turns)
        assert least - 1e-4 <= miss(Q) <= least + 1e-12
        assert reflect or np.linalg.det(Q) == pytest.approx(1)


# --- Alignment ---------------------------------------------------------------------------------


@pytest.mark.parametrize("names", SHAPES)
def test_a_planted_turn_and_order_are_undone(names: tuple[str, ...]) -> None:
    rng = np.random.default_rng(2)
    for noise in (0.0, 0.05):  # with every symmetry, and with none
        for _ in range(10):
            target = model(rng, *names, noise=noise)
            order = rng.permutation(target.shape[1])
            w = turn(rng, len(target)) @ target[:, order]
            found = alignment.align(w, target)
            assert found.error < 1e-8
            np.testing.assert_allclose(found.apply(w), target, atol=1e-8)
            Q = found.rotation
            np.testing.assert_allclose(Q @ Q.T, np.eye(len(Q)), atol=1e-12)
            if noise:
                np.testing.assert_array_equal(order[found.order], np.arange(len(order)))


def test_random_and_large_models_are_aligned() -> None:
    rng = np.random.default_rng(3)
    for m, n in ((2, 20), (5, 30), (12, 160)):
        target = rng.standard_normal((m, n))
        order = rng.permutation(n)
        w = turn(rng, m) @ target[:, order]
        assert alignment.align(w, target).error < 1e-8
        # An error that cannot be undone is about as large as what was added.
        added = rng.normal(0, 0.01, w.shape)
        assert alignment.align(w + added, target).error <= np.linalg.norm(added)


def test_alignment_against_all_orders() -> None:
    rng = np.random.default_rng(4)
    for _ in range(5):
        target = model(rng, "pentagon", noise=0.02)
        w = model(rng, "pentagon", noise=0.02)
        least = min(
            np.linalg.norm(alignment.procrustes(w[:, o], target) @ w[:, o] - target)
            for o in map(list, itertools.permutations(range(5)))
        )
        found = alignment.align(w, target)
        assert found.error == pytest.approx(least, rel=1e-9)
        assert found.error == pytest.approx(float(np.linalg.norm(found.apply(w) - target)))


def test_features_stay_in_their_groups() -> None:
    rng = np.random.default_rng(5)
    target = model(rng, "square antiprism", noise=0.03)
    groups = ["a", "a", "b", "b", "a", "c", "b", "a"]
    # Shuffled within groups it is found again; otherwise groups cost something.
    order = np.arange(8)
    for label in "abc":
        places = [i for i in range(8) if groups[i] == label]
        order[places] = rng.permutation(places)
    w = turn(rng, len(target)) @ target[:, order]
    found = alignment.align(w, target, groups=groups)
    assert found.error < 1e-8
    np.testing.assert_array_equal(order[found.order], np.arange(8))
    across = w[:, rng.permutation(8)]
    held = alignment.align(across, target, groups=groups)
    assert held.error > 0.1
    assert [groups[i] for i in held.order] == groups
    assert alignment.align(across, target).error < 1e-8


def test_one_group_each_is_procrustes() -> None:
    rng = np.random.default_rng(6)
    w, target = rng.standard_normal((2, 3, 6))
    found = alignment.align(w, target, groups=range(6))
    assert found.order.tolist() == list(range(6))
    np.testing.assert_allclose(found.rotation, alignment.procrustes(w, target), atol=1e-12)


def test_a_mirror_image_needs_a_reflection() -> None:
    rng = np.random.default_rng(7)
    target = rng.standard_normal((3, 6))
    w = np.diag([1.0, 1.0, -1.0]) @ target
    assert alignment.align(w, target).error < 1e-8
    proper = alignment.align(w, target, reflect=False)
    assert proper.error > 0.1
    assert np.linalg.det(proper.rotation) == pytest.approx(1)


def test_labelled_and_empty_weights() -> None:
    rng = np.random.default_rng(8)
    target = rng.standard_normal((2, 4))
    w = xr.DataArray((turn(rng, 2) @ target[:, ::-1]).T, dims=("feature", "hidden"))
    found = alignment.align(w, target)
    assert found.error < 1e-8
    assert found.order.tolist() == [3, 2, 1, 0]
    assert alignment.align(np.zeros((2, 0)), np.zeros((2, 0))).error == 0
    assert alignment.align(np.zeros((2, 3)), np.zeros((2, 3))).error == 0
    assert alignment.align(1e-12 * target, 1e-12 * target[:, ::-1]).order.tolist() == [3, 2, 1, 0]
    assert alignment.align(1e12 * target, 1e12 * target, groups=[1, 1, 2, 2]).error < 1e2


# --- Canonical forms ---------------------------------------------------------------------------


def test_canonical_positions_by_hand() -> None:
    # The first is short; the second is the first represented one; the fourth is opposite to it.
    w = np.array([[0.1, 0.0, -1.0, 0.0], [0.3, 2.0, 0.0, -1.0]])
    turned = alignment.canonical(w)
    np.testing.assert_allclose(turned, [[0.3, 2, 0, -1], [-0.1, 0, 1, 0]], atol=1e-12)
    space = np.array([[0.0, 0.0, 1.0], [0.0, -1.0, 1.0], [-2.0, 0.0, 1.0]])
    turned = alignment.canonical(space)
    np.testing.assert_allclose(turned, [[2, 0, -1], [0, 1, -1], [0, 0, 1]], atol=1e-12)


def test_a_noisy_antipode_does_not_choose_an_axis() -> None:
    digon = np.array([[1.0, -1.0, 0.0], [0.0, 1e-3, 1.0]])
    np.testing.assert_allclose(alignment.canonical(digon), digon, atol=1e-12)
    digon[1, 1] = -1e-3
    np.testing.assert_allclose(alignment.canonical(digon), digon, atol=1e-12)
    # Without a third feature it does.
    np.testing.assert_allclose(alignment.canonical(digon[:, :2]), [[1, -1], [0, 1e-3]], atol=1e-12)


@pytest.mark.parametrize("m", [1, 2, 3, 5])
def test_canonical_forms_do_not_depend_on_the_position(m: int) -> None:
    rng = np.random.default_rng(9)
    models = [rng.standard_normal((m, n)) for n in (1, 2, 4, 8) for _ in range(10)]
    models += [0.1 * rng.standard_normal((m, 4))]  # nothing is represented
    models += [np.outer(rng.standard_normal(m), rng.standard_normal(4))]  # one line
    models += [np.zeros((m, 3))]
    for w in models:
        form = alignment.canonical(w)
        np.testing.assert_allclose(geometry.gram(form), geometry.gram(w), atol=1e-9)
        for _ in range(5):
            np.testing.assert_allclose(alignment.canonical(turn(rng, m) @ w), form, atol=1e-9)
        Q = alignment.canonical_rotation(w)
        np.testing.assert_allclose(Q @ Q.T, np.eye(m), atol=1e-12)
        np.testing.assert_allclose(Q @ w, form, atol=1e-12)
        np.testing.assert_allclose(alignment.canonical(form), form, atol=1e-9)


@pytest.mark.parametrize("names", SHAPES)
def test_canonical_forms_of_polytopes(names: tuple[str, ...]) -> None:
    rng = np.random.default_rng(10)
    w = model(rng, *names)
    form = alignment.canonical(w)
    np.testing.assert_allclose(form[:, 0], np.eye(len(w))[0], atol=1e-12)
    np.testing.assert_allclose(alignment.canonical(turn(rng, len(w)) @ w), form, atol=1e-9)


def test_batches_and_labels() -> None:
    rng = np.random.default_rng(11)
    plain = rng.standard_normal((4, 2, 2, 5))
    forms = alignment.canonical(plain)
    for place in np.ndindex(4, 2):
        np.testing.assert_array_equal(forms[place], alignment.canonical(plain[place]))
    W = xr.DataArray(
        plain, dims=("seed", "p", "hidden", "feature"), coords={"feature": list("abcde")}
    )
    labelled = alignment.canonical(W.transpose("feature", "p", "hidden", "seed"))
    np.testing.assert_array_equal(labelled.transpose(*W.dims).values, forms)
    assert labelled.feature.values.tolist() == list("abcde")
    assert alignment.canonical_rotation(W).dims == ("seed", "p", "axis", "hidden")


def test_a_diverged_model_stays_what_it_is() -> None:
    diverged = np.array([[1.0, np.nan], [0.0, 1.0]])
    np.testing.assert_array_equal(alignment.canonical_rotation(diverged), np.eye(2))
    assert np.isnan(alignment.canonical(diverged)).any()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: alignment.align(np.zeros((2, 3)), np.zeros((2, 4))),
            "align.W must have the target's shape (2, 4); got (2, 3)",
        ),
        (lambda: alignment.align(np.zeros((2, 2, 3)), np.eye(2)), "align.W must be one model"),
        (lambda: alignment.align(np.eye(2), np.eye(2), groups=[1]), "groups must have 2 labels"),
        (lambda: alignment.align(np.eye(2), np.full((2, 2), np.inf)), "align.target must be fin"),
        (
            lambda: alignment.procrustes(np.full((2, 2), np.nan), np.eye(2)),
            "procrustes.W must be fin",
        ),
        (lambda: alignment.canonical(np.zeros(3)), "W.shape must be (..., hidden, feature)"),
    ],
)
def test_bad_input_is_named(call: object, words: str) -> None:
    assert callable(call)
    with pytest.raises(SpecError) as caught:
        call()
    assert words in str(caught.value)
