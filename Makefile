# Needs: Python 3.11 or newer, make. `make PYTHON=/path/to/python3.12 ...` picks one; else the best one found is taken.

PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
DEMO_TEXT ?= Hello! I am a photograph, and until a moment ago I had never said a word. \
	Now I can read you anything you like.
export DEMO_TEXT
RUNS ?= 10
# Hundreds of processes start in the tests: none should compile anew what another has compiled.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz setup lint style types format docs bench clean distclean venv system weights

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

demo: setup ## Set up and render demo.mp4 from a photo and a text
	@$(BIN)/python scripts/demo_photo.py out/astronaut.png
	$(BIN)/paksatalker generate --image out/astronaut.png --text "$$DEMO_TEXT" -o demo.mp4

setup: $(VENV)/.installed system weights ## Make .venv, install, fetch the small models

test: $(VENV)/.installed-dev system ## Set up, then lint, type check and run every test
	@$(MAKE) --no-print-directory --jobs=2 lint weights
	-@$(BIN)/paksatalker models download whisper-base # its tests are skipped without it
	$(BIN)/python -m pytest --cov --cov-report=term --numprocesses auto --dist loadfile --no-loadscope-reorder

fuzz: $(VENV)/.installed-dev weights ## Try new random examples of all properties, RUNS times (10)
	@for run in $$(seq $(RUNS)); do HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -q -m hypothesis \
		--numprocesses auto --dist loadfile tests || exit 1; done

lint: style types $(VENV)/.compiled ## Set up, then lint and type check

style: $(VENV)/.installed-dev system
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev system
	$(BIN)/mypy

format: $(VENV)/.installed-dev ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

docs: $(VENV)/.installed ## Write the reference of the command line anew
	$(BIN)/python scripts/make_cli_reference.py

bench: setup ## Measure speed and quality on this machine
	$(BIN)/paksatalker bench

clean: ## Remove what the targets made, except .venv and the models
	rm -rf demo.mp4 demo.srt out build dist .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## Remove .venv too
	rm -rf $(VENV)

venv:
	@sh scripts/make_venv.sh "$(PYTHON)" $(VENV)

# The stamps lie inside the environment: a new environment is installed into anew, and so is one whose needs changed.
$(VENV)/.installed: pyproject.toml | venv
	$(PIP) install --editable '.[demo]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | venv
	$(PIP) install --no-compile --editable '.[demo,dev]'
	@rm -f $(VENV)/.compiled
	@touch $@ $(VENV)/.installed

# Beside the type check, on the other core. Processes that render may not write into the environment: what is not
# compiled here, each of them would compile again. Some packages hold templates that are no Python.
$(VENV)/.compiled: | $(VENV)/.installed-dev
	@$(BIN)/python -m compileall -qq $(VENV)/lib || true
	@touch $@

system: | venv
	@$(BIN)/python -P paksatalker/system.py --install

weights: | $(VENV)/.installed system
	@$(BIN)/paksatalker models download
