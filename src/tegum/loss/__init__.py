"""Expected losses without sampling: of given weights, of trained models, by active features."""
