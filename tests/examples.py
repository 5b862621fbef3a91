"""Every distribution and model of the package, found by file, each with a small example."""

from __future__ import annotations

from typing import TypeVar

from tegum.discovery import example_of, found
from tegum.distributions import Distribution, Groups
from tegum.models import Model, Shallow
from tegum.spec import Spec
from tegum.targets import Target

S = TypeVar("S", bound=Spec)


def _example(cls: type[S]) -> S:
    example = example_of(cls)
    assert example is not None, f"{cls.__module__}.EXAMPLE must be a {cls.__name__}"
    return example


#: Those that every engine trains.
MODELS: dict[str, Shallow] = {
    cls.__name__: _example(cls) for cls in found(Model).values() if issubclass(cls, Shallow)
}
TARGETS: dict[str, Target] = {
    cls.__name__: _example(cls)
    for cls in found(Target).values()  # type: ignore[type-abstract]
}
DISTRIBUTIONS: dict[str, Distribution] = {
    cls.__name__: _example(cls)
    for cls in found(Distribution).values()  # type: ignore[type-abstract]
    if cls is not Groups
}
#: Those that are nothing but independent blocks, side by side.
DISTRIBUTIONS["Groups"] = Groups(
    parts=tuple(
        law
        for law in DISTRIBUTIONS.values()
        if all(block.kind not in ("child", "joint") for block in law.blocks())
    )
)
