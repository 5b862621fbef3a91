"""A distribution, a model and a target in files of their own, outside of the package."""

from __future__ import annotations

import os
from pathlib import Path

#: A file in each package, and one that makes every Python look for them there.
FILES = {
    "distributions/partly_signed.py": '''
"""Independent features, of which the first ones are signed."""

from typing import Literal

from pydantic import Field

from tegum.distributions.base import Block, Distribution, Probability, per_draw
from tegum.spec import Count, PositiveInt


class PartlySigned(Distribution):
    """x_i of U[-1, 1] for i < n_signed, else of U[0, 1], each active with probability p_i.

    Args:
        n_features: Number of features, >= 1.
        feature_probability: Probability that a feature is active.
        n_signed: How many features are signed,
            counted from the first.
    """

    n_features: PositiveInt
    feature_probability: Probability
    n_signed: Count
    kind: Literal["partly_signed"] = Field("partly_signed", repr=False)

    def blocks(self):
        given = per_draw("PartlySigned", self.feature_probability, self.n_features, "n_features")
        return tuple(
            Block("independent", i, 1, p, "signed" if i < self.n_signed else "uniform")
            for i, p in enumerate(given)
        )


EXAMPLE = PartlySigned(n_features=3, feature_probability=0.5, n_signed=2)
''',
    "models/soft_output.py": '''
"""The ReLU output model with a slope below 0."""

from typing import Literal

from pydantic import Field

from tegum.models.base import Shallow
from tegum.spec import Flag


class SoftOutput(Shallow):
    """h = W x, x' = f(Wᵀ h + b).

    Args:
        smooth: Whether f is GELU; else it is the leaky ReLU.
    """

    smooth: Flag = False
    kind: Literal["soft_output"] = Field("soft_output", repr=False)

    @property
    def hidden_activation(self):
        return "identity"

    @property
    def output_activation(self):
        return "gelu" if self.smooth else "leaky"


EXAMPLE = SoftOutput(n_hidden=2, smooth=True)
''',
    "targets/scaled.py": '''
"""A part of each feature."""

from typing import Literal

from pydantic import Field

from tegum.spec import Positive
from tegum.targets.base import Target


class Scaled(Target):
    """t(x)_i = share x_i.

    Args:
        share: What x is multiplied with, > 0.
    """

    share: Positive
    kind: Literal["scaled"] = Field("scaled", repr=False)

    def values(self, x):
        return self.share * x


EXAMPLE = Scaled(share=0.5)
''',
    "sitecustomize.py": """
from importlib import import_module
from pathlib import Path

for name in ("distributions", "models", "targets"):
    import_module(f"tegum.{name}").__path__.append(str(Path(__file__).parent / name))
""",
}


def write(home: Path) -> dict[str, str]:
    """Write the files; the environment of a Python that finds them."""
    for name, text in FILES.items():
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text(text.lstrip())
    path = os.pathsep.join([str(home), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, "COLUMNS": "100"}
