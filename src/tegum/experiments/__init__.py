"""A folder for each experiment, a file for a small one; they are found by their names."""
