# Everything runs from .venv, which `make install` builds from requirements-dev.lock and nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.DEFAULT_GOAL := help

.PHONY: help
help: ## List what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Usher needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=…" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e . # setuptools warns of every editable install
	@touch $@

.PHONY: install
install: $(STAMP) ## Install Usher and what its tests need into .venv

.PHONY: demo
demo: install ## Play the main story on a sandbox forge (ARGS="--once" ends after it)
	@$(BIN)/usher demo $(ARGS)

.PHONY: browser
browser: install ## Find or install a Chromium for the browser tests
	@$(BIN)/python -m tools.browser

.PHONY: test
test: install browser ## Run every test
	@$(BIN)/python -m pytest -q -n auto --dist loadfile $(ARGS)

.PHONY: test-fast
test-fast: install ## Run the inner loop: policies and the main stories of handlers
	@$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not slow" tests/policies tests/handlers $(ARGS)

.PHONY: check
check: install ## Lint, format, type, workflow and vulnerability checks, as CI runs them
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/zizmor --quiet --offline --no-progress .github
	@$(BIN)/python -m tools.audit

.PHONY: audit
audit: install ## Look for known vulnerabilities in what Usher installs
	@$(BIN)/python -m tools.audit

.PHONY: sbom
sbom: install ## Write what Usher consists of to dist/usher.cdx.json (CycloneDX)
	@mkdir -p dist
	@$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible -o dist/usher.cdx.json requirements.lock
	@echo "dist/usher.cdx.json"

.PHONY: fix
fix: install ## Format and mend what can be mended by itself
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: bench
bench: install ## Run every benchmark; each prints ratios against a named peer or limit
	@for each in benchmarks/*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

.PHONY: simulate
simulate: install ## Play a week of thirty people and sixty changes, and judge every reminder (ARGS="7": another seed)
	@$(BIN)/python -m tools.simulate_week $(ARGS)

.PHONY: chaos
chaos: install ## Kill, lose, double and shuffle, then compare the ledgers (ARGS="--run C --seed 7"; RUN=hostile: bent deliveries)
	@$(BIN)/python -m tests.chaos.$(or $(RUN),run) $(ARGS)

.PHONY: docs
docs: install ## Write the pages of docs/ that are generated from the code
	@$(BIN)/python -m tools.write_docs

.PHONY: site
site: install ## Build the documents as a site in build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

.PHONY: lock
lock: ## Write the lock files anew (needs uv)
	@uv pip compile pyproject.toml --generate-hashes --universal --no-emit-index-url --no-annotate --no-header --python-version 3.11 --quiet -o requirements.lock
	@uv pip compile pyproject.toml --group dev --generate-hashes --universal --no-emit-index-url --no-annotate --no-header --python-version 3.11 --quiet -c requirements.lock -o requirements-dev.lock
	@$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' | uv pip compile - --generate-hashes --universal --no-emit-index-url --no-annotate --no-header --python-version 3.11 --quiet -c requirements-dev.lock -o requirements-build.lock
