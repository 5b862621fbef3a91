"""Functions of pairs of features: products, AND, OR, exclusive or."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
from pydantic import BeforeValidator, Field, PlainValidator

from tegum.arguments import array
from tegum.dims import F64
from tegum.errors import SpecError
from tegum.memory import check_listed
from tegum.spec import BrokenRule, as_integer
from tegum.targets.base import Target

if TYPE_CHECKING:
    from jaxtyping import Float

OperationName = Literal["product", "min", "max", "distance"]

#: By name: u v, the smaller, the larger, |u − v|.
OPERATIONS: Final[Mapping[str, Callable[[F64, F64], F64]]] = MappingProxyType(
    {
        "product": np.multiply,
        "min": np.minimum,
        "max": np.maximum,
        "distance": lambda u, v: np.abs(u - v),
    }
)
_OTHER_WORDS: Final = {"and": "min", "or": "max", "xor": "distance"}
#: What the operations are called where features are 0 or 1, and the product.
WORDS: Final = ("product", *_OTHER_WORDS)


def _operation(value: Any) -> Any:
    return _OTHER_WORDS.get(value.lower(), value) if isinstance(value, str) else value


def _pairs(value: Any) -> tuple[tuple[int, int], ...] | None:
    if value is None:
        return None
    rows = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(rows, (list, tuple)) or not rows:
        raise BrokenRule("must be a list of at least one pair of features", value)
    found = []
    for k, row in enumerate(rows):
        if not isinstance(row, (list, tuple)) or len(row) != 2:
            raise BrokenRule("must be a pair of features", row, f"[{k}]")
        first, second = as_integer(row[0], 0), as_integer(row[1], 0)
        if first == second:
            raise BrokenRule("must be two different features", row, f"[{k}]")
        found.append((first, second))
    return tuple(found)


class Pairs(Target):
    """t(x)_k = op(x_a, x_b) for the k-th pair (a, b) of features.

    The outputs after the last pair have the target 0 and do not count in the loss. For 0 and 1 as
    values give the features the magnitude "one".

    Args:
        operation: what is made of a pair: product, min (also "and": of features that are 0 or 1 it
            is AND), max ("or"), or distance, |x_a − x_b| ("xor").
        pairs: at most n pairs of different features; without them the ring (i, i + 1 mod n), one
            for each output.

    Raises:
        SpecError: for another operation, and what is no pair of features.

    Source: "Computation in Superposition", for pairs of features.
    """

    operation: Annotated[OperationName, BeforeValidator(_operation)] = "product"
    pairs: Annotated[tuple[tuple[int, int], ...] | None, PlainValidator(_pairs)] = None
    kind: Literal["pairs"] = Field("pairs", repr=False)

    def pairs_of(self, n_features: int) -> tuple[tuple[int, int], ...]:
        """The pairs among n features.

        Args:
            n_features: n >= 2.

        Returns:
            Positions of two features for each output that has a target.

        Raises:
            SpecError: for a ring of too many features to list.
        """
        if self.pairs is not None:
            return self.pairs
        check_listed("Pairs", "pairs", n_features)
        return tuple((i, (i + 1) % n_features) for i in range(n_features))

    def n_outputs(self, n_features: int) -> int:
        """The number of pairs.

        Args:
            n_features: n >= 2.

        Returns:
            Their number, in 1 … n.
        """
        return n_features if self.pairs is None else len(self.pairs)

    def check(self, n_features: int) -> None:
        """Refuse pairs that n features do not have.

        Args:
            n_features: n.

        Raises:
            SpecError: for n < 2, more pairs than outputs, and a feature past the n.
        """
        if n_features < 2:
            raise SpecError.of("Pairs", "", "must have at least 2 features", n_features)
        pairs = self.pairs or ()
        if len(pairs) > n_features:
            rule = f"must be at most {n_features}, one for each output"
            raise SpecError.of("Pairs", "pairs", rule, len(pairs))
        for k, pair in enumerate(pairs):
            if max(pair) >= n_features:
                rule = f"must be of features 0 to {n_features - 1}"
                raise SpecError.of("Pairs", f"pairs[{k}]", rule, pair)

    def values(self, x: Float[np.ndarray, "batch n"]) -> Float[np.ndarray, "batch n"]:
        """One operation for each pair, then zeros.

        Args:
            x: samples (batch, n).

        Returns:
            The targets, (batch, n).
        """
        x = array("Pairs", "x", x)
        first, second = np.array(self.pairs_of(x.shape[1])).T
        y = np.zeros_like(x)
        y[:, : len(first)] = OPERATIONS[self.operation](x[:, first], x[:, second])
        return y


EXAMPLE = Pairs(operation="min")
