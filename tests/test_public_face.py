"""What `import tegum` and its faces give, and what they do not load."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import tegum
from tegum.cli.arguments import COMMANDS

HEAVY = ("matplotlib", "torch", "numba", "pandas", "xarray", "rich", "tyro", "scipy", "h5netcdf")
SERVERS = ("starlette", "uvicorn", "websockets")

#: Packages with a face of their own. Those of the first are functions and classes, those of
#: `PACKED` modules, each of which is about one thing.
FLAT = ("tegum", "tegum.plots", "tegum.torch")
PACKED = ("tegum.analysis", "tegum.theory")
#: Packages whose modules can be reached, but are not all for everybody.
OPEN = ("tegum.runs", "tegum.experiments")
LISTED = {face: tuple(importlib.import_module(face).__all__) for face in FLAT + PACKED + OPEN}
#: What can be reached from `import tegum` alone.
ROOMS = (
    *("analysis", "distributions", "engines", "ensemble", "errors", "experiments", "loss"),
    *(
        "models",
        "plots",
        "problem",
        "runs",
        "store",
        "targets",
        "theory",
        "torch",
        "training",
        "widgets",
    ),
)


@pytest.mark.parametrize("face", LISTED)
def test_all_is_sorted_and_without_repeats(face: str) -> None:
    assert list(LISTED[face]) == sorted(set(LISTED[face]))
    assert not [name for name in LISTED[face] if name.startswith("_")]


@pytest.mark.parametrize("face", LISTED)
def test_every_name_is_there_in_a_fresh_interpreter(face: str) -> None:
    """By attribute, from nothing but `import tegum`: no other import may be what brings it."""
    head = face.removeprefix("tegum").removeprefix(".")
    owner = f"tegum.{head}" if head else "tegum"
    looked = "; ".join(f"{owner}.{name}" for name in LISTED[face])
    program = f"import tegum; {looked}; assert set({owner}.__all__) < set(dir({owner}))"
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_there_in_a_fresh_interpreter(room: str) -> None:
    program = f"import tegum; assert tegum.{room}.__doc__; assert {room!r} in dir(tegum)"
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


@pytest.mark.parametrize(("face", "name"), [(f, n) for f in FLAT for n in LISTED[f]])
def test_every_public_name_is_a_documented_thing_of_ours(face: str, name: str) -> None:
    thing = getattr(importlib.import_module(face), name)
    assert inspect.isroutine(thing) or inspect.isclass(thing)
    assert thing.__name__ == name
    assert thing.__module__.startswith("tegum.")
    assert not any(part.startswith("_") for part in thing.__module__.split("."))
    assert inspect.getdoc(thing)


@pytest.mark.parametrize(("face", "name"), [(f, n) for f in PACKED + OPEN for n in LISTED[f]])
def test_every_public_module_is_documented(face: str, name: str) -> None:
    module = getattr(importlib.import_module(face), name)
    assert inspect.ismodule(module)
    assert module.__doc__


@pytest.mark.parametrize(
    ("face", "places"),
    [("tegum", ("tegum", "tegum.loss", "tegum.runs", *PACKED)), ("tegum.plots", ("tegum.plots",))],
)
def test_no_module_is_called_like_a_public_function(face: str, places: tuple[str, ...]) -> None:
    for place in places:
        (folder,) = importlib.import_module(place).__path__
        assert not set(LISTED[face]) & {path.stem for path in Path(folder).iterdir()}


def test_modules_that_were_imported_hide_nothing() -> None:
    """Python binds a submodule in its package when it is imported, whoever does that."""
    for name in LISTED["tegum.plots"]:
        importlib.import_module(getattr(tegum.plots, name).__module__)
    assert all(callable(getattr(tegum.plots, name)) for name in LISTED["tegum.plots"])


@pytest.mark.parametrize("face", ["tegum", "tegum.runs", *PACKED])
def test_type_checkers_see_the_same_names(face: str) -> None:
    module = importlib.import_module(face)
    tree = ast.parse(inspect.getsource(module))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.asname  # what a checker takes for public has a second name, the same one
        for node in ast.walk(guarded)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    rooms = set(ROOMS) if face == "tegum" else set()
    assert seen - rooms == set(LISTED[face])


def test_the_version_is_written_once_or_the_same() -> None:
    stated = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    assert stated["project"]["version"] == tegum.__version__


def test_dir_shows_the_version() -> None:
    assert "__version__" in dir(tegum)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'tegum' has no attribute 'trian'"):
        tegum.trian  # noqa: B018
    with pytest.raises(AttributeError, match=r"'tegum\.analysis' has no attribute '_arrays'"):
        tegum.faces.lazy("tegum.analysis")[1]("_arrays")


def loaded_by(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter after `code`."""
    program = f"{code}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_importing_tegum_loads_nothing_heavy() -> None:
    loaded = loaded_by("import tegum")
    assert "tegum" in loaded
    assert not loaded & {*HEAVY, *SERVERS, "numpy", "pydantic"}


@pytest.mark.parametrize("face", PACKED + OPEN)
def test_a_face_of_modules_loads_none_of_them(face: str) -> None:
    loaded = loaded_by(f"import tegum\n{face}")
    assert not loaded & {*HEAVY, *SERVERS, "numpy"}


def test_descriptions_load_nothing_heavy() -> None:
    loaded = loaded_by("import tegum\ntegum.Problem, tegum.Training, tegum.Independent")
    assert "pydantic" in loaded
    assert not loaded & {*HEAVY, "jaxtyping"}


def test_the_check_would_notice_a_heavy_module() -> None:
    assert "xarray" in loaded_by("import tegum\nimport xarray")


#: What takes as long to import as all that a command needs to say what there is.
SLOW = {*HEAVY, *SERVERS, "numpy", "pydantic", "typeguard", "asyncio"}


def test_help_and_the_list_load_next_to_nothing() -> None:
    main = "from tegum.cli.main import main\n"
    assert not loaded_by(f"{main}main(['--help'])") & SLOW
    calls = [["list"], *([name, "--help"] for name in COMMANDS if name != "train")]
    assert loaded_by(f"{main}for call in {calls}: main(call)") & SLOW == {"tyro"}


def test_help_of_train_loads_what_has_its_options() -> None:
    loaded = loaded_by("from tegum.cli.main import main\nmain(['train', '--help'])")
    assert loaded & {*HEAVY, *SERVERS, "jaxtyping", "filelock"} == {"tyro"}
