"""What to say of a name that nothing has: what it is called here, or the name next to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from math import nan
from numbers import Real
from typing import Any, Final

#: What fields and arguments are called elsewhere, by our names.
_ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "feature_probability": ("p", "prob", "probability", "density", "feature_prob"),
    "importance": ("importances", "feature_importance"),
    "architecture": ("kind", "arch", "sae_type"),
    "hidden_dropout": ("dropout", "dropout_rate"),
    "l1": ("lambda", "lam", "l1_penalty", "l1_coefficient", "l1_coeff", "sparsity_penalty"),
    "learning_rate": ("lr",),
    "batch_size": ("batch", "bs", "n_batch"),
    "n_features": ("n", "features", "n_feats", "n_feat", "num_features", "d_input", "input_dim"),
    "n_hidden": ("m", "hidden", "d_hidden", "hidden_dim", "num_hidden", "d_model", "n_hiddens"),
    "n_latents": ("d_sae", "dict_size", "n_dict", "latents", "n_components"),
    "optimizer": ("optim", "optimiser"),
    "output_activation": ("activation", "act_fn"),
    "seeds": ("n_inst", "n_instances", "instances", "n_models", "n_seeds", "num_seeds"),
    "tied_weights": ("tied", "tie_weights"),
    "steps": ("n_steps", "num_steps", "epochs", "n_epochs", "iterations", "max_iter"),
}
_MEANT: Final = {other: name for name, others in _ELSEWHERE.items() for other in others}
#: What of each kind is written where one is asked for.
_SUCH: Final[Mapping[str, str]] = {
    "Distribution": "tg.Independent(n_features=5, feature_probability=0.1)",
    "Model": "tg.ReLUOutput(n_hidden=2)",
    "Problem": "tg.Problem(tg.Independent(5, 0.1), tg.ReLUOutput(2))",
    "Training": "tg.Training(steps=10_000)",
}
_SPARSITY: Final = ("s", "sparsity", "feature_sparsity")
#: The fields and arguments that have other names elsewhere.
FIELDS: Final = tuple(_ELSEWHERE)
#: How alike two names must be for one to be a slip of the other.
_ALIKE: Final = 0.75
#: Descriptions named for a field of theirs, at most.
_MOST: Final = 3


def must_be(kind: str) -> str:
    """The rule for what must be a description of a kind, with one that is."""
    such = _SUCH.get(kind)
    return f"must be a {kind}" + (f", as {such} is" if such else "")


def is_required(field: str) -> str:
    """The rule for a field that must be said, with what may be said where it is a description."""
    such = _SUCH.get(field.capitalize())
    return "is required" + (f", as {field}={such}" if such else "")


def close(name: str, known: Collection[str]) -> list[str]:
    """At most two of the known names that may be meant: those that begin so, or look alike."""
    begun = [one for one in known if len(name) > 1 and one.startswith(name.lower())]
    return begun[:2] or get_close_matches(name, known, 2)


def nearest(name: str, known: Collection[str]) -> str | None:
    """Which of the known names is meant, where that can be told."""
    plain = name.lower()
    meant = "feature_probability" if is_sparsity(plain) else _MEANT.get(plain, plain)
    if meant in known:
        return meant
    return next(iter(get_close_matches(plain, known, 1, _ALIKE)), None)


def said_of(
    name: str, value: Any, known: Collection[str], others: Mapping[str, Collection[str]]
) -> str:
    """`: it is learning_rate here`, or the like, to follow the name; nothing where it is a riddle.

    Args:
        name: what nothing has.
        value: what it was given.
        known: the names that there are.
        others: the names that other descriptions have.
    """
    meant, where = nearest(name, known), "here"
    if meant is None:
        meant = nearest(name, sorted({field for fields in others.values() for field in fields}))
        classes = [other for other, fields in others.items() if meant in fields]
        more = ", …" if len(classes) > _MOST else ""
        where = f"a field of {', '.join(classes[:_MOST])}{more}"
    if meant is None:
        return ""
    if is_sparsity(name):
        return f": p = 1 − S, {meant}={rest(value)}" + (where != "here") * f", {where}"
    if where == "here":
        return f": it is {meant} here"
    return f": it is {where}" if meant == name else f": it is {meant}, {where}"


def is_sparsity(name: str) -> bool:
    """Whether the name stands for S = 1 − p."""
    return name.lower() in _SPARSITY


def rest(value: Any) -> str:
    """1 − S of a number, in few digits."""
    written = isinstance(value, Real | str) and not isinstance(value, bool)
    try:
        number = float(value) if written else nan
    except ValueError:
        number = nan
    return f"{round(1.0 - number, 12):g}" if 0 <= number <= 1 else "1 − S"
