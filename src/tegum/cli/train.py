"""`tegum train`: any problem, from the command line to a file of trained models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import UseAppendAction, arg

from tegum.cli.options import (
    Flag,
    MaybeFolder,
    MaybeReal,
    MaybeWhole,
    Real,
    Whole,
    at_least_one,
    interruptible,
    seed_in_range,
)
from tegum.cli.terminal import note
from tegum.training import Training

if TYPE_CHECKING:
    from tegum.problem import Problem

_USUAL = Training()


def _unset(metavar: str) -> Any:
    return arg(metavar=metavar, help_behavior_hint="")


@dataclass(frozen=True)
class Train:
    """Train models of any problem, over any axes and seeds, and save them as a Dataset file.

    The file is netCDF: `xarray.open_dataset(FILE)` reads it, and `tegum show FILE`. Numbers may be
    lists (1,0.3,0.1) or ranges (geom:1:0.01:50, lin:0:1:11). Groups that mix distributions come
    in through --problem.

    Example: tegum train --features 5 --hidden 2 --probability 1 --importance 0.9^i
    --axis feature_probability=geom:1:0.01:20 --seeds 16 --out pentagon.nc
    """

    problem: Annotated[Path | None, _unset("FILE.json")] = None
    """A problem as JSON, in place of the options that describe one; `tegum show --json` has it."""

    distribution: Annotated[str | None, _unset("independent|correlated|anticorrelated")] = None
    """What the features are; independent by default."""
    features: MaybeWhole = None
    """Number of independent features."""
    sets: MaybeWhole = None
    """Number of correlated or anticorrelated sets."""
    set_size: MaybeWhole = None
    """Features in each set."""
    probability: Annotated[str | None, _unset("P[,P…]")] = None
    """Feature probability 1 − S; of a set where there are sets. One for all, or one each."""
    magnitude: Annotated[str | None, _unset("uniform|signed|exponential|one")] = None
    """What an active feature is drawn from; uniform by default."""

    model: Annotated[str | None, _unset("linear|relu-output|relu-hidden|two-layer")] = None
    """What is trained; relu-output by default."""
    hidden: MaybeWhole = None
    """Number of hidden dimensions (neurons)."""
    activation: Annotated[str | None, _unset("NAME")] = None
    """Output activation: relu, gelu, leaky, quadratic or identity."""
    hidden_activation: Annotated[str | None, _unset("NAME")] = None
    """Hidden activation of a two-layer model."""
    bias: Flag = True
    """Leave the output bias out."""
    hidden_bias: Flag = False
    """Give hidden neurons a bias (relu-hidden, two-layer)."""
    importance: Annotated[str | None, _unset("I")] = None
    """1.0, or a list, or 0.9^i; all 1 by default."""
    target: Annotated[str | None, _unset("x|abs|relu|square|cube|sign|step|product|and|or|xor")] = (
        None
    )
    """What the model is to output, of each feature or of pairs of features; x by default."""
    pairs: Annotated[str | None, _unset("A+B[,A+B…]")] = None
    """Pairs of features for product, and, or, xor, as 0+1,2+3; i and i + 1 by default."""
    target_table: Annotated[str | None, _unset("Y,Y…")] = None
    """In place of --target: values of any function of a feature, evenly from x = −1 to 1."""
    l1: MaybeReal = None
    """Penalty λ·‖h‖₁ on hidden activations."""

    axis: Annotated[UseAppendAction[tuple[str, ...]], _unset("NAME=VALUES")] = ()
    """Sweep a number (repeatable): feature_probability, importance[1], learning_rate …
    `r:importance[1]=0.1,1,10` calls the axis r."""
    seeds: Whole = 1
    """Models at every axis point."""
    seed: Whole = 0
    """Seed of the run."""

    start: Annotated[Path | None, _unset("FILE.nc")] = None
    """Trained models to go on from, at the same axis points and seeds, in place of random ones."""
    engine: Annotated[str, arg(metavar="sampled|exact")] = _USUAL.engine
    """sampled: minibatches of fresh samples. exact: the expected loss, Adam and then L-BFGS."""
    steps: MaybeWhole = None
    """Optimiser steps: 10000, at most 5000 of the exact engine."""
    warm_start: Whole = _USUAL.warm_start
    """Adam steps of the exact engine before L-BFGS."""
    batch_size: Whole = _USUAL.batch_size
    """Samples in a step."""
    learning_rate: MaybeReal = None
    """Learning rate, at the top of its schedule: 0.001, 0.01 of the exact engine."""
    optimizer: Annotated[str, arg(metavar="adam|adamw|sgd")] = _USUAL.optimizer
    """Optimiser."""
    attack: Real = _USUAL.attack
    """Length of the L2 attacks of adversarial training, each on one random feature."""
    momentum: Real = _USUAL.momentum
    """Momentum of sgd."""
    weight_decay: Real = _USUAL.weight_decay
    """Weight decay."""
    schedule: Annotated[str, arg(metavar="constant|linear|cosine")] = _USUAL.schedule
    """How the learning rate falls after the warm-up."""
    warmup: Whole = _USUAL.warmup
    """Steps over which the learning rate rises."""
    final_fraction: Real = _USUAL.final_fraction
    """Fraction of the learning rate that is left at the end."""
    init_std: MaybeReal = _USUAL.init_std
    """Standard deviation of initial weights; Xavier's by default."""
    checkpoints: Annotated[str | None, _unset("K | STEP,STEP…")] = None
    """Keep W and b at K log-spaced steps, or at these steps."""
    held_out: Whole = _USUAL.held_out
    """Samples that score the trained model."""

    out: Annotated[Path, arg(metavar="FILE.nc")] = Path("tegum-run.nc")
    """File to write."""
    store: MaybeFolder = None
    """Folder that keeps finished work: a run that was stopped goes on from there."""
    jobs: MaybeWhole = None
    """Cores to use, all by default."""
    json: Flag = False
    """Print the summary as JSON."""

    def run(self, arguments: list[str]) -> int:
        """Train, save, and print a row for each axis point."""
        from tegum.cli import values
        from tegum.cli.describe import problem_of, training_of
        from tegum.cli.show import print_runs
        from tegum.runs.files import check_target, load, save

        at_least_one("--jobs", self.jobs)
        seed_in_range("--seed", self.seed)
        axes = values.axes("--axis", self.axis)
        problem: Problem = problem_of(self, sweeps_probability=_sweeps_probability(axes))
        training = training_of(self)
        check_target(self.out)
        start = None if self.start is None else load(self.start)
        from tegum.ensemble import train
        from tegum.ensemble.progress import Display

        with interruptible(keeps=self.store is not None), Display() as display:
            runs = train(
                problem,
                axes,
                training,
                self.seeds,
                self.seed,
                start=start,
                store=self.store,
                jobs=self.jobs,
                progress=display,
            )
        save(runs, self.out)
        note(f"saved {self.out}")
        print_runs(runs, self.out, as_json=self.json)
        return 0


def _sweeps_probability(axes: dict[str, list[float] | tuple[str, list[float]]]) -> float | None:
    """The first probability of an axis that sets all of them, or None."""
    for name, values in axes.items():
        target, numbers = values if isinstance(values, tuple) else (name, values)
        if target == "feature_probability":
            return numbers[0]
    return None
