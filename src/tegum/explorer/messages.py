"""What a page may say: JSON text, checked before anything acts on it."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Final, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tegum.errors import TegumError, joined, shorten

#: Lists and objects within one another, at most: no state needs as many.
DEPTH: Final = 64
#: Characters of an error that a page is told.
_LONGEST: Final = 500
#: Whole numbers beyond this are not exact in a browser.
EXACT: Final = 2**53

Number = Annotated[int, Field(gt=-EXACT, lt=EXACT)]
Identity = Annotated[Number | Annotated[str, Field(max_length=64)] | None, Field(default=None)]
Step = Annotated[int, Field(ge=0, lt=EXACT)]
Seed = Annotated[int, Field(ge=0, lt=EXACT)]
Choice = Literal["best"] | Annotated[int, Field(ge=0, lt=2**31)]


class MessageError(TegumError):
    """Text that is no message of the protocol."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    id: Identity


class Configure(_Message):
    """A new training from step 0."""

    type: Literal["configure"]
    state: dict[str, Any]
    run: bool = True
    until: Step | None = None


class Run(_Message):
    """Go on, to a step if one is given."""

    type: Literal["run"]
    until: Step | None = None


class Pause(_Message):
    """Stop after the current slice."""

    type: Literal["pause"]


class Advance(_Message):
    """So many steps, then pause."""

    type: Literal["step"]
    steps: Annotated[int, Field(ge=1, le=100_000)] = 1


class Restart(_Message):
    """The numbers as they are now, from step 0."""

    type: Literal["restart"]
    seed: Seed | None = None
    run: bool = True


class ChangeNumbers(_Message):
    """Other numbers for the training under way."""

    type: Literal["change"]
    values: Annotated[dict[str, Any], Field(min_length=1, max_length=4096)]


class Speed(_Message):
    """At most so many steps per second."""

    type: Literal["speed"]
    steps_per_second: Annotated[float, Field(ge=0.1, le=1e9)] | None = None


class Select(_Message):
    """Which model is shown."""

    type: Literal["select"]
    seed: Choice


class Watch(_Message):
    """What comes with frames, and how often they come."""

    type: Literal["watch"]
    all: bool = False
    fps: Annotated[float, Field(ge=1, le=60)] = 30.0


class Seek(_Message):
    """Look at a kept step, or at the present."""

    type: Literal["seek"]
    step: Step | None


class Traces(_Message):
    """The history of the selected model once more."""

    type: Literal["traces"]


class Phase(_Message):
    """A phase diagram of trained models."""

    type: Literal["phase"]
    n_features: Literal[2, 3] = 2
    points: Annotated[int, Field(ge=2)] = 12
    seeds: Annotated[int, Field(ge=1)] = 10
    steps: Annotated[int, Field(ge=1)] = 3000
    bias: bool = True
    seed: Seed = 0


class PhaseStop(_Message):
    """No more of it."""

    type: Literal["phase_stop"]


class Dictionary(_Message):
    """Dictionaries of the model that is looked at: sparse autoencoders of its activations."""

    type: Literal["dictionary"]
    n_latents: Annotated[int, Field(ge=1)] = 5
    architecture: Literal["relu", "topk", "batchtopk", "jumprelu", "gated"] = "relu"
    k: Annotated[int, Field(ge=1)] | None = None
    l1: Annotated[float, Field(ge=0, le=1e6)] = 0.1
    learning_rate: Annotated[float, Field(gt=0, le=1e3)] = 3e-3
    seeds: Annotated[int, Field(ge=1)] = 8
    steps: Annotated[int, Field(ge=1)] = 20_000
    steps_per_second: Annotated[float, Field(ge=0.1, le=1e9)] | None = None
    seed: Seed = 0


class DictionaryChange(_Message):
    """The same dictionaries, from now on at another price of activity."""

    type: Literal["dictionary_change"]
    l1: Annotated[float, Field(ge=0, le=1e6)]


class DictionaryStop(_Message):
    """No more of them."""

    type: Literal["dictionary_stop"]


class Ack(_Message):
    """A frame was drawn."""

    type: Literal["ack"]
    frame: Annotated[int, Field(ge=0, lt=EXACT)]


class Ping(_Message):
    """Are you there?"""

    type: Literal["ping"]


class Export(_Message):
    """From the server itself, for a download: no page may say this."""

    type: Literal["export"]
    request: int
    format: Literal["safetensors", "json", "npz", "svg", "png"]
    which: Literal["selected", "all"] = "selected"


class Base(_Message):
    """From the server itself, to a new process: how many trainings the session has had."""

    type: Literal["base"]
    run: int


Message = (
    Configure | Run | Pause | Advance | Restart | ChangeNumbers | Speed | Select | Watch | Seek
    | Traces | Phase | PhaseStop | Dictionary | DictionaryChange | DictionaryStop | Ack | Ping
)  # fmt: skip
_FROM_PAGE: Final[TypeAdapter[Any]] = TypeAdapter(Annotated[Message, Field(discriminator="type")])
_INSIDE: Final[TypeAdapter[Any]] = TypeAdapter(
    Annotated[Message | Export | Base, Field(discriminator="type")]
)


def parse(text: str | bytes, *, inside: bool = False) -> Any:
    """The message in a text; `inside` also takes what the server says. Raises `MessageError`."""
    data = _json(text)
    if not isinstance(data, dict):
        raise MessageError(f"a message must be a JSON object; got {shorten(data)}")
    try:
        return (_INSIDE if inside else _FROM_PAGE).validate_python(data)
    except ValidationError as error:
        raise MessageError(_one_line(error, data)) from None


def identity(text: str | bytes) -> Any:
    """The `id` of a text that may be no message, for the answer to it."""
    try:
        found = _json(text)
    except MessageError:
        return None
    given = found.get("id") if isinstance(found, dict) else None
    short = isinstance(given, str) and len(given) <= 64
    exact = isinstance(given, int) and not isinstance(given, bool) and abs(given) < EXACT
    return given if short or exact else None


def refusal(identity: Any, code: str, message: str) -> dict[str, Any]:
    """An error as the page is told of it: one line that is fit to be shown."""
    line = joined(message)
    short = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return {"type": "error", "id": identity, "code": code, "message": short}


def _json(text: str | bytes) -> Any:
    """What a text says, if it can be said again: encoded, written as JSON, walked through."""
    try:
        data = json.loads(text, parse_constant=_no_constant, parse_float=_number)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"a message must be JSON: {' '.join(str(error).split())}") from None
    if _depth(data) > DEPTH:
        raise MessageError(f"a message must be at most {DEPTH} levels deep")
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise MessageError("a message must be of whole characters; got half of one") from None
    return data


def _depth(data: Any) -> int:
    """How deep lists and objects lie within one another, looked at level by level."""
    depth, level = 0, [data]
    while level:
        containers = [entry for entry in level if isinstance(entry, (dict, list))]
        level = [
            entry
            for container in containers
            for entry in (container.values() if isinstance(container, dict) else container)
        ]
        depth += bool(containers)
        if depth > DEPTH:
            break
    return depth


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def _one_line(error: ValidationError, data: dict[str, Any]) -> str:
    first = error.errors(include_url=False)[0]
    kind = str(first["type"])
    if kind.startswith("union_tag"):
        return f"unknown message type {shorten(data.get('type'))}"
    place = ".".join(str(part) for part in first["loc"])
    if kind == "extra_forbidden":
        return f"message {place} is no field"
    if kind == "missing":
        return f"message {place} is required"
    return f"message {place}: {first['msg']}; got {shorten(first['input'])}"
