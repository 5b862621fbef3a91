"""How numba compiles what only kernels call: to LLVM's code, and quickly.

numba makes every function ready to be run by itself, and optimises it with all that it calls. What
kernels take in is never run so, and is optimised once, as a part of them.
"""

from __future__ import annotations

from typing import Any, Final

import numba
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder, Flags
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


class _Library(JITCodeLibrary):
    """Code to be linked into that of others."""

    def _optimize_final_module(self) -> None:
        """It is left to who takes it in."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]
        self._verify_declare_only_symbols()  # type: ignore[no-untyped-call]
        self._finalized = True


class _Flags(Flags):
    """numba's options of a function."""

    def copy(self) -> _Fixed:
        """Those that are looked at while it is compiled."""
        return _Fixed(self)


class _Fixed(Flags):
    """Options that stay as they are: numba compares them for every operation that it meets."""

    __slots__ = ("_all", "_hash")

    def __init__(self, copy_from: Flags) -> None:
        super().__init__(copy_from)  # type: ignore[no-untyped-call]
        self._all = {name: getattr(self, name) for name in Flags.options}
        self._hash = hash(tuple(sorted(self._all)))  # as numba's own

    def values(self) -> dict[str, Any]:
        """All of them, by name."""
        return self._all

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or bool(super().__eq__(other))  # type: ignore[no-untyped-call]

    def copy(self) -> _Flags:
        """Those of another function, to be changed."""
        return _Flags(self)  # type: ignore[no-untyped-call]


@register_pass(mutates_CFG=True, analysis_only=False)  # type: ignore[no-untyped-call]
class _Lowering(NativeLowering):
    """numba's last pass, into a library of this kind."""

    _name = "tegum_part_lowering"

    def run_pass(self, state: Any) -> bool:
        """Lower the function, and let others find it."""
        name = state.func_id.func_qualname
        state.library = _Library(state.targetctx.codegen(), name)  # type: ignore[no-untyped-call]
        state.flags.no_compile = True
        super().run_pass(state)  # type: ignore[no-untyped-call]
        lowered = state["cr"]
        fndesc, keep = lowered.fndesc, (state.library,)
        make: Any = numba._dynfunc.make_function  # type: ignore[attr-defined]
        found_by = make(fndesc.lookup_module(), name, "", 0, lowered.env, keep)
        state.targetctx.insert_user_function(found_by, fndesc, [state.library])
        state.reload_init.extend(state.library._reload_init)
        state["cr"] = lowered._replace(cfunc=found_by)
        return True


class _Whole(CompilerBase):
    """numba's compiler, which does not look at options again and again."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)  # type: ignore[no-untyped-call]
        self.state.flags = _Flags(self.state.flags)  # type: ignore[no-untyped-call]

    def define_pipelines(self) -> list[Any]:
        """As numba asks of a compiler."""
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]  # type: ignore[no-untyped-call]


class _Part(_Whole):
    """The same with this last pass."""

    def define_pipelines(self) -> list[Any]:
        """As numba asks of a compiler."""
        (pipeline,) = super().define_pipelines()
        pipeline.passes = [
            (_Lowering if one is NativeLowering else one, why) for one, why in pipeline.passes
        ]
        pipeline._finalized = False
        pipeline.finalize()
        return [pipeline]


#: Options of `njit` for what is called by itself.
WHOLE: Final[dict[str, Any]] = {"pipeline_class": _Whole}
#: For what only kernels call.
PART: Final[dict[str, Any]] = {
    "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "pipeline_class": _Part,
}  # fmt: skip
