package handlers

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// What organisations, people and seals have in common.

// historyLength is how many events of an object its page shows.
const historyLength = 20

// maxHistory is how many events are looked at to find those.
const maxHistory = 1000

// history reads the newest events about an object, without reads and without the first half of calls. Who may not read the audit log gets
// none.
func (s *server) history(ctx context.Context, objectType, id string) ([]templates.HistoryItem, error) {
	if !can(ctx, auth.AuditRead) {
		return nil, nil
	}
	events, err := s.db.Audit().Query(ctx, audit.Filter{ObjectType: objectType, ObjectID: id}, 0, maxHistory)
	if err != nil {
		return nil, err
	}
	var items []templates.HistoryItem
	for _, e := range events {
		if e.Outcome == audit.Intent || strings.HasPrefix(e.Action, "platform.Describe") || strings.HasSuffix(e.Action, ".read") {
			continue
		}
		items = append(items, templates.HistoryItem{At: e.Time, Actor: actorText(ctx, &e), Action: e.Action, Outcome: e.Outcome, Code: e.ErrorCode})
		if len(items) == historyLength {
			break
		}
	}
	return items, nil
}

// refusal is what a form says above its fields when the platform has not taken it: a refusal in words, or that there was no answer. ok is
// false for errors that are no answer to what was typed.
func (s *server) refusal(r *http.Request, err error) (text string, ok bool) {
	ctx := r.Context()
	var platform *api.Error
	switch {
	case errors.As(err, &platform):
		because(ctx, platform.Code)
		text = i18n.ErrorText(ctx, platform.Code)
	case api.IsUnknownOutcome(err):
		text = i18n.T(ctx, "errors.page.504.message")
	case errors.As(err, new(*api.NoAnswerError)):
		text = i18n.T(ctx, "errors.unavailable")
	default:
		return "", false
	}
	s.log.WarnContext(ctx, "the platform did not take a form", "request", exchangeOf(ctx).id, "route", r.Pattern, "error", scrub(err))
	return text, true
}

// verifiedFilter reads the filter by verification.
func verifiedFilter(state string) *bool {
	switch state {
	case "verified":
		return new(true)
	case "unverified":
		return new(false)
	}
	return nil
}

// newOpenID makes an id that the portal chooses for an object of the platform: when the answer of its creation is lost, the object can
// still be asked for.
func newOpenID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil { // never: crypto/rand ends the program instead
		panic(err)
	}
	return hex.EncodeToString(b[:])
}

// address is where the browser is, for the fields that the platform asks for (SourceIp, VerifyClientIp).
func address(ctx context.Context) string { return audit.ActorFrom(ctx).IP }

// without leaves out those who have one of the ids.
func without(list []templates.Named, taken func(id string) bool) []templates.Named {
	var out []templates.Named
	for _, n := range list {
		if !taken(n.ID) {
			out = append(out, n)
		}
	}
	return out
}

func person(u db.User) templates.Person {
	p := templates.Person{ID: u.ID, Name: u.Name, Mobile: u.Mobile, IDCardNumber: u.IDCardNumber, Verified: u.IsVerified(), Created: u.Created}
	for _, o := range u.Organizations {
		p.Organizations = append(p.Organizations, templates.Named{ID: o.ID, Name: o.Name})
	}
	return p
}

func people(list []db.User) []templates.Person {
	out := make([]templates.Person, len(list))
	for i, u := range list {
		out[i] = person(u)
	}
	return out
}

// backTo is the link above the title.
func backTo(ctx context.Context, url, title string) *templates.Link {
	return &templates.Link{URL: url, Text: i18n.T(ctx, title)}
}
