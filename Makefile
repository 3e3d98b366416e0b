# Each target is one line that calls a tool; services/bootstrap.py makes ready what the tool needs.
.PHONY: run test check storm bench lint build plugins rpm bundle clean

run: ; @python3 services/bootstrap.py run && exec .venv/bin/dqmhub run --demo
test: ; @python3 services/bootstrap.py test && .venv/bin/python -m pytest -n 4 --dist worksteal
check: ; @python3 services/bootstrap.py test && .venv/bin/python -m pytest -n 4 --dist worksteal -m 'not slow'
storm: ; @python3 services/bootstrap.py test && .venv/bin/python -m tests.storm
bench: ; @python3 services/bootstrap.py bench && .venv/bin/python -m tests.bench $(BENCH_PARTS) # make bench compare: this part alone
lint: ; @python3 services/bootstrap.py test && .venv/bin/python -m pytest tests/quality
build: ; @python3 services/bootstrap.py build
plugins: ; @python3 services/bootstrap.py build && .venv/bin/python -m render.make_plugins $(DIR) # DIR=folder of plugin sources
rpm: ; @python3 services/bootstrap.py rpm && .venv/bin/python -m services.rpm # into build/rpm
bundle: ; @python3 services/bootstrap.py build && .venv/bin/python -m services.bundle # into build/bundle
clean: ; rm -rf build .venv dqmhub.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache && find . -name __pycache__ -prune -exec rm -rf {} + # var/ keeps your data

ifeq (bench,$(firstword $(MAKECMDGOALS)))
BENCH_PARTS := $(filter-out bench,$(MAKECMDGOALS))
$(BENCH_PARTS): ; @:
endif
