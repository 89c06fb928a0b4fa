"""Studies of any program and any Python function: calls with a seed, planned, paired and judged as trainings are."""
