"""Sparse autoencoders: kernels that draw hidden activations and train dictionaries on them."""
