# make demo          sanitise a real dump from corpus/real and show the summary
# make test          the tests
# make lint          ruff and mypy
# make corpus-report planted secrets in the dumps of the corpus: how many were there, how many are left
# make bench         time, memory and ratios to cp and kingfisher; parts of it: make bench SIZES=0.5, or BENCH=--quick
# make recall        generated secrets of every rule: how many are found, by rule file and encoding
# make false-positives  what the rules change in binaries without secrets; of your choice: make false-positives PATHS='A B'
# make keys          keys of every type, form and place: how many were planted, how many are left; a part: make keys KEYS=--bounded
# make keyfinders    what aeskeyfind and rsakeyfind find in dumps before and after (Debian packages of these names)
# make false-keys    private keys, key schedules and certificates found in binaries, compressed files and random data
# make clean         remove what these made
#
# Each creates .venv first, once. Another interpreter: make test PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test lint corpus-report bench recall false-positives keys keyfinders false-keys clean

demo: $(INSTALLED)
	$(BIN)/python -m corpus.demo

test: $(INSTALLED)
	$(BIN)/pytest -q -n 2

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

corpus-report: $(INSTALLED)
	$(BIN)/python -m corpus.report

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks $(if $(SIZES),--sizes $(SIZES)) $(BENCH)

recall: $(INSTALLED)
	$(BIN)/python -m benchmarks.recall

false-positives: $(INSTALLED)
	$(BIN)/python -m benchmarks.clean $(PATHS)

keys: $(INSTALLED)
	$(BIN)/python -m corpus.keys $(KEYS)

keyfinders: $(INSTALLED)
	$(BIN)/python -m benchmarks.keyfinders

false-keys: $(INSTALLED)
	$(BIN)/python -m benchmarks.cleankeys $(PATHS)

clean:
	rm -rf $(VENV) corpus/out .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(INSTALLED): pyproject.toml
	@PYTHON="$(PYTHON)" .ci/make-venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
