# Words for everything that is done often. `make demo` and `make test` need Python 3.11 or newer and a package index.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: install demo test check bench calibrate faults clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $(STAMP)

demo: install
	$(BIN)/ablab run studies/quickstart.toml

test: install
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: install
	$(BIN)/ruff format --check src tests benchmarks tools
	$(BIN)/ruff check src tests benchmarks tools
	$(BIN)/mypy

bench: install
	$(BIN)/python benchmarks/data.py
	GOMP_SPINCOUNT=5000 $(BIN)/python benchmarks/train.py

calibrate: install
	$(BIN)/python tools/calibration.py > docs/calibration.md

faults: install
	ABLAB_FAULTS_N=100000 $(BIN)/python -m pytest -m faults

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
