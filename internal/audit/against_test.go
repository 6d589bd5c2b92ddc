package audit

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"sealdesk/internal/store"
)

// TestAnExportIsComparedWithKeptCheckpoints: a forked log's export agrees with itself, with the genuine key, and not with what was kept.
func TestAnExportIsComparedWithKeptCheckpoints(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 12)
	kept := f.checkpoint(t)
	f.fill(t, 8)
	forged := open(t, Options{Key: f.key})
	err := forged.db.Write(t.Context(), func(tx *store.Tx) error {
		for i := range 20 {
			e := sample(i)
			if i == 6 {
				e.Actor.Name = "somebody else"
			}
			if _, err := forged.Append(t.Context(), tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	export := func(l *Log, filter Filter, at *Checkpoint) []byte {
		t.Helper()
		var out bytes.Buffer
		if _, err := l.Export(t.Context(), &out, filter, JSONL, at); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	one := Filter{Actor: "李娜"}
	newest, forgeds := f.checkpoint(t), forged.checkpoint(t)
	for name, c := range map[string]struct {
		export  []byte
		kept    Checkpoint
		against int
		apart   int
		problem string
	}{
		"the whole, at an older one":       {export(f.Log, Filter{}, nil), kept, 1, 0, ""},
		"the whole, at its own":            {export(f.Log, Filter{}, nil), newest, 1, 0, ""},
		"a part, at its own":               {export(f.Log, one, nil), newest, 1, 0, ""},
		"a part, at an older one":          {export(f.Log, one, nil), kept, 0, 1, ""},
		"a part as of an older one":        {export(f.Log, one, &kept), kept, 1, 0, ""},
		"the whole as of an older one":     {export(f.Log, Filter{}, &kept), kept, 1, 0, ""},
		"an older export, at a newer":      {export(f.Log, Filter{}, &kept), newest, 0, 1, ""},
		"a forged whole, at an older one":  {export(forged.Log, Filter{}, nil), kept, 1, 0, "against 12"},
		"a forged whole, at the same size": {export(forged.Log, Filter{}, nil), newest, 1, 0, "against 20"},
		"a forged part, at the same size":  {export(forged.Log, one, nil), newest, 1, 0, "against 20"},
		"the true one, at a forged":        {export(f.Log, one, nil), forgeds, 1, 0, "against 20"},
	} {
		r, err := VerifyExport(bytes.NewReader(c.export), f.PublicKey(), c.kept.Text)
		if err != nil {
			t.Fatal(name, err)
		}
		var problems []string
		for _, p := range r.Problems {
			problems = append(problems, p.String())
		}
		if r.Against != c.against || len(r.Apart) != c.apart || len(problems) > 1 || (c.problem != "") != slices.Contains(problems, c.problem) {
			t.Errorf("%s: compared %d, apart %d, problems %v", name, r.Against, len(r.Apart), problems)
		}
	}
	whole := export(f.Log, Filter{}, nil)
	changed := bytes.Replace(kept.Text, []byte("\n12\n"), []byte("\n13\n"), 1)
	if _, err := VerifyExport(bytes.NewReader(whole), f.PublicKey(), changed); err == nil {
		t.Error("a changed checkpoint passes")
	}
	alien := open(t, Options{})
	alien.fill(t, 12)
	if _, err := VerifyExport(bytes.NewReader(whole), f.PublicKey(), alien.checkpoint(t).Text); !errors.Is(err, ErrNoCheckpoint) {
		t.Errorf("another log's checkpoint: %v", err)
	}
	var out bytes.Buffer
	if _, err := f.Export(t.Context(), &out, Filter{}, JSONL, &forgeds); !errors.Is(err, ErrAnotherHistory) {
		t.Errorf("proofs that lead to another history: %v", err)
	}
	if err := f.ExportEvent(t.Context(), &out, 12, &kept); !errors.Is(err, ErrNotFound) || out.Len() > 0 {
		t.Errorf("an event after the checkpoint: %v", err)
	}
}
