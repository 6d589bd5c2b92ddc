package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/store"
)

// acts records in both logs what tells of a person who has signed and of an account.
func (r *running) acts(t *testing.T) {
	t.Helper()
	for _, e := range []audit.Event{
		{Actor: audit.Actor{Name: "lina", Role: "business", IP: "203.0.113.77", UserAgent: "Netscape/4711"}, Action: "contract.read", ObjectType: "flow", ObjectID: "f1"},
		{Action: "flow.signed", ObjectType: "flow", ObjectID: "f1", Detail: map[string]any{"approver": "李娜", "state": 7}},
		{Action: "flow.remind", ObjectType: "flow", ObjectID: "f1", Detail: map[string]any{"who": "李娜", "address": "138****0001"}},
		{Actor: audit.Actor{Name: "u1", Role: audit.RoleSigner, IP: "203.0.113.77"}, Action: "flow.sign", ObjectType: "flow", ObjectID: "f1",
			Detail: map[string]any{"userId": "u1", "sourceIp": "203.0.113.77", "device": "Netscape/4711"}},
	} {
		for _, half := range halfNames {
			if err := r.log(half).Record(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// lina puts into a new data folder an account that is bound to somebody who signs, and what the logs tell of her.
func lina(t *testing.T) (data string) {
	t.Helper()
	data = filepath.Join(t.TempDir(), "data")
	r := instance(t, data)
	ctx := audit.WithActor(t.Context(), terminalActor())
	account, err := r.portal.AddAccount(ctx, db.NewAccount{Name: "lina", DisplayName: "李娜", Role: "business", PasswordHash: "x", Scope: db.Everything()})
	if err == nil {
		err = r.portal.AddUser(ctx, db.User{ID: "u1", Name: "李娜", Mobile: "138****0001"})
	}
	if err == nil {
		err = r.portal.AddUser(ctx, db.User{ID: "u2", Name: "王强", Mobile: "138****0002"})
	}
	if err == nil {
		err = r.portal.BindAccount(ctx, account.ID, "u1")
	}
	if err != nil {
		t.Fatal(err)
	}
	r.acts(t)
	r.close(t)
	return data
}

// TestErasingAPerson erases on the command line who is known by an account and as a signer, in both logs, and proves again what was proved
// before.
func TestErasingAPerson(t *testing.T) {
	data := lina(t)
	kept, export := filepath.Join(t.TempDir(), "kept.txt"), filepath.Join(t.TempDir(), "export.jsonl")
	must(t, "", "audit", "export", "--data", data, "--out", export)
	checkpoint := must(t, "", "audit", "checkpoint", "--data", data)
	if err := os.WriteFile(kept, []byte(checkpoint), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := command(t, "wang\n", "erase", "lina", "--data", data); err == nil || !strings.Contains(err.Error(), "nothing was erased") {
		t.Fatalf("without the name: %v\n%s", err, out)
	}
	out := must(t, "lina\n", "erase", "lina", "--data", data)
	if strings.Count(out, ": erased ") != 2 || !strings.Contains(out, "(id u1)") || !strings.Contains(out, "Not erased: the account") {
		t.Errorf("it says:\n%s", out)
	}
	must(t, "", "audit", "verify", "--data", data, "--against", kept)
	must(t, "", "audit", "verify", "--data", data, "--export", export)
	for _, log := range halfNames {
		after := filepath.Join(t.TempDir(), log+".jsonl")
		must(t, "", "audit", "export", "--data", data, "--log", log, "--out", after)
		if out := must(t, "", "audit", "verify", "--data", data, "--export", after); !strings.Contains(out, "personal values were erased") {
			t.Errorf("%s: %s", log, out)
		}
		text := must2(os.ReadFile(after))
		for _, value := range []string{"lina", "李娜", "138****0001", "203.0.113.77", "Netscape"} {
			if bytes.Contains(text, []byte(value)) {
				t.Errorf("the %s log still says %s", log, value)
			}
		}
	}
	for _, half := range halfNames {
		inLogsTables(t, folders{data}.half(half), "李娜", "138****0001", "203.0.113.77", "Netscape")
	}
	if out := must(t, "", "erase", "lina", "--yes", "--data", data); strings.Count(out, "holds nothing of this person") != 2 {
		t.Errorf("once more:\n%s", out)
	}
}

// inLogsTables looks for texts in every column of the tables of a log, and in the words of its search index.
func inLogsTables(t *testing.T, h half, texts ...string) {
	t.Helper()
	database := must2(store.Open(t.Context(), store.Options{Path: h.path(h.database), ReadOnly: true}))
	err := database.Read(t.Context(), func(tx *store.Tx) error {
		for _, table := range []string{"audit_events", "audit_values", "audit_people", "audit_folds", "audit_search_terms"} {
			rows, err := tx.Query(t.Context(), "SELECT * FROM "+table)
			if err != nil {
				return err
			}
			columns := must2(rows.Columns())
			for rows.Next() {
				row := make([]any, len(columns))
				for i := range row {
					row[i] = new(any)
				}
				if err := rows.Scan(row...); err != nil {
					return err
				}
				shown := must2(json.Marshal(row))
				for _, text := range texts {
					if bytes.Contains(shown, []byte(text)) {
						t.Errorf("%s of %s still says %s", table, h.name, text)
					}
				}
			}
		}
		return nil
	})
	if err != nil || database.Close() != nil {
		t.Error(err)
	}
}

// TestWhoCannotBeErased: who is not known, who shares a name, and who has still to sign. Nothing happens then.
func TestWhoCannotBeErased(t *testing.T) {
	data := lina(t)
	r := instance(t, data)
	ctx := audit.WithActor(t.Context(), terminalActor())
	if err := r.portal.AddUser(ctx, db.User{ID: "u3", Name: "王强", Mobile: "138****0003"}); err != nil {
		t.Fatal(err)
	}
	err := r.portal.Store().Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO flows (id, platform_id, revision, organization_id, name, document, state, problem, message, deadline, created_by, created, updated, completed) "+
			"VALUES ('f1', 'p1', 1, 'o1', '采购合同', '{}', 1, '', '', 0, 'admin', 1, 1, 0)")
		if err == nil {
			_, err = tx.Exec(t.Context(), "INSERT INTO flow_approvers (flow_id, id, position, step, user_id, user_name, organization_id, organization_name, channel, sign_id, status, message, sent, decided) "+
				"VALUES ('f1', 'a', 1, 1, 'u2', '王强', '', '', 'VERIFYCODE', 's1', 0, '', 1, 0)")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	before := [2]int64{r.log(portalHalf).Count(), r.log(engineHalf).Count()}
	r.close(t)
	for person, want := range map[string]string{"nobody": "nobody has the id", "王强": "2 people are called", "u2": "has still to sign: 采购合同", " ": "nobody has the id"} {
		out, err := command(t, "", "erase", person, "--yes", "--data", data)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\n%s", person, err, out)
		}
		if person == "王强" && (!strings.Contains(out, "u2") || !strings.Contains(out, "u3")) {
			t.Errorf("the list: %s", out)
		}
	}
	if out := must(t, "", "erase", "u3", "--yes", "--data", data); !strings.Contains(out, "may mean others too: 王*, 王强") {
		t.Errorf("shared names:\n%s", out)
	}
	r = instance(t, data)
	defer r.close(t)
	for i, half := range halfNames {
		if n := r.log(half).Count(); n > before[i]+7 { // the four refusals, the one of u3, and what starting writes
			t.Errorf("%s: %d events, before %d", half, n, before[i])
		}
	}
}

// TestErasingWhileTheProgramRuns: who is erased comes again with another pseudonym, and the log goes on as one.
func TestErasingWhileTheProgramRuns(t *testing.T) {
	data := lina(t)
	r := instance(t, data)
	r.acts(t)
	began := time.Now()
	must(t, "", "erase", "lina", "--yes", "--data", data)
	t.Log("took", time.Since(began))
	r.acts(t)
	for _, half := range halfNames {
		if b, broken := r.log(half).Broken(); broken {
			t.Errorf("%s is broken: %+v", half, b)
		}
		events, err := r.log(half).Query(t.Context(), audit.Filter{Actor: "lina"}, 0, 100)
		if err != nil || len(events) != 1 {
			t.Errorf("%s: %d events of who came again, %v", half, len(events), err)
		}
	}
	r.close(t)
	must(t, "", "audit", "verify", "--data", data)
}

// TestTheScriptOfTheDocument runs what docs/audit.md gives to whoever verifies an export without this program: on an export before and after
// somebody was erased, and on one that says another name.
func TestTheScriptOfTheDocument(t *testing.T) {
	_, after, _ := strings.Cut(readText(t, "docs/audit.md"), "```python\n")
	code, _, _ := strings.Cut(after, "```")
	dir, data := t.TempDir(), lina(t)
	script, export := filepath.Join(dir, "verify.py"), filepath.Join(dir, "export.jsonl")
	if err := os.WriteFile(script, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, erased := range []bool{false, true} {
		if erased {
			must(t, "", "erase", "lina", "--yes", "--data", data)
		}
		must(t, "", "audit", "export", "--data", data, "--out", export)
		if out, err := tool(t, "python3", script, export); err != nil || !strings.Contains(out, "events stand in the log") {
			t.Errorf("erased %v: %v\n%s", erased, err, out)
		}
	}
	changed := bytes.Replace(must2(os.ReadFile(export)), []byte(`"value":"`), []byte(`"value":"x`), 1)
	if err := os.WriteFile(export, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := tool(t, "python3", script, export); err == nil {
		t.Errorf("another name passes: %s", out)
	}
}
