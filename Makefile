# Every command we type. Only python3 (3.11 or newer) and make are needed beforehand.
PYTHON ?= python3
PORT ?= 8000
export PORT

PY = .venv/bin/python
# Runs a command with the embedded servers, and stops them afterwards unless something else still uses them.
SERVED = $(PY) clinic/localservices.py run --
MAKE_QUIET = $(MAKE) --no-print-directory
COMPILE = .venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --system-certs --quiet --custom-compile-command "make lock"

.PHONY: run setup setup-dev test lint checks style types migrations suite thorough bench contest chaos lock demo-reset

run: setup            ## the clinic on http://127.0.0.1:8000, with a demo
	@$(PY) -m clinic.supervisor

setup:                ## install only
	@$(PYTHON) clinic/bootstrap.py

setup-dev:
	@$(PYTHON) clinic/bootstrap.py --dev

test: setup-dev       ## everything that has to hold
	@$(SERVED) $(MAKE_QUIET) checks
	@$(PYTHON) clinic/bootstrap.py --say-what-was-skipped

lint: setup-dev       ## style and types only
	@$(SERVED) $(MAKE_QUIET) style types

# Side by side: while one worker builds the template of the test databases, the other one waits.
checks: style
	@$(MAKE_QUIET) --jobs=3 types migrations suite

style:
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types:
	$(PY) -m mypy .

migrations:
	$(PY) manage.py makemigrations --check --dry-run

# One more than there are cores for: the tests that kill, race and drive a browser wait for much of theirs.
suite:
	$(PY) -m pytest -n 3 --dist worksteal

thorough: setup-dev   ## the properties, on ten times as many examples
	@$(SERVED) env THOROUGH=10 $(PY) -m pytest -n 2 -m hypothesis

bench: setup-dev      ## speed, beside its targets
	@$(SERVED) $(PY) manage.py bench

contest: setup-dev    ## 10,000 contested bookings, and what came of them
	@$(SERVED) $(PY) manage.py contest

# The addresses lead nowhere: it starts servers of its own, and the clinic's need not be up.
chaos: setup-dev      ## messages while everything around them breaks
	@DATABASE_URL=postgresql:///none REDIS_URL=redis://none.invalid $(PY) manage.py chaos

demo-reset: setup     ## throw the demo clinic away and seed a new one
	@$(PY) clinic/localservices.py reset
	@$(SERVED) $(PY) manage.py prepare

lock: setup-dev       ## choose new versions of all dependencies
	$(COMPILE) --upgrade -o requirements.txt
	$(COMPILE) --upgrade --extra dev -c requirements.txt -o requirements-dev.txt
	PATH="$(CURDIR)/.venv/bin:$$PATH" npm update --package-lock-only --ignore-scripts --no-audit --no-fund \
		--omit-lockfile-registry-resolved
