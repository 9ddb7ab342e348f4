# Everything a fresh machine needs: Python 3.11 and make.
PYTHON ?= python3.11
UV_VERSION = 0.13.9
BIN = .venv/bin
READY = .venv/.ready

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-uv.lock
	@$(BIN)/uv pip sync --quiet --require-hashes requirements.lock requirements-uv.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

install: $(READY) ## Make .venv from the lock file, with `payments` in .venv/bin

run: install ## Start Postgres, the Stripe sandbox, the service and its worker; Ctrl-C stops all
	@$(BIN)/payments run

browser: install ## Install Chromium for the browser tests, unless there is one
	@sh tests/journeys/pages/install_chromium.sh $(BIN)/python

pictures: browser ## Take the pictures in docs/images anew
	@PAYMENTS_PICTURES=docs/images $(BIN)/python -m pytest tests/journeys/pages/test_every_page.py

test: browser ## Run all tests
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

check: install ## Format, lint, types, import contracts, ASCII and LF
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@$(BIN)/python -m pytest tests/architecture

fuzz: install ## Throw 20,000 hostile deliveries at the webhook door; FUZZ="--cases N --seed S" for others
	@cd tests && ../$(BIN)/python -m door.fuzz $(FUZZ)

format: install ## Format the code and sort its imports
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

reliability: install ## Show at length what the faults do, and write docs/reliability.md (SEEDS= POINTS= PAYMENTS= DELIVERIES= BURST=)
	@$(BIN)/python tests/reliability.py

bench: install ## Measure the service beside what it is compared with (bench/README.md); BENCH="--rounds 5 --paths webhook"
	@$(BIN)/python -m bench --memory --images docs/images $(BENCH)

bench-check: install ## Measure in short, and fail where a bound of bench/bounds.toml is passed; BENCH="--paths access --once start"
	@$(BIN)/python -m bench --check --short --memory --rounds 3 --seconds 1.5 --connections 8,32 $(BENCH)

bench-growth: install ## Measure what the questions of the service cost as payments grow; BENCH="--payments 10000,10000000"
	@$(BIN)/python -m bench.growth --picture docs/images/growth.svg $(BENCH)

demo: install ## Take one payment for each user type through the whole path
	@$(BIN)/payments demo

migrate: install ## Bring the database of DATABASE_URL to the newest schema
	@$(BIN)/payments migrate

sql: install ## Compile the queries on the declared tables into statements.sql, and keep them for the next version
	@$(BIN)/python -m adapters.postgres.queries
	@cd tests && ../$(BIN)/python -m contract.earlier_statements

messages: install ## Bring the catalogues of translations to what the sources say
	@$(BIN)/python -m adapters.wording.extract

lock: install ## Pin the newest versions that pyproject.toml allows
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--all-extras pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		-c requirements.lock pyproject.toml -o requirements-run.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		-c requirements.lock --extra traces --extra sentry pyproject.toml -o requirements-observed.lock

clean: ## Remove the environment, caches and local data
	@rm -rf .venv .local .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.PHONY: help install run browser pictures reliability test check fuzz bench bench-check bench-growth format demo migrate sql messages lock clean
.DEFAULT_GOAL := help
