GOFUMPT     = go run mvdan.cc/gofumpt@v0.12.0
STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME   ?= 1m

.PHONY: help demo test lint docs fuzz bench check

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## an MCP client administers a fake tenant
	go run ./cmd/aic-mcp demo

test: ## all tests
	go test ./...

lint: ## formatting, vet, staticcheck, and whether the generated documentation is up to date
	@files="$$($(GOFUMPT) -l .)" || exit 1; \
		test -z "$$files" || { echo 'not formatted; run gofumpt -w on:'; echo "$$files"; exit 1; }
	go vet ./...
	$(STATICCHECK) ./...
	go run ./cmd/aic-mcp docs --check

docs: ## write the generated parts of the README
	go run ./cmd/aic-mcp docs

fuzz: ## each fuzz target for FUZZTIME (default 1m)
	@for package in $$(go list ./...); do \
		found="$$(go test -list '^Fuzz' $$package)" || exit 1; \
		for target in $$(echo "$$found" | grep '^Fuzz'); do \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

bench: ## all benchmarks, three times each; MILLION=1 adds one of a million users
	go test -run '^$$' -bench . -benchmem -count 3 ./...

check: ## what continuous integration runs
	.ci/run
