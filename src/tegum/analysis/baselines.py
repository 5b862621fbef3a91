"""Dictionaries by classical methods, to compare trained ones with: one call for all of them.

`fit` takes activations h, (sample, hidden), and gives a Dataset with `W_dec`, (seed, latent,
hidden), as `tegum.train` does of an `SAE`, so that `tegum.analysis.recovery` measures both alike;
`codes` says how its latents fire on other samples. `ASSUMES` has what each method takes for
granted. scikit-learn does most of the work (the extra `tegum[baselines]`); K-SVD, which it has not,
is a loop around its orthogonal matching pursuit, and non-negative least squares are scipy's.

All methods but FastICA begin with the same atoms, rows of h drawn by the seed. Atoms have norm 1,
and codes are those of finished atoms, by `codes`, never what a fit returns beside them. h is not
changed.

Source: "Solving Superposition" of the paper, which names dictionary learning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from tegum.analysis import _classical as classical
from tegum.analysis import firing
from tegum.analysis._arrays import matrix
from tegum.analysis.recovery import matched_cosine
from tegum.arguments import whole
from tegum.dims import F64, HIDDEN, LATENT, SAMPLE, SEED
from tegum.errors import SpecError, UnknownNameError

if TYPE_CHECKING:
    import xarray as xr


class _Method(NamedTuple):
    """How a method finds atoms and codes, its own settings, and what it takes for granted."""

    atoms: Callable[..., tuple[F64, F64]]
    codes: Callable[..., F64]
    settings: Mapping[str, float]
    assumes: str
    #: Whether scikit-learn does it.
    learn: bool = True


_METHODS: Final[Mapping[str, _Method]] = {
    "dictionary_learning": _Method(
        classical.learned, classical.lasso, {"alpha": 0.1},
        "codes that are not negative and few, by a price alpha of their sum",
    ),
    "ksvd": _Method(
        classical.k_svd, classical.pursuit, {"k": 1},
        "at most k atoms in each sample, with codes of any sign",
    ),
    "nnls": _Method(
        classical.alternating, classical.non_negative, {},
        "codes that are not negative, and no noise: nothing else makes them few",
        learn=False,
    ),
    "fastica": _Method(
        classical.independent, classical.unmixed, {},
        "independent features, at most one of them normal, and no more of them than hidden "
        "dimensions",
    ),
}  # fmt: skip
#: What each method takes for granted, by its name.
ASSUMES: Final[Mapping[str, str]] = {name: one.assumes for name, one in _METHODS.items()}

#: FastICA by two contrasts has found the same where atoms match so well, on average.
AGREE: Final = 0.9


def fit(
    h: ArrayLike,
    n_latents: int,
    method: str = "dictionary_learning",
    *,
    seeds: int = 1,
    seed: int = 0,
    **settings: float,
) -> xr.Dataset:
    """Dictionaries of activations by a classical method, one for each seed.

    Args:
        h: activations, (sample, hidden); rows of zeros are data like others.
        n_latents: how many atoms, >= 1. FastICA finds at most as many as hidden dimensions.
        method: dictionary_learning (`MiniBatchDictionaryLearning` of scikit-learn, codes by the
            lasso), ksvd, nnls (non-negative least squares for codes, least squares for atoms, in
            turns), or fastica (contrast logcosh, and cube to compare with).
        seeds: how many, >= 1.
        seed: of the first, >= 0.
        settings: alpha > 0 of dictionary_learning, the price λ of Σ f where the loss is
            ½ ‖h − h'‖² + λ Σ f, 0.1 by default; k of ksvd, in 1 … n_latents, 1 by default.

    Returns:
        W_dec (seed, latent, hidden) of norm 1, b_dec (seed, hidden), and of the same samples loss
        (the mean of ‖h − h'‖²), objective (with 2 λ Σ f where there is a price), l0, dead,
        explained_variance, each (seed); of fastica `agree` too, whether both contrasts found the
        same: where they do not, neither is to be trusted. The attributes `method` and `assumes`,
        and the settings.

    Raises:
        SpecError: for other shapes, numbers out of their ranges, an h of zeros alone, another
            setting, and where scikit-learn is not installed.
        UnknownNameError: for another method.

    Source: the method of Mairal and others (2009), Aharon, Elad and Bruckstein (2006, K-SVD), and
        Hyvärinen (1999, FastICA).
    """
    import xarray as xr

    own = _known(method)
    rows = matrix("h", h, "(sample, hidden)").copy()
    if not rows.any():
        raise SpecError.of("fit", "h", "must have a row that is not 0", "zeros")
    n = whole("fit", "n_latents", n_latents, "must be an integer >= 1", 1)
    count = whole("fit", "seeds", seeds, "must be an integer >= 1", 1)
    first = whole("fit", "seed", seed, "must be an integer >= 0", 0)
    chosen = _checked(method, settings, n)
    parts = []
    for k in range(first, first + count):
        with classical.calling(method, learn=own.learn):
            one = _made(own, rows, n, k, chosen)
            parts.append(_with_agreement(one, rows, n, k) if method == "fastica" else one)
    found = xr.concat(parts, xr.Variable(SEED, np.arange(first, first + count)))
    return found.assign_attrs(method=method, assumes=own.assumes, **chosen)


def available() -> tuple[str, ...]:
    """The methods that run here: without scikit-learn those that need only scipy.

    Returns:
        Their names, in the order of `ASSUMES`.

    Source: method, what is installed.
    """
    there = find_spec("sklearn") is not None
    return tuple(name for name, one in _METHODS.items() if there or not one.learn)


def codes(found: xr.Dataset, h: ArrayLike) -> xr.DataArray:
    """How the latents of dictionaries of `fit` fire on samples: codes of the finished atoms.

    Args:
        found: a Dataset of `fit`.
        h: activations, (sample, hidden).

    Returns:
        (seed, sample, latent).

    Raises:
        SpecError: for a Dataset that `fit` did not make, and an h of other numbers of dimensions.

    Source: the method that the attribute `method` names.
    """
    import xarray as xr

    if "method" not in getattr(found, "attrs", {}):
        raise SpecError.of("codes", "found", "must be a Dataset of fit", type(found).__name__)
    rows = matrix("h", h, "(sample, hidden)")
    if rows.shape[1] != found.sizes[HIDDEN]:
        rule = f"must be (sample, {found.sizes[HIDDEN]}), as the dictionaries have it"
        raise SpecError.of("codes", "h", rule, rows.shape)
    own = _known(found.attrs["method"])
    chosen = {name: found.attrs[name] for name in own.settings}
    both = zip(found["W_dec"].to_numpy(), found["b_dec"].to_numpy(), strict=True)
    with classical.calling(found.attrs["method"], learn=own.learn):
        each = [own.codes(rows - bias, atoms, **chosen) for atoms, bias in both]
    return xr.DataArray(np.stack(each), {SEED: found[SEED]}, (SEED, SAMPLE, LATENT), LATENT)


def _made(own: _Method, rows: F64, n: int, seed: int, chosen: Mapping[str, Any]) -> xr.Dataset:
    import xarray as xr

    rng = np.random.default_rng(seed)
    atoms, bias = own.atoms(rows, n, rng, **chosen)
    fired = own.codes(rows - bias, atoms, **chosen)
    rebuilt = fired @ atoms + bias
    loss = float(((rows - rebuilt) ** 2).sum(1).mean())
    made = xr.Dataset({"W_dec": ((LATENT, HIDDEN), atoms), "b_dec": (HIDDEN, bias)})
    return made.assign(
        loss=loss,
        objective=loss + 2 * chosen.get("alpha", 0.0) * float(fired.sum(1).mean()),
        l0=firing.mean_l0(fired),
        dead=int(firing.dead(fired).sum()),
        explained_variance=firing.explained_variance(rows, rebuilt),
    )


def _with_agreement(one: xr.Dataset, rows: F64, n: int, seed: int) -> xr.Dataset:
    """FastICA by the other contrast: whether its atoms, of any sign, are the same."""
    other, _ = classical.independent(rows, n, np.random.default_rng(seed), contrast="cube")
    same = matched_cosine(one["W_dec"].to_numpy().T, other, signed=False)
    return one.assign(agree=same > AGREE)


def _known(method: str) -> _Method:
    if method not in _METHODS:
        raise UnknownNameError.of("method", method, list(_METHODS))
    return _METHODS[method]


def _checked(method: str, settings: Mapping[str, float], n: int) -> dict[str, Any]:
    """The settings of a method, all of them."""
    known = _METHODS[method].settings
    for name in settings:
        if name not in known:
            rule = f"is no setting of {method}, which has {', '.join(known) or 'none'}"
            raise SpecError.of("fit", name, rule, settings[name])
    chosen: dict[str, Any] = {**known, **settings}
    if "k" in chosen:
        chosen["k"] = whole("fit", "k", chosen["k"], f"must be an integer in [1, {n}]", 1)
        if chosen["k"] > n:
            raise SpecError.of("fit", "k", f"must be an integer in [1, {n}]", chosen["k"])
    if "alpha" in chosen and not 0 < chosen["alpha"] < np.inf:
        raise SpecError.of("fit", "alpha", "must be above 0 and finite", chosen["alpha"])
    return chosen
