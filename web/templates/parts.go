package templates

import (
	"time"

	"github.com/a-h/templ"
)

// Step is one of the steps of a job, in order; State is done, current, todo or failed.
type Step struct {
	Text  string
	URL   string // empty: not a link
	State string
}

// TimelineItem is one approver or event of a timeline; State as in Step.
type TimelineItem struct {
	State    string
	Title    string
	Subtitle string
	Badge    templ.Component
	Note     string
	Detail   templ.Component // below the subtitle: reasons, links to copy
}

// Paging holds the addresses around a page of a list; empty ones are not shown.
type Paging struct {
	Next  string
	First string
}

// Confirmation is a dialog that asks before it posts to Action.
type Confirmation struct {
	ID     string
	Title  string
	Text   string
	Action string
	Submit string
	Danger bool
	Fields templ.Component // further fields of the form; may be nil
}

// ErrorData is what an error page tells. RequestID helps an admin to find the matching log lines.
type ErrorData struct {
	Status    int
	Title     string
	Message   string
	RequestID string
	Home      string // where the way out leads; empty for none
}

// beijing is the zone of every time shown: the platform's own, whatever the server's.
var beijing = time.FixedZone("UTC+08:00", 8*60*60)

// TimeText is a time as shown everywhere, 2026-11-23 14:05, in Beijing time; empty for the zero time.
func TimeText(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(beijing).Format("2006-01-02 15:04")
}

// DateText is a day as shown everywhere, 2026-11-23, in Beijing time; empty for the zero time.
func DateText(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(beijing).Format("2006-01-02")
}

// timeTitle is the exact time with its zone.
func timeTitle(at time.Time) string {
	return at.In(beijing).Format("2006-01-02 15:04:05") + " UTC+08:00"
}

// ShortID shortens a long identifier to its ends.
func ShortID(id string) string {
	if len(id) <= 14 {
		return id
	}
	return id[:6] + "…" + id[len(id)-4:]
}

// stepIcon is the icon of a state of a step.
func stepIcon(state string) string {
	switch state {
	case "done":
		return "check"
	case "failed":
		return "x"
	}
	return ""
}

// noticeIcon is the icon of a kind of message.
func noticeIcon(kind string) string {
	switch kind {
	case "ok":
		return "check-circle"
	case "wait":
		return "clock"
	case "danger":
		return "alert"
	}
	return "info"
}
