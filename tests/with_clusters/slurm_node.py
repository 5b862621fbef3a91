"""A SLURM of one node on this machine, on loopback alone: Debian's packages, started by root."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "sinfo", "scancel")
_CONFIGURATION = """ClusterName=one
SlurmctldHost=localhost(127.0.0.1)
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket={home}/munge/socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
SlurmctldPort={controller}
SlurmdPort={node}
StateSaveLocation={home}/state
SlurmdSpoolDir={home}/spool
SlurmctldPidFile={home}/controller.pid
SlurmdPidFile={home}/node.pid
SlurmctldLogFile={home}/controller.log
SlurmdLogFile={home}/node.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,batch_sched_delay=0
ReturnToService=2
KillWait=2
SlurmdParameters=config_overrides
NodeName=localhost NodeAddr=127.0.0.1 NodeHostname=localhost CPUs=2 State=UNKNOWN
PartitionName=main Nodes=localhost Default=YES MaxTime=INFINITE State=UP
"""
_PATIENCE = 60.0


def missing() -> str:
    """Why there can be no SLURM here, or nothing."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"without {', '.join(absent)} (apt-get install slurmctld slurmd slurm-client munge)"
    return "" if os.geteuid() == 0 else "only root may start one"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until(what: Callable[[], bool], said: str) -> None:
    end = time.monotonic() + _PATIENCE
    while not what():
        if time.monotonic() > end:
            raise TimeoutError(said)
        time.sleep(0.1)


def _out(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


@contextmanager
def _process(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Controller:
    """The process that knows the queue, which can be killed and started again."""

    def __init__(self, running: ExitStack) -> None:
        self._running, self._now = running, running.enter_context(_process("slurmctld", "-D"))

    def lose(self) -> None:
        """kill -9, and another one that reads what it left."""
        self._now.kill()
        self._now.wait()
        self._now = self._running.enter_context(_process("slurmctld", "-D"))


@contextmanager
def one_node() -> Iterator[Controller]:
    """While it lasts, `sbatch` and its like speak to a cluster of this machine's two cores."""
    with TemporaryDirectory(prefix="slurm-") as folder:  # munged wants one that all can reach
        Path(folder).chmod(0o755)
        with _started(Path(folder)) as controller:
            yield controller


@contextmanager
def _started(home: Path) -> Iterator[Controller]:
    for name in ("state", "spool", "munge"):
        (home / name).mkdir()
    munge = home / "munge"
    key = munge / "key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    configuration = home / "slurm.conf"
    configuration.write_text(
        _CONFIGURATION.format(home=home, controller=_free_port(), node=_free_port())
    )
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(configuration)
    try:
        with ExitStack() as running:
            running.enter_context(
                _process(
                    "munged", "--foreground", f"--key-file={key}", f"--socket={munge / 'socket'}",
                    f"--pid-file={munge / 'pid'}", f"--log-file={munge / 'log'}",
                    f"--seed-file={munge / 'seed'}",
                )
            )  # fmt: skip
            _until((munge / "socket").exists, "munged did not start")
            controller = Controller(running)
            running.enter_context(_process("slurmd", "-D", "-N", "localhost"))
            _until(
                lambda: _out("sinfo", "-h", "-o", "%T").strip() == "idle", "the node is not idle"
            )
            try:
                yield controller
            finally:
                _out("scancel", "--state=PENDING", "--partition=main")
                _out("scancel", "--state=RUNNING", "--partition=main")
                _until(lambda: not _out("squeue", "-h").strip(), "jobs did not end")
    finally:
        if before is None:
            del os.environ["SLURM_CONF"]
        else:
            os.environ["SLURM_CONF"] = before


def running_jobs() -> list[str]:
    """The numbers of the jobs that run."""
    return _out("squeue", "-h", "-t", "RUNNING", "-o", "%i").split()


def kill(job: str) -> None:
    """End a job's processes at once, as the kernel does where memory is short."""
    _out("scancel", "--signal=KILL", "--full", job)
