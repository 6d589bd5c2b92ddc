package auth

import (
	"fmt"
	"slices"
	"time"
)

// SessionTouch is how often a session's last use is written at most.
const SessionTouch = time.Minute

// Who must have a second factor.
const (
	FactorOptional = "optional"
	FactorAdmins   = "admins"
	FactorAll      = "all"
)

// Policy is what administrators decide about log-ins, and about who may sign without proving who they are.
type Policy struct {
	SecondFactor    string        // FactorOptional, FactorAdmins or FactorAll
	SessionIdle     time.Duration // ends a session that nobody used
	SessionAbsolute time.Duration // ends a session however much it is used
	LinkLife        time.Duration // how long a link for choosing a password is good
	// LinkOnly lets people of other organisations than the sender's sign by their link alone, which proves nothing about who they are: whoever
	// sends the contract could sign in their place.
	LinkOnly bool
}

// DefaultPolicy holds until somebody decides otherwise.
func DefaultPolicy() Policy {
	return Policy{SecondFactor: FactorOptional, SessionIdle: 30 * time.Minute, SessionAbsolute: 12 * time.Hour, LinkLife: 3 * 24 * time.Hour}
}

// The choices of a policy, in the order in which forms offer them.
var (
	FactorChoices   = []string{FactorOptional, FactorAdmins, FactorAll}
	IdleChoices     = []time.Duration{10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}
	AbsoluteChoices = []time.Duration{4 * time.Hour, 8 * time.Hour, 12 * time.Hour, 24 * time.Hour}
	LinkChoices     = []time.Duration{24 * time.Hour, 3 * 24 * time.Hour, 7 * 24 * time.Hour}
)

// Check refuses a policy that is made of anything but the choices.
func (p Policy) Check() error {
	if !slices.Contains(FactorChoices, p.SecondFactor) || !slices.Contains(IdleChoices, p.SessionIdle) ||
		!slices.Contains(AbsoluteChoices, p.SessionAbsolute) || !slices.Contains(LinkChoices, p.LinkLife) {
		return fmt.Errorf("the policy %+v is not made of the choices", p)
	}
	return nil
}

// NeedsFactor tells whether an account of the role must have a second factor.
func (p Policy) NeedsFactor(role Role) bool {
	return p.SecondFactor == FactorAll || p.SecondFactor == FactorAdmins && role == Admin
}
