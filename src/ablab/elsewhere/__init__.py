"""Runs that were trained elsewhere, by any program: read from files of results and judged by the rule of studies."""
