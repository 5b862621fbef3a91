"""Functions that only kernels call: LLVM's code, and no machine code of their own.

numba makes every function ready to be run by itself. What kernels take in is never run so.
"""

from __future__ import annotations

from typing import Any, Final

import numba
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


class _Library(JITCodeLibrary):
    """Code to be linked into that of others."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]
        self._verify_declare_only_symbols()  # type: ignore[no-untyped-call]
        self._finalized = True


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


class _Compiler(CompilerBase):
    """numba's compiler with this last pass."""

    def define_pipelines(self) -> list[Any]:
        """As numba asks of a compiler."""
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)  # type: ignore[no-untyped-call]
        pipeline.passes = [
            (_Lowering if one is NativeLowering else one, why) for one, why in pipeline.passes
        ]
        pipeline._finalized = False
        pipeline.finalize()
        return [pipeline]


#: Options of `njit` for such functions.
PART: Final[dict[str, Any]] = {
    "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "pipeline_class": _Compiler,
}  # fmt: skip
