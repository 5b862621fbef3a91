"""The torch engine: any problem, stacked over instances, on a CPU or a GPU, by autograd."""
