# Everything a reader, an instructor or a contributor runs. Each target sets up what it needs.
# README.md shows the plain commands for a machine without make.

PYTHON ?= python3
BIN := .venv/bin/
JOBS ?= 2

.PHONY: help setup book test lint lab bench check colab grade experiments lock clean

help:           ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 14

setup:          ## make .venv and install the locked requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11, 3.12 or 3.13 is needed, and '$(PYTHON)' was not found."; exit 1; }
	@$(PYTHON) tools/setup_env.py

book: setup     ## execute the notebooks and build the HTML book (warnings are errors)
	@$(BIN)python tools/build_book.py --jobs $(JOBS)

lint: setup     ## style of code and notebooks, spelling, links to the repository
	@$(BIN)ruff check --quiet . && $(BIN)ruff format --check --quiet .
	@$(BIN)codespell
	@$(BIN)python tools/lint_notebooks.py
	@$(BIN)python tools/address.py --check
	@$(BIN)python tools/make_exercises.py --check

test: lint      ## lint, unit tests, and every notebook executed by nbval
	$(BIN)pytest -n $(JOBS) --ignore=tests/pages --ignore=tests/nbgrader
	$(NETWORK) $(BIN)pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder --nbval-lax --nbval-current-env $(NBVAL) chapters

lab: setup      ## open the course in JupyterLab
	@$(BIN)jupyter lab chapters

bench: setup    ## speed of dlbook_utils as a ratio to Keras
	@$(BIN)python -m benchmarks

check: setup    ## open every page of the built book in Chromium; check links
	$(BIN)pytest -n $(JOBS) --dist loadgroup tests/pages

colab: setup    ## run notebooks in an environment with Colab's versions
	@$(BIN)python tools/colab.py $(COLAB)

grade: setup    ## grade untouched exercises and solutions with nbgrader
	@$(BIN)python tools/nbgrader_env.py
	$(BIN)pytest tests/nbgrader

experiments: setup  ## run the long experiments again and record their results
	@ls experiments/*.py >/dev/null 2>&1 || echo "There are no experiments in experiments/."
	@for script in experiments/*.py; do [ -e "$$script" ] || continue; \
	  echo "$$script:"; $(BIN)python "$$script" || exit 1; done

lock:           ## compile requirements.txt from pyproject.toml
	@$(BIN)python tools/lock.py

clean:          ## remove everything that was built or installed
	rm -rf _build build .venv .venv-colab .venv-nbgrader *.egg-info .pytest_cache .ruff_cache
