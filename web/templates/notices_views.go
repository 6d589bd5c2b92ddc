package templates

import (
	"context"
	"strconv"
)

// manyUnseen is how many new notices the bell counts.
const manyUnseen = 99

func bellCount(unseen int) string {
	if unseen > manyUnseen {
		return strconv.Itoa(manyUnseen) + "+"
	}
	return strconv.Itoa(unseen)
}

func bellLabel(ctx context.Context, unseen int) string {
	if unseen == 0 {
		return t(ctx, "notices.title")
	}
	return t(ctx, "notices.unseen", "Count", unseen)
}

// noticeKind is the kind of badge of a notice.
func noticeKind(kind string) string {
	switch kind {
	case "completed":
		return "ok"
	case "approval":
		return "wait"
	}
	return "danger"
}

// noticeName is what a notice leads to.
func noticeName(ctx context.Context, n NoticeRow) string {
	if n.Name == "" {
		return t(ctx, "notices.deliveries")
	}
	return n.Name
}

// deliveryKind is the kind of badge of a delivery.
func deliveryKind(state string) string {
	switch state {
	case "done":
		return "ok"
	case "failed":
		return "danger"
	}
	return "wait"
}
