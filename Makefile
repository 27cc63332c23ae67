# Samarkiv: `make help` lists the verbs.
export UV_SYSTEM_CERTS ?= 1
PY := .venv/bin/python
ARGS ?=

.PHONY: help setup setup-demo demo test check test-browser test-engines engines-up engines-down test-compose conformance bench screenshots generate secrets lock

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ------------------------------------------------------------------ set-up
.venv/uv: requirements/uv.txt
	@test -x $(PY) || python3 -m venv .venv
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements/uv.txt
	@touch $@

.venv/demo: .venv/uv requirements/embedded.txt requirements/schemas.txt pyproject.toml
	@echo "Installing Samarkiv in .venv …"
	@.venv/bin/uv pip install -q --require-hashes --no-deps --compile-bytecode -r requirements/embedded.txt --python $(PY)
	@.venv/bin/uv pip install -q --require-hashes --no-deps -r requirements/schemas.txt --python $(PY)
	@.venv/bin/uv pip install -q --no-deps --no-build-isolation --no-index -e . --python $(PY)
	@touch $@

.venv/dev: .venv/uv requirements/dev.txt requirements/schemas.txt pyproject.toml
	@echo "Installing Samarkiv and its test tools in .venv …"
	@.venv/bin/uv pip install -q --require-hashes --no-deps --compile-bytecode -r requirements/dev.txt --python $(PY)
	@.venv/bin/uv pip install -q --require-hashes --no-deps -r requirements/schemas.txt --python $(PY)
	@.venv/bin/uv pip install -q --no-deps --no-build-isolation --no-index -e . --python $(PY)
	@touch $@ .venv/demo

setup: .venv/dev ## an environment in .venv, everything locked

# ------------------------------------------------------------------ run
demo: .venv/demo ## a served archive with demo members and deliveries (ARGS=--exit loads and stops)
	@.venv/bin/samarkiv demo $(ARGS)

# ------------------------------------------------------------------ prove
test: .venv/dev ## all tests that need only Python
	@$(PY) -m pytest -n 2 -q -m "not engines and not browser" $(ARGS)

check: .venv/dev ## lint, types, imports, generated files
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache
	@$(PY) -m docs.generate --check

test-browser: .venv/dev ## the pages in headless Chromium
	@$(PY) -m pytest -q -m browser tests/browser $(ARGS)

engines-up: ## Kafka, OpenSearch, two S3 stores and PostgreSQL on loopback
	@deploy/engines/engines up

engines-down: ## stop them
	@deploy/engines/engines down

test-engines: .venv/dev ## port suites and the flow story on the real engines
	@deploy/engines/engines up
	@eval "$$(deploy/engines/engines env)" && $(PY) -m pytest -q -m engines $(ARGS)

test-compose: .venv/dev ## the compose file on a Docker engine of our own (long; by hand)
	@deploy/engines/engines containers up
	@deploy/engines/engines containers build
	@deploy/engines/engines containers compose up -d --no-build --pull never --wait
	@deploy/engines/engines containers compose down -v
	@deploy/engines/engines containers down

conformance: .venv/dev ## E-ARK, BagIt and OCFL corpora (SAMARKIV_CORPORA)
	@$(PY) -m tests.corpora_report $(ARGS)

bench: .venv/dev ## MANY and LARGE beside their yardsticks
	@$(PY) -m bench $(ARGS)

# ------------------------------------------------------------------ make
generate: .venv/dev ## schemas, AsyncAPI, OpenAPI, reference pages
	@$(PY) -m docs.generate

screenshots: .venv/dev ## the main pages into docs/pictures
	@$(PY) -m docs.screenshots

secrets: ## a .env with fresh secrets for docker compose
	@python3 deploy/secrets.py

lock: .venv/uv ## requirements/*.txt from pyproject.toml
	@sh requirements/lock.sh
