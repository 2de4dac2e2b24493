# Every verb of the project; `make` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
LONG ?=
SEEDS ?=
export JOBS LONG SEEDS

.PHONY: help setup setup-test build demo test crash interop fmt lint bench docs install clean

help: ## list the verbs
	@echo "ampload: loads Apache Arrow data into stores, each row exactly once"
	@echo
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
	  while IFS='|' read -r verb meaning; do printf '  make %-12s%s\n' "$$verb" "$$meaning"; done
	@echo
	@echo "  LONG=1 runs the long forms of tests; JOBS=N sets compilers and tests at once (now $(JOBS))"

setup: ## install what building and running need (Debian packages, .deps/venv)
	@tools/setup

setup-test: ## install what tests, lint and benchmarks need as well
	@tools/setup test

build: setup ## build the optimised command: build/release/bin/ampload
	@tools/build release

demo: build ## load a small Ethereum chain into LMDB, stream one that reorganises, show the rows
	@tools/demo

test: setup-test ## build and run all tests (LONG=1: the long forms)
	@tools/test

crash: setup-test ## run only the tests that kill the process (SEEDS=100000: so many random streams)
	@tools/test crash

interop: setup-test ## run only the tests in which foreign readers judge what was written
	@tools/test interop

fmt: setup-test ## format every C++ file
	@python3 tools/lint --fix-format

lint: setup-test ## check includes, format, names, lengths, clang-tidy
	@tools/build dev build.ninja
	@python3 tools/lint

bench: setup-test ## measure loading against the store's own ceiling
	@tools/build ci
	@bench/run

docs: build ## write the loaders' option tables into docs/ from their declarations
	@tools/docs

install: build ## install to PREFIX (default /usr/local)
	@cmake --install build/release --prefix "$(PREFIX)" >/dev/null
	@echo "install: $(PREFIX)/bin/ampload"

clean: ## remove build/ (keeps .deps)
	@rm -rf build
