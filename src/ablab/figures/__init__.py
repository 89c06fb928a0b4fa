"""Figures of a whole run that a study can decide by; a marked function in this folder adds one."""
