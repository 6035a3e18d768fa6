# `make` alone lists the targets. `make test` is what CI runs, govulncheck apart.

.DEFAULT_GOAL := help
# The steps of `make test` run in the order written, also under -j.
.NOTPARALLEL:

# Every module of the repository, the root first.
modules := $(sort $(patsubst %/,%,$(dir $(shell find . -name go.mod -not -path '*/testdata/*' -not -path '*/node_modules/*'))))

# No command changes go.mod unasked, and a go.work of the developer's changes nothing here.
export GOFLAGS := $(strip $(shell go env GOFLAGS) -mod=readonly)
export GOWORK := off

in_each_module = @set -e; for dir in $(modules); do echo "    $$dir"; (cd $$dir && $(1)); done

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: test
test: check-format check-vet check-tidy setup check-tests ## run every check, in all modules; stop at the first that fails

.PHONY: check-format
check-format:
	@echo "==> format: gofmt -l"
	@files=$$(gofmt -l .) || exit 1; \
	if [ -n "$$files" ]; then echo "$$files"; echo "not formatted; run 'make fmt'" >&2; exit 1; fi

.PHONY: check-vet
check-vet:
	@echo "==> vet: go vet ./..."
	$(call in_each_module,go vet ./...)

.PHONY: check-tidy
check-tidy:
	@echo "==> tidy: go mod tidy -diff"
	$(call in_each_module,go mod tidy -diff)

.PHONY: setup
setup: ## install what the tests need besides Go
	@echo "==> setup"
	@./internal/tools/setup.sh

.PHONY: check-tests
check-tests:
	@echo "==> tests: go test -race -shuffle=on -count=1 ./..."
	@go run ./internal/tools/testreport $(modules) -- -race -shuffle=on -count=1 -timeout=30m ./...

.PHONY: bench
bench: ## run the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: fmt
fmt: ## format the Go files
	gofmt -w .

.PHONY: cover
cover: ## measure test coverage; the profile is coverage.out
	go test -count=1 -coverpkg=./... -coverprofile=coverage.out ./...
	go tool cover -func=coverage.out | tail -n 1

.PHONY: vectors
vectors: ## run the test vectors of testdata, or of the directory COUPON_VECTORS
	go test -count=1 -v -run '^TestVectors' ./internal/vectors

.PHONY: run
run: ## run the example server
	go run ./examples/server

.PHONY: screenshots
screenshots: setup ## take pictures of the pages into docs/screenshots, and of all their states below it
	cd internal/browsertest && COUPON_SCREENSHOTS='$(CURDIR)/docs/screenshots' go test -count=1 -v -run '^Test(Screenshots|States)$$' .
