"""What to say of a name that nothing has: what it is called here, or the name next to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from numbers import Real
from typing import Any, Final

#: What fields and arguments are called elsewhere, by our names.
_ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "feature_probability": ("p", "prob", "probability", "density", "feature_prob"),
    "importance": ("importances", "feature_importance"),
    "l1": ("lambda", "lam", "l1_penalty", "l1_coefficient"),
    "learning_rate": ("lr",),
    "batch_size": ("batch", "bs", "n_batch"),
    "n_features": ("n", "features", "n_feats", "n_feat", "num_features", "d_input", "input_dim"),
    "n_hidden": ("m", "hidden", "d_hidden", "hidden_dim", "num_hidden", "d_model", "n_hiddens"),
    "optimizer": ("optim", "optimiser"),
    "output_activation": ("activation", "act_fn"),
    "seeds": ("n_inst", "n_instances", "instances", "n_models", "n_seeds", "num_seeds"),
    "steps": ("n_steps", "num_steps", "epochs", "n_epochs", "iterations", "max_iter"),
}
_MEANT: Final = {other: name for name, others in _ELSEWHERE.items() for other in others}
_SPARSITY: Final = ("s", "sparsity", "feature_sparsity")
#: How alike two names must be for one to be a slip of the other.
_ALIKE: Final = 0.75
#: Descriptions named for a field of theirs, at most.
_MOST: Final = 3


def nearest(name: str, known: Collection[str]) -> str | None:
    """Which of the known names is meant, where that can be told."""
    plain = name.lower()
    meant = "feature_probability" if plain in _SPARSITY else _MEANT.get(plain, plain)
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
    if name.lower() in _SPARSITY:
        return f": p = 1 − S, {meant}={_rest(value)}" + (where != "here") * f", {where}"
    if where == "here":
        return f": it is {meant} here"
    return f": it is {where}" if meant == name else f": it is {meant}, {where}"


def _rest(value: Any) -> str:
    """1 − S of a number, in few digits."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    return f"{round(1.0 - float(value), 12):g}" if number and 0 <= float(value) <= 1 else "1 − S"
