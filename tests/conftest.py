"""Shared set-up: shape checks on the described layers, and repeatable property tests."""

from __future__ import annotations

import hypothesis
import jaxtyping

# Array shapes in signatures are checked in tests only; modules with compiled kernels are left out.
_CHECKED = ["tegum.distributions", "tegum.models", "tegum.problem", "tegum.training"]
jaxtyping.install_import_hook(_CHECKED, "shapes.check")

# The same examples on every run, and no limit on the time of one: machines differ.
hypothesis.settings.register_profile("tegum", derandomize=True, deadline=None)
hypothesis.settings.load_profile("tegum")
