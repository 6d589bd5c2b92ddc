# Sealdesk. `make` lists the targets. Needed: Go, a C compiler, Node with npm; `make test` also wants
# chromium, poppler-utils, qpdf and python3, which it installs where it runs as root on Debian.

TAGS    := sqlite_fts5
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
GO      := CGO_ENABLED=1 go
# One way of building for the program, the checks and the tests, so that what they have in common is compiled once.
export GOFLAGS := -trimpath $(filter-out -trimpath,$(GOFLAGS))
# The race detector watches everything but what only computes, in one goroutine, on its own memory: compressing, pictures, sums, HTML.
# There it cost the most. What the program does with their input and output is watched as before.
CALM    := compress/... image/... hash/... golang.org/x/image/... golang.org/x/net/html/... github.com/andybalholm/brotli/...
RACE    := -race $(foreach package,$(CALM),'-gcflags=$(package)=-race=false')
NODE_OK := node_modules/.package-lock.json
ASSETS  := web/static/dist/manifest.json
COVERAGE := out/sdk-coverage.jsonl

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-11s %s\n", $$1, $$2}'

.PHONY: run
run: build ## build and serve on http://127.0.0.1:8080 with the data in ./data, simulated: to try it out
	bin/sealdesk serve --simulate --data ./data --log-format text --log-level warn

.PHONY: build
build: $(ASSETS) ## build bin/sealdesk
	$(GO) build -tags $(TAGS) -ldflags "-s -w -X main.version=$(VERSION)" -o bin/sealdesk .

.PHONY: assets
assets: $(ASSETS) ## bundle the browser assets and fetch the font

$(NODE_OK): package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

$(ASSETS): $(NODE_OK) $(wildcard web/static/css/*.css web/static/js/*.js web/static/img/* internal/assets/*.go)
	go run ./internal/assets
	@touch $@

.PHONY: generate
generate: ## regenerate the Go code of the templ views
	go tool templ generate -path . -ignore-pattern node_modules

.PHONY: check
check: $(ASSETS) ## format, vet, staticcheck, generated files and go.mod up to date
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'gofmt: the files above are not formatted'; exit 1; }
	$(GO) vet -tags $(TAGS) ./...
	$(GO) tool staticcheck -tags $(TAGS) ./...
	go mod tidy -diff
	.ci/generated

.PHONY: unit
unit: build ## Go tests with the race detector, and the unit tests of the browser code
	@# Compiles PDFium into the folder that the tests share, and into the user's: under the race detector that takes minutes.
	$(GO) test -tags $(TAGS) -count=1 -run '^(TestPageImageCapsPixels|TestSignRefusesToHide)$$' ./internal/pdf
	$(GO) test $(RACE) -timeout 40m -tags $(TAGS) ./...
	node --test test/unit/*.test.js

.PHONY: sdk
sdk: build ## drive the engine through the official Node SDK, and check docs/coverage.md against what that reached
	cd test/sdk && npm ci --no-audit --no-fund
	@mkdir -p out && rm -f $(COVERAGE)
	SEALDESK_COVERAGE=$(CURDIR)/$(COVERAGE) node --import ./test/lib/record.js --test test/sdk/*.test.js
	node test/sdk/coverage.js --check $(COVERAGE)

.PHONY: coverage
coverage: ## write docs/coverage.md anew from the last `make sdk`
	node test/sdk/coverage.js $(COVERAGE)

.PHONY: e2e
e2e: build ## the whole job in a real browser
	cd test/oidc && npm ci --no-audit --no-fund --ignore-scripts
	cd test/sdk && npm ci --no-audit --no-fund
	@# The longest file first, beside all the others.
	node --test --test-concurrency=2 test/browser/pages.test.js $(filter-out %/pages.test.js,$(wildcard test/browser/*.test.js))

.PHONY: test
test: tools check unit sdk e2e ## everything that must pass before a change lands

.PHONY: tools
tools: ## install the programs that only the tests need
	.ci/tools

.PHONY: bench
bench: build ## figures beside limits measured in the same run, then the Go benchmarks
	$(GO) run -tags $(TAGS) ./internal/bench
	$(GO) test -tags $(TAGS) -run '^$$' -bench . -benchmem ./...

.PHONY: soak
soak: build ## 64 SDK clients at once for a minute: no error, no lost write, memory flat
	cd test/sdk && npm ci --no-audit --no-fund
	node test/soak/soak.js 60

.PHONY: lighthouse
lighthouse: build tools ## Lighthouse, as on a phone, over the pages that people open most
	cd test/lighthouse && npm ci --no-audit --no-fund --ignore-scripts
	node test/lighthouse/lighthouse.js

.PHONY: screens
screens: build ## make the screenshots of the README anew
	node docs/screens/screens.js

.PHONY: clean
clean: ## remove what was built; the data folder stays
	rm -rf bin out web/static/dist/*.js web/static/dist/*.css web/static/dist/*.br web/static/dist/*.gz web/static/dist/manifest.json internal/font/dist/*.ttf test/browser/output
