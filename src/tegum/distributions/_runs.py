"""What a run of one model says of its hidden activations: W, b_hidden, activation and what x is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from tegum.dims import DENSITY, FEATURE, HIDDEN
from tegum.distributions.base import Distribution
from tegum.errors import SpecError
from tegum.runs.schema import AXES, PROBLEM, TIED, UNTIED
from tegum.spec import Spec, spec_of

_OWNER: Final = "Activations"
_ACTIVATIONS: Final = ("identity", "relu")
_INSTEAD: Final = "give of=W, distribution= and what else there is"


def read_run(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `Activations`, of which `of` is a Dataset; what else is given stays."""
    runs = given["of"]
    name = next((name for name in (*TIED, UNTIED[0]) if name in runs.data_vars), None)
    try:
        said = json.loads(runs.attrs[PROBLEM])
        model = spec_of(Spec, said["model"])
    except (KeyError, TypeError, ValueError):
        rule = f"must be a run of tegum.train; {_INSTEAD}"
        raise SpecError.of(_OWNER, "of", rule, list(runs.data_vars)) from None
    activation = getattr(model, "hidden_activation", "")
    odd = activation not in _ACTIVATIONS or getattr(model, "has_layer_norm", False)
    if name is None or odd:
        rule = "must be a run of a model with one hidden layer, its hidden activation"
        raise SpecError.of(_OWNER, "of", f"{rule} {' or '.join(_ACTIVATIONS)}; {_INSTEAD}", model)
    found: dict[str, Any] = {"rectified": activation == "relu"}
    if getattr(model, "has_hidden_bias", False):
        found["b_hidden"] = _one(runs["b_hidden"], (HIDDEN,))
    law = given.get("distribution") or _law(runs, said)
    return {**found, **given, "of": _one(runs[name], (HIDDEN, FEATURE)), "distribution": law}


def _one(array: Any, own: tuple[str, ...]) -> Any:
    """The array of one model; SpecError where there are more."""
    lead = {dim: size for dim, size in array.sizes.items() if dim not in own}
    if any(size != 1 for size in lead.values()):
        rule = "must be a run of one model, as tg.best(runs) or runs.isel(seed=0)"
        raise SpecError.of(_OWNER, "of", rule, lead)
    return array.isel(dict.fromkeys(lead, 0)).transpose(*own)


def _law(runs: Any, said: Mapping[str, Any]) -> Distribution:
    """What the run's x was drawn from, at its own point of an axis."""
    law = spec_of(Distribution, said["distribution"])  # type: ignore[type-abstract]
    for name, target in json.loads(runs.attrs.get(AXES, "{}")).items():
        if target == DENSITY and name in runs.coords and runs.coords[name].size == 1:
            law = law.with_probability(runs.coords[name].item())
        elif target.startswith(DENSITY):
            rule = f"must be given, as tg.problem_of(run).distribution is: the run swept {target}"
            raise SpecError.of(_OWNER, "distribution", rule, name)
    return law
