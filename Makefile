# make demo   compare the agents on the twin, in a minute and a half
# make test   style, types, layers, tests
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test clean

demo: $(READY)
	$(BIN)/tansaki benchmark --preset quick

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

$(READY): pyproject.toml constraints.txt
	@echo "Building $(VENV): a few minutes, once."
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "tansaki needs Python 3.11 or newer; python3 is older."; exit 2; }
	@python3 -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "python3 cannot make virtual environments (Debian: package python3-venv)."; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
