"""Shared set-up: shape checks on the described layers, and repeatable property tests."""

from __future__ import annotations

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

# The same examples on every run, and no limit on the time of one: machines differ.
hypothesis.settings.register_profile("tegum", derandomize=True, deadline=None)
hypothesis.settings.load_profile("tegum")


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
