package templates

import "time"

// ConsoleMessage is something that a person is told.
type ConsoleMessage struct {
	Recipient, Body    string
	Way, State, Error  string // of the gateway; see the engine's
	Created, Delivered time.Time
}

// ConsoleReview is a signature that waits for a decision, or one that was decided.
type ConsoleReview struct {
	ID, FlowID, FlowName  string
	Signer, Organization  string
	Proof, Message        string
	Address, Note         string
	Open, Accepted, Ended bool // Ended: the contract has moved on and nothing can be decided
	Created, Decided      time.Time
}

// ConsoleReviews is the page of reviews. Refusal says why a decision was not taken.
type ConsoleReviews struct {
	Rows    []ConsoleReview
	Refusal string
}

// ConsoleCheck is a check of a person.
type ConsoleCheck struct {
	Name, IDCard       string // the number masked
	Channel, State     string // State: waiting, passed, failed
	Ticket, UserID     string
	Used               bool
	Created, Decided   time.Time
	LiveRate, Likeness string
}

// ConsoleFaces is the page of checks. The api_ticket is empty until somebody asks for it.
type ConsoleFaces struct {
	Rows      []ConsoleCheck
	Refusal   string
	UserID    string
	Channel   string
	APITicket string
}

// ConsoleCatalog is a group of contracts.
type ConsoleCatalog struct {
	ID, Name string
	Flows    []string
	Created  time.Time
}

// ConsoleCatalogs is the page of catalogs, with what was entered when it could not be taken.
type ConsoleCatalogs struct {
	Rows          []ConsoleCatalog
	Name, FlowIDs string
	Refusal       string
}

// ConsoleIdentity is one row of the register, and the form that changes it. Results are numbers, or "error"; empty compares.
type ConsoleIdentity struct {
	ID, Name, IDCard, Mobile, BankCard                     string
	IDCardResult, MobileResult, BankCardResult, FaceResult string
	Problems                                               Problems
	Refusal                                                string
}

// ConsoleIdentities is the page of the register.
type ConsoleIdentities struct {
	Rows    []ConsoleIdentity
	Query   string
	Paging  Paging
	Refusal string // of an import
}

// results are what the row makes the checks answer, in one line.
func (i ConsoleIdentity) results() []string {
	var out []string
	for _, r := range []struct{ name, value string }{
		{"id_card", i.IDCardResult}, {"mobile", i.MobileResult}, {"bank_card", i.BankCardResult}, {"face", i.FaceResult},
	} {
		if r.value != "" {
			out = append(out, r.name+" = "+r.value)
		}
	}
	return out
}

// checkKind is the badge of a check's state.
func checkKind(state string) string {
	switch state {
	case "passed":
		return "ok"
	case "failed":
		return "danger"
	default:
		return "wait"
	}
}

// messageLook is the look of a message's state.
func messageLook(state string) string {
	switch state {
	case "done":
		return "ok"
	case "failed":
		return "danger"
	case "kept":
		return "neutral"
	}
	return "wait"
}
