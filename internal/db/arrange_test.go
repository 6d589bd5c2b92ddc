package db

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// order writes the steps of a draft: "a b | (x) | c" are two people in parallel, an approval, another person.
func order(d DraftDocument) string {
	steps := map[int][]string{}
	for _, a := range d.Approvers {
		steps[a.Step] = append(steps[a.Step], a.ID)
	}
	for _, a := range d.Approvals {
		steps[a.Step] = append(steps[a.Step], "("+a.ID+")")
	}
	var parts []string
	for _, n := range slices.Sorted(maps.Keys(steps)) {
		text := strings.Join(steps[n], " ")
		if need := d.Needs[n]; need > 0 {
			text = fmt.Sprintf("%d of %s", need, text)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " | ")
}

func TestArrange(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*DraftDocument) error
		want   string
	}{
		"out of a shared step":     {func(d *DraftDocument) error { return d.Move("b", true) }, "b | a c | (x) | d"},
		"out of it to the end":     {func(d *DraftDocument) error { return d.Move("b", false) }, "a c | b | (x) | d"},
		"past an approval":         {func(d *DraftDocument) error { return d.Move("d", true) }, "2 of a b c | d | (x)"},
		"an approval to the front": {func(d *DraftDocument) error { return d.Move("x", true) }, "(x) | 2 of a b c | d"},
		"an approval to the end":   {func(d *DraftDocument) error { return d.Move("x", false) }, "2 of a b c | d | (x)"},
		"the last one stays":       {func(d *DraftDocument) error { return d.Move("d", false) }, "2 of a b c | (x) | d"},
		"into a step":              {func(d *DraftDocument) error { return d.MoveTo("d", 1, false) }, "2 of a b c d | (x)"},
		"into an approval's step":  {func(d *DraftDocument) error { return d.MoveTo("a", 2, false) }, "b c | (x) | a | d"},
		"into a step of one's own": {func(d *DraftDocument) error { return d.MoveTo("d", 1, true) }, "d | 2 of a b c | (x)"},
		"behind everybody":         {func(d *DraftDocument) error { return d.MoveTo("a", 4, true) }, "b c | (x) | d | a"},
		"removed":                  {func(d *DraftDocument) error { d.Remove("x"); return nil }, "2 of a b c | d"},
		"fewer than all":           {func(d *DraftDocument) error { d.SetNeed(1, 1); return nil }, "1 of a b c | (x) | d"},
		"all of them is no rule":   {func(d *DraftDocument) error { d.SetNeed(1, 3); return nil }, "a b c | (x) | d"},
		"joining by moving step by step": {func(d *DraftDocument) error {
			_ = d.Move("d", true)
			return d.Move("d", true)
		}, "2 of a b c d | (x)"},
	} {
		t.Run(name, func(t *testing.T) {
			d := DraftDocument{Needs: map[int]int{1: 2}, Approvals: []DraftApproval{{ID: "x", Step: 2}},
				Approvers: []DraftApprover{{ID: "a", Step: 1}, {ID: "b", Step: 1}, {ID: "c", Step: 1}, {ID: "d", Step: 3}}}
			if err := test.change(&d); err != nil {
				t.Fatal(err)
			}
			if got := order(d); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
