"""The sections of a report: one file each, and this folder is the list."""
