package templates

import (
	"cmp"
	"net/url"
	"strconv"
	"time"
)

// AuditData is a page of the audit log.
type AuditData struct {
	Outside                          AuditOutside
	Days                             []AuditDay
	Filter                           AuditFilter
	Chips                            []Chip
	Roles, Families, Outcomes, Whens []Option
	Actors                           []Option // accounts to suggest: name and display name
	Problems                         Problems
	Object                           *AuditObject // whose history the page is
	ObjectIDs                        []string     // all its numbers
	Found                            []AuditObject
	Unknown                          bool // the number that was asked for is of no object
	Paging                           Paging
	Count                            int64
	Began                            time.Time // of the first event; zero of a log that lacks it
	Last                             AuditCheck
	Views, Ready                     []FlowView
	Query                            string // the conditions as the query of an address
	Table, JSONL, CSV                string // addresses of exports of what the filter shows; empty where the reader may not
	CanVerify                        bool
	LinkReads                        string // address of what was read by link; empty where it is no question, or nobody knows
}

// AuditFilter is what was typed into the filter.
type AuditFilter struct {
	Text, Actor, Role, Did, Action, Object, Outcome, When, From, To string
	Calls                                                           bool
}

// Chip is one condition of a list in words, and the address of the list without it.
type Chip struct{ Text, URL string }

// AuditDay is the acts of one day, newest first.
type AuditDay struct {
	Title string
	Lines []AuditLine
}

// AuditObject is what an event is about. Kind is its type in words; Name is empty where nobody knows one.
type AuditObject struct {
	Type, Kind, ID, Name string
	Text                 string // the name as a sentence has it, or a short id
	URL                  string // its own page; empty where there is none, or none for this reader
}

// AuditLine is one act in one line: who, and a sentence whose middle is the object.
type AuditLine struct {
	Seq           int64
	At            time.Time
	Who, Note     string
	Before, After string
	Object        AuditObject
	Outcome       string // code, see the keys audit.outcome
	Problem       string
	From          string // address and kind of machine
	Evidence      string // address of the engine's evidence that tells it of a signer; empty for none
	Calls         []AuditCall
	More          int    // calls beyond those
	Count         int    // of all calls
	Base          string // address of the pages of its log; empty for the portal's own
}

// url is the page of the line's event.
func (l AuditLine) url() string {
	if l.Base != "" {
		return l.Base + "/" + strconv.FormatInt(l.Seq, 10)
	}
	return auditURL(l.Seq)
}

// AuditCall is a call of the platform below the act that caused it.
type AuditCall struct {
	Seq                    int64
	Text, Outcome, Problem string
}

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
	Who    string
	At     time.Time
	Events string // how many were verified
	OK     bool
	// Unjudged says that it could not be told whether the log is well.
	Unjudged bool
}

// AuditEvent is one event with all that it says and the proof that it is in the log.
type AuditEvent struct {
	AuditRow
	Session, IP, UserAgent, Request, Platform string
	Duration                                  string
	ObjectURL                                 string // page of the object; empty where there is none
	Base                                      string // address of the pages of its log; empty for the portal's own
	Told                                      bool   // who acted is a signer; account, address and browser are of who recorded it
	IntentURL                                 string // event of the call that this one is the outcome of
	Changes                                   []AuditChange
	Line                                      AuditLine // the act in one sentence
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
	Text       string // the leaf itself, whose hash is Leaf
	Leaf       string
	Path       []AuditProofStep
	Root       string
	Index      int64 // of the leaf in its tree, from 0
	TreeSize   int64 // leaves of that tree
	First      int64 // event that is its first leaf
	Size       int64
	Checkpoint string
	Key        string
	Older      []Option // checkpoints that were given out and cover the event
}

// AuditProofStep is one step from the leaf to the root: what one has is hashed together with Sibling, which stands on the left or the
// right, to Node.
type AuditProofStep struct {
	Sibling string
	Left    bool
	Node    string
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
	RowsAlone  bool     // the log is whole: all problems are rows outside of it
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

// auditClock is a time of a day.
func auditClock(at time.Time) string { return at.In(beijing).Format("15:04:05") }

// auditHistoryURL is the page of everything that was done to an object.
func auditHistoryURL(id string) string { return "/audit?" + url.Values{"object": {id}}.Encode() }

// base is the address of the pages of the event's log.
func (e AuditEvent) base() string { return cmp.Or(e.Base, "/audit") }

func (e AuditEvent) proofURL() string {
	return e.base() + "/" + strconv.FormatInt(e.Seq, 10) + "/proof"
}

func (e AuditEvent) historyURL() string {
	return e.base() + "?" + url.Values{"object": {e.ObjectID}}.Encode()
}

func auditURL(seq int64) string { return "/audit/" + strconv.FormatInt(seq, 10) }

func requestURL(seq int64) string { return "/requests/" + strconv.FormatInt(seq, 10) }

// AuditVerifyForm is what is wrong with the checkpoint that was given.
type AuditVerifyForm struct {
	Action   string // address that verifies
	Problems Problems
}

// others are the conditions besides the text, to be kept when another text is searched.
func (f AuditFilter) others() []AuditValue {
	calls := ""
	if f.Calls {
		calls = "1"
	}
	var kept []AuditValue
	for _, v := range []AuditValue{{"actor", f.Actor}, {"role", f.Role}, {"did", f.Did}, {"action", f.Action}, {"object", f.Object}, {"outcome", f.Outcome},
		{"when", f.When}, {"from", f.From}, {"to", f.To}, {"calls", calls}} {
		if v.Value != "" {
			kept = append(kept, v)
		}
	}
	return kept
}

// actorKey is the label of a fact about who acted, or about who recorded what somebody else did.
func (e AuditEvent) actorKey(acted, recorded string) string {
	if e.Told {
		return recorded
	}
	return acted
}
