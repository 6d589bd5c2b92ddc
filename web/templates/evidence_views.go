package templates

import (
	"net/url"
	"time"
)

// EvidenceData is a page of the engine's evidence.
type EvidenceData struct {
	Rows              []EvidenceRow
	Filter            EvidenceFilter
	Actions, Outcomes []Option
	Problems          Problems
	Paging            Paging
	Count             int64
	Began             time.Time // of the first event; zero of a log that lacks it
	Last              AuditCheck
	Broken            bool   // what is stored does not go on from what was signed
	JSONL, CSV, Table string // addresses of exports of what the filter shows; empty where the reader may not
	CanVerify         bool
}

// EvidenceFilter is what was typed into the filter.
type EvidenceFilter struct{ Text, Action, Object, Outcome, From, To string }

// EvidenceRow is an event of the evidence in the list: Role, What and ObjectType in words, More what came together, such as pages.
type EvidenceRow struct {
	AuditRow
	More, IP string
}

// evidenceHistoryURL is the evidence of an object.
func evidenceHistoryURL(id string) string { return EvidenceURL(id, "") }

// EvidenceURL is the evidence of an object, of one action where one is given.
func EvidenceURL(id, action string) string {
	q := url.Values{"object": {id}}
	if action != "" {
		q.Set("action", action)
	}
	return "/evidence?" + q.Encode()
}
