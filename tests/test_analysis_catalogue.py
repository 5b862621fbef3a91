"""Oracles: closed forms, convex hulls, known symmetry groups, all permutations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial import ConvexHull

from tegum.analysis import catalogue as cat
from tegum.analysis import geometry
from tegum.analysis import tegum_factors as fac
from tegum.analysis._matching import least_distance, match, rms, symmetry
from tegum.errors import SpecError, UnknownNameError

NAMES = list(cat.catalogue())

# --- The catalogue -----------------------------------------------------------------------------

#: rank, vertices, edges of the convex hull, orders of the vertices that keep all distances.
FACTS = {
    "triangle": (2, 3, 3, 6),
    "square": (2, 4, 4, 8),
    "pentagon": (2, 5, 5, 10),
    "hexagon": (2, 6, 6, 12),
    "heptagon": (2, 7, 7, 14),
    "dodecagon": (2, 12, 12, 24),
    "tetrahedron": (3, 4, 6, 24),
    "triangular prism": (3, 6, 9, 12),
    "octahedron": (3, 6, 12, 48),
    "triangular bipyramid": (3, 5, 9, 12),
    "pentagonal bipyramid": (3, 7, 15, 20),
    "hexagonal bipyramid": (3, 8, 18, 24),
    "cube": (3, 8, 12, 48),
    "square antiprism": (3, 8, 16, 16),
    "tricapped trigonal prism": (3, 9, 21, 12),
    "gyroelongated square bipyramid": (3, 10, 24, 16),
    "icosahedron": (3, 12, 30, 120),
    "cuboctahedron": (3, 12, 24, 48),
    "dodecahedron": (3, 20, 30, 120),
    "4-simplex": (4, 5, 10, 120),
    "5-simplex": (5, 6, 15, 720),
    "triangular duopyramid": (4, 6, 15, 72),
    "16-cell": (4, 8, 24, 384),
    "rectified 5-cell": (4, 10, 30, 120),
    "tesseract": (4, 16, 32, 384),
    "24-cell": (4, 24, 96, 1152),
    "5-orthoplex": (5, 10, 40, 3840),
    "demipenteract": (5, 16, 80, 1920),
}


def hull_edges(points: np.ndarray) -> int:
    """Pairs of columns whose common facets have normals of rank d − 1."""
    normals = ConvexHull(points.T).equations
    on = np.abs(normals[:, :-1] @ points + normals[:, -1:]) < 1e-9
    shared = (normals[on[:, i] & on[:, j], :-1] for i, j in pairs_of(points.shape[1]))
    return sum(len(n) > 0 and np.linalg.matrix_rank(n, 1e-6) == len(points) - 1 for n in shared)


def pairs_of(size: int) -> list[tuple[int, int]]:
    return list(itertools.combinations(range(size), 2))


@pytest.mark.parametrize("name", FACTS)
def test_ranks_vertices_edges_and_symmetries(name: str) -> None:
    shape = cat.polytope(name)
    rank, size, edges, symmetries = FACTS[name]
    assert (shape.rank, shape.size) == (rank, size)
    assert np.linalg.matrix_rank(shape.gram, 1e-9) == rank
    assert hull_edges(shape.vectors) == edges
    assert symmetry(shape.gram, 1e-9) == symmetries
    assert symmetry(shape.gram, fac.SYMMETRIC) == symmetries


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_is_a_set_of_different_unit_vectors(name: str) -> None:
    shape = cat.polytope(name)
    np.testing.assert_allclose(np.linalg.norm(shape.vectors, axis=0), 1)
    assert (shape.gram[~np.eye(shape.size, dtype=bool)] < 0.95).all()
    assert sum(count for _, count in shape.classes) == shape.size
    assert shape.dimensionality.sum() <= shape.rank + 1e-12
    with pytest.raises(ValueError, match="read-only"):
        shape.vectors[0, 0] = 2.0


#: Where symmetry does not make the frame tight.
LOOSE = (
    "triangular prism",
    "square antiprism",
    "tricapped trigonal prism",
    "gyroelongated square bipyramid",
)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LOOSE])
def test_dimensionality_is_rank_over_size_in_every_part(name: str) -> None:
    shape = cat.polytope(name)
    expected = np.concatenate([[p.rank / p.size] * p.size for p in map(cat.polytope, shape.parts)])
    np.testing.assert_allclose(np.sort(shape.dimensionality), np.sort(expected), rtol=1e-12)


def test_bipyramids_have_two_classes() -> None:
    assert cat.polytope("triangular bipyramid").classes == ((0.5, 2), (0.666666667, 3))
    assert cat.polytope("pentagonal bipyramid").classes == ((0.4, 5), (0.5, 2))
    assert cat.polytope("icosahedron").classes == ((0.25, 12),)


def test_the_antiprism_is_near_tight() -> None:
    """By hand: with vertices at heights ±z, 1/D = 4(1 − z²)² + 8z⁴; 3/8 only at z² = 1/3."""
    shape = cat.polytope("square antiprism")
    z = abs(shape.vectors[2, 0])
    assert shape.dimensionality == pytest.approx(1 / (4 * (1 - z**2) ** 2 + 8 * z**4))
    assert shape.dimensionality == pytest.approx(0.3744, abs=5e-5)
    heights = np.linspace(0.45, 0.65, 2001)
    angle = np.pi / 4 * np.arange(8)
    up = np.array([1, -1] * 4)

    def antiprism(z: float) -> np.ndarray:
        flat = math.sqrt(1 - z * z)
        return np.stack([flat * np.cos(angle), flat * np.sin(angle), z * up])

    def acute(w: np.ndarray) -> float:
        return float((np.maximum(geometry.cosines(w), 0) ** 2).sum())

    charges = [cat.thomson_energy(antiprism(z)) for z in heights]
    assert heights[np.argmin(charges)] == pytest.approx(z, abs=1e-4)
    # What a ReLU minimises is .3740, and near enough to have the name; so has the tight one.
    best = antiprism(heights[np.argmin([acute(antiprism(z)) for z in heights])])
    assert geometry.dimensionality(best) == pytest.approx(0.3740, abs=5e-5)
    for other in (best, antiprism(1 / math.sqrt(3))):
        (factor,) = fac.factors(other)
        assert (factor.name, factor.tight) == ("square antiprism", True)
        assert factor.offset < 0.001


@pytest.mark.parametrize(
    ("size", "name"),
    [
        (2, "digon"),
        (3, "triangle"),
        (4, "tetrahedron"),
        (5, "triangular bipyramid"),
        (6, "octahedron"),
        (7, "pentagonal bipyramid"),
        (8, "square antiprism"),
        (9, "tricapped trigonal prism"),
        (10, "gyroelongated square bipyramid"),
        (12, "icosahedron"),
    ],
)
def test_charges_on_the_sphere_settle_on_the_catalogue(size: int, name: str) -> None:
    def energy(flat: np.ndarray) -> float:
        points = flat.reshape(3, size)
        return cat.thomson_energy(points / np.linalg.norm(points, axis=0))

    rng = np.random.default_rng(0)
    ends = [minimize(energy, rng.standard_normal(3 * size), method="BFGS") for _ in range(3)]
    points = min(ends, key=lambda end: end.fun).x.reshape(3, size)
    shape = cat.polytope(name)
    found = match(geometry.cosines(points), shape.gram, shape.rank)
    assert found.distance < 1e-4


def test_look_ups() -> None:
    assert {p.name for p in cat.of_shape(3, 8)} == {
        *("cube", "square antiprism", "hexagonal bipyramid"),
    }
    assert cat.of_shape(3, 100) == ()
    assert cat.product_name(["triangle", "digon"]) == "triangular bipyramid"
    assert cat.product_name(["digon"] * 3) == "octahedron"
    assert cat.product_name(("pentagon",)) == "pentagon"
    assert cat.product_name(["pentagon", "cube"]) is None
    with pytest.raises(UnknownNameError, match="unknown polytope 'cubus'; known: dedicated, digon"):
        cat.polytope("cubus")
    with pytest.raises(SpecError, match=r"thomson_energy\.vectors must be \(rank, size\)"):
        cat.thomson_energy(np.zeros(3))


def test_different_entries_are_far_apart() -> None:
    for shape, other in itertools.combinations(cat.catalogue().values(), 2):
        if (shape.rank, shape.size) == (other.rank, other.size):
            assert match(shape.gram, other.gram, shape.rank).distance > 3 * fac.TOLERANCE


# --- Matching ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_planted_order_is_never_missed(name: str) -> None:
    rng = np.random.default_rng(1)
    shape = cat.polytope(name)
    for noise in (0.0, 0.01, 0.03, 0.06):
        for _ in range(10):
            w, order = shape.vectors, rng.permutation(shape.size)
            gram = geometry.cosines(w + rng.normal(0, noise, w.shape))
            found = match(gram[np.ix_(order, order)], shape.gram, shape.rank)
            assert found.distance <= rms(gram, shape.gram) + 1e-9
            assert sorted(found.order) == list(range(shape.size))
            shuffled = gram[np.ix_(order, order)][np.ix_(found.order, found.order)]
            assert found.distance == pytest.approx(rms(shuffled, shape.gram), abs=1e-12)


def test_distances_against_all_permutations() -> None:
    rng = np.random.default_rng(2)
    exact = trials = 0
    for shape in (cat.polytope(n) for n in ("pentagon", "triangular prism", "octahedron")):
        orders = np.array(list(itertools.permutations(range(shape.size))))
        for _ in range(10):
            gram = geometry.cosines(rng.standard_normal(shape.vectors.shape))
            all_of_them = gram[orders[:, :, None], orders[:, None, :]] - shape.gram
            pairs = shape.size * (shape.size - 1)
            least = math.sqrt((all_of_them**2).sum((1, 2)).min() / pairs)
            found = match(gram, shape.gram, shape.rank).distance
            assert least_distance(gram, shape.gram) <= least + 1e-12
            assert least - 1e-12 <= found < 1.2 * least  # far from any shape it may be missed
            exact, trials = exact + (found < least + 1e-9), trials + 1
    assert exact > 0.75 * trials


def test_symmetries_against_all_permutations() -> None:
    rng = np.random.default_rng(3)
    for size in (1, 2, 4, 6):
        gram = np.round(geometry.cosines(rng.standard_normal((2, size))), 0)  # many alike
        orders = itertools.permutations(range(size))
        counted = sum(
            np.abs(gram[np.ix_(order, order)] - gram).max() <= 0.1 for order in map(list, orders)
        )
        assert symmetry(gram, 0.1) == counted
    assert symmetry(np.eye(25), 0.1) is None
    assert symmetry(cat.polytope("6-orthoplex").gram, 0.1) is None  # 46080
