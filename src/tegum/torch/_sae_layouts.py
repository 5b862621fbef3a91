"""How SAELens and dictionary_learning name and turn the arrays of a dictionary, both ways.

Ours are W_enc (latent, hidden), b_enc, W_dec (latent, hidden), b_dec, and by kind log_threshold,
r_mag and b_mag. What an architecture of theirs is here:

| SAELens    | dictionary_learning   | `SAE` |
| standard   | AutoEncoder           | relu |
| topk       | AutoEncoderTopK       | topk |
| jumprelu   | JumpReluAutoEncoder   | jumprelu; that of batch top-k codes too, once it is trained |
| gated      | GatedAutoEncoder      | gated |
| (jumprelu) | BatchTopKSAE          | batchtopk; written for SAELens as it saves its own |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.errors import SpecError, UnknownNameError
from tegum.models import SAE

Arrays = dict[str, NDArray[Any]]

#: By layout and our kind, what they call that architecture.
_CALLED: Final[Mapping[str, Mapping[str, str]]] = {
    "saelens": {"relu": "standard", "topk": "topk", "jumprelu": "jumprelu", "gated": "gated"},
    "dictionary_learning": {
        "relu": "AutoEncoder",
        "topk": "AutoEncoderTopK",
        "jumprelu": "JumpReluAutoEncoder",
        "gated": "GatedAutoEncoder",
        "batchtopk": "BatchTopKSAE",
    },
}
LAYOUTS: Final = tuple(_CALLED)
#: By layout and kind, their names of our arrays.
_PLAIN: Final = {"W_enc": "W_enc", "b_enc": "b_enc", "W_dec": "W_dec", "b_dec": "b_dec"}
_LINEAR: Final = {
    "W_enc": "encoder.weight",
    "b_enc": "encoder.bias",
    "W_dec": "decoder.weight",
    "b_dec": "bias",
}
_NAMES: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("saelens", "relu"): _PLAIN,
    ("saelens", "topk"): _PLAIN,
    ("saelens", "jumprelu"): {**_PLAIN, "log_threshold": "threshold"},
    ("saelens", "gated"): {**_PLAIN, "b_enc": "b_gate", "r_mag": "r_mag", "b_mag": "b_mag"},
    ("dictionary_learning", "relu"): _LINEAR,
    ("dictionary_learning", "topk"): {**_LINEAR, "b_dec": "b_dec"},
    ("dictionary_learning", "batchtopk"): {
        **{**_LINEAR, "b_dec": "b_dec"},
        "threshold": "threshold",
    },
    ("dictionary_learning", "jumprelu"): {**_PLAIN, "log_threshold": "threshold"},
    ("dictionary_learning", "gated"): {
        **{**_LINEAR, "b_enc": "gate_bias", "b_dec": "decoder_bias"},
        **{"r_mag": "r_mag", "b_mag": "mag_bias"},
    },
}
_LEAST: Final = np.finfo(np.float32).tiny
#: What a state may hold beside: no part of what the dictionary computes.
_BESIDE: Final = frozenset({"k", "threshold", "log_sparsity"})


class Found(NamedTuple):
    """A dictionary of another library: its model, and its arrays by our names, in float32."""

    model: SAE
    arrays: Arrays


def check_layout(owner: str, layout: Any) -> None:
    """UnknownNameError unless it is the name of a layout."""
    if layout not in LAYOUTS:
        raise UnknownNameError.of(f"{owner}.layout", layout, LAYOUTS)


def _is_turned(own: str, theirs: str) -> bool:
    """Whether our matrix (latent, hidden) is their transpose: layers are (out, in)."""
    return own == ("W_dec" if "." in theirs else "W_enc")


def kind_of(owner: str, layout: str, theirs: Any) -> str:
    """Our kind of their architecture, or class; SpecError where there is none."""
    known = {name: kind for kind, name in _CALLED[layout].items()}
    if not isinstance(theirs, str) or theirs not in known:
        rule = f"must be an architecture that both know, one of {', '.join(known)}"
        if "batch" in str(theirs).lower():
            rule += "; one of batch top-k codes is saved as jumprelu when it is trained"
        raise SpecError.of(owner, "architecture", rule, theirs)
    return known[theirs]


def name_of(layout: str, kind: str) -> str:
    """Their architecture, or class, of our kind."""
    return _CALLED[layout][_kept_as(layout, kind)]


def _kept_as(layout: str, kind: str) -> str:
    """The kind as which a layout keeps one: with one threshold for all or with one of each."""
    return kind if kind in _CALLED[layout] else "jumprelu"


def read(
    owner: str, layout: str, kind: str, named: Mapping[str, NDArray[Any]], **said: Any
) -> Found:
    """The dictionary that arrays by their names are; `said` is the model's k and subtract_bias."""
    names = _NAMES[layout, kind]
    missing = [theirs for theirs in names.values() if theirs not in named]
    strange = [name for name in named if name not in (*names.values(), *_BESIDE)]
    if missing or strange:
        rule = f"must hold {', '.join(names.values())} and nothing else"
        raise SpecError.of(owner, "folder", rule, list(named))
    arrays = {}
    for own, theirs in names.items():
        array = np.asarray(named[theirs], np.float32)
        turned = array.ndim == 2 and _is_turned(own, theirs)
        arrays[own] = np.array(array.T if turned else array, order="C")
    _check_shapes(owner, names, arrays)
    if kind == "jumprelu":
        _check(owner, "threshold", bool((arrays["log_threshold"] >= 0).all()), "must be >= 0")
        # one of 0 becomes the least number that there is: what is above it is the same
        arrays["log_threshold"] = np.log(np.maximum(arrays["log_threshold"], _LEAST))
    if kind == "batchtopk":
        rule = "must be >= 0: by a negative one its training says that it has not found it yet"
        _check(owner, "threshold", bool(arrays["threshold"] >= 0), rule, arrays["threshold"].item())
    norms = np.linalg.norm(arrays["W_dec"].astype(np.float64), axis=1)
    unit = bool(np.allclose(norms, 1.0, atol=1e-4))
    model = SAE(len(arrays["W_dec"]), kind, unit_atoms=unit, **said)
    return Found(model, arrays)


def _check_shapes(owner: str, names: Mapping[str, str], arrays: Arrays) -> None:
    latents, hidden = np.atleast_2d(arrays["W_dec"]).shape
    for own, array in arrays.items():
        matrix, alone = own.startswith("W_"), () if own == "threshold" else (latents,)
        wanted = (latents, hidden) if matrix else (hidden,) if own == "b_dec" else alone
        rule = f"must be of {latents} latents and {hidden} hidden dimensions"
        _check(owner, names[own], array.shape == wanted, rule, array.shape)
        finite = bool(np.isfinite(array).all())
        _check(owner, names[own], finite, "must be finite", "NaN or infinity")


def _check(owner: str, field: str, holds: bool, rule: str, got: Any = None) -> None:
    if not holds:
        raise SpecError.of(owner, field, rule, got)


def write(layout: str, model: SAE, arrays: Arrays) -> Arrays:
    """One dictionary's arrays by their names, in C order; a tied one has both matrices there."""
    whole = {"W_enc": arrays["W_dec"], **arrays}
    if layout == "dictionary_learning" and model.subtract_bias != _subtracts(model.architecture):
        whole = _moved(whole, -1.0 if model.subtract_bias else 1.0)
    if "log_threshold" in whole:
        whole["log_threshold"] = np.exp(whole["log_threshold"])
    kind = _kept_as(layout, model.architecture)
    if kind != model.architecture:
        whole["log_threshold"] = np.full(model.n_latents, whole["threshold"])
    found = {}
    for own, theirs in _NAMES[layout, kind].items():
        array = whole[own]
        turned = array.ndim == 2 and _is_turned(own, theirs)
        found[theirs] = np.array(array.T if turned else array, np.float32, order="C")
    return found


def _subtracts(kind: str) -> bool:
    """Whether dictionary_learning takes b_dec from h before it is encoded."""
    return kind != "jumprelu"


def _moved(arrays: Arrays, sign: float) -> Arrays:
    """The same dictionary where b_dec is taken from h, or no longer is: W_enc b_dec moves."""
    shift = sign * (arrays["W_enc"].astype(np.float64) @ arrays["b_dec"])
    found = {**arrays, "b_enc": arrays["b_enc"] + shift}
    if "b_mag" in arrays:
        found["b_mag"] = arrays["b_mag"] + np.exp(arrays["r_mag"].astype(np.float64)) * shift
    return found


def with_norms(arrays: Arrays) -> Arrays:
    """A top-k dictionary of codes times the norms of their atoms, as one of unit atoms.

    A row of zeros stays one, and its latent silent.
    """
    norms = np.linalg.norm(arrays["W_dec"].astype(np.float64), axis=1)
    safe = np.where(norms > 0, norms, 1.0)
    return {
        **arrays,
        "W_enc": (arrays["W_enc"] * norms[:, None]).astype(np.float32),
        "b_enc": (arrays["b_enc"] * norms).astype(np.float32),
        "W_dec": (arrays["W_dec"] / safe[:, None]).astype(np.float32),
    }


def scaled(arrays: Arrays, scale: float) -> Arrays:
    """A dictionary of s h as one of h: it encodes by s W_enc, and rebuilds by W_dec/s, b_dec/s."""
    factors = {"W_enc": scale, "W_dec": 1 / scale, "b_dec": 1 / scale}
    return {
        name: (array * factors.get(name, 1.0)).astype(np.float32) for name, array in arrays.items()
    }
