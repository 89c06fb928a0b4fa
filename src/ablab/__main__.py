"""`python -m ablab` is `ablab`."""

from ablab.cli import main

main()
