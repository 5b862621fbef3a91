"""Closed forms for toy models: arrays in, arrays out, no training and no sampling.

`linear` (the linear model and its optimum), `sparse_expansion` (the loss by number of active
features), `thomson` (the 1-sparse loss as a packing energy), `packing` (the antipodal-pair count
and loss). Features are independent and, unless said, uniform on [0, 1] when active.
"""
