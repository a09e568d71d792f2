# make demo and make test need nothing but Python 3.11 or later.
PYTHON ?= python3
BIN = .venv/bin
DEMO = demo
RESTORED = demo-restoration
# A file of tests to each core, on at most four: each process takes memory.
PYTEST = $(BIN)/python -m pytest -n logical --maxprocesses=4 --dist=loadfile

# Of PyTorch one version, so that its tests stay the same.
TORCH ?= 2.13.0

.PHONY: demo demo-restoration tables docs test test-all test-torch \
    test-napari test-faults test-runtimes mutate lint format clean

# Trains SANet on scikit-learn's digits, then classifies image files.
demo: .venv/installed
	$(BIN)/python experiments/imagenet.py --network=sanet \
	    --flagfile=demo --output=$(DEMO)
	$(BIN)/python experiments/demo.py --model=$(DEMO)/saved_model \
	    --output=$(DEMO)/images
	$(BIN)/sanet predict --model=$(DEMO)/saved_model \
	    --top=2 $(DEMO)/images/digit-00[0-2]*.png

# Trains a U-Net with SAO on simulated volumes, then restores a TIFF stack.
demo-restoration: .venv/installed
	$(BIN)/python experiments/restoration.py --output=$(RESTORED)/run \
	    --flagfile=demo-restoration
	$(BIN)/python experiments/simulate.py --output=$(RESTORED)/stacks
	$(BIN)/sanet restore --model=$(RESTORED)/run/model --preview \
	    --overwrite --output=$(RESTORED)/restored $(RESTORED)/stacks/low

# results/TABLES.md from the networks and the committed records; trains nothing.
tables: .venv/installed
	$(BIN)/python profiling/count_models.py --output=results/profiling
	$(BIN)/python experiments/make_tables.py

# The documentation, into build/site; once installed, without the network.
docs: .venv/docs-installed
	$(BIN)/python docs/figures.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict \
	    --config-file docs/mkdocs.yml
	@echo "wrote build/site/index.html"

# Without what takes long; of what runs on JAX the operators.
test: .venv/installed
	$(PYTEST) -m "not slow"
	KERAS_BACKEND=jax $(PYTEST) -m "not slow" tests/layers

# Operators, networks and training run on JAX too.
test-all: .venv/installed
	$(PYTEST)
	KERAS_BACKEND=jax $(PYTEST) tests/layers tests/models tests/profiler \
	    tests/training/test_feeds.py tests/training/test_training*.py \
	    tests/data/test_augmentation.py

# Operators and training on PyTorch, which is installed for it without
# TensorFlow: up to some gigabytes.
test-torch: .venv-torch/installed
	KERAS_BACKEND=torch $(PYTEST:.venv/%=.venv-torch/%) tests/layers \
	    tests/training/test_feeds.py tests/training/test_training*.py

# The napari plugin in a real viewer. Needs Xvfb (Debian: xvfb, libegl1,
# libxcb-cursor0) and installs napari: up to a gigabyte.
test-napari: .venv-napari/installed
	xvfb-run --auto-servernum .venv-napari/bin/python -m pytest -q \
	    tests/napari_plugin/test_widget.py

# All faults, of which the tests make a few; one after the other.
test-faults: .venv/installed
	$(BIN)/python -m pytest tests/faults --full --report=results/reliability.md

# Exported files in the oldest runtimes that pyproject.toml admits.
test-runtimes: .venv/installed .venv-oldest/installed
	$(BIN)/python -m pytest tests/export/test_runtimes.py \
	    --oldest=.venv-oldest/bin/python

# Changes of a file that its tests do not notice, in a clone of what is committed;
# SAMPLE: how many changes, at random; TIMEOUT: seconds of the tests of one, which
# may never end.
#   make mutate FILE=sanet_tf/utils/intervals.py TESTS=tests/utils SAMPLE=30
MUTANTS = build/mutate/$(subst /,-,$(FILE))
SAMPLE ?= 1000000
TIMEOUT ?= 600
mutate: .venv/mutate-installed
	@test "$(FILE)" -a "$(TESTS)" || { echo "expected FILE= and TESTS="; exit 1; }
	rm -rf $(MUTANTS)
	git clone --quiet . $(MUTANTS)
	printf '%s\n' '[cosmic-ray]' 'module-path = "$(FILE)"' 'timeout = $(TIMEOUT)' \
	    'test-command = "$(CURDIR)/$(BIN)/python -m pytest -qx $(TESTS)"' \
	    '[cosmic-ray.distributor]' 'name = "local"' \
	    '[cosmic-ray.filters.operators-filter]' \
	    'exclude-operators = ["core/ReplaceBinaryOperator_BitOr_.*"]' \
	    > $(MUTANTS)/mutate.toml
	cd $(MUTANTS) && PATH="$(CURDIR)/$(BIN):$$PATH" && \
	    export PYTHONPATH="$$PWD" && \
	    cosmic-ray init mutate.toml mutate.sqlite && \
	    cr-filter-operators mutate.sqlite mutate.toml && \
	    python tests/mutants.py sample mutate.sqlite $(SAMPLE) && \
	    cosmic-ray baseline mutate.toml && \
	    cosmic-ray exec mutate.toml mutate.sqlite && \
	    cr-report --surviving-only --show-diff mutate.sqlite | \
	        sed '/^total jobs:/d; /^complete:/d; /^surviving mutants:/d' && \
	    python tests/mutants.py score mutate.sqlite

lint: .venv/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright

format: .venv/installed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.venv/docs-installed: .venv/installed
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	touch $@

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@

.venv/mutate-installed: .venv/installed
	$(BIN)/python -m pip install --quiet --editable ".[mutate]"
	touch $@

.venv-torch/installed: pyproject.toml
	$(PYTHON) -m venv .venv-torch
	.venv-torch/bin/python -m pip install --quiet pytest pytest-xdist \
	    torch==$(TORCH) --editable ".[torch]"
	touch $@

.venv-napari/installed: pyproject.toml
	$(PYTHON) -m venv .venv-napari
	.venv-napari/bin/python -m pip install --quiet pytest pytest-qt \
	    --editable ".[napari]"
	touch $@

.venv-oldest/installed: pyproject.toml
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet numpy $(shell sed -n \
	    's/.*"\(onnxruntime\|ai-edge-litert\)>=\(.*\)".*/\1==\2/p' pyproject.toml)
	touch $@

clean:
	rm -rf .venv .venv-torch .venv-napari .venv-oldest build dist *.egg-info $(DEMO) $(RESTORED)
