"""load_dataset: a data set by its name, its path, or as it is generated."""
