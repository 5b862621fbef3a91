"""Reference polytopes: the shapes that features in superposition are compared with.

A polytope is a set of unit vectors, its vertices, as columns of a (rank, size) array. Two of them
are the same shape when their Gram matrices are equal up to the order of the vertices. In a *tegum
product* the parts lie in orthogonal subspaces; such a polytope (square, octahedron, bipyramids,
cross-polytopes) falls apart in the graph of interferences, and has its name here for when
something links its parts and for `product_name`.

Coordinates are constructions: regular polygons and simplices, signs and permutations, rings
around an axis. Where symmetry leaves the height of a ring free, the Thomson energy decides.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import block_diag, helmert
from scipy.optimize import minimize_scalar
from scipy.spatial.distance import pdist

from tegum.analysis import geometry
from tegum.arguments import array
from tegum.dims import F64
from tegum.errors import SpecError, UnknownNameError

_GOLDEN: Final = (1 + np.sqrt(5)) / 2
_POLYGONS: Final = {
    5: "pentagon",
    6: "hexagon",
    7: "heptagon",
    8: "octagon",
    9: "nonagon",
    10: "decagon",
    11: "hendecagon",
    12: "dodecagon",
}
#: The largest simplex has this rank.
_SIMPLICES: Final = 11
_CROSS: Final = {2: "square", 3: "octahedron", 4: "16-cell", 5: "5-orthoplex", 6: "6-orthoplex"}


@dataclass(frozen=True, eq=False)
class Polytope:
    """A named set of unit vectors.

    Args:
        name: what it is called.
        vectors: its vertices as columns, (rank, size); they cannot be written to.
        parts: the names of the factors of a tegum product, sorted; a polytope that is none has
            itself as its only part.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """

    name: str
    vectors: F64
    parts: tuple[str, ...]

    @property
    def rank(self) -> int:
        """The dimension d of the space the vertices span."""
        return int(self.vectors.shape[0])

    @property
    def size(self) -> int:
        """The number k of vertices."""
        return int(self.vectors.shape[1])

    @cached_property
    def gram(self) -> F64:
        """Cosines between vertices, in [−1, 1], (size, size)."""
        return _frozen(geometry.cosines(self.vectors))

    @cached_property
    def dimensionality(self) -> F64:
        """D_i of every vertex, in (0, 1], (size,); rank/size each in a tight frame."""
        return _frozen(geometry.dimensionality(self.vectors))

    @property
    def classes(self) -> tuple[tuple[float, int], ...]:
        """(D, number of vertices that have it), by ascending D to nine digits."""
        values, counts = np.unique(self.dimensionality.round(9), return_counts=True)
        return tuple((float(v), int(c)) for v, c in zip(values, counts, strict=True))


def catalogue() -> Mapping[str, Polytope]:
    """Every reference polytope by name, by rank and then by size.

    Returns:
        The polytopes; what comes back cannot be changed.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    return _catalogue()


def polytope(name: str) -> Polytope:
    """The reference polytope of a name.

    Args:
        name: as the catalogue has it, such as "square antiprism".

    Returns:
        The polytope.

    Raises:
        UnknownNameError: if there is none of this name.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    known = _catalogue()
    if name not in known:
        raise UnknownNameError.of("polytope", name, tuple(known))
    return known[name]


def of_shape(rank: int, size: int) -> tuple[Polytope, ...]:
    """The reference polytopes with `size` vertices that span `rank` dimensions.

    Args:
        rank: dimensions, >= 1.
        size: vertices, >= 1.

    Returns:
        The polytopes; none where the catalogue has none of this shape.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    return _shapes().get((rank, size), ())


def product_name(parts: tuple[str, ...] | list[str]) -> str | None:
    """The name of the tegum product of polytopes, e.g. of a digon and a pentagon.

    Args:
        parts: the names of the polytopes, in any order.

    Returns:
        The name; None when the product has no name of its own.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    wanted = tuple(sorted(parts))
    return next((p.name for p in _catalogue().values() if p.parts == wanted), None)


def thomson_energy(vectors: F64) -> float:
    """Σ_{i<j} 1/‖x_i − x_j‖: equal charges on a sphere.

    Args:
        vectors: unit vectors as columns, (rank, size).

    Returns:
        The energy, > 0.

    Raises:
        SpecError: if `vectors` is no matrix.

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    points = array("thomson_energy", "vectors", vectors)
    if points.ndim != 2:
        raise SpecError.of("thomson_energy", "vectors", "must be (rank, size)", points.shape)
    return float((1 / pdist(points.T)).sum())


def _frozen(values: ArrayLike) -> F64:
    fixed = np.array(values, dtype=np.float64)
    fixed.setflags(write=False)
    return fixed


@cache
def _catalogue() -> Mapping[str, Polytope]:
    plain = {p.name: p for p in (_entry(name, points) for name, points in _plain())}
    found = [*plain.values(), *(_product(name, parts, plain) for name, parts in _products())]
    found.sort(key=lambda p: (p.rank, p.size))
    return MappingProxyType({p.name: p for p in found})


@cache
def _shapes() -> dict[tuple[int, int], tuple[Polytope, ...]]:
    shapes: dict[tuple[int, int], tuple[Polytope, ...]] = {}
    for entry in _catalogue().values():
        key = (entry.rank, entry.size)
        shapes[key] = (*shapes.get(key, ()), entry)
    return shapes


def _entry(name: str, points: F64, parts: tuple[str, ...] = ()) -> Polytope:
    unit = points / np.linalg.norm(points, axis=0)
    return Polytope(name, _frozen(unit), parts or (name,))


def _product(name: str, parts: tuple[str, ...], known: Mapping[str, Polytope]) -> Polytope:
    blocks = [known[part].vectors for part in parts]
    return _entry(name, block_diag(*blocks), tuple(sorted(parts)))


def _plain() -> Iterator[tuple[str, F64]]:
    """What is no tegum product."""
    yield "dedicated", np.ones((1, 1))
    yield "digon", np.array([[1.0, -1.0]])
    for size, name in _POLYGONS.items():
        yield name, _ring(size)[:2]
    for rank in range(2, _SIMPLICES + 1):
        name = {2: "triangle", 3: "tetrahedron"}.get(rank, f"{rank}-simplex")
        yield name, _simplex(rank)
    yield "triangular prism", _lowest(lambda z: _rings((3, z, 0), (3, -z, 0)))
    yield "cube", _signs(3)
    yield "square antiprism", _lowest(lambda z: _rings((4, z, 0), (4, -z, 0.5)))
    caps = (3, 0.0, 0.5)
    yield "tricapped trigonal prism", _lowest(lambda z: _rings((3, z, 0), (3, -z, 0), caps))
    poles = ((1, 1.0, 0.0), (1, -1.0, 0.0))
    yield (
        "gyroelongated square bipyramid",
        _lowest(lambda z: _rings((4, z, 0), (4, -z, 0.5), *poles)),
    )
    low = 1 / np.sqrt(5)
    yield "icosahedron", _rings((5, low, 0), (5, -low, 0.5), *poles)
    yield "cuboctahedron", _pairs(3)
    turns = [np.roll([0.0, s / _GOLDEN, t * _GOLDEN], k) for s, t, k in _signed_turns()]
    yield "dodecahedron", np.concatenate([_signs(3), np.array(turns).T], axis=1)
    simplex = _simplex(4)
    middles = [simplex[:, i] + simplex[:, j] for i, j in itertools.combinations(range(5), 2)]
    yield "rectified 5-cell", np.array(middles).T
    yield "tesseract", _signs(4)
    yield "24-cell", _pairs(4)
    corners = _signs(5)
    yield "demipenteract", corners[:, corners.prod(axis=0) > 0]


def _products() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Tegum products with a name of their own."""
    for rank, name in _CROSS.items():
        yield name, ("digon",) * rank
    yield "triangular bipyramid", ("triangle", "digon")
    yield "pentagonal bipyramid", ("pentagon", "digon")
    yield "hexagonal bipyramid", ("hexagon", "digon")
    yield "triangular duopyramid", ("triangle", "triangle")


def _simplex(rank: int) -> F64:
    """The basis vectors e_i seen orthogonally to (1, …, 1), shape (rank, rank + 1)."""
    return np.asarray(helmert(rank + 1))  # type: ignore[no-untyped-call]


def _ring(size: int, z: float = 0.0, turn: float = 0.0) -> F64:
    """A regular polygon at height z of the unit sphere, turned by part of its angle; (3, size)."""
    angle = 2 * np.pi * (np.arange(size) + turn) / size
    radius = np.sqrt(max(0.0, 1 - z * z))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.full(size, z)])


def _rings(*rings: tuple[int, float, float]) -> F64:
    """Rings (size, z, turn) around one axis."""
    return np.concatenate([_ring(*ring) for ring in rings], axis=1)


def _lowest(family: Callable[[float], F64]) -> F64:
    """The member of a family of heights 0 < z < 1 with the lowest Thomson energy."""
    found = minimize_scalar(  # type: ignore[no-untyped-call]
        lambda z: thomson_energy(family(z)),
        bounds=(0.05, 0.95),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return family(float(found.x))


def _signs(rank: int) -> F64:
    """(±1, …, ±1), shape (rank, 2^rank)."""
    return np.array(list(itertools.product((1.0, -1.0), repeat=rank))).T


def _pairs(rank: int) -> F64:
    """±e_i ± e_j for i < j, shape (rank, 2·rank·(rank − 1))."""
    basis = np.eye(rank)
    return np.array(
        [
            s * basis[i] + t * basis[j]
            for i, j in itertools.combinations(range(rank), 2)
            for s, t in itertools.product((1, -1), repeat=2)
        ]
    ).T


def _signed_turns() -> Iterator[tuple[int, int, int]]:
    return itertools.product((1, -1), (1, -1), range(3))
