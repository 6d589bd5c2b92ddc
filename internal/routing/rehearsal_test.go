package routing_test

import (
	"slices"
	"testing"

	"sealdesk/internal/db"
	"sealdesk/internal/routing"
)

// TestWhatWouldHideIsToldBeforeSending: a date over the title would be refused when the second signs; the sender learns it while placing.
func TestWhatWouldHideIsToldBeforeSending(t *testing.T) {
	b := newBench(t)
	r, err := routing.New(routing.Options{DB: b.db, Client: b.client, Files: b.files, Embedded: true}) // nobody is sent anything
	if err != nil {
		t.Fatal(err)
	}
	d := b.draft()
	d.Approvers[1].Step = 2
	over := db.Component{ID: "day", Type: db.SignDate, Approver: "a1", Page: 1, X: 250, Y: 88, Width: 100, Height: 24}
	first, blank, seal := over, over, over
	first.Approver, blank.Y, seal.Type = "a0", 600, db.SignSeal
	seal.X, seal.Y, seal.Width, seal.Height = 240, 45, 113, 113
	for name, c := range map[string]struct {
		component db.Component
		want      bool
	}{
		"date over the title": {over, true}, "by who signs first": {first, false}, "date in a blank place": {blank, false}, "seal over the title": {seal, false},
	} {
		changed := d
		changed.Components = append(slices.Clone(d.Components), c.component)
		for range 2 { // the second time from what is known
			problems, err := r.Check(t.Context(), changed)
			if err != nil {
				t.Fatal(err)
			}
			told := slices.ContainsFunc(problems, func(p routing.Problem) bool {
				return p.Rule == "covers" && p.Component == "day" && p.Name == "王小明" && p.Step == "pages"
			})
			if told != c.want {
				t.Errorf("%s: %+v", name, problems)
			}
		}
	}
}
