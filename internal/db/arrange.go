package db

import (
	"maps"
	"slices"
)

// place is where an approver or an approval stands in the order of a draft.
type place struct {
	id       string
	step     *int
	approval bool
}

func (d *DraftDocument) places() []place {
	all := make([]place, 0, len(d.Approvers)+len(d.Approvals))
	for i := range d.Approvers {
		all = append(all, place{d.Approvers[i].ID, &d.Approvers[i].Step, false})
	}
	for i := range d.Approvals {
		all = append(all, place{d.Approvals[i].ID, &d.Approvals[i].Step, true})
	}
	return all
}

// Move puts an approver or an approval one place earlier or later: out of a step that they share into one of their own, else into the step
// beside it. ErrNotFound when the draft has nobody of that id.
func (d *DraftDocument) Move(id string, earlier bool) error {
	all := d.places()
	at := slices.IndexFunc(all, func(p place) bool { return p.id == id })
	if at < 0 {
		return ErrNotFound
	}
	mine, way := all[at], 1
	if earlier {
		way = -1
	}
	step := *mine.step
	if slices.ContainsFunc(all, func(p place) bool { return p.id != id && *p.step == step }) {
		d.arrange(mine, 2*step+way)
		return nil
	}
	beside := slices.IndexFunc(all, func(p place) bool { return *p.step == step+way })
	switch {
	case beside < 0: // the first or the last already
	case all[beside].approval == mine.approval:
		d.arrange(mine, 2*(step+way))
	default:
		d.arrange(mine, 2*(step+way)+way)
	}
	return nil
}

// MoveTo puts an approver or an approval into a step, or with own into a new step before it. A step of the other kind takes nobody in: they get
// one of their own after it.
func (d *DraftDocument) MoveTo(id string, step int, own bool) error {
	all := d.places()
	at := slices.IndexFunc(all, func(p place) bool { return p.id == id })
	if at < 0 {
		return ErrNotFound
	}
	mine, target := all[at], 2*step
	other := slices.ContainsFunc(all, func(p place) bool { return p.id != id && *p.step == step && p.approval != mine.approval })
	switch {
	case own:
		target--
	case other:
		target++
	}
	d.arrange(mine, target)
	return nil
}

// Tidy numbers the steps from 1 without gaps, in their order, and forgets what fewer than all mean where it no longer does.
func (d *DraftDocument) Tidy() { d.arrange(place{step: new(int)}, 0) }

// arrange puts one place at twice the number of a step, odd numbers lying between two steps, and numbers the steps anew.
func (d *DraftDocument) arrange(mine place, target int) {
	all := d.places()
	size := map[int]int{}
	for _, p := range all {
		*p.step *= 2
		if p.id == mine.id {
			*p.step = target
		}
		size[*p.step]++
	}
	needs := map[int]int{}
	number := map[int]int{}
	for i, at := range slices.Sorted(maps.Keys(size)) {
		number[at] = i + 1
		if need := d.Needs[at/2]; at%2 == 0 && need > 0 && need < size[at] {
			needs[i+1] = need
		}
	}
	for _, p := range all {
		*p.step = number[*p.step]
	}
	d.Needs = needs
}

// SetNeed says how many of a step must sign or approve; all of them, and more, is no rule at all.
func (d *DraftDocument) SetNeed(step, need int) {
	if d.Needs == nil {
		d.Needs = map[int]int{}
	}
	d.Needs[step] = need
	d.Tidy()
}

// Remove takes an approver with their components, or an approval, out of a draft.
func (d *DraftDocument) Remove(id string) {
	d.Approvers = slices.DeleteFunc(d.Approvers, func(a DraftApprover) bool { return a.ID == id })
	d.Approvals = slices.DeleteFunc(d.Approvals, func(a DraftApproval) bool { return a.ID == id })
	d.Components = slices.DeleteFunc(d.Components, func(c Component) bool { return c.Approver == id })
	d.Tidy()
}

// clone copies what arranging changes.
func (d DraftDocument) clone() DraftDocument {
	d.Approvers, d.Approvals, d.Needs = slices.Clone(d.Approvers), slices.Clone(d.Approvals), maps.Clone(d.Needs)
	return d
}
