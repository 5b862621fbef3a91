"""Any module of PyTorch, made by the user's own code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field, PlainValidator

from tegum.dims import HIDDEN
from tegum.errors import SpecError
from tegum.factories import Factory
from tegum.models._modules import Described, describe, make
from tegum.models._modules import arrays_of as arrays_of
from tegum.models.base import Model
from tegum.scalars import BrokenRule
from tegum.spec import PositiveInt

_OWNER: Final = "TorchModel"


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, tuple | list):
        raise BrokenRule("must be a list of names of submodules", value)
    if not all(isinstance(name, str) and name for name in value) or len({*value}) < len(value):
        raise BrokenRule("must be different names of submodules", value)
    if clash := [name for name in value if name in (HIDDEN, "output")]:
        raise BrokenRule("must be names of submodules; 'hidden' is the first of them", clash[0])
    return tuple(value)


class TorchModel(Model):
    """x' = module(x) of a torch.nn.Module that `factory` makes, trained by the torch engine.

    A module takes x (batch, n) to x' (batch, n), each sample by itself, and is stacked over
    instances by torch.func. `factory(n_features, n_hidden)` is called once for each instance, after
    torch.manual_seed of a number that is the instance's own: initial weights are those that the
    module gives itself. A factory that takes nothing is called with nothing. Parameters that need
    no gradient and buffers of real numbers are kept as they are made.

    A Dataset has every array by its name in the module. A dimension of n entries is `feature`, one
    of m `hidden`, where only one could be; the k-th of others is NAME_k. Where a name means
    something else there, as `loss`, or W in other dimensions, it is `module.NAME`.

    Losses are on samples, not exact. Instances agree alone and in company up to rounding, not to
    the bit: PyTorch's products may round by where in memory a result lies.

    JSON and stores know the factory by module:name and a digest of its source, and of what that
    names in the same package; they never import it: a program that reads a file makes its
    TorchModel first. A lambda, a local function or a partial trains, but cannot be stored.

    Args:
        factory: A class or function that makes a torch.nn.Module.
        n_hidden: The number of hidden dimensions m, >= 1, which the factory is told.
        outputs: Names of submodules whose outputs (batch, …) `tegum.forward(…, layer=NAME)` gives.
            The first is h: what l1 is a penalty on, and hidden_noise and hidden_dropout change. An
            nn.Identity through which a tensor passes makes it one.

    Raises:
        SpecError: for a value out of its range; when it is trained, for a module that cannot be.

    Source: method, torch.func.functional_call and vmap.
    """

    factory: Annotated[Factory, PlainValidator(Factory.of)]
    n_hidden: PositiveInt
    outputs: Annotated[tuple[str, ...], PlainValidator(_names)] = ()
    kind: Literal["torch_model"] = Field("torch_model", repr=False)

    if TYPE_CHECKING:

        def __init__(
            self, factory: Callable[..., Any], n_hidden: int, outputs: Any = ...
        ) -> None: ...

    @property
    def only_torch(self) -> str:
        """A module of PyTorch."""
        return "must be no module of PyTorch"

    @property
    def hidden_activation(self) -> str:
        """None that is known."""
        return ""

    @property
    def output_activation(self) -> str:
        """None that is known."""
        return ""

    @property
    def code(self) -> str:
        """The digest of the factory."""
        return self.factory.digest

    def check_storable(self) -> None:
        """Raise SpecError for a lambda and the like, which no name leads to."""
        if not self.factory.importable:
            rule = (
                "must be a class or function at the top of a module to be stored; "
                "leave out store=, or give it a name there"
            )
            raise SpecError.of(_OWNER, "factory", rule, self.factory.name)

    @property
    def weights(self) -> tuple[str, ...]:
        """None that are known without the module."""
        return ()

    @property
    def layers(self) -> tuple[str, ...]:
        """The outputs, and what `outputs` names."""
        return "output", *((HIDDEN, *self.outputs) if self.outputs else ())

    def made(self, n_features: int) -> Any:
        """A module, by the generator of PyTorch as it is.

        Args:
            n_features: n >= 1.

        Returns:
            The module.

        Raises:
            SpecError: for code that this program has not given, that fails, or makes no module.
        """
        return make(self.factory, n_features, self.n_hidden)

    def described(self, n_features: int) -> Described:
        """What its modules hold.

        Args:
            n_features: n >= 1.

        Returns:
            The names, shapes and dimensions of arrays, and the names of submodules.

        Raises:
            SpecError: as `made`, and for a module without anything to train.
        """
        return describe(self.factory, n_features, self.n_hidden)

    def parameters(self, n_features: int) -> dict[str, tuple[int, ...]]:
        """The shape of every array that a module holds, trained or not.

        Args:
            n_features: n >= 1.

        Returns:
            By name.

        Raises:
            SpecError: as `described`.
        """
        return dict(self.described(n_features).shapes)

    def dimensions(self, n_features: int) -> dict[str, tuple[str, ...]]:
        """What the dimensions of these arrays are called in a Dataset.

        Args:
            n_features: n >= 1.

        Returns:
            By name.

        Raises:
            SpecError: as `described`.
        """
        return dict(self.described(n_features).dims)

    def trained(self, n_features: int) -> dict[str, tuple[int, ...]]:
        """The parameters that need a gradient.

        Args:
            n_features: n >= 1.

        Returns:
            Their shapes by name.

        Raises:
            SpecError: as `described`.
        """
        found = self.described(n_features)
        return {name: found.shapes[name] for name in found.trained}

    def matrices(self, n_features: int) -> tuple[str, ...]:
        """The trained arrays of two dimensions and more.

        Args:
            n_features: n >= 1.

        Returns:
            Their names.

        Raises:
            SpecError: as `described`.
        """
        return tuple(name for name, shape in self.trained(n_features).items() if len(shape) > 1)


EXAMPLE = TorchModel("my_models:Net#0123456789abcdef", n_hidden=2, outputs=("encoder",))  # type: ignore[arg-type]
