package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport is the table of docs/ARCHITECTURE.md: what each package may import of this module, directly.
// A package that is missing here fails the test, so that the table stays whole.
var mayImport = map[string][]string{
	"internal/config":     {},
	"internal/clockwatch": {},
	"internal/i18n":       {},
	"internal/font":       {},
	"internal/csvfile":    {},
	"internal/identity":   {},
	"internal/seal":       {"internal/font"},
	"internal/pdf":        {"internal/font"},
	"internal/store":      {},
	"internal/files":      {},
	"internal/audit":      {"internal/store"},
	"internal/witness":    {"internal/audit", "internal/store"},
	"internal/auth":       {},
	"internal/gate":       {},
	"internal/api":        {},
	"internal/db":         {"internal/store", "internal/audit", "internal/auth", "internal/api"},
	"internal/engine":     {"internal/api", "internal/font", "internal/identity", "internal/outward", "internal/seal", "internal/pdf", "internal/store", "internal/files", "internal/audit", "internal/gateway"},
	"internal/outward":    {},
	"internal/gateway":    {"internal/api", "internal/i18n", "internal/mailer", "internal/outward"},
	"internal/mailer":     {},
	"internal/notices":    {"internal/audit", "internal/db", "internal/i18n", "internal/mailer", "internal/outward"},
	"internal/outside":    {"internal/audit", "internal/db", "internal/i18n", "internal/mailer", "internal/notices", "internal/outward", "internal/witness"},
	"internal/routing":    {"internal/api", "internal/audit", "internal/db", "internal/files", "internal/font", "internal/pdf"},
	"internal/watch":      {"internal/api", "internal/audit", "internal/db", "internal/routing"},
	"web/compress":        {},
	"web/static":          {},
	"web/templates":       {"internal/api", "internal/audit", "internal/auth", "internal/i18n", "internal/seal", "web/static"},
	"internal/console":    {"internal/api", "internal/engine", "internal/gate", "internal/i18n", "web/static", "web/templates"},
	"internal/signpages":  {"internal/api", "internal/engine", "internal/gate", "internal/i18n", "web/compress", "web/static", "web/templates"},
	"internal/handlers": {
		"internal/api", "internal/audit", "internal/auth", "internal/config", "internal/csvfile", "internal/db", "internal/files", "internal/font",
		"internal/gate", "internal/gateway", "internal/i18n", "internal/identity", "internal/pdf", "internal/routing", "internal/seal", "internal/watch", "web/compress", "web/static", "web/templates",
	},
	"internal/demo": {
		"internal/api", "internal/audit", "internal/auth", "internal/db", "internal/files", "internal/font", "internal/i18n", "internal/pdf", "internal/routing",
		"internal/seal", "internal/watch",
	},
	"internal/audit/audittest": {"internal/audit"},                // tampering for tests
	"internal/mailer/mailtest": {},                                // a mail server for tests
	"internal/pdf/pdftest":     {"internal/font", "internal/pdf"}, // documents for tests
	"internal/bench": { // measures everything, nothing imports it
		"internal/api", "internal/audit", "internal/auth", "internal/config", "internal/db", "internal/demo", "internal/engine", "internal/files", "internal/font",
		"internal/handlers", "internal/i18n", "internal/pdf", "internal/routing", "internal/store", "internal/watch", "web/templates",
	},
	"internal/assets": {"internal/font"}, // the build-time bundler; nothing imports it
}

func TestPackagesImportOnlyWhatTheLayoutAllows(t *testing.T) {
	out, err := exec.Command("go", "list", "-tags", "sqlite_fts5", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		if pkg.ImportPath == "sealdesk" {
			continue // the main package wires everything
		}
		name := strings.TrimPrefix(pkg.ImportPath, "sealdesk/")
		allowed, known := mayImport[name]
		if !known {
			t.Errorf("%s is not in the table of the layout", name)
		}
		for _, path := range pkg.Imports {
			if inner, ok := strings.CutPrefix(path, "sealdesk/"); ok && !slices.Contains(allowed, inner) {
				t.Errorf("%s must not import %s", name, inner)
			}
		}
	}
}
