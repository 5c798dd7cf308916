# SPDX-License-Identifier: MIT
#
# The one front door. Everything sets itself up: what is missing is installed first
# (scripts/setup.sh says what), what is there is left alone.

APP ?= examples/tutorial
PREFIX ?= /usr/local
SECONDS ?= 600
NODE = node_modules/.bin/node

.DEFAULT_GOAL := build
.PHONY: help build run dev test test-next bench fuzz docs format lint install lock clean setup-app setup-build setup-test setup-lint

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

build: setup-build ## everything that runs: build/capra, build/capra.node, the two bundles
	@scripts/build.sh release

run: build setup-app ## build and serve an app: make run [APP=examples/tutorial] [PORT=3000]
	@build/capra build $(APP)
	@exec build/capra start $(APP)

dev: build setup-app ## the same, rebuilt at each change
	@exec build/capra dev $(APP)

test: setup-test ## every test: make test [SUITES="unit http fuzz …"]
	@$(NODE) scripts/test.mjs $(SUITES)

test-next: setup-test ## the tutorial's tests, with Next as the server: make test-next [TESTS="stripe …"]
	@scripts/setup.sh next
	@$(NODE) test/next/run.mjs $(TESTS)

bench: build ## measure beside the peers: make bench ARGS="…" (see bench/)
	@scripts/build.sh release bench
	@$(NODE) bench/run.mjs $(ARGS)

fuzz: setup-test ## search for inputs that break the parsers: make fuzz [SECONDS=600] [TARGETS="head …"]
	@$(NODE) scripts/fuzz.mjs --seconds $(SECONDS) $(TARGETS)

docs: setup-build ## fill the tables of docs/compatibility.md from the contract's suite
	@$(NODE) scripts/compatibility.ts

format: setup-lint ## format C, TypeScript and JSON
	@scripts/format.sh

lint: setup-lint ## formatting, static analysis, types, and the borders between the rooms
	@scripts/build.sh release
	@scripts/lint.sh

install: build ## into $(DESTDIR)$(PREFIX): bin/capra, lib/capra, include/capra.h, libcapra and its capra.pc
	@$(NODE) scripts/install.mjs "$(DESTDIR)$(PREFIX)"

lock: ## after a change to a package.json: bring each package-lock.json up to date
	@for folder in . test/packages test/next examples/*; do \
		[ ! -f $$folder/package-lock.json ] || (cd $$folder && npm install --no-progress && \
			cksum <package-lock.json >node_modules/.capra-lock) || exit 1; \
	done

clean: ## remove what make wrote; npm packages stay
	rm -rf build

setup-app:
	@scripts/setup.sh --app "$(APP)" build
setup-build:
	@scripts/setup.sh build
setup-test:
	@scripts/setup.sh build test
setup-lint:
	@scripts/setup.sh build lint
