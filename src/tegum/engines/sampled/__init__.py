"""The sampled engine: fused CPU kernels that train on fresh random batches."""
