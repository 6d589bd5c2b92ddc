package templates

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// flowKind is the kind of badge of a state.
func flowKind(state string) string {
	switch state {
	case "4", "7":
		return "ok"
	case "-1", "0", "1":
		return "wait"
	case "2", "-2":
		return "danger"
	}
	return "neutral"
}

// flowOrders are what the list can be ordered by.
func flowOrders(ctx context.Context) []Option {
	var orders []Option
	for _, order := range []string{"created", "deadline", "stuck"} {
		orders = append(orders, Option{Value: order, Text: t(ctx, "flows.sort."+order)})
	}
	return orders
}

// flowBlocker says who or what a flow waits for.
func flowBlocker(ctx context.Context, f FlowLine) string {
	switch {
	case f.Failed || f.Problem:
		return t(ctx, "flows.blocker.problem")
	case f.WaitingOn != "":
		return f.WaitingOn
	}
	return t(ctx, "flows.blocker.sending")
}

// flowPeople are the approvers and approvals of a flow in the order of their steps.
func flowPeople(ctx context.Context, d FlowData) []TimelineItem {
	items := make([]TimelineItem, 0, len(d.People)+len(d.Approvals))
	size := map[int]int{}
	for _, p := range d.People {
		size[p.Step]++
	}
	for _, a := range d.Approvals {
		size[a.Step]++
	}
	stepText := func(step int) string {
		switch need := d.Needs[step]; {
		case need > 0:
			return " · " + t(ctx, "flows.step.need", "Step", step, "Need", need, "Count", size[step])
		case len(size) > 1:
			return " · " + t(ctx, "flows.step", "Step", step)
		}
		return ""
	}
	for step := range slices.Values(slices.Sorted(maps.Keys(size))) {
		for _, a := range d.Approvals {
			if a.Step == step {
				items = append(items, flowApprovalItem(d.ID, a, t(ctx, approvalStatusKey(a.Status)), t(ctx, "people.approval")+stepText(step)))
			}
		}
		for _, p := range d.People {
			if p.Step == step {
				items = append(items, flowPersonItem(ctx, d.ID, p, stepText(step)))
			}
		}
	}
	return items
}

// NeverSigned is the status shown for somebody who had not signed when their contract was withdrawn, rejected or expired: nobody waits for
// them any more, whatever the platform goes on to say.
const NeverSigned = -2

// approverLook is the kind of an approver's badge and the state of their step.
func approverLook(status int64) (kind, state string) {
	switch status {
	case 0, 12:
		return "wait", "current"
	case 1:
		return "ok", "done"
	case 2, 3, 13:
		return "danger", "failed"
	}
	return "neutral", "todo"
}

// ApproverBadge says how far an approver is.
func ApproverBadge(ctx context.Context, status int64) templ.Component {
	kind, _ := approverLook(status)
	return Badge(kind, t(ctx, "flows.approver."+strconv.FormatInt(status, 10)))
}

func flowPersonItem(ctx context.Context, flowID string, p FlowPerson, step string) TimelineItem {
	_, state := approverLook(p.Status)
	subtitle := p.Organization
	if subtitle == "" {
		subtitle = t(ctx, "builder.as_person")
	}
	if len(p.Channels) > 0 {
		step += " · " + channelNames(ctx, p.Channels)
	}
	item := TimelineItem{State: state, Title: p.Name, Subtitle: subtitle + step, Note: TimeText(p.At),
		Badge: ApproverBadge(ctx, p.Status)}
	if p.Message+p.Check+p.Undelivered != "" || p.Simulated || p.CanLink || p.CanMove || p.CanResend {
		item.Detail = flowPersonDetail(flowID, p)
	}
	return item
}

// timelineItems are the lines of a flow's timeline.
func timelineItems(events []FlowEventLine) []TimelineItem {
	items := make([]TimelineItem, 0, len(events))
	for _, e := range events {
		var more []string
		for _, text := range []string{e.Actor, e.Detail} {
			if text != "" {
				more = append(more, text)
			}
		}
		items = append(items, TimelineItem{State: "done", Title: e.Text, Subtitle: strings.Join(more, " · "), Note: TimeText(e.At)})
	}
	return items
}
