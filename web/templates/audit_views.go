package templates

import (
	"net/url"
	"strconv"
	"time"
)

// AuditData is a page of the audit log.
type AuditData struct {
	Outside   AuditOutside
	Rows      []AuditRow
	Filter    AuditFilter
	Actions   []Option
	Outcomes  []Option
	Problems  Problems
	Paging    Paging
	Count     int64
	Last      AuditCheck
	JSONL     string // addresses of exports of what the filter shows; empty where the reader may not
	CSV       string
	CanVerify bool
}

// AuditFilter is what was typed into the filter.
type AuditFilter struct{ Text, Actor, Action, Object, Outcome, From, To string }

// AuditRow is an event in the list. Texts are in the reader's language, except for codes.
type AuditRow struct {
	Seq         int64
	At          time.Time
	Actor, Role string // Actor is empty when nobody was signed in
	What        string
	ObjectType  string
	ObjectID    string
	Outcome     string // code, see the keys audit.outcome
	Problem     string
}

// AuditCheck is the last verification that somebody made; the zero value when there is none.
type AuditCheck struct {
	Who string
	At  time.Time
	OK  bool
}

// AuditEvent is one event with all that it says and the proof that it is in the log.
type AuditEvent struct {
	AuditRow
	Action, Code                              string
	Session, IP, UserAgent, Request, Platform string
	Duration                                  string
	ObjectURL                                 string // page of the object; empty where there is none
	IntentURL                                 string // event of the call that this one is the outcome of
	Changes                                   []AuditChange
	Values                                    []AuditValue
	Proof                                     AuditProof
}

// AuditChange is a field of a change; Changed tells those that differ.
type AuditChange struct {
	Field, Before, After string
	Changed              bool
}

// AuditValue is anything else that an event says.
type AuditValue struct{ Field, Value string }

// AuditProof is the inclusion proof of an event, already checked.
type AuditProof struct {
	OK         bool
	Leaf       string
	Path       []string
	Size       int64
	Checkpoint string
	Key        string
}

// AuditReport is the result of verifying the log.
type AuditReport struct {
	OK         bool
	Events     int64
	Root       string
	Checkpoint string
	Took       string
	Against    int
	Found      int
	Problems   []string // in words
}

// auditTime is an exact time, to the second.
func auditTime(at time.Time) string { return at.In(beijing).Format("2006-01-02 15:04:05") }

// auditKind is the colour of an outcome.
func auditKind(outcome string) string {
	switch outcome {
	case "ok":
		return "ok"
	case "failed":
		return "wait"
	case "denied":
		return "danger"
	}
	return "neutral"
}

// auditHistoryURL is the page of everything that was done to an object.
func auditHistoryURL(id string) string { return "/audit?" + url.Values{"object": {id}}.Encode() }

func auditURL(seq int64) string { return "/audit/" + strconv.FormatInt(seq, 10) }

func requestURL(seq int64) string { return "/requests/" + strconv.FormatInt(seq, 10) }

// AuditVerifyForm is what is wrong with the checkpoint that was given.
type AuditVerifyForm struct{ Problems Problems }
