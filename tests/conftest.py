"""Shared set-up: shape checks on the described layers, and repeatable property tests."""

from __future__ import annotations

import builtins
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import hypothesis
import jaxtyping
import pytest

if TYPE_CHECKING:
    from explorer_server import Page, Running

# Array shapes in signatures are checked in tests only; modules with compiled kernels are left out.
_CHECKED = ["tegum.distributions", "tegum.models", "tegum.problem", "tegum.training"]
jaxtyping.install_import_hook(_CHECKED, "shapes.check")
# Modules import these names for type checkers alone; annotations are looked up among builtins too.
for _name in ("Float", "Float64"):
    setattr(builtins, _name, getattr(jaxtyping, _name))
#: … and not in files that call these layers by the hundred thousand, where the checks would take
#: three quarters of the time: other files try every method.
_UNCHECKED = (
    *("test_exact_", "test_sampled_", "test_theory_", "test_analysis_", "test_experiments_"),
    *("test_loss_", "test_ensemble", "test_report_", "test_figure_", "test_plots"),
)

# What a shell starts in its background does not hear SIGINT, nor do the processes that it starts:
# tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples on every run, and no limit on the time of one: machines differ.
hypothesis.settings.register_profile("tegum", derandomize=True, deadline=None)
hypothesis.settings.load_profile("tegum")

#: Files that compile every kernel between them. They go first, each on one worker, those of one
#: engine on the first and of the other on the second, so that nobody compiles what the other does;
#: the pages come next, and find those kernels there.
_COMPILING = (
    "test_sampled_gradients",
    "test_exact_polish",
    "test_sampled_evaluate",
    "test_exact_enumeration",
    "test_exact_boxes",
    "test_analysis_branches",
    "test_targets",
    "test_sampled_data",
    "test_sampled_joint",
    "test_sampled_attack",
    "test_sampled_engine",
    "test_dictionaries_gradients",
    "test_given",
    "test_extremes",
)


@pytest.hookimpl(tryfirst=True)  # groups are read by another hook of this name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests in the order of their kernels; workers keep to it."""
    for item in items:
        if item.path.stem in _COMPILING and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.path.stem in _COMPILING:
        return _COMPILING.index(item.path.stem)
    group = item.get_closest_marker("xdist_group")
    return len(_COMPILING) + (group is None or group.args[0] != "explorer")


@pytest.fixture(autouse=True)
def _checked_shapes(request: pytest.FixtureRequest) -> None:
    unchecked = request.path.stem.startswith(_UNCHECKED)
    jaxtyping.config.update("jaxtyping_disable", unchecked)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The explorer's server, for four pages; it is one process for all tests of its group."""
    from explorer_server import running  # after the hook above

    with running(tmp_path_factory.mktemp("explorer") / "static", pages=4) as it:
        yield it


@pytest.fixture
def page(server: Running) -> Iterator[Page]:
    """A page of that server."""
    from explorer_server import Page

    with server.socket() as socket:
        yield Page(socket)
