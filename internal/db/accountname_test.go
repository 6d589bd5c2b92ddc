package db

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
)

// rule is the rule that an error says a name breaks; empty for none.
func rule(err error) string {
	var broken *NameError
	errors.As(err, &broken)
	if broken == nil {
		return ""
	}
	return broken.Rule
}

// No account has the name of what acts without one, nor one that looks like it, whichever door it comes through: this is the one behind all.
func TestNoAccountIsTakenForTheProgram(t *testing.T) {
	d, _ := openTest(t)
	ctx := context.Background()
	add := func(name, display string) error {
		_, err := d.AddAccount(ctx, NewAccount{Name: name, DisplayName: display, Role: auth.Business, PasswordHash: "x"})
		return err
	}
	for _, name := range append(audit.Machines(), audit.MachineRoles()...) {
		capital := strings.ToUpper(name[:1]) + name[1:]
		for _, same := range []string{name, strings.ToUpper(name), capital, name[:1] + "." + name[1:], "_" + name} {
			if got := rule(add(same, "")); got != "name_machine" {
				t.Errorf("an account may be called %q: %q", same, got)
			}
		}
		if got := rule(add("li.na", capital+" ")); got != "name_machine" {
			t.Errorf("an account may be shown as %q: %q", capital, got)
		}
	}
	for name, want := range map[string]string{
		"link_0123456789abcdef": "name_machine", "seaIdesk": "name_machine", "sea1desk": "name_machine", "terrninal": "name_machine", "c0nsole": "name_machine",
		"印台系统": "name_machine", "命令行": "name_machine", "ѕеаldеѕk": "account_name", "ｔｅｒｍｉｎａｌ": "account_name", "ter\u200bminal": "account_name",
		"terminal ": "name_machine", "tеrminal": "account_name", "systém": "name_machine", "----": "account_name", "l": "account_name", "": "required",
	} {
		if got := rule(add(name, "")); got != want {
			t.Errorf("the name %q: %q, want %q", name, got, want)
		}
	}
	for display, want := range map[string]string{"ѕеаlԁеѕк": "name_machine", "命令 行": "name_machine", "Ｓｙｓｔｅｍ": "name_machine", "Li\u202eNa": "name_hidden", "Li\u3164": "name_hidden"} {
		if got := rule(add("li.na", display)); got != want {
			t.Errorf("the name to show %q: %q, want %q", display, got, want)
		}
	}
	if err := add("li.na", "Анна Системная"); err != nil {
		t.Errorf("a name of another script is refused: %v", err)
	}
}

// Two accounts are never told apart by a look alone.
func TestNoAccountLooksLikeAnother(t *testing.T) {
	d, _ := openTest(t)
	ctx := context.Background()
	first, err := d.AddAccount(ctx, NewAccount{Name: "li.wei01", Role: auth.Business, PasswordHash: "x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Ii.wei01", "li.weiO1", "liwei0l", "lí.wei01"} {
		_, err := d.AddAccount(ctx, NewAccount{Name: name, Role: auth.Business, PasswordHash: "x"})
		var broken *NameError
		if !errors.As(err, &broken) || broken.Rule != "name_alike" || broken.Param != "li.wei01" {
			t.Errorf("%q beside %q: %v", name, "li.wei01", err)
		}
		if _, _, err := d.InviteAccount(ctx, NewAccount{Name: name, Role: auth.Business}); rule(err) != "name_alike" {
			t.Errorf("%q is invited beside %q: %v", name, "li.wei01", err)
		}
	}
	shown := "Ｔerminal"
	if _, err := d.ChangeAccount(ctx, first.ID, AccountChange{DisplayName: &shown}); rule(err) != "name_machine" {
		t.Errorf("an account changes to be shown as %q: %v", shown, err)
	}
}

// Every name under which the program's own code acts stands in audit.Machines: none is written in place.
func TestActorsAreNamedInOnePlace(t *testing.T) {
	found := 0
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git" || entry.Name() == "bench" || entry.Name() == "demo") {
			return filepath.SkipDir
		}
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			for _, value := range actorValues(n) {
				found++
				ast.Inspect(value, func(n ast.Node) bool {
					if text, ok := n.(*ast.BasicLit); ok && text.Value != `""` {
						t.Errorf("%s: an actor is called %s in place; name it in internal/audit/actors.go", path, text.Value)
					}
					return true
				})
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 15 {
		t.Errorf("only %d names and roles of actors were found: the test looks for the wrong things", found)
	}
}

// actorValues are the expressions of names and roles that a node gives to an actor.
func actorValues(n ast.Node) (values []ast.Expr) {
	switch n := n.(type) {
	case *ast.CompositeLit:
		kind, ok := n.Type.(*ast.SelectorExpr)
		if !ok || kind.Sel.Name != "Actor" {
			return nil
		}
		for _, element := range n.Elts {
			if pair, ok := element.(*ast.KeyValueExpr); ok {
				if key := pair.Key.(*ast.Ident).Name; key == "Name" || key == "Role" {
					values = append(values, pair.Value)
				}
			}
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			field, ok := left.(*ast.SelectorExpr)
			if !ok || i >= len(n.Rhs) || field.Sel.Name != "Name" && field.Sel.Name != "Role" {
				continue
			}
			if of, ok := field.X.(*ast.Ident); ok && of.Name == "actor" {
				values = append(values, n.Rhs[i])
			} else if of, ok := field.X.(*ast.SelectorExpr); ok && of.Sel.Name == "Actor" {
				values = append(values, n.Rhs[i])
			}
		}
	}
	return values
}
