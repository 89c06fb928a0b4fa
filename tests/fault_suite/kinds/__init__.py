"""Kinds of faults, one file each: `FAULTS` lists its rows of the table. This folder is the list of kinds."""
