"""Sparse autoencoders: dictionaries of many atoms, of which few are used at once."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, get_args

import numpy as np
from pydantic import Field, PlainValidator, model_validator

from tegum.dims import F64, HIDDEN, I64, LATENT
from tegum.errors import SpecError
from tegum.models._dense import affine
from tegum.models.base import Model
from tegum.scalars import as_integer, as_plain
from tegum.spec import Flag, Fraction, Interval, NonNegative, Positive, PositiveInt

#: How codes are made of what the encoder gives.
Architecture = Literal["relu", "topk", "jumprelu", "gated", "batchtopk"]
#: Those in which k says how many latents fire.
_COUNTED: Final = ("topk", "batchtopk")
#: What further numbers a latent has.
_MORE: Final = {"jumprelu": ("log_threshold",), "gated": ("r_mag", "b_mag")}
#: ε where it is not said, in units of √E‖h‖².
_BANDWIDTH: Final = 0.1


def _sizes(value: Any) -> tuple[int, ...]:
    value = value.tolist() if hasattr(value, "tolist") else value
    entries = value if isinstance(value, tuple | list) else [value]
    whole = [int(one) if isinstance(one, float) and one.is_integer() else one for one in entries]
    return tuple(as_integer(as_plain(one), 1) for one in whole)


class SAE(Model):
    """f = g(W_enc (h − b_dec) + b_enc), h' = W_decᵀ f + b_dec: a sparse code f of each sample h.

    What is given is h, (hidden,), such as `Activations` of a toy model or rows of `Samples`; a row
    of W_dec (latent, hidden) is an atom. The loss is E[‖h − h'‖²], and `Problem.l1` the price λ of
    Σ f. "relu": g is ReLU. "topk": of the positive ones the k largest stay (those that tie with the
    last one too), the others are 0. "jumprelu": those above a threshold θ of their latent stay as
    they are, the others are 0, and λ is the price of each latent that fires. "gated": where
    π = W_enc (h − b_dec) + b_enc is above 0, f is ReLU(e^r (π − b_enc) + b_mag), and else 0; the
    price is of Σ ReLU(π), and the loss of rebuilding h by ReLU(π), W_dec and b_dec held fixed, is
    added to what is trained on. "batchtopk": in training the k·N largest of all positive codes of
    a batch of N samples stay (those that tie with the last one too), so that a sample may have
    more than k. Afterwards each sample is by itself, and the codes above one threshold stay, as
    they are: of all latents together, it is the largest code that does not stay where 8192
    held-out samples are one such batch, by the weights as they are then, 0 where all positive ones
    stay. So l0 is k on held-out samples; less where fewer codes are positive, and more where many
    tie, as those of all samples in which nothing is active do.

    A Dataset has W_enc (latent, hidden), unless it is tied, b_enc (latent), W_dec (latent, hidden),
    b_dec (hidden), log_threshold (latent) of jumprelu, r_mag and b_mag (latent) of gated, a
    threshold of batchtopk; beside the loss `l0`, how many latents fire; `dead`, how many never did;
    `explained_variance`: all on held-out samples.

    Args:
        n_latents: How many latents there are, >= 1. An axis may sweep it: a model with fewer than
            the most has rows of zeros after its own.
        architecture: relu: a penalty makes codes sparse. topk: of each sample the k largest fire.
            jumprelu: a threshold is trained for each latent. gated: whether a latent fires and
            how much are two things. batchtopk: as topk, of each batch. `kind=` is taken
            for it.
        k: How many latents fire in a sample, in 1 … n_latents; of topk, and on average of
            batchtopk.
        tied_weights: Whether W_enc is W_dec.
        unit_atoms: Whether atoms are kept at norm 1: after each step they are brought back, and
            their gradient is that along the sphere.
        subtract_bias: Whether b_dec is taken from h before it is encoded.
        nested: Sizes of nested dictionaries, a Matryoshka: so many first latents are to rebuild h
            by themselves, and their losses are added to that of all, which is the one reported.
            Increasing, in 1 … n_latents − 1.
        bandwidth: ε > 0 of jumprelu, in units of √E‖h‖²: pre-activations within ε/2 of a threshold
            move it. 0.1 unless it is given.
        sparsity_warmup: Over what part of the steps sparsity sets in, in [0, 1], on a line: the
            price l1 rises from 0, and the number of latents that may fire falls from n_latents
            to k. 0 for none.
        aux_weight: α >= 0 of an auxiliary loss α ‖e − ê‖², of topk and batchtopk, by which dead
            latents learn: e = h − h' is held fixed, and ê = Σ ReLU(z) W_dec over the aux_k dead
            latents of the largest z = W_enc (h − b_dec) + b_enc, in each sample. 0 for none; Gao
            and others have 1/32.
        aux_k: How many dead latents rebuild e, >= 1; half as many as h has numbers by default.
        dead_after: For what part of the steps a latent must not have fired to be dead, in [0, 1].

    Raises:
        SpecError: for a value out of its range, and a k that is missing, or without use.

    Source: claim 49; the method of Sharkey, Braun and Millidge (2022), of Bricken and others (2023)
        for atoms of norm 1, of k-sparse autoencoders (Makhzani and Frey, 2013), of gates
        and of JumpReLU (Rajamanoharan and others, 2024, both), of batch top-k codes and of
        Matryoshka dictionaries (Bussmann and others, 2024 and 2025), and of the auxiliary loss
        (Gao and others, 2024).
    """

    inputs: ClassVar[str] = HIDDEN
    engine: ClassVar[str] = "dictionaries"
    #: The first θ of a latent, in units of √E‖h‖².
    threshold: ClassVar[float] = 0.1
    later: ClassVar[frozenset[str]] = frozenset(
        {"nested", "bandwidth", "sparsity_warmup", "aux_weight", "aux_k", "dead_after"}
    )

    n_latents: PositiveInt
    architecture: Architecture = "relu"
    k: Annotated[int | None, Interval(1)] = None
    tied_weights: Flag = False
    unit_atoms: Flag = True
    subtract_bias: Flag = True
    nested: Annotated[tuple[int, ...], PlainValidator(_sizes)] = ()
    bandwidth: Positive | None = None
    sparsity_warmup: Fraction = 0.0
    aux_weight: NonNegative = 0.0
    aux_k: Annotated[int | None, Interval(1)] = None
    dead_after: Fraction = 0.05
    kind: Literal["sae"] = Field("sae", repr=False)

    if TYPE_CHECKING:

        def __init__(
            self,
            n_latents: int,
            architecture: str = ...,
            k: int | None = ...,
            kind: str = ...,
            **more: Any,
        ) -> None: ...

    @model_validator(mode="before")
    @classmethod
    def _kind_is_architecture(cls, given: Any) -> Any:
        kind = given.get("kind", "sae") if isinstance(given, dict) else "sae"
        if kind == "sae":
            return given
        if kind not in get_args(Architecture) or given.get("architecture", kind) != kind:
            rule = f"must be one of {', '.join(get_args(Architecture))}, and said once"
            if kind == "matryoshka":
                rule += "; a Matryoshka is one of them with nested=(sizes)"
            raise SpecError.of("SAE", "architecture", rule, kind)
        return {**given, "architecture": kind, "kind": "sae"}

    @model_validator(mode="after")
    def _k_has_a_use(self) -> SAE:
        if self.architecture not in _COUNTED:
            if self.k is not None:
                rule = f"must be None of {self.architecture!r}: k is for {', '.join(_COUNTED)}"
                raise SpecError.of("SAE", "k", rule, self.k)
        elif self.k is None:
            raise SpecError.of("SAE", "k", "must say how many latents fire, as k=4", None)
        elif self.k > self.n_latents:
            rule = f"must be at most n_latents = {self.n_latents}"
            raise SpecError.of("SAE", "k", rule, self.k)
        return self

    @model_validator(mode="after")
    def _parts_fit(self) -> SAE:
        if any(b <= a for a, b in pairwise((*self.nested, self.n_latents))):
            rule = f"must increase, and be less than n_latents = {self.n_latents}"
            raise SpecError.of("SAE", "nested", rule, self.nested)
        if self.bandwidth is not None and not self.has_thresholds:
            rule = f"must be None of {self.architecture!r}: it is for jumprelu"
            raise SpecError.of("SAE", "bandwidth", rule, self.bandwidth)
        if self.aux_weight and self.architecture not in _COUNTED:
            rule = f"must be 0.0 of {self.architecture!r}: it is for {', '.join(_COUNTED)}"
            raise SpecError.of("SAE", "aux_weight", rule, self.aux_weight)
        if self.aux_k is not None and not self.aux_weight:
            rule = "must be None without a loss that dead latents learn by, aux_weight > 0"
            raise SpecError.of("SAE", "aux_k", rule, self.aux_k)
        return self

    @property
    def has_thresholds(self) -> bool:
        """Whether a latent has a threshold."""
        return self.architecture == "jumprelu"

    @property
    def has_common_threshold(self) -> bool:
        """Whether all latents have one threshold, once they are trained."""
        return self.architecture == "batchtopk"

    @property
    def width(self) -> float:
        """ε, in units of √E‖h‖²."""
        return _BANDWIDTH if self.bandwidth is None else self.bandwidth

    def sparsity_at(self, step: I64, steps: int) -> F64:
        """What part of sparsity has set in: of the price, and of the way from n_latents to k.

        min(1, (step + 1) / (sparsity_warmup · steps)), and 1 without a warm-up.

        Args:
            step: numbers of updates before, (s,), >= 0.
            steps: all that there are, >= 0.

        Returns:
            The parts, (s,), in (0, 1].
        """
        found: F64 = np.minimum((step + 1.0) / max(self.sparsity_warmup * steps, 1.0), 1.0)
        return found

    @property
    def n_hidden(self) -> int:
        """The latents, `n_latents`."""
        return self.n_latents

    @property
    def hidden_activation(self) -> str:
        """No one function."""
        return ""

    @property
    def output_activation(self) -> str:
        """The identity."""
        return "identity"

    @property
    def weights(self) -> tuple[str, ...]:
        """None that a cost of weights is for."""
        return ()

    @property
    def layers(self) -> tuple[str, ...]:
        """What is rebuilt, and the codes."""
        return "output", LATENT

    def parameters(self, n_features: int) -> dict[str, tuple[int, ...]]:
        """The shape of every trained array.

        Args:
            n_features: how many numbers a sample has.

        Returns:
            By name: W_enc, unless it is tied, W_dec, b_enc, b_dec, and what else there is.
        """
        sizes = {HIDDEN: n_features, LATENT: self.n_latents}
        dims = self.dimensions(n_features)
        return {name: tuple(sizes[dim] for dim in own) for name, own in dims.items()}

    def dimensions(self, n_features: int) -> dict[str, tuple[str, ...]]:
        """What the dimensions of these arrays are called in a Dataset.

        Args:
            n_features: how many numbers a sample has.

        Returns:
            By name.
        """
        names = ("W_dec",) if self.tied_weights else ("W_enc", "W_dec")
        matrices = dict.fromkeys(names, (LATENT, HIDDEN))
        own = {**matrices, "b_enc": (LATENT,), "b_dec": (HIDDEN,)}
        own |= dict.fromkeys(_MORE.get(self.architecture, ()), (LATENT,))
        return own | ({"threshold": ()} if self.has_common_threshold else {})

    def values(self, named: Mapping[str, np.ndarray], x: F64) -> dict[str, F64]:
        """What is rebuilt, and the codes, of many models at once, in float64.

        Args:
            named: arrays (N, ...) as named by `parameters(n)`.
            x: samples (N or 1, batch, n).

        Returns:
            By the names of `layers`, (N, batch, …); the codes as "hidden" too.
        """
        decoder = np.asarray(named["W_dec"], np.float64)
        bias = np.asarray(named["b_dec"], np.float64)[:, None]
        encoder = decoder if self.tied_weights else named["W_enc"]
        z = affine(x - bias if self.subtract_bias else x, encoder, named["b_enc"])
        f = self._fired({name: np.asarray(a, np.float64)[:, None] for name, a in named.items()}, z)
        found = {"output": f @ decoder + bias, LATENT: f, HIDDEN: f}
        return {**found, "gate": np.maximum(z, 0.0)} if self.architecture == "gated" else found

    def _fired(self, named: Mapping[str, F64], z: F64) -> F64:
        """f of pre-activations (N, batch, latent); `named` has room for the batch."""
        f = np.maximum(z, 0.0)
        if self.has_thresholds:
            return np.where(f > np.exp(named["log_threshold"]), f, 0.0)
        if self.architecture == "gated":
            size = np.exp(named["r_mag"]) * (z - named["b_enc"]) + named["b_mag"]
            return np.where(z > 0, np.maximum(size, 0.0), 0.0)
        if self.has_common_threshold:
            return np.where(f > named["threshold"][..., None], f, 0.0)
        if self.k is None:
            return f
        last = np.partition(f, -self.k, axis=-1)[..., -self.k, None]
        return np.where(f >= last, f, 0.0)


EXAMPLE = SAE(n_latents=4, architecture="topk", k=2)
