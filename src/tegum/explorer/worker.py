"""A page's own process: it trains, and tells what there is to see. Run by the server alone."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from tegum.ensemble.machine import available_cores
from tegum.errors import SpecError, TegumError, shorten
from tegum.explorer import exports, messages
from tegum.explorer.about import about_of
from tegum.explorer.beside import Beside
from tegum.explorer.dictionary import DictionaryJob, source_of
from tegum.explorer.frames import to_json
from tegum.explorer.limits import LimitError, Limits
from tegum.explorer.link import ANSWER, FRAME, REQUEST, TEXT, Link
from tegum.explorer.live import Live
from tegum.explorer.phases import PhaseJob
from tegum.explorer.ready import ready
from tegum.explorer.screen import Screen
from tegum.explorer.state import PageState
from tegum.explorer.trainer import StateError, Trainer

_PHASE_SECONDS: Final = 0.25  # between two frames of a diagram
_DICTIONARY_SECONDS: Final = 0.1  # … and of a dictionary
#: What the page reads of what fails beside the training.
_TITLES: Final = {"phase": "phase diagram", "dictionary": "dictionary"}


class Worker:
    """Commands in, slices of training, frames out, in turn."""

    def __init__(self, link: Link, limits: Limits | None = None) -> None:
        self.link, self.limits = link, limits or Limits()
        self.jobs = available_cores()
        self.screen = Screen(lambda frame: link.send(FRAME, frame), self.say)
        self.trainer = Trainer(self.screen)
        self.run = 0
        self.phase: Beside[PhaseJob] = Beside(self._picture, _PHASE_SECONDS)
        self.dictionary: Beside[DictionaryJob] = Beside(self._picture, _DICTIONARY_SECONDS)

    def serve(self) -> None:
        """Until the server hangs up."""
        while True:
            for command in _merged(self._told()):
                self._obey(command)
            self._guarded("training", self._train)
            self._guarded("phase", self.phase.work)
            self._guarded("dictionary", self.dictionary.work)
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
        waits = [who.wait() for who in (self.screen, self.trainer, self.phase, self.dictionary)]
        return min((wait for wait in waits if wait is not None), default=None)

    def _train(self) -> None:
        self.trainer.work(self._busy)

    def _busy(self) -> None:
        self.say({"type": "busy", "run": self.run, "message": "preparing the kernels"})

    def _picture(self, frame: bytes) -> None:
        self.link.send(FRAME, frame)

    def _guarded(self, what: str, work: Callable[[], None]) -> None:
        """What raises is over; the worker and all else go on."""
        try:
            work()
        except BrokenPipeError:
            raise
        except Exception as error:
            traceback.print_exc()
            if what == "training":
                self.trainer.stop("failed")
                self._refuse(None, "failed", f"the training failed: {_in_a_line(error)}")
                return
            beside: Beside[Any] = getattr(self, what)
            beside.end()
            self.say({"type": f"{what}_stopped", what: beside.number})
            self._refuse(None, what, f"the {_TITLES[what]} failed: {_in_a_line(error)}")

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
        about = {"type": "configured", "id": identity, "run": self.run, **about_of(state)}
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
        job = PhaseJob(self.phase.next(), command, self.jobs)
        self._ok(command)
        self.phase.begin(job)

    def _on_phase_stop(self, command: messages.PhaseStop) -> None:
        self.phase.end()
        self.say({"type": "phase_stopped", "id": command.id, "phase": self.phase.number})

    def _on_dictionary(self, command: messages.Dictionary) -> None:
        live = self.trainer.present
        latents, m = command.n_latents, live.problem.n_hidden
        self.limits.admit_dictionary(latents, m, command.seeds, command.steps)
        if self.screen.status == "running":
            self.trainer.stop("paused")
        source = source_of(self.run, self.screen.moment(), self.screen.seed())
        job = DictionaryJob(self.dictionary.next(), command, source, self.jobs)
        self._ok(command)
        self.dictionary.begin(job, command.steps_per_second)

    def _on_dictionary_change(self, command: messages.DictionaryChange) -> None:
        if self.dictionary.job is None:
            raise StateError("there is no dictionary in training: ask for one first")
        self.dictionary.job.change(command.l1)
        self._ok(command)

    def _on_dictionary_stop(self, command: messages.DictionaryStop) -> None:
        self.dictionary.end()
        said = {"type": "dictionary_stopped", "id": command.id}
        self.say({**said, "dictionary": self.dictionary.number})

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
