package routing

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"sealdesk/internal/db"
	"sealdesk/internal/files"
	"sealdesk/internal/font"
	"sealdesk/internal/pdf"
)

// maxRehearsed bounds the rehearsals that are kept: a draft is checked again after each change of it, most of which move nothing.
const maxRehearsed = 64

// checkCovers tells of components that the engine would refuse to fill, because they would hide or alter what others have signed by
// then. Once somebody has signed it is too late to move them. What cannot be rehearsed is not told: the engine judges it then.
func (r *Router) checkCovers(ctx context.Context, draft db.Draft, stored []db.File) (problems []Problem) {
	if !r.opts.Embedded || len(draft.Approvers) < 2 {
		return nil
	}
	names := map[string]string{}
	for _, a := range draft.Approvers {
		names[a.ID] = cmp.Or(a.UserName, a.Role)
	}
	for i, file := range stored {
		hiding, err := r.rehearse(ctx, file, actsOn(draft, i))
		if err != nil {
			r.opts.Logger.WarnContext(ctx, "routing: the fields of a draft could not be rehearsed", "file", file.ID, "error", err)
			continue
		}
		for _, c := range draft.Components {
			if c.FileIndex == i && slices.Contains(hiding, c.ID) {
				problems = append(problems, Problem{Rule: "covers", Name: names[c.Approver], Step: "pages", Component: c.ID})
			}
		}
	}
	return problems
}

// actsOn lists what each signer puts on a file, in the order of signing. Texts of the first step are filled before anybody signs.
func actsOn(draft db.Draft, index int) [][]pdf.Mark {
	approvers := slices.SortedStableFunc(slices.Values(draft.Approvers), func(a, b db.DraftApprover) int { return a.Step - b.Step })
	acts := make([][]pdf.Mark, len(approvers))
	for _, c := range draft.Components {
		at := slices.IndexFunc(approvers, func(a db.DraftApprover) bool { return a.ID == c.Approver })
		if c.FileIndex != index || at < 0 {
			continue
		}
		m := pdf.Mark{ID: c.ID, Kind: pdf.Text, Signer: c.Approver, Page: c.Page, X: c.X, Y: c.Y, Width: c.Width, Height: c.Height}
		switch c.Type {
		case db.SignSeal:
			m.Kind = pdf.Seal
		case db.SignSignature:
			m.Kind = pdf.Signature
		case db.SignDate, db.FillDate:
			m.Kind = pdf.Date
		}
		if c.Fills() && approvers[at].Step == approvers[0].Step {
			at = 0
		}
		acts[at] = append(acts[at], m)
	}
	return acts
}

// rehearse is pdf.Rehearse for a stored file, whose results are kept.
func (r *Router) rehearse(ctx context.Context, file db.File, acts [][]pdf.Mark) ([]string, error) {
	if len(slices.DeleteFunc(slices.Clone(acts), func(marks []pdf.Mark) bool { return len(marks) == 0 })) == 0 {
		return nil, nil
	}
	what, err := json.Marshal([]any{file.Ref, acts})
	if err != nil {
		return nil, fmt.Errorf("rehearse: %w", err)
	}
	key := sha256.Sum256(what)
	r.mu.Lock()
	hiding, known := r.rehearsed[key]
	r.mu.Unlock()
	if known {
		return hiding, nil
	}
	data, err := r.opts.Files.Get(ctx, files.Ref(file.Ref))
	if err != nil {
		return nil, err
	}
	face, err := font.Default()
	if err != nil {
		return nil, err
	}
	if hiding, err = pdf.Rehearse(ctx, data, face, acts); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.rehearsed) >= maxRehearsed {
		for old := range maps.Keys(r.rehearsed) {
			delete(r.rehearsed, old)
			break
		}
	}
	r.rehearsed[key] = hiding
	return hiding, nil
}
