package templates

import (
	"context"
	"strconv"
	"strings"
)

// draftContent counts what is in a draft.
func draftContent(ctx context.Context, d DraftRow) string {
	return strings.Join([]string{
		t(ctx, "builder.content.files", "Count", d.Files),
		t(ctx, "builder.content.people", "Count", d.Approvers),
		t(ctx, "builder.content.components", "Count", d.Components),
	}, " · ")
}

// draftStepList are the pages of a draft; before the first save only the first exists.
func draftStepList(ctx context.Context, id string, at int) []Step {
	steps := []Step{{Text: t(ctx, "builder.step.details")}, {Text: t(ctx, "builder.step.people")}, {Text: t(ctx, "builder.step.pages")}}
	for i := range steps {
		switch {
		case i < at:
			steps[i].State = "done"
		case i == at:
			steps[i].State = "current"
		default:
			steps[i].State = "todo"
		}
	}
	if id != "" {
		steps[0].URL, steps[1].URL, steps[2].URL = "/drafts/"+id, "/drafts/"+id+"/people", "/drafts/"+id+"/builder"
	}
	return steps
}

func draftFormURL(id string) string {
	if id == "" {
		return "/drafts"
	}
	return "/drafts/" + id
}

func (d DraftBuild) approver(id string) string {
	for _, a := range d.Canvas.Approvers {
		if a.ID == id {
			return a.Name
		}
	}
	return id
}

// number is a length as a number field takes it.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
