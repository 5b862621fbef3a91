"""A folder for each experiment, a file for a small one; the command line and the report find them."""
