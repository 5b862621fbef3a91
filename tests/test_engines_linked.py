"""Kernels that others call by their address, and how quickly numba is made to compile."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit, typeof, types
from numba.core.compiler import Flags
from numba.core.errors import TypingError

import tegum as tg
from tegum.engines import parts
from tegum.engines.exact import lower, objective, outputs, run
from tegum.engines.exact.numeric import kernel, linked, part
from tegum.engines.linked import Frame, address_of_kernel, caller_of


def signature_of(result: Any, *arguments: Any) -> Any:
    return lambda: (tuple(map(typeof, arguments)), result)


def called(signature: Any) -> Any:
    """A kernel that calls what is at an address with (a scalar, an array)."""
    call = caller_of(signature)

    @kernel
    def caller(address, scalar, array):  # type: ignore[no-untyped-def]
        return call(address, (scalar, array))

    return caller


# --- Calls ---------------------------------------------------------------------------------------


def test_one_kernel_calls_whichever_is_at_the_address() -> None:
    @linked
    def added(scalar, array):  # type: ignore[no-untyped-def]
        array[0] += scalar
        return array[0]

    @linked
    def times(scalar, array):  # type: ignore[no-untyped-def]
        array[0] *= scalar
        return array[0]

    signature = signature_of(types.float64, 1.0, np.zeros(1))
    caller, array = called(signature), np.array([3.0])
    first, second = (address_of_kernel(each, signature()) for each in (added, times))
    assert first != second
    assert caller(first, 2.0, array) == 5.0
    assert caller(second, 4.0, array) == 20.0
    assert array[0] == 20.0
    assert len(caller.overloads) == 1
    assert address_of_kernel(added, signature()) == first


def test_arguments_are_cast_or_refused() -> None:
    @linked
    def doubled(scalar, array):  # type: ignore[no-untyped-def]
        return 2.0 * scalar + array[0]

    signature = signature_of(types.float64, 1.0, np.zeros(1))
    address = address_of_kernel(doubled, signature())
    assert called(signature)(address, 3, np.array([0.5])) == 6.5  # a whole number
    for wrong in (np.zeros((1, 1)), np.zeros(1, np.float32), np.zeros(4)[::2], 1.0):
        with pytest.raises(TypingError, match="an argument of a kernel by address is"):
            called(signature)(address, 1.0, wrong)


def test_another_result_than_the_caller_reads_is_refused() -> None:
    @linked
    def whole(scalar, array):  # type: ignore[no-untyped-def]
        return np.int64(array[0])

    with pytest.raises(TypeError, match="whole returns int64"):
        address_of_kernel(whole, signature_of(types.float64, 1.0, np.zeros(1))())


def test_what_is_raised_behind_an_address_is_raised() -> None:
    @linked
    def refused(scalar, array):  # type: ignore[no-untyped-def]
        if scalar < 0:
            raise ValueError("below 0")
        return scalar

    signature = signature_of(types.float64, 1.0, np.zeros(1))
    address = address_of_kernel(refused, signature())
    assert called(signature)(address, 1.0, np.zeros(1)) == 1.0
    with pytest.raises(ValueError, match="below 0"):
        called(signature)(address, -1.0, np.zeros(1))


# --- Frames --------------------------------------------------------------------------------------


def test_a_frame_gives_back_every_number_of_a_nested_tuple() -> None:
    """Bits, bytes, halves of words and arrays among them; each where it was."""
    held = (
        True, np.int8(-3), np.uint32(4_000_000_000), np.float32(0.1), -(2**62), 2.5 + 1j,
        (np.arange(6.0).reshape(2, 3), (False, np.arange(3))), np.array([True, False]),
    )  # fmt: skip
    frame = Frame(lambda: typeof(held))
    write, read = frame.write, frame.read

    @njit
    def through(room, value):  # type: ignore[no-untyped-def]
        write(room.ctypes.data, value)
        return read(room.ctypes.data)

    room = np.full(frame.size() + 1, -1)
    found = through(room, held)
    assert room[-1] == -1  # it is large enough
    assert found[:6] == held[:6]
    np.testing.assert_array_equal(found[6][0], held[6][0])
    assert found[6][1][0] is False
    np.testing.assert_array_equal(found[6][1][1], np.arange(3))
    np.testing.assert_array_equal(found[7], held[7])


# --- The exact engine's --------------------------------------------------------------------------

LAWS: list[tuple[str, tg.Problem]] = [
    ("single", tg.Problem(tg.Independent(3, 0.3), tg.ReLUOutput(2))),
    ("series", tg.Problem(tg.Independent(2, 0.3), tg.ReLUOutput(1))),
    ("series", tg.Problem(tg.Independent(3, 0.3, magnitude="exponential"), tg.ReLUOutput(2))),
    ("series", tg.Problem(tg.Correlated(4, 2, 0.3), tg.ReLUOutput(2))),
    ("patterns", tg.Problem(tg.Independent(3, 0.3, magnitude="one"), tg.ReLUOutput(2))),
    ("some_patterns", tg.Problem(
        tg.Independent(3, 0.3, magnitude=("one", "uniform", "one")), tg.ReLUOutput(2)
    )),
    ("boxes", tg.Problem(tg.Hierarchy([-1, 0, 0], 0.5), tg.ReLUOutput(2))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "problem"), LAWS)
def test_a_law_compiles_one_kernel_of_outputs(name: str, problem: tg.Problem) -> None:
    assert outputs.outputs_of(lower((problem,), np.zeros(1, np.int64)).law) == name
    assert f"_{name}" in vars(run)


@pytest.mark.parametrize(("name", "problem"), LAWS)
def test_gradients_by_address_are_difference_quotients(name: str, problem: tg.Problem) -> None:
    rng = np.random.default_rng(3)
    W, b = rng.normal(size=(problem.n_hidden, problem.n_features)), rng.normal(size=3)[:2] * 0.1
    b = np.resize(b, problem.n_features)
    low = lower((problem,), np.zeros(1, np.int64))
    found = run.measure(low, {"W": W[None], "b": b[None]}, gradient=True)
    for at in np.ndindex(W.shape):
        step, both = 1e-4, []
        for sign in (1.0, -1.0):
            moved = W.copy()
            moved[at] += sign * step
            both.append(run.measure(low, {"W": moved[None], "b": b[None]}).loss[0])
        quotient = (both[0] - both[1]) / (2 * step)
        assert found.gradient["W"][0][at] == pytest.approx(quotient, abs=2e-7)


def test_the_types_by_address_are_those_of_every_law() -> None:
    """Otherwise a law would be a form of its own, which is compiled anew."""
    kinds = set()
    for _, problem in LAWS:
        low = lower((problem,), np.zeros(1, np.int64))
        work = run._descent_work(low, False)
        kinds.add(typeof((low.law, work.objective)))
    assert len(kinds) == 1
    assert objective.signature()[0][-1] == types.int64


# --- How numba compiles --------------------------------------------------------------------------


def test_fixed_options_are_as_equal_as_numbas_own() -> None:
    plain, other = Flags(), Flags()
    other.nrt = True
    ours, its = parts._Flags(plain).copy(), parts._Flags(other).copy()
    assert ours == plain
    assert plain == ours
    assert hash(ours) == hash(plain)
    assert ours != its
    assert its == other
    again = ours.copy()
    again.nrt = True
    assert again.copy() == its
    assert ours == plain  # untouched


def test_a_part_has_no_machine_code_of_its_own() -> None:
    @part
    def inner(x):  # type: ignore[no-untyped-def]
        return x + 1.0

    @kernel
    def outer(x):  # type: ignore[no-untyped-def]
        return 2.0 * inner(x)

    assert outer(1.5) == 5.0
    (form,) = inner.overloads.values()
    assert form.library.get_pointer_to_function(form.fndesc.llvm_func_name) == 0
    (whole,) = outer.overloads.values()
    assert whole.library.get_pointer_to_function(whole.fndesc.llvm_func_name) != 0
