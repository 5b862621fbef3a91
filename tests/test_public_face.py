"""What `import tegum` gives, and what it does not load."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys

import pytest

import tegum

HEAVY = ("matplotlib", "torch", "numba", "pandas", "xarray", "rich", "tyro", "scipy", "h5netcdf")


def test_all_is_sorted_and_without_repeats() -> None:
    assert list(tegum.__all__) == sorted(set(tegum.__all__))


@pytest.mark.parametrize("name", tegum.__all__)
def test_every_public_name_resolves_and_is_documented(name: str) -> None:
    thing = getattr(tegum, name)
    assert inspect.getdoc(thing)
    assert thing.__module__.startswith("tegum.")


def test_dir_shows_the_public_names() -> None:
    assert set(tegum.__all__) < set(dir(tegum))
    assert "__version__" in dir(tegum)


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(inspect.getsource(tegum))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name
        for node in ast.walk(guarded)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == set(tegum.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        tegum.trian  # noqa: B018


def loaded_by(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter after `code`."""
    program = f"{code}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_tegum_loads_nothing_heavy() -> None:
    loaded = loaded_by("import tegum")
    assert "tegum" in loaded
    assert not loaded & set(HEAVY)


def test_descriptions_load_nothing_heavy() -> None:
    loaded = loaded_by("import tegum\ntegum.Problem, tegum.Training, tegum.Independent")
    assert "pydantic" in loaded
    assert not loaded & set(HEAVY)


def test_the_check_would_notice_a_heavy_module() -> None:
    assert "xarray" in loaded_by("import tegum\nimport xarray")


def test_help_loads_no_array_library() -> None:
    loaded = loaded_by("from tegum.cli.main import main\nmain(['--help'])")
    assert not loaded & {*HEAVY, "numpy", "pydantic"}
