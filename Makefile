# Everything a developer runs. Needs Python 3.11 or newer and make; the first target that is run
# makes .venv with all that the project uses.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Nothing outside decides what runs: not another virtual environment, not another settings module.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME DJANGO_SETTINGS_MODULE

BIN := .venv/bin
READY := .venv/installed
SDKS := .sdks/installed
# The first Python that is new enough; `make PYTHON=/path/to/python` takes another one.
PYTHON ?= $(shell for name in python3.11 python3 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$name && break; done)

# Tests run side by side, each worker on servers of its own; 0 runs them one after the other.
WORKERS ?= auto
TEMPLATES := find templates -name '*.html' -print0 | xargs -0r
# What `check --deploy` is run with: nothing but what production must set.
PRODUCTION := env -i PATH="$$PATH" HOME="$$HOME" \
	SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
	JWT_SIGNING_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
	ALLOWED_HOSTS=portfolio.example SITE_URL=https://portfolio.example \
	MONGODB_URI=mongodb://127.0.0.1:1/?replicaSet=livefolio REDIS_URL=redis://127.0.0.1:1/0

.PHONY: help
help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: demo
demo: $(READY) ## run the whole platform with a demo account (PORT=8000)
	@$(BIN)/python manage.py demo

.PHONY: servers
servers: $(READY) ## run only MongoDB and Redis, and print where
	@$(BIN)/python manage.py servers

.PHONY: test
test: $(READY) assets ## run the tests (ONLY=tests/portfolios to choose, WORKERS=4 side by side)
	$(BIN)/python -m pytest -q --numprocesses $(WORKERS) --dist loadgroup $(ONLY)

.PHONY: sdks
sdks: $(SDKS) ## install the brokers' official libraries, which tests hold the sandbox against

.PHONY: check
check: gate test ## all that CI runs

.PHONY: gate
gate: format-check lint types imports deploy-check openapi-check ## all of it but the tests

.PHONY: format
format: $(READY) ## rewrite code and templates in house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(TEMPLATES) $(BIN)/djade --target-version 5.2

.PHONY: format-check
format-check: $(READY)
	$(BIN)/ruff format --check .
	$(TEMPLATES) $(BIN)/djade --check --target-version 5.2

.PHONY: lint
lint: $(READY) ## look for mistakes in code, templates and dependencies
	$(BIN)/ruff check .
	$(BIN)/deptry .
	$(TEMPLATES) $(BIN)/djlint --lint --quiet --profile django

.PHONY: types
types: $(READY) ## check the types
	$(BIN)/mypy .

.PHONY: imports
imports: $(READY) ## check that the layers keep their order
	$(BIN)/lint-imports

.PHONY: deploy-check
deploy-check: $(READY) assets ## check the settings as production has them
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

.PHONY: openapi
openapi: $(READY) ## write the API's description to docs/openapi.yaml
	$(PRODUCTION) $(BIN)/python manage.py spectacular --validate --fail-on-warn \
		--file docs/openapi.yaml

.PHONY: openapi-check
openapi-check: $(READY)
	@$(PRODUCTION) $(BIN)/python manage.py spectacular --validate --fail-on-warn \
		| diff -u docs/openapi.yaml - \
		|| { echo "The API changed: run make openapi, and look at what changed."; exit 1; }

.PHONY: bench
bench: $(READY) ## measure (ONLY=name to choose) and compare with the budgets
	$(BIN)/python -m benchmarks $(ONLY)

.PHONY: assets
assets: $(READY) ## build styles and scripts, if their sources changed
	@$(BIN)/python manage.py build_frontend

# `--upgrade` only on demand: make lock UPGRADE=--upgrade, or UPGRADE="-P django".
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" $(UPGRADE)
COMPILE = $(LOCK) pyproject.toml

.PHONY: lock
lock: $(READY) ## write the exact versions that pyproject.toml leads to
	$(COMPILE) --group embedded --group dev --group test --group bench --output-file requirements/dev.txt
	$(COMPILE) --constraints requirements/dev.txt --output-file requirements/runtime.txt
	$(LOCK) --group pyproject.toml:sdks --output-file requirements/sdks.txt
	grep -A1000 '^uv==' requirements/dev.txt | sed '/^ *# via/,$$d' > requirements/uv.txt

.PHONY: clean
clean: ## remove what was built; the demo's data stays
	rm -rf .venv .sdks node_modules static/dist static/collected
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# uv installs in seconds what pip takes a minute for; where it can't reach the packages (it doesn't
# read pip's configuration), pip does it.
$(READY): requirements/dev.txt requirements/uv.txt
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or newer is needed: install it first."; exit 1; fi
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@echo "Installing the packages of requirements/dev.txt into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		-r requirements/uv.txt \
		&& $(BIN)/uv pip install --quiet --no-deps --require-hashes -r requirements/dev.txt \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
			--require-hashes -r requirements/dev.txt
	@touch $@

$(SDKS): requirements/sdks.txt | $(READY)
	@$(PYTHON) -m venv --clear .sdks
	@echo "Installing the brokers' official libraries into .sdks"
	@$(BIN)/uv pip install --quiet --python .sdks --no-deps --require-hashes -r $< \
		|| .sdks/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
			--require-hashes -r $<
	@touch $@
