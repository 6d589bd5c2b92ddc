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

// taskKind is the kind of badge of something that waits for the reader.
func taskKind(kind string) string {
	switch kind {
	case "problem":
		return "danger"
	case "approval", "signing":
		return "wait"
	case "archive":
		return "ok"
	}
	return "neutral"
}

// The chart of the overview, in its own units: the width of a day, the height of the highest bar.
const (
	chartDay    = 11
	chartHeight = 90
)

// chartBarHeight is the height of a bar; the highest number of all days fills the chart, and one contract can be seen.
func chartBarHeight(days []OverviewDay, n int64) int {
	var most int64 = 1
	for _, d := range days {
		most = max(most, d.Sent, d.Completed)
	}
	if n <= 0 {
		return 0
	}
	return max(2, int(n*chartHeight/most))
}

func sumDays(days []OverviewDay) (sum OverviewDay) {
	for _, d := range days {
		sum.Sent += d.Sent
		sum.Completed += d.Completed
	}
	return sum
}
