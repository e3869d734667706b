# What can be done here; every target sets up what it needs. `make` alone lists them.
PYTHON ?= python3
VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"$$/\1/p' benison/__init__.py)
BIN := .venv/bin

# What the shell says of other projects' Pythons is not meant for this one. Without bytecode every process that a test
# starts compiles the whole project anew.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup serve-setup run test test-containers slow long signing-peer kfp-versions test-current test-tfx test-tfx-here check style types layers budget leaks freshness compile docs locks images whole-image train-gpu-image image-sizes sbom audit base-image bench bench-statistics bench-training bench-evaluator bench-registry bench-serving bench-drift bench-triggers demo-rollout demo-loop stress false-alarms guardrails faults engines drift-power clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: ## make .venv with the lock that fits this machine; done already where nothing changed
	@$(PYTHON) requirements/setup_environment.py

run: setup ## the example project: span 1 makes the first champion, span 2 a challenger
	@$(BIN)/benison run examples/census --span 1 --span 2

demo-rollout: serve-setup ## a bad and a good challenger on their way to live traffic; under three minutes
	@$(BIN)/python examples/rollout/demo.py

demo-loop: serve-setup ## others come: alert, run, rollout, recovery; a feed breaks: a message, and nothing goes through; minutes
	@$(BIN)/python examples/loop/demo.py

serve-setup: setup ## what `benison serve` runs in: .serve, unless .venv has kserve already
	@$(BIN)/python -c "import sys, importlib.util as u; sys.exit(not u.find_spec('kserve'))" || $(MAKE) --no-print-directory .serve/done

.serve/done: requirements/serve-older.txt
	@echo "Setting up .serve from requirements/serve-older.txt; this is done once"
	@$(UV) venv --quiet --clear --no-python-downloads --python $(BIN)/python .serve
	@UV_INDEX_STRATEGY=unsafe-best-match $(UV) pip sync --quiet --python .serve/bin/python --require-hashes --compile-bytecode requirements/serve-older.txt
	@$(UV) pip install --quiet --python .serve/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

test: setup serve-setup ## the tests; make test ARGS="-k gate"
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow and not long and not containers and not tfx" $(ARGS)

check: style types layers budget leaks freshness ## lint, types, layers, sizes, secrets, and that what is generated is fresh

style: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup
	@$(BIN)/mypy
	@$(BIN)/mypy requirements/setup_environment.py checks containers/image_sizes.py containers/compile_release.py containers/upload_template.py benchmarks/tfx_round/compare.py
	@$(BIN)/mypy benchmarks/statistics/compare.py
	@$(BIN)/mypy benchmarks/trainer/compare.py benchmarks/kill_training.py
	@$(BIN)/mypy benchmarks/evaluator/compare.py
	@$(BIN)/mypy benchmarks/registry/long_log.py benchmarks/registry/large_packages.py
	@$(BIN)/mypy benchmarks/serving/compare.py benchmarks/serving/callers.py
	@$(BIN)/mypy benchmarks/faults/server.py benchmarks/faults/rollback.py
	@$(BIN)/mypy benchmarks/triggers/month.py
	@$(BIN)/mypy benchmarks/real_drift/compare.py benchmarks/real_drift/own_side.py

layers: setup
	@$(BIN)/lint-imports --no-logo

budget: setup
	@$(BIN)/python -m checks.size_budget

leaks: setup
	@$(BIN)/python -m checks.leaks

freshness: setup
	@$(BIN)/python -m checks.contracts
	@$(BIN)/python -m checks.compiled

compile: setup ## write pipelines/compiled/ anew
	@$(BIN)/python -m checks.compiled --write

docs: setup ## write the component tables in the READMEs anew
	@$(BIN)/python -m checks.contracts --write

UV = $(shell command -v uv || echo $(CURDIR)/.uv/uv)
LOCK = $(UV) pip compile --override overrides.txt --generate-hashes --no-annotate --no-header --quiet
LOCK_IMAGE = $(UV) pip compile --generate-hashes --no-annotate --no-header --quiet \
  --python-version 3.13 --python-platform x86_64-manylinux_2_39 -c image.txt
locks: setup ## pin anew what the ranges ask for; make locks UPGRADE=--upgrade takes newer versions
	cd requirements && $(LOCK) $(UPGRADE) --python-version 3.11 --python-platform x86_64-manylinux_2_28 older.in dev.in -o older.txt
	cd requirements && $(LOCK) $(UPGRADE) --universal --python-version 3.12 current.in serve.in dev.in -o current.txt
	cd requirements && $(LOCK) --python-version 3.13 --python-platform x86_64-manylinux_2_39 -c current.txt current.in serve.in -o image.txt
	cd requirements && $(LOCK) $(UPGRADE) --python-version 3.11 --python-platform x86_64-manylinux_2_28 serve-older.in -o serve-older.txt
	cd requirements && for GROUP in deliver tensorflow data train evaluate serve; do \
	  $(LOCK_IMAGE) --override image-overrides.txt image-$$GROUP.in -o image-$$GROUP.txt || exit 1; done
	cd requirements && $(LOCK_IMAGE) --override overrides.txt image-train-gpu.in -o image-train-gpu.txt
	cd requirements && $(LOCK_IMAGE) --no-deps image-kfp.in -o image-kfp.txt
	cd requirements && $(LOCK) --universal --python-version 3.11 -c current.txt build.in -o build.txt
	cd requirements && $(LOCK) $(UPGRADE) uv.in -o uv.txt
	cd requirements && $(LOCK) $(UPGRADE) --universal --python-version 3.11 supply.in -o supply.txt
	cd requirements && $(LOCK) $(UPGRADE) --python-version 3.13 --python-platform x86_64-manylinux_2_39 bench-tfx.in -o bench-tfx.txt
	cd requirements && $(LOCK) $(UPGRADE) --python-version 3.13 --python-platform x86_64-manylinux_2_39 tfx.in current.in dev.in -o tfx.txt
	cd requirements && $(LOCK) --no-deps --python-version 3.11 bench-evaluator.in -o bench-evaluator.txt
	cd requirements && $(LOCK) --universal --python-version 3.11 -c older.txt kfp-docker.in -o kfp-docker.txt
	cd requirements && $(LOCK) --python-version 3.11 --python-platform x86_64-manylinux_2_28 bench-drift.in -o bench-drift.txt
	cd requirements && $(LOCK) --python-version 3.11 --python-platform x86_64-manylinux_2_28 bench-signing.in -o bench-signing.txt
	cd requirements && for KFP in oldest newest; do $(LOCK) --universal --python-version 3.11 kfp-$$KFP.in -o kfp-$$KFP.txt; done

# The host's network and certificates reach the build where a proxy stands between it and the package index; only the
# build stage sees them.
BASE ?= $(shell docker image inspect --format benison-base:trixie benison-base:trixie 2>/dev/null || echo python:3.13-slim-trixie)
COMMIT = $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
CERTIFICATES = cp "$${SSL_CERT_FILE:-/dev/null}" .ca-bundle.crt; trap 'rm -f .ca-bundle.crt' EXIT
LABEL = --label org.opencontainers.image
BUILD = docker build $(if $(SSL_CERT_FILE),--network=host) --build-arg BASE=$(BASE) $(LABEL).title=Benison \
  $(LABEL).version=$(VERSION) $(LABEL).revision=$(COMMIT) $(LABEL).licenses=Apache-2.0
# The largest last: what it shares is built with the first.
GROUPS = deliver data train evaluate serve
images: ## build the images of the components, one for each group; make images GROUPS=deliver
	@$(CERTIFICATES); for GROUP in $(GROUPS); do $(BUILD) --target $$GROUP --tag benison-$$GROUP:$(VERSION) . || exit 1; done

train-gpu-image: ## the trainer's image with CUDA's libraries: some 7 GB
	@$(CERTIFICATES); $(BUILD) --target train-gpu --tag benison-train-gpu:$(VERSION) .

image-sizes: ## the sizes of the images in Markdown, what they share counted once
	@$(PYTHON) containers/image_sizes.py $(GROUPS:%=benison-%:$(VERSION))

whole-image: ## one image with everything, in which the command line runs too
	@$(CERTIFICATES); $(BUILD) --file containers/whole.Dockerfile --tag benison:$(VERSION) .

SUPPLY = .supply
$(SUPPLY)/done: requirements/supply.txt | setup
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes --no-deps --target $(SUPPLY) -r requirements/supply.txt
	@touch $@

sbom: $(SUPPLY)/done ## bills of materials of the images, CycloneDX in build/sbom/
	@PYTHONPATH=$(SUPPLY) $(BIN)/python containers/sbom.py --out build/sbom $(GROUPS:%=benison-%:$(VERSION))

audit: $(SUPPLY)/done ## known vulnerabilities of what the images' locks pin; needs a network
	@PYTHONPATH=$(SUPPLY) $(BIN)/python -m checks.audit requirements/older.txt requirements/current.txt $(GROUPS:%=requirements/image-%.txt)

base-image: ## make a base image from Debian's packages, for machines that reach no image registry
	@containers/base_image.sh trixie benison-base:trixie

test-current: ## the example project and the tests on the current stack, in a fresh container
	@containers/fresh_machine.sh $(BASE) run test

test-tfx: ## our components in TFX's own pipelines, in a fresh container on the current stack
	@containers/fresh_machine.sh $(BASE) test-tfx-here

# TFX is in no other lock, so an environment of its own.
test-tfx-here:
	@cd requirements && $(PYTHON) -c "import setup_environment as own; own.adopt_pip_settings(); own.uv()"
	@$(UV) venv --quiet --no-python-downloads --python "$$(command -v $(PYTHON))" .tfx
	@$(UV) pip sync --quiet --python .tfx/bin/python --require-hashes --build-constraints requirements/build.txt requirements/tfx.txt
	@TF_USE_LEGACY_KERAS=1 PYTHONPATH=benchmarks/tfx_round/tfx_side .tfx/bin/python -m pytest -W ignore -m tfx tests/tfx $(ARGS)

ROUNDS ?= 3
bench: whole-image ## one round on taxi data beside TFX's, both in containers; make bench ROUNDS=5
	@$(CERTIFICATES); $(BUILD) --file containers/whole.Dockerfile --build-arg LOCK=bench-tfx.txt --tag benison-bench-tfx:1.21.0 .
	@$(PYTHON) benchmarks/tfx_round/compare.py --rounds $(ROUNDS) --benison benison:$(VERSION) --tfx benison-bench-tfx:1.21.0

bench-statistics: setup ## statistics of a million rows beside TFDV's own ways, time and memory; minutes
	@$(BIN)/python benchmarks/statistics/compare.py $(ARGS)

bench-training: setup ## rows a second of a training beside model.fit and a TFRecord pipeline; minutes
	@$(BIN)/python benchmarks/trainer/compare.py $(ARGS)

bench-evaluator: setup ## metrics by slice beside TFMA, fairlearn and scikit-learn; minutes
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes --no-deps --target .bench/evaluator -r requirements/bench-evaluator.txt
	@$(BIN)/python benchmarks/evaluator/compare.py $(ARGS)

false-alarms: setup ## how often data that did not change are called changed: the tables of docs/validation.md
	@$(BIN)/python benchmarks/false_alarms.py drift
	@$(BIN)/python benchmarks/false_alarms.py history

guardrails: setup ## false rollbacks and harm found, beside other controllers' rules; make guardrails ARGS=--whole is the table of the docs
	@$(BIN)/python -m benchmarks.guardrails.tables $(ARGS)

faults: setup serve-setup ## faults around the champion, and how long a bad challenger keeps its traffic; half an hour
	@$(BIN)/python -W ignore -m benchmarks.faults.server
	@$(BIN)/python -m benchmarks.faults.rollback $(ARGS)

EVIDENTLY ?= /tmp/evidently
drift-power: setup ## how often drift is found, beside Evidently and TFDV; see benchmarks/drift_power/README.md
	@cd benchmarks/drift_power && ../../$(BIN)/python own_side.py > $(EVIDENTLY)/own.jsonl 2> $(EVIDENTLY)/own.log
	@cd benchmarks/drift_power && $(EVIDENTLY)/bin/python evidently_side.py > $(EVIDENTLY)/evidently.jsonl
	@$(BIN)/python benchmarks/drift_power/tables.py $(EVIDENTLY)/own.jsonl $(EVIDENTLY)/evidently.jsonl

kfp-versions: setup ## what is compiled, with the oldest and the newest KFP: the same bytes, held to each one's protos
	@for KFP in oldest newest; do \
	  $(UV) pip install --quiet --python $(BIN)/python --require-hashes --target .kfp/$$KFP -r requirements/kfp-$$KFP.txt \
	  && PYTHONPATH=.kfp/$$KFP $(BIN)/python -c "import kfp; print('KFP', kfp.__version__)" \
	  && PYTHONPATH=$(CURDIR)/.kfp/$$KFP $(BIN)/python -m pytest -q tests/compile tests/lint tests/checks/test_compiled.py || exit 1; \
	done

slow: setup serve-setup signing-peer ## the tests that take longer
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m slow $(ARGS) || [ $$? -eq 5 ] # 5: there are none

signing-peer: setup .bench/signing-peer/done ## OpenSSF's own signer, which signatures are held to by slow tests

.bench/signing-peer/done: requirements/bench-signing.txt
	@$(UV) venv --quiet --clear --no-python-downloads --python $(BIN)/python .bench/signing-peer
	@UV_INDEX_STRATEGY=unsafe-best-match $(UV) pip sync --quiet --python .bench/signing-peer/bin/python --require-hashes requirements/bench-signing.txt
	@touch $@

long: setup serve-setup ## the tests that take many minutes: whole rollouts with real servers, controllers killed everywhere
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m long $(ARGS)

.kfp/docker/done: requirements/kfp-docker.txt | setup
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes --no-deps --target .kfp/docker -r $<
	@touch $@

test-containers: setup .kfp/docker/done ## the tests that run tasks in the images, by Docker
	@$(BIN)/python -m pytest -m containers $(ARGS)

stress: setup ## the registry: 16 writers at once, writers killed everywhere; make stress ARGS="--rounds 1000 --kills 600" is the whole
	@$(BIN)/python -m benchmarks.registry.stress $(ARGS)

bench-registry: setup ## the registry: opening a log of 100,000 entries, changes, large packages; minutes
	@$(BIN)/python benchmarks/registry/long_log.py
	@$(BIN)/python benchmarks/registry/large_packages.py $(ARGS)

engines: setup ## one pipeline by every engine: verdicts and digests; ARGS="--engines local kubeflow vertex" does without images
	@$(BIN)/python -W ignore -m benchmarks.engines.table $(ARGS)

bench-serving: setup serve-setup ## requests/s and latencies of the model server beside KServe's plain one; minutes
	@$(BIN)/python -W ignore -m benchmarks.serving.compare $(ARGS)

FETCH = .bench/drift-peers/bin/python -m pip download --quiet --no-deps --require-hashes -d .bench/drift-data
bench-drift: setup ## drift in public data by month beside Evidently and NannyML, against what a fixed model's quality did; half an hour
	@$(UV) venv --quiet --allow-existing --no-python-downloads --python $(BIN)/python .bench/drift-peers
	@$(UV) pip sync --quiet --python .bench/drift-peers/bin/python --require-hashes requirements/bench-drift.txt
	@rm -rf .bench/drift-data && $(FETCH) --only-binary scikit-multiflow --python-version 36 --implementation cp --abi cp36m \
	  --platform manylinux1_x86_64 -r requirements/bench-drift-wheels.txt
	@$(FETCH) --no-build-isolation -r requirements/bench-drift-sources.txt
	@$(BIN)/python -W ignore benchmarks/real_drift/compare.py $(ARGS)

bench-triggers: setup ## a month of twenty models' triggers, then the same under SIGKILL; make bench-triggers ARGS="--days 3"
	@$(BIN)/python -m benchmarks.triggers.month --jobs 2 $(ARGS)
	@$(BIN)/python -m benchmarks.triggers.month --days 1 --kills 60

clean: ## remove what was set up, built or cached; runs and registries stay
	rm -rf .venv .uv .bench .kfp .tfx .serve .supply build dist *.egg-info .mypy_cache .ruff_cache .hypothesis .import_linter_cache
