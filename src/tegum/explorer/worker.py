"""A page's own process: it trains, and tells what there is to see. Run by the server alone."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from tegum.distributions.base import Block
from tegum.ensemble.machine import available_cores
from tegum.errors import SpecError, TegumError, shorten
from tegum.explorer import exports, messages
from tegum.explorer.frames import encode, to_json
from tegum.explorer.limits import LimitError, Limits
from tegum.explorer.link import ANSWER, FRAME, REQUEST, TEXT, Link
from tegum.explorer.live import Live
from tegum.explorer.phases import PhaseJob
from tegum.explorer.ready import ready
from tegum.explorer.screen import Screen
from tegum.explorer.state import PageState
from tegum.explorer.trainer import Pace, StateError, Trainer

_PHASE_SECONDS: Final = 0.25  # between two frames of a diagram


class Worker:
    """Commands in, slices of training, frames out, in turn."""

    def __init__(self, link: Link, limits: Limits | None = None) -> None:
        self.link, self.limits = link, limits or Limits()
        self.jobs = available_cores()
        self.screen = Screen(lambda frame: link.send(FRAME, frame), self.say)
        self.trainer = Trainer(self.screen)
        self.run = 0
        self.phase: PhaseJob | None = None
        self.phases = 0
        self._phase_pace, self._phase_shown = Pace(), 0.0

    def serve(self) -> None:
        """Until the server hangs up."""
        while True:
            for command in _merged(self._told()):
                self._obey(command)
            self._guarded(self._train)
            self._guarded(self._train_phase)
            self.screen.show()

    def _told(self) -> list[Any]:
        """The commands that are waiting."""
        commands = []
        for text in self.link.take(self._wait()):
            try:
                commands.append(messages.parse(text, inside=True))
            except messages.MessageError as error:
                self._refuse(messages.identity(text), "message", str(error))
        return commands

    def say(self, message: dict[str, Any]) -> None:
        """JSON text to the page."""
        self.link.send(TEXT, to_json(message).encode())

    def _wait(self) -> float | None:
        """How long a command may be waited for."""
        waits = [self.screen.wait(), self.trainer.wait(), None if self.phase is None else 0.0]
        return min((wait for wait in waits if wait is not None), default=None)

    def _train(self) -> None:
        self.trainer.work(self._busy)

    def _busy(self) -> None:
        self.say({"type": "busy", "run": self.run, "message": "preparing the kernels"})

    def _train_phase(self) -> None:
        job = self.phase
        if job is None:
            return
        start = time.perf_counter()
        done = job.advance(self._phase_pace.steps)
        now = time.perf_counter()
        self._phase_pace.took(done, now - start)
        if job.ended or now - self._phase_shown >= _PHASE_SECONDS:
            self._phase_shown = now
            self.link.send(FRAME, encode(job.header(), job.arrays()))
        if job.ended:
            self.phase = None

    def _guarded(self, work: Callable[[], None]) -> None:
        """A training or a phase diagram that raises is over; the worker and the other are not."""
        try:
            work()
        except BrokenPipeError:
            raise
        except Exception as error:
            traceback.print_exc()
            if work == self._train:
                self.trainer.stop("failed")
                self._refuse(None, "failed", f"the training failed: {_in_a_line(error)}")
            else:
                self.phase = None
                self.say({"type": "phase_stopped", "phase": self.phases})
                self._refuse(None, "phase", f"the phase diagram failed: {_in_a_line(error)}")

    # --- commands ------------------------------------------------------------------------------

    def _obey(self, command: Any) -> None:
        try:
            getattr(self, f"_on_{command.type}")(command)
        except LimitError as error:
            self._refuse(command.id, "limit", str(error))
        except TegumError as error:
            self._refuse(command.id, "invalid", str(error))
        except StateError as error:
            self._refuse(command.id, "state", str(error))
        except BrokenPipeError:
            raise
        except Exception as error:
            traceback.print_exc()
            self._refuse(command.id, "failed", f"{command.type} failed: {_in_a_line(error)}")

    def _refuse(self, identity: Any, code: str, message: str) -> None:
        self.say(messages.refusal(identity, code, message))

    def _ok(self, command: Any) -> None:
        self.say({"type": "ok", "id": command.id})

    def _on_configure(self, command: messages.Configure) -> None:
        state = PageState.read(command.state)
        self.limits.admit(state)
        self._begin(command.id, state, run=command.run, until=command.until)

    def _on_restart(self, command: messages.Restart) -> None:
        state = self.trainer.present.fresh(command.seed)
        self._begin(command.id, state, run=command.run, until=None)

    def _begin(self, identity: Any, state: PageState, *, run: bool, until: int | None) -> None:
        state.settled()  # its changes must be possible, all of them
        try:
            live = Live(state, self.limits, self.jobs)
        except SpecError as error:
            self._refuse(identity, "engine", str(error))
            return
        self.run += 1
        self.trainer.begin(live, self.run)
        about = {"type": "configured", "id": identity, "run": self.run, **_about(state)}
        self.say({**about, "state": live.state().data(), "repeatable": True})
        if run:
            self.trainer.go(until)

    def _on_run(self, command: messages.Run) -> None:
        live = self.trainer.present
        if live.ended:
            raise StateError(f"the training has made its {live.training.steps} steps: raise steps")
        self.trainer.go(command.until)
        self._ok(command)

    def _on_pause(self, command: messages.Pause) -> None:
        if self.trainer.present and self.screen.status == "running":
            self.trainer.stop("paused")
        self.screen.want("frame")
        self._ok(command)

    def _on_step(self, command: messages.Advance) -> None:
        self.trainer.go(self.trainer.present.step + command.steps)
        self._ok(command)

    def _on_change(self, command: messages.ChangeNumbers) -> None:
        live = self.trainer.present
        penalised = live.problem.l1 > 0
        live.change(command.values)
        if penalised != (live.problem.l1 > 0):
            self._busy()  # the next slice is another kernel's
        self.screen.past = None
        if self.screen.status == "done" and not live.ended:
            self.screen.status = "paused"
        self.screen.want("frame", "analysis")
        about = {"type": "changed", "id": command.id, "run": self.run, "step": live.step}
        self.say({**about, "state": live.state().data(), "repeatable": live.repeatable})

    def _on_speed(self, command: messages.Speed) -> None:
        self.trainer.limit(command.steps_per_second)
        self._ok(command)

    def _on_select(self, command: messages.Select) -> None:
        count = self.trainer.present.first.seeds
        if isinstance(command.seed, int) and command.seed >= count:
            raise StateError(f"there are seeds 0 to {count - 1}; got {command.seed}")
        self.screen.selected = command.seed
        self.screen.want("frame", "analysis", "traces")
        self._ok(command)

    def _on_watch(self, command: messages.Watch) -> None:
        self.screen.all, self.screen.fps = command.all, command.fps
        self.screen.want("frame")
        self._ok(command)

    def _on_seek(self, command: messages.Seek) -> None:
        live = self.trainer.present
        if self.screen.status == "running":
            self.trainer.stop("paused")
        self.screen.past = None if command.step is None else live.history.at(command.step)
        self.screen.want("frame", "analysis")
        self._ok(command)

    def _on_traces(self, command: messages.Traces) -> None:
        if self.trainer.present:
            self.screen.want("traces")
        self._ok(command)

    def _on_phase(self, command: messages.Phase) -> None:
        self.limits.admit_phase(command.points, command.seeds, command.steps)
        self.phases += 1
        self.phase, self._phase_pace = PhaseJob(self.phases, command, self.jobs), Pace()
        self._ok(command)
        self.link.send(FRAME, encode(self.phase.header(), self.phase.arrays()))

    def _on_phase_stop(self, command: messages.PhaseStop) -> None:
        self.phase = None
        self.say({"type": "phase_stopped", "id": command.id, "phase": self.phases})

    def _on_ack(self, command: messages.Ack) -> None:
        self.screen.drawn(command.frame)

    def _on_ping(self, command: messages.Ping) -> None:
        self._ok(command)

    def _on_base(self, command: messages.Base) -> None:
        self.run = command.run

    def _on_export(self, command: messages.Export) -> None:
        try:
            answer, good = exports.export(self.trainer.present, self.screen, command), True
        except (TegumError, StateError) as error:
            answer, good = str(error).encode(), False
        except Exception as error:
            traceback.print_exc()
            answer, good = _in_a_line(error).encode(), False
        self.link.send(ANSWER, REQUEST.pack(command.request, good) + answer)


def _about(state: PageState) -> dict[str, Any]:
    """What a page needs to know of a training besides its state."""
    problem = state.problem
    shapes = problem.model.parameters(problem.n_features)
    return {
        "n_features": problem.n_features,
        "n_hidden": problem.n_hidden,
        "seeds": state.seeds,
        "parameters": {name: list(shape) for name, shape in shapes.items()},
        "draws": [draw for block in problem.distribution.blocks() for draw in _draws(block)],
        "neurons": problem.model.hidden_activation != "identity",
    }


def _draws(block: Block) -> list[dict[str, Any]]:
    """The on/off draws of a block; where features have none, each stands for itself."""
    alone = block.kind == "joint"
    places = range(block.size) if alone else range(1)
    size = 1 if alone else block.size
    return [{"kind": block.kind, "start": block.start + k, "size": size} for k in places]


def _merged(commands: list[Any]) -> list[Any]:
    """Changes of numbers that follow one another as one."""
    merged: list[Any] = []
    for command in commands:
        if merged and command.type == "change" and merged[-1].type == "change":
            values = {**merged[-1].values, **command.values}
            merged[-1] = command.model_copy(update={"values": values})
        else:
            merged.append(command)
    return merged


def _in_a_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {shorten(str(error))}"


def main() -> None:
    """Serve one page over stdin and stdout."""
    link = Link()
    ready()
    with suppress(EOFError, BrokenPipeError):
        Worker(link).serve()


if __name__ == "__main__":
    main()
