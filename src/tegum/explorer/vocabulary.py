"""What a page can choose from: read from the descriptions, which are found by file."""

from __future__ import annotations

from math import isfinite
from typing import Any, Final

from pydantic_core import to_jsonable_python

from tegum.discovery import PARTS, example_of, found
from tegum.explorer.state import FIRST, LIVE, OWN, STEPS
from tegum.fields import Field, fields_of
from tegum.spec import Spec
from tegum.targets import NAMED
from tegum.training import Training

#: Distributions and targets that the page has no controls for, though a state may have them; and
#: models that other engines alone train.
_ELSEWHERE: Final = (
    *("activations", "custom", "linear_map"),
    *("deep", "sae", "torch_model"),
)
#: Fields that the torch engine alone reads.
_ONLY_TORCH: Final = ("layer_norm",)
#: Of hidden activations those that an engine trains.
_HIDDEN: Final = ("identity", "relu")
#: Engines that train on the page: by slices of a moment, and without what has to be installed.
_ENGINES: Final = ("sampled", "exact")


def vocabulary() -> dict[str, Any]:
    """The kinds of a problem's parts, the targets with a name, and the fields of all of them."""
    usual = FIRST.data()["problem"]
    kinds = {
        part: found(base, usual[part]["kind"] if isinstance(usual[part], dict) else "")
        for part, base in PARTS.items()
    }
    return {
        **{
            part: {kind: _described(cls) for kind, cls in k.items() if kind not in _ELSEWHERE}
            for part, k in kinds.items()
        },
        "targets": list(NAMED),
        "training": {
            name: _field(field) for name, field in fields_of(Training).items() if name not in OWN
        },
        "live": [*LIVE, STEPS],
    }


def _described(cls: type[Spec]) -> dict[str, Any]:
    """The fields of a class, and values to start from where one has no default."""
    example = example_of(cls)
    start = {} if example is None else example.every_field()
    return {
        "fields": {
            name: _field(field) for name, field in fields_of(cls).items() if name not in _ONLY_TORCH
        },
        "example": {name: v for name, v in start.items() if name not in _ONLY_TORCH} or None,
    }


def _field(field: Field) -> dict[str, Any]:
    bounds, choices = field.interval, field.choices
    for name, offered in (("hidden_activation", _HIDDEN), ("engine", _ENGINES)):
        if field.name == name:
            choices = tuple(choice for choice in choices if choice in offered)
    forms = {"array": "json", "wholes": "json", "function": "json", "law": "choice"}
    return {
        "form": forms.get(field.form, field.form),
        "required": field.required,
        "default": to_jsonable_python(field.default),
        "choices": list(choices),
        "low": None if bounds is None else bounds.low,
        "high": bounds.high if bounds is not None and isfinite(bounds.high) else None,
        "help": field.help,
    }
