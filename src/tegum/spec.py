"""The base of every description: frozen, validated, hashable, with an exact JSON round trip."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from inspect import Parameter, Signature
from math import inf
from types import NoneType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Literal,
    NoReturn,
    Self,
    TypeVar,
    get_args,
    get_origin,
)

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError, model_serializer
from pydantic_core.core_schema import CoreSchema, no_info_plain_validator_function

from tegum.errors import SpecError
from tegum.hints import is_required, must_be, said_of
from tegum.scalars import BrokenRule as BrokenRule
from tegum.scalars import as_float32, as_plain
from tegum.scalars import as_integer as as_integer
from tegum.scalars import as_number as as_number
from tegum.scalars import as_number_or_vector as as_number_or_vector

S = TypeVar("S", bound="Spec")


class Spec(BaseModel):
    """A frozen description whose fields are its whole state.

    Fields may be given by position or by name. Errors are one-line `SpecError`s that name class,
    field, rule and value. Two objects are equal, and hash equal, when class and fields are.
    Subclasses with a `kind` (a `Literal` with a default) can be read back by any of their bases:
    `Spec.from_json(problem.to_json()) == problem`. The subclass must have been imported.
    """

    #: Fields that JSON leaves out at their defaults, as what was written before they came does:
    #: its random numbers and stored units are found by it.
    later: ClassVar[frozenset[str]] = frozenset()

    model_config = ConfigDict(frozen=True, extra="forbid", revalidate_instances="never")

    def __init__(self, /, *values: Any, **named: Any) -> None:
        """Fields by position or by name; a SpecError names the one that breaks a rule."""
        owner = type(self)
        if values:
            named = _with_positions(owner, values, named)
        if not named.keys() <= owner.__pydantic_fields__.keys():
            raise _unknown_field(owner, named)
        try:
            super().__init__(**named)
        except ValidationError as error:
            # pydantic's own message spans lines and does not say the rule in our words
            raise _one_line(owner, error) from None

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Make the class known under its `kind`, with a signature fit for `help`."""
        cls.__signature__ = _signature(cls)
        field = cls.__pydantic_fields__.get("kind")
        if field is None or not isinstance(field.default, str):
            return
        other = _KINDS.setdefault(field.default, cls)
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"{cls.__qualname__}: the kind {field.default!r} belongs to {other!r}")
        _KINDS[field.default] = cls

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        """Refuse: descriptions are frozen."""
        raise SpecError(f"{type(self).__name__} is frozen; use .replace({name}=...)")

    def __delattr__(self, name: str) -> NoReturn:
        """Refuse: descriptions are frozen."""
        raise SpecError(f"{type(self).__name__} is frozen; {name} cannot be deleted")

    def replace(self, /, **changes: Any) -> Self:
        """A copy with other values in the named fields, validated like a new object."""
        return type(self)(**{**self.__dict__, **changes})

    @model_serializer(mode="plain")
    def _data(self, info: Any) -> dict[str, Any]:
        # values are serialised by what they are: a field may hold any subclass of its type
        names = frozenset() if info.context == _EVERY else self.later
        fields = type(self).__pydantic_fields__
        names = names & fields.keys()  # a class of one's own need not have those of its base
        usual = {name for name in names if getattr(self, name) == fields[name].default}
        return {
            name: value.written(info.context != _KEY) if hasattr(value, "written") else value
            for name, value in self.__dict__.items()
            if name not in usual
        }

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces, floats in their shortest exact form."""
        data = self.model_dump(mode="json")
        return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)

    def every_field(self) -> dict[str, Any]:
        """Plain JSON data, with those of `later` in any case."""
        return self.model_dump(mode="json", context=_EVERY)

    def key(self) -> str:
        """`to_json`, but of files what they hold, not where they lie."""
        data = self.model_dump(mode="json", context=_KEY)
        return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)

    def address(self) -> str:
        """`key` with its numbers as float32 has them, by which random numbers are found.

        Logarithms and powers differ in their last bits between machines, and so do axes that are
        made by them: that is to be no other model.
        """
        data = self.model_dump(mode="json", context=_KEY)
        return json.dumps(_coarse(data), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """What `to_json` wrote: a `cls`, or the subclass that `kind` names; else SpecError."""
        try:
            data = json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise SpecError(f"{cls.__name__} JSON cannot be read: {error}") from None
        try:
            return spec_of(cls, data)
        except BrokenRule as error:
            raise SpecError.of(f"{cls.__name__} JSON", "", error.rule, error.value) from None


def _coarse(data: Any) -> Any:
    """JSON data with floats in the shortest form that is the same in float32."""
    if isinstance(data, dict):
        return {name: _coarse(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_coarse(value) for value in data]
    return as_float32(data) if isinstance(data, float) else data


_EVERY: Final = "every field"
_KEY: Final = "key"
_KINDS: dict[str, type[Spec]] = {}
#: How many descriptions, each in the one before, are being read from mappings.
_DEPTH: ContextVar[int] = ContextVar("depth", default=0)
_DEEPEST: Final = 16


def spec_of(base: type[S], value: Any) -> S:
    """`value` if it is a `base`; if it is a mapping, the `base` built from it by its `kind`."""
    if isinstance(value, base):
        return value
    if not isinstance(value, Mapping):
        raise BrokenRule(must_be(base.__name__), value)
    own = "kind" not in value and base in _KINDS.values()
    found: type[Spec] | None = base if own else _KINDS.get(str(value.get("kind")))
    if found is None or not issubclass(found, base):
        known = sorted(kind for kind, spec in _KINDS.items() if issubclass(spec, base))
        rule = f"needs a kind among {', '.join(known)} to be a {base.__name__}"
        raise BrokenRule(rule, value.get("kind"))
    token = _DEPTH.set(_DEPTH.get() + 1)
    try:
        if _DEPTH.get() > _DEEPEST:
            raise BrokenRule(f"must be nested at most {_DEEPEST} deep", value)
        return found(**{str(key): entry for key, entry in value.items()})
    finally:
        _DEPTH.reset(token)


def is_read() -> bool:
    """Whether a description is being read from data, as JSON is, rather than made by a caller."""
    return _DEPTH.get() > 0


def nested(base: type[S]) -> PlainValidator:
    """The validator of a field that holds another description, of any subclass of `base`."""
    return PlainValidator(lambda value: spec_of(base, value))


def known_fields() -> frozenset[str]:
    """The names of all fields of all descriptions that have been imported."""
    return frozenset(name for spec in _KINDS.values() for name in _positional(spec))


def _positional(owner: type[Spec]) -> list[str]:
    return [name for name in owner.__pydantic_fields__ if name != "kind"]


def _signature(owner: type[Spec]) -> Signature:
    parameters = [
        Parameter(
            name,
            Parameter.POSITIONAL_OR_KEYWORD,
            default=Parameter.empty if field.is_required() else field.default,
            annotation=field.annotation,
        )
        for name, field in owner.__pydantic_fields__.items()
        if name != "kind"
    ]
    return Signature(parameters)


def _with_positions(
    owner: type[Spec], values: tuple[Any, ...], named: Mapping[str, Any]
) -> dict[str, Any]:
    names = _positional(owner)
    if len(values) > len(names):
        raise SpecError(f"{owner.__name__} takes at most {len(names)} values ({', '.join(names)})")
    placed = dict(zip(names, values, strict=False))
    for name in placed.keys() & named.keys():
        raise SpecError(f"{owner.__name__}.{name} is given twice")
    return {**placed, **named}


def _unknown_field(owner: type[Spec], named: Mapping[str, Any]) -> SpecError:
    name, own = next(n for n in named if n not in owner.__pydantic_fields__), _positional(owner)
    known = {spec.__name__: _positional(spec) for spec in _KINDS.values()}
    said = said_of(name, named[name], own, known)
    return SpecError(f'{owner.__name__} has no field "{name}"{said}; fields: {", ".join(own)}')


def _one_line(owner: type[Spec], error: ValidationError) -> SpecError:
    first = error.errors(include_url=False)[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, SpecError):
        return cause
    field = ".".join(str(part) for part in first["loc"])
    if isinstance(cause, BrokenRule):
        return SpecError.of(owner.__name__, field + cause.where, cause.rule, cause.value)
    if first["type"] == "missing":
        return SpecError(f"{owner.__name__}.{field} {is_required(field)}")
    if first["type"] == "literal_error":
        rule = f"must be {first['ctx']['expected']}"
    else:
        rule = first["msg"].replace("Input should be", "must be")
    return SpecError.of(owner.__name__, field, rule, first["input"])


@dataclass(frozen=True)
class Interval:
    """The numbers a field takes: from `low` to `high`, but for an end that is `open`.

    In `Annotated[T, Interval(...)]` it validates the field by what T is: an int, a float, a number
    or a tuple of them, and None where T has it.
    """

    low: float
    high: float = inf
    open: Literal["", "low", "high"] = ""

    @property
    def rule(self) -> str:
        """In words: "must be > 0", "must be in [0, 1)"."""
        if self.high == inf:
            return f"must be {'>' if self.open == 'low' else '>='} {self.low:g}"
        left, right = "(" if self.open == "low" else "[", ")" if self.open == "high" else "]"
        return f"must be in {left}{self.low:g}, {self.high:g}{right}"

    def __contains__(self, x: float) -> bool:
        """Whether the number lies in it."""
        if self.open and x == (self.low if self.open == "low" else self.high):
            return False
        return self.low <= x <= self.high

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        """The validator of a field of type `source`."""
        allowed, rule, check = get_args(source) or (source,), self.rule, self.__contains__
        whole, many = int in allowed, any(get_origin(kind) is tuple for kind in allowed)
        number, none = as_number_or_vector if many else as_number, NoneType in allowed

        def read(value: Any) -> Any:
            if value is None and none:
                return None
            return as_integer(value, int(self.low)) if whole else number(value, rule, check)

        return no_info_plain_validator_function(read)


def _flag(value: Any) -> bool:
    flag = as_plain(value)
    if not isinstance(flag, bool):
        raise BrokenRule("must be True or False", value)
    return flag


Flag = Annotated[bool, PlainValidator(_flag)]
PositiveInt = Annotated[int, Interval(1)]
Count = Annotated[int, Interval(0)]
Positive = Annotated[float, Interval(0, open="low")]
NonNegative = Annotated[float, Interval(0)]
Fraction = Annotated[float, Interval(0, 1)]
