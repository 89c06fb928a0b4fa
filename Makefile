# Words for everything that is done often. `make demo` and `make test` need Python 3.11 or newer and a package index.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal
CODE := src tests benchmarks tools

.PHONY: audit axe install demo test-fast test test-rest test-all coverage check mutants bench calibrate multipliers noise published reference pictures docs faults fuzz gpu gpu-published clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $(STAMP)

demo: install
	$(BIN)/ablab demo

# Three sizes: what one runs while writing, what a newcomer runs, and everything.
test-fast: install
	$(PYTEST) -m "not slow and not long and not browser and not real_data"

test: install
	$(PYTEST) -m "not long and not browser and not real_data"

test-rest: install
	$(PYTEST) --dist loadfile -m "long or browser or real_data"

test-all: test test-rest

# What the tests of `make test` run of each room; fails where it is less than CONTRIBUTING.md says.
coverage: install
	$(PYTEST) -m "not long and not browser and not real_data" --cov=ablab --cov-report=
	$(BIN)/python tools/coverage_by_room.py

check: install
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	MYPYPATH=src:tools $(BIN)/mypy --strict tools/*.py
	MYPYPATH=src:tests $(BIN)/mypy --strict --follow-imports=silent tests/fault_suite

# Whether tests notice a change: MODULES=study/plan.py, or a whole room; SAMPLE mutants of each file at most.
MODULES ?= statistics study arithmetic
SAMPLE ?= 20

mutants: install
	$(BIN)/python tools/mutants.py $(MODULES) --sample $(SAMPLE)

audit: install
	$(BIN)/python tools/supply.py

# The checker of accessibility that the tests in a browser use; without it they skip those checks.
axe:
	npm install --no-save --no-package-lock --silent axe-core@4

bench: install
	$(BIN)/python benchmarks/data.py
	GOMP_SPINCOUNT=5000 $(BIN)/python benchmarks/train.py

calibrate: install
	$(BIN)/python tools/calibration_page.py > docs/calibration.md

multipliers: install
	$(BIN)/python tools/multipliers.py

noise: install
	$(BIN)/python tools/noise_page.py

published: install
	$(BIN)/python tools/published_page.py

reference: install
	$(BIN)/python tools/reference.py
	$(BIN)/python tools/architecture.py

# The pictures of the pages, made in an empty folder; needs Chromium.
pictures: install
	$(BIN)/python tools/pictures.py

# The pages as a site that needs no network, in site/; a dead link or a page that is in no menu is an error.
docs: install reference
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "site/index.html"

# On a machine with a CUDA GPU; with torch and what pyproject.toml names already there, nothing is installed.
GPU := PYTHONPATH=src:$$PYTHONPATH $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON))
OUT ?= published-on-gpu
MINUTES ?= 8.5

gpu:
	$(GPU) -m pytest tests/gpu -n 4 -W default -rs
	$(GPU) benchmarks/gpu.py

gpu-published:
	$(GPU) tools/gpu_published.py $(OUT) --minutes $(MINUTES)

# How many trials: SIZE=sample takes minutes, SIZE=full a day.
SIZE ?= full

faults: install
	PYTHONPATH=tests $(BIN)/python -m fault_suite --size $(SIZE)

# What a coverage-guided fuzzer makes of each parser of ours; what it finds goes into tests/faults/findings.
SECONDS ?= 600

fuzz: install
	$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e ".[fuzz]"
	PYTHONPATH=tests $(BIN)/python -m fault_suite.fuzz --seconds $(SECONDS)

clean:
	rm -rf .venv build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
