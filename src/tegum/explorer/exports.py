"""Downloads: the models as files of three formats, and tegum's own drawing of one."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import tegum
from tegum.errors import SpecError
from tegum.explorer.frames import to_json
from tegum.explorer.live import Live
from tegum.explorer.messages import Export
from tegum.explorer.screen import Screen
from tegum.runs.weights import encoder_in
from tegum.runs.write import dataset, stated, variables

if TYPE_CHECKING:
    from tegum.engines.base import State as Arrays
    from tegum.explorer.moment import Moment

#: Features beyond which a drawing is no use.
_DRAWN: Final = 200
#: Numbers in a JSON file, at most.
_TEXT_NUMBERS: Final = 500_000


def export(live: Live, screen: Screen, wish: Export) -> bytes:
    """The file that is asked for. Raises `SpecError` where it cannot be made."""
    if wish.format in ("svg", "png"):
        return _drawn(screen.moment(), screen.seed(), wish.format)
    moment, seed = screen.moment(measured=True), screen.seed()
    chosen = slice(None) if wish.which == "all" else seed
    arrays = {
        name: np.ascontiguousarray(array[chosen]) for name, array in moment.parameters.items()
    }
    about = {
        "tegum_version": tegum.__version__,
        "engine": live.engine.name,
        "engine_version": live.engine.version,
        "step": moment.step,
        "seed": None if wish.which == "all" else seed,
        "loss": moment.losses[chosen].tolist(),
        "loss_is": "one fresh batch; sum over features, mean over samples, importance weighted",
        "state": live.state().data(),
        "repeatable": live.repeatable,
    }
    if wish.format == "json":
        return _as_json(arrays, about)
    if wish.format == "npz":
        return _as_npz(arrays, about)
    from safetensors.numpy import save

    return bytes(save(arrays, {name: to_json(value) for name, value in about.items()}))


def _as_json(arrays: Arrays, about: dict[str, Any]) -> bytes:
    count = sum(array.size for array in arrays.values())
    if count > _TEXT_NUMBERS:
        rule = f"must be npz or safetensors for more than {_TEXT_NUMBERS} numbers"
        raise SpecError.of("download", "format", rule, "json")
    data = {**about, "arrays": {name: array.tolist() for name, array in arrays.items()}}
    return json.dumps(json.loads(to_json(data)), indent=1).encode()


def _as_npz(arrays: Arrays, about: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, about=np.array(to_json(about)), **arrays)
    return file.getvalue()


def _drawn(moment: Moment, seed: int, kind: str) -> bytes:
    """Directions in the plane, or WᵀW with biases and norms."""
    from tegum import plots

    own = moment.model(seed)
    W = encoder_in(own, "figure")
    if W.shape[1] > _DRAWN:
        rule = f"has at most {_DRAWN} features"
        raise SpecError.of("figure", "model", rule, W.shape[1])
    if not moment.finite[seed]:
        raise SpecError.of("figure", "model", "must be finite", "a model that diverged")
    drawn = variables({"W": W, "b": np.asarray(own["b"])}, (), ())
    model = dataset(drawn, {}, stated(moment.problem, {}))
    draw = plots.features_2d if W.shape[0] == 2 else plots.gram
    file = io.BytesIO()
    draw(model).savefig(file, format=kind, bbox_inches="tight")
    return file.getvalue()
