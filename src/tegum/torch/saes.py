"""Dictionaries of SAELens and of dictionary_learning: read as a Dataset, and written for them."""

from __future__ import annotations

import json
import os
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.arguments import flag, number, whole
from tegum.distributions import Distribution
from tegum.ensemble import train
from tegum.errors import InputFileError, SpecError, joined
from tegum.models import SAE
from tegum.problem import Problem
from tegum.runs.models import arrays_of, problems_of, stated_problem
from tegum.store.reader import path_of
from tegum.store.reader import read as read_bytes
from tegum.store.writer import require_folder
from tegum.store.writer import write as write_file
from tegum.torch import _sae_layouts as layouts
from tegum.torch._sae_layouts import Arrays, Found
from tegum.torch.reading import arrays_in, need_torch
from tegum.training import Training

if TYPE_CHECKING:
    import xarray as xr

_LOAD: Final = "load_sae"
_SAVE: Final = "save_sae"
_WEIGHTS: Final = {"saelens": "sae_weights.safetensors", "dictionary_learning": "ae.pt"}
_SETTINGS: Final = {"saelens": "cfg.json", "dictionary_learning": "config.json"}
#: Where a checkpoint of SAELens has the scale of its activations, beside its configuration.
_SCALE: Final = "activation_scaler.json"
#: How SAELens may treat activations that a dictionary of h itself can follow.
_NORMS: Final = ("none", "expected_average_only_in")
#: The version of SAELens whose layout this is: it takes what says none for one of before 6.
_VERSION: Final = "6.0.0"
#: No step is taken.
_NOTHING: Final = Training(steps=0, curve_points=0)


def load_sae(
    folder: str | os.PathLike[str], distribution: Distribution, *, layout: str | None = None
) -> xr.Dataset:
    """A dictionary that SAELens or dictionary_learning trained, as a Dataset like those of `train`.

    Only numbers and texts are read, nothing that a pickle could run. What SAELens keeps beside its
    weights is applied: the scale of activations of a checkpoint, and norms of atoms by which codes
    are scaled. What cannot be, such as a norm of each activation, is refused.

    Args:
        folder: what SAELens saved, `cfg.json` and `sae_weights.safetensors`; or
            dictionary_learning, `config.json` and `ae.pt`, which needs PyTorch.
        distribution: what it is for, such as `Activations`; on samples of it the Dataset's `loss`,
            `l0`, `dead` and `explained_variance` are measured. `n_features` is the size of h.
        layout: "saelens" or "dictionary_learning"; by default what is in the folder.

    Returns:
        A Dataset of one dictionary, `seed` of size 1: W_enc and W_dec (latent, hidden), b_enc,
        b_dec, and by its kind log_threshold, r_mag and b_mag, or threshold, in float32.

    Raises:
        InputFileError: for files that are missing or damaged.
        SpecError: for an architecture that `SAE` has not, settings that it cannot follow, and
            another size of h.
        UnknownNameError: for a layout that there is not.
        TegumError: for a file of PyTorch where it is not installed.

    Source: method; the layouts of sae-lens 6 and of dictionary-learning 0.1.
    """
    if not isinstance(distribution, Distribution):
        raise SpecError.of(_LOAD, "distribution", "must be a distribution of h", distribution)
    if layout is not None:
        layouts.check_layout(_LOAD, layout)
    if not isinstance(folder, str | os.PathLike):
        raise SpecError.of(_LOAD, "folder", "must be the path of a folder", folder)
    at = path_of(folder)
    found = _SOURCES[_which(at) if layout is None else layout](at)
    hidden = found.arrays["W_dec"].shape[1]
    if hidden != distribution.n_features:
        rule = f"must have n_features = {hidden}, as the dictionary in {at}"
        raise SpecError.of(_LOAD, "distribution", rule, distribution.n_features)
    return _measured(Problem(distribution, found.model), found.arrays)


def save_sae(runs: xr.Dataset, folder: str | os.PathLike[str], *, layout: str = "saelens") -> None:
    """Write one dictionary for SAELens or dictionary_learning.

    Files that are there are replaced, each whole, the weights first. A Matryoshka is written as
    the dictionary of all its latents; rows of zeros behind those of a smaller one are left out.
    One of batch top-k codes is for SAELens a jumprelu, as it saves its own: all latents have the
    same threshold.

    Args:
        runs: of `tegum.train` or `load_sae`: one `SAE`, as `runs.isel(seed=0)`.
        folder: made where it is missing.
        layout: "saelens", for `SAE.load_from_disk`: `cfg.json` and `sae_weights.safetensors`; or
            "dictionary_learning": `config.json` and `ae.pt`, which needs PyTorch.

    Raises:
        SpecError: for a Dataset without dictionaries, or with several of them.
        UnknownNameError: for a layout that there is not.
        TegumError: where the folder cannot be written, and where PyTorch is missing.

    Source: method, the inverse of `load_sae`.
    """
    layouts.check_layout(_SAVE, layout)
    if not isinstance(stated_problem(runs, _SAVE).model, SAE):
        rule = "must hold dictionaries, models of tg.SAE"
        raise SpecError.of(_SAVE, "runs", rule, stated_problem(runs, _SAVE).model)
    found = arrays_of(runs, _SAVE)
    if prod(found.shape) != 1:
        rule = "must be one dictionary, as runs.isel(seed=0)"
        raise SpecError.of(_SAVE, "runs", rule, dict(zip(found.dims, found.shape, strict=True)))
    problem = problems_of(runs, found)[0][0]
    model = problem.model
    assert isinstance(model, SAE)
    own = {
        name: array[0] if name in ("b_dec", "threshold") else array[0, : model.n_latents]
        for name, array in found.named.items()
    }
    named, settings = layouts.write(layout, model, own), _settings(layout, problem)
    if not all(np.isfinite(array).all() for array in named.values()):
        raise SpecError.of(_SAVE, "runs", "must be finite: this dictionary diverged", "NaN")
    at = path_of(folder)
    require_folder(at)
    write_file(at / _WEIGHTS[layout], _encoded(layout, model, named))
    write_file(at / _SETTINGS[layout], json.dumps(settings, indent=2) + "\n")


def _measured(problem: Problem, arrays: Arrays) -> xr.Dataset:
    """The dictionary as a training of no steps that begins with it: what is measured at its end."""
    import xarray as xr

    dims = problem.model.dimensions(problem.n_features)
    start = xr.Dataset({name: (("seed", *dims[name]), a[None]) for name, a in arrays.items()})
    runs = train(problem, training=_NOTHING, start=start, progress=False)
    del runs.attrs["start"]
    return runs


def _which(folder: Path) -> str:
    """The layout of a folder, by what is in it."""
    for layout, name in _SETTINGS.items():
        if (folder / name).exists():
            return layout
    raise InputFileError(f"{folder} holds neither {' nor '.join(_SETTINGS.values())}")


# --- reading -------------------------------------------------------------------------------------


def _saelens(folder: Path) -> Found:
    said = _said(folder / _SETTINGS["saelens"])
    if said.get("activation_fn_str", said.get("activation_fn", "relu")) != "relu":
        rule = "must be relu in a configuration of before SAELens 6; save it with a later one"
        raise SpecError.of(_LOAD, "activation_fn", rule, said.get("activation_fn_str"))
    kind = layouts.kind_of(_LOAD, "saelens", said.get("architecture", "standard"))
    norm = said.get("normalize_activations") or "none"
    if norm not in _NORMS:
        rule = f"must be one of {', '.join(_NORMS)}: others are no function of h that an SAE is"
        raise SpecError.of(_LOAD, "normalize_activations", rule, norm)
    shape = said.get("reshape_activations") or "none"
    if shape != "none":
        raise SpecError.of(_LOAD, "reshape_activations", "must be none", shape)
    more = {"k": _count(said.get("k"))} if kind == "topk" else {}
    subtract = flag(_LOAD, "apply_b_dec_to_input", said.get("apply_b_dec_to_input", True))
    by_norms = said.get("rescale_acts_by_decoder_norm", False)
    weights = arrays_in(_LOAD, folder / _WEIGHTS["saelens"])
    found = layouts.read(_LOAD, "saelens", kind, weights, subtract_bias=subtract, **more)
    arrays = found.arrays
    if flag(_LOAD, "rescale_acts_by_decoder_norm", by_norms) and kind == "topk":
        arrays = layouts.with_norms(arrays)
    return Found(found.model, layouts.scaled(arrays, _scale(folder, norm)))


def _scale(folder: Path, norm: str) -> float:
    """By what activations are multiplied before they are encoded."""
    path = folder / _SCALE
    if not path.exists():
        if norm != "none":
            rule = f"must be none, or come with {_SCALE}: without it the scale is not known"
            raise SpecError.of(_LOAD, "normalize_activations", rule, norm)
        return 1.0
    scale = _said(path).get("scaling_factor")
    if scale is None:
        return 1.0
    return number(_LOAD, "scaling_factor", scale, "must be a number > 0", lambda s: s > 0)


def _dictionary_learning(folder: Path) -> Found:
    said = _said(folder / _SETTINGS["dictionary_learning"]).get("trainer", {})
    name = said.get("dict_class") if isinstance(said, dict) else None
    kind = layouts.kind_of(_LOAD, "dictionary_learning", name)
    assert isinstance(said, dict)
    weights = arrays_in(_LOAD, folder / _WEIGHTS["dictionary_learning"])
    counted = kind in ("topk", "batchtopk")
    more: dict[str, Any] = {"k": _count(weights.get("k", said.get("k")))} if counted else {}
    if kind == "jumprelu":
        more["subtract_bias"] = False
    return layouts.read(_LOAD, "dictionary_learning", kind, weights, **more)


_SOURCES: Final = {"saelens": _saelens, "dictionary_learning": _dictionary_learning}


def _count(value: Any) -> int:
    plain = value.item() if getattr(value, "shape", None) == () else value
    plain = int(plain) if isinstance(plain, float) and plain.is_integer() else plain
    return whole(_LOAD, "k", plain, "must be an integer >= 1", 1)


def _said(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise InputFileError(f"{path} cannot be read as JSON: {joined(error)[:200]}") from None
    if not isinstance(said, dict):
        raise InputFileError(f"{path} cannot be read: it holds a {type(said).__name__}")
    return said


# --- writing -------------------------------------------------------------------------------------


def _settings(layout: str, problem: Problem) -> dict[str, Any]:
    model = problem.model
    assert isinstance(model, SAE)
    name, size = layouts.name_of(layout, model.architecture), problem.n_features
    k = {"k": model.k} if model.k is not None and name != "jumprelu" else {}
    if layout == "dictionary_learning":
        said = {"dict_class": name, "activation_dim": size, "dict_size": model.n_latents, **k}
        return {"trainer": said}
    return {
        "architecture": name,
        "d_in": size,
        "d_sae": model.n_latents,
        **k,
        **({"rescale_acts_by_decoder_norm": False} if k else {}),
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": model.subtract_bias,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {"sae_lens_version": _VERSION},
    }


def _encoded(layout: str, model: SAE, named: dict[str, NDArray[Any]]) -> bytes:
    if layout == "saelens":
        from safetensors.numpy import save

        return save(named)
    import io

    torch = need_torch(_SAVE)
    tensors = {name: torch.from_numpy(array) for name, array in named.items()}
    if model.k is not None:
        tensors = {"k": torch.tensor(model.k), "threshold": torch.tensor(-1.0), **tensors}
    file = io.BytesIO()
    torch.save(tensors, file)
    return file.getvalue()
