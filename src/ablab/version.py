"""The version, here and nowhere else: what is built, what runs and reports name, and `ablab --version` read it."""

VERSION = "0.1.0"
