"""The formats that a table is written in: one file each, and this folder is the list."""
