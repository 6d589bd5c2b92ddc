package templates

import (
	"context"
	"time"
)

// soon is how near a deadline is when it shows in red.
const soon = 3 * 24 * time.Hour

// span is a length of time in its largest unit: minutes, hours or days, and how many. It is rounded down.
func span(d time.Duration) (unit string, count int) {
	switch {
	case d < time.Hour:
		return "minutes", int(d / time.Minute)
	case d < 24*time.Hour:
		return "hours", int(d / time.Hour)
	}
	return "days", int(d / (24 * time.Hour))
}

// AgoText says how long ago something was; a month and more is a date.
func AgoText(ctx context.Context, now, at time.Time) string {
	d := now.Sub(at)
	switch {
	case d < time.Minute:
		return t(ctx, "when.now")
	case d >= 31*24*time.Hour:
		return DateText(at)
	}
	unit, count := span(d)
	return t(ctx, "when.ago."+unit, "Count", count)
}

// SinceText says for how long something has lasted.
func SinceText(ctx context.Context, now, at time.Time) string {
	if now.Sub(at) < time.Minute {
		return t(ctx, "when.now")
	}
	unit, count := span(now.Sub(at))
	return t(ctx, "when.since."+unit, "Count", count)
}

// LeftText says how much time is left, or by how much it is over; what is further away than a month is a date.
func LeftText(ctx context.Context, now, at time.Time) string {
	d := at.Sub(now)
	if d < 0 {
		unit, count := span(-d)
		return t(ctx, "when.over."+unit, "Count", count)
	}
	if d >= 31*24*time.Hour {
		return DateText(at)
	}
	unit, count := span(d)
	return t(ctx, "when.left."+unit, "Count", count)
}
