package templates

import "context"

// nextSteps shows the steps of setting up as a timeline; only the one that is next is explained.
func nextSteps(ctx context.Context, steps []NextStep) []TimelineItem {
	items := make([]TimelineItem, len(steps))
	for i, step := range steps {
		items[i] = TimelineItem{State: stepState(steps, i), Title: step.Title}
		switch items[i].State {
		case "done":
			items[i].Note = t(ctx, "common.step.done")
		case "current":
			items[i].Detail = nextStepDetail(step)
		}
	}
	return items
}
