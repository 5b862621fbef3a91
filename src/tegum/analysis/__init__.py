"""From trained weights to numbers: arrays or labelled arrays in, the same kind out."""
