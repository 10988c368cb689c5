# The same commands for people and for CI. "make demo" and "make test" set everything up by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_DATA := .demo
# Two for each core, at most four: most tests wait, for a process of their own or for a server.
WORKERS := $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) < 2 ? 2 : 4 )))
QUESTION := what did Macron say about the truce

.DEFAULT_GOAL := help

.PHONY: help install demo test quick browser lint types check lock clean

help:
	@echo "make demo     set up, ingest the sample articles, answer a question about them"
	@echo "make test     set up, run every test"
	@echo "make quick    what needs no server, no process of its own, no Chroma and no model: under a minute"
	@echo "make check    lint, types and every test"
	@echo "make lock     resolve the dependencies anew (requirements*.lock)"

install: $(VENV)/installed

$(VENV)/installed: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit("newsdesk needs Python 3.11 or newer; name one: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies into $(VENV) (once; some minutes) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@

demo: install
	@NEWSDESK_DATA_DIR=$(DEMO_DATA) $(BIN)/python ingest.py sample_articles
	@echo
	@echo '$$ python -m bot ask "$(QUESTION)"'
	@echo
	@NEWSDESK_DATA_DIR=$(DEMO_DATA) $(BIN)/python -m bot ask "$(QUESTION)"
	@echo
	@echo "To ask in the browser, on http://127.0.0.1:8080/:"
	@echo "  NEWSDESK_DATA_DIR=$(DEMO_DATA) $(BIN)/python -m web"

test: $(VENV)/installed-dev browser
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

quick: $(VENV)/installed-dev
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m "not slow and not server and not chroma"

# The reading room is looked at in a real Chromium. Where none is and none can be installed, those tests are skipped and say so.
browser:
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	if test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
	  echo "Installing chromium for the tests of the reading room ..."; \
	  apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium >/dev/null && exit 0; \
	fi; \
	echo "THERE IS NO BROWSER: the tests that look at the reading room will be skipped. Install chromium to run them."

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-dev
	$(BIN)/mypy

check: lint types test

# uv leaves out what pyproject.toml's [tool.uv] names; the tests need torch, and pip-tools takes the build that pip does.
lock: $(VENV)/installed-dev
	$(BIN)/pip install --quiet pip-tools uv
	$(BIN)/uv pip compile --quiet --python-version 3.11 --no-emit-index-url --no-emit-find-links --extra model --extra openvino --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --extra dev --extra model --extra models --extra openvino --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	sed -i "s/+cpu$$//" requirements-dev.lock

clean:
	rm -rf $(VENV) $(DEMO_DATA)
