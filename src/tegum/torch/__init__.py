"""Weights to and from PyTorch: checkpoints in the layouts in use, state dicts, modules.

`load` reads checkpoints of PyTorch, `.safetensors` and `.npz` files; `state_dict` and `module` need
the extra `tegum[torch]`. `load_sae` and `save_sae` read and write dictionaries as SAELens and
dictionary_learning keep them. A *layout* is how others name and turn the arrays of models of n
features and m hidden dimensions:

- `plain`, tegum's own: `W` (…, m, n), or `W_in` and `W_out` (…, n, m); `b`; `b_hidden`
- `notebook`, the paper's: `W` (instance, n, m), `b_final` (instance, n)
- `arena`: `W` (instance, m, n), `b_final` (instance, n)
- `linear`, targets of parameter decompositions: `linear1.weight` (m, n) and `linear2.weight` (n, m)
  as `nn.Linear` has them, their `.bias` or `b_final`; `hidden_layers.0.weight` (m, m), … are read
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tegum.faces import lazy

if TYPE_CHECKING:
    from tegum.torch.exporting import module as module
    from tegum.torch.exporting import state_dict as state_dict
    from tegum.torch.reading import load as load
    from tegum.torch.saes import load_sae as load_sae
    from tegum.torch.saes import save_sae as save_sae

__all__, __getattr__, __dir__ = lazy(
    __name__,
    {
        "load": "tegum.torch.reading",
        "load_sae": "tegum.torch.saes",
        "save_sae": "tegum.torch.saes",
        "module": "tegum.torch.exporting",
        "state_dict": "tegum.torch.exporting",
    },
)
