package handlers

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/i18n"
)

// composedEvidence are the actions and types of objects that the engine puts together from parts, by the expression as it stands there. One
// that is not here fails the test; none means that they stand elsewhere in full.
var composedEvidence = map[string][]string{
	`"message." + state`:      {"message.done", "message.failed"},
	`string(r.Reads)`:         {"flow.read", "flow.download", "seal.read", "check.read"},
	`string(o.Kind)`:          {"user", "organization"},
	`audit.ActionClock`:       {"clock.set"},
	`db.ActionVerify`:         nil, // of the portal's log
	`db.ActionVerifyEvidence`: nil,
	`action`:                  {"link.sign", "link.account", "link.preview", "simulation.begin", "simulation.end"},
	`ev.Action`:               nil, // handed on by record
	`ev.ObjectType`:           nil,
	`x.Action`:                nil, // read from an export
	`x.ObjectType`:            nil,
}

// evidenceRecorded reads out of the sources of the engine and of the log what its events can be.
func evidenceRecorded(t *testing.T) (actions, objects []string) {
	t.Helper()
	files := token.NewFileSet()
	for _, pattern := range []string{"../engine/*.go", "../audit/*.go", "../../*.go"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatal(pattern, err)
		}
		var parsed []*ast.File
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, file)
		}
		named := constants(parsed)
		for _, file := range parsed {
			ast.Inspect(file, func(n ast.Node) bool {
				made, ok := n.(*ast.CompositeLit)
				if !ok || !slices.Contains([]string{"event", "Event", "&{audit Event}"}, fmt.Sprint(made.Type)) {
					return true
				}
				for _, field := range made.Elts {
					pair := field.(*ast.KeyValueExpr)
					switch fmt.Sprint(pair.Key) {
					case "Action":
						actions = append(actions, texts(t, files, named, pair.Value)...)
					case "ObjectType":
						objects = append(objects, texts(t, files, named, pair.Value)...)
					}
				}
				return true
			})
		}
	}
	return actions, objects
}

// constants are the texts of a package that have a name.
func constants(files []*ast.File) map[string]string {
	named := map[string]string{}
	for _, file := range files {
		for _, declared := range file.Decls {
			of, ok := declared.(*ast.GenDecl)
			if !ok || of.Tok != token.CONST {
				continue
			}
			for _, spec := range of.Specs {
				value := spec.(*ast.ValueSpec)
				for i, name := range value.Names {
					if i < len(value.Values) {
						if text, ok := literal(value.Values[i]); ok {
							named[name.Name] = text
						}
					}
				}
			}
		}
	}
	return named
}

func texts(t *testing.T, files *token.FileSet, named map[string]string, e ast.Expr) []string {
	t.Helper()
	if text, ok := literal(e); ok {
		return []string{text}
	}
	if name, ok := e.(*ast.Ident); ok && named[name.Name] != "" {
		return []string{named[name.Name]}
	}
	var source strings.Builder
	if err := printer.Fprint(&source, files, e); err != nil {
		t.Fatal(err)
	}
	made, ok := composedEvidence[source.String()]
	if !ok {
		t.Errorf("%s: the test cannot tell what %s can be", files.Position(e.Pos()), source.String())
	}
	return made
}

// TestAllEvidenceIsToldInWords: whatever the engine can record has words on the reviewers' page, in both languages, and can be chosen there.
func TestAllEvidenceIsToldInWords(t *testing.T) {
	actions, objects := evidenceRecorded(t)
	if n := len(slices.Compact(slices.Sorted(slices.Values(actions)))); n < 50 {
		t.Errorf("only %d actions were found in the sources", n)
	}
	for _, lang := range i18n.Languages() {
		ctx := i18n.WithLanguage(context.Background(), lang)
		offered := evidenceActions(ctx)
		for _, action := range actions {
			if row := evidenceRow(ctx, &audit.Event{Action: action}); row.What == action {
				t.Errorf("%s: no words for %s", lang, action)
			}
		}
		for _, o := range offered {
			if !slices.Contains(actions, o.Value) && o.Value != "audit.fold" { // which older logs have
				t.Errorf("%s: %s is offered, but the engine never records it", lang, o.Value)
			}
		}
		for _, kind := range objects {
			if !i18n.Has(ctx, "evidence.object."+kind) && !i18n.Has(ctx, "audit.object."+kind) {
				t.Errorf("%s: no words for objects of the type %q", lang, kind)
			}
		}
	}
}
