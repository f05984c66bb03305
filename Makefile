# Every target starts from nothing: a machine with python3 (3.11 or newer), python3-venv and make.
.DEFAULT_GOAL := run
.DELETE_ON_ERROR:
.PHONY: run test check gates bench lock clean

PYTHON := .venv/bin/python
PO := $(wildcard portal/translations/*/LC_MESSAGES/*.po)
MO := $(PO:.po=.mo)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

# The portal with demo data on http://localhost:$PORT; data, keys and logs in $DATA. Installs no more than that needs.
run: .venv/.run $(MO)
	@$(PYTHON) -m portal.dev

# Everything that proves the portal, the browser tests included.
test: gates $(MO)
	@echo "==> Looking for Chromium and libcurl"
	@chromium="$$($(PYTHON) -m portal.dev.prerequisites --browser)" \
		&& echo "==> Running all tests (browser: $$chromium)" \
		&& CHROMIUM="$$chromium" $(PYTHON) -m pytest -n 2

# Of the tests the cheapest: rules that need no store, and from every context what people do there most.
QUICK := tests/shared tests/test_cli.py tests/test_collections.py tests/test_config.py tests/test_house.py \
	tests/test_migrations.py tests/test_templates.py tests/audit/test_chain.py tests/audit/test_recording.py \
	tests/auth/test_sessions.py tests/auth/test_written_sessions.py tests/credit_scores/test_policy.py \
	tests/credit_scores/test_deciding.py tests/kyc/test_nik.py tests/kyc/test_verifying.py tests/kyc/test_rejecting.py \
	tests/loans/test_deciding.py tests/loans/test_schedule.py tests/loans/test_submitting.py \
	tests/notifications/test_eligibility.py tests/notifications/test_harmless.py tests/notifications/test_writing.py \
	tests/risk_levels/test_taking_in.py tests/users tests/web/test_headers.py tests/web/test_request_ids.py

# What to run before every commit: a minute, no browser.
check: gates $(MO)
	@echo "==> Fast tests"
	@$(PYTHON) -m portal.dev.prerequisites
	@$(PYTHON) -m pytest -n 2 -m "not slow" $(QUICK)

# What must hold before a test is worth its time.
gates: .venv/.dev
	@echo "==> Format"
	@$(PYTHON) -m ruff format --check . || { echo "To mend: .venv/bin/ruff format ."; exit 1; }
	@echo "==> Lint"
	@$(PYTHON) -m ruff check . || { echo "To mend what can be mended by itself: .venv/bin/ruff check --fix ."; exit 1; }
	@echo "==> Types"
	@$(PYTHON) -m mypy portal
	@echo "==> Import contracts"
	@.venv/bin/lint-imports --no-logo || { echo "To mend: import as docs/ and pyproject.toml say."; exit 1; }
	@echo "==> Templates"
	@$(PYTHON) -m djlint templates --lint --quiet
	@echo "==> Translations"
	@$(PYTHON) -m pytest --quiet --noconftest tests/test_translations.py \
		|| { echo "To mend: say it in portal/translations/*/LC_MESSAGES/messages.po as well."; exit 1; }
	@echo "==> Sizes"
	@$(PYTHON) -m bench.sizes

# The measurements at full size.
bench: .venv/.dev $(MO)
	@$(PYTHON) -m portal.dev.prerequisites
	@$(PYTHON) -m bench.startup
	@$(PYTHON) -m bench

# The pins, from pyproject.toml: versions and hashes, never a host. Keeps what is pinned; delete a file to renew it.
lock: .venv/.run
	@echo "==> Pinning what pyproject.toml asks for"
	@$(PYTHON) -m pip install --quiet uv
	@$(call pin,requirements-dev.txt,--extra dev)
	@$(call pin,requirements-run.txt,--extra embedded --constraint requirements-dev.txt)
	@$(call pin,requirements.txt,--constraint requirements-dev.txt)
	@! grep -n '://' requirements*.txt || { echo "The pins must not name a host."; exit 1; }

pin = $(PYTHON) -m uv pip compile pyproject.toml --output-file $(1) $(2) --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url

clean:
	@echo "==> Removing .venv, caches and compiled translations (the data in var/ stay)"
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache $(MO)
	@find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

.venv/bin/python:
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "The portal needs python3, 3.11 or newer: apt-get install python3 python3-venv"; exit 1; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "Python's venv is missing: apt-get install python3-venv"; exit 1; }
	@python3 -m venv --clear .venv

.venv/.run: size := 400 MB, a minute
.venv/.dev: size := 600 MB more, two minutes
.venv/.dev: .venv/.run
.venv/.run .venv/.dev: .venv/.%: requirements-%.txt | .venv/bin/python
	@echo "==> Installing the packages of $< into .venv ($(size), only once)"
	@$(PYTHON) -m pip install --require-hashes -r $< \
		|| { echo "Packages are missing, see above: check the network (or pip's own settings) and run it again."; exit 1; }
	@touch $@

%.mo: %.po | .venv/.run
	@echo "==> Compiling $<"
	@.venv/bin/pybabel --quiet compile --input-file $< --output-file $@
