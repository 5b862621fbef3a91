"""The run-time check of the shapes in signatures."""

from __future__ import annotations

from beartype import BeartypeConf, beartype

# not at random which item of a list is looked at: runs repeat, and hypothesis insists on it
check = beartype(conf=BeartypeConf(is_random=False))
