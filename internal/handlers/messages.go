package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/gateway"
	"sealdesk/internal/i18n"
	"sealdesk/internal/identity"
	"sealdesk/web/templates"
)

// Messages are what the engine in this program sends to people. The platform's API has no calls for it.
type Messages interface {
	// MessageWays lists the ways that are set up, of the gateway's.
	MessageWays() []string
	// MessageLog gives the newest messages without what they say; before is empty or next of the page before, next is empty on the last one.
	MessageLog(ctx context.Context, before string, limit int) (page []gateway.Sent, next string, err error)
	// TestMessage queues a test to an address; gateway.ErrNoWay where no way leads there.
	TestMessage(ctx context.Context, to string) error
	// Undelivered lists the tasks of a contract of the platform whose signer was not reached by what was last sent to them.
	Undelivered(ctx context.Context, flowID string) ([]gateway.Sent, error)
	// Remind reminds whoever has a pending task, once for a key, and tells the masked address; empty where nothing can be sent.
	Remind(ctx context.Context, flowID, signID, key string) (address string, err error)
}

// messageRows is how many messages a page shows.
const messageRows = 30

// withMessages lets pages of messages exist only where the engine of this program is the platform: the cloud sends its own and tells nothing.
func (s *server) withMessages(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if s.messages == nil {
			return db.ErrNotFound
		}
		return h(w, r)
	}
}

// listMessages shows what was sent to people, and what became of it; never what it says.
func (s *server) listMessages(w http.ResponseWriter, r *http.Request) error {
	return s.messagesPage(w, r, "", nil)
}

func (s *server) messagesPage(w http.ResponseWriter, r *http.Request, to string, found templates.Problems) error {
	ctx := r.Context()
	all, next, err := s.messages.MessageLog(ctx, r.URL.Query().Get("after"), messageRows)
	if err != nil {
		return err
	}
	data := templates.MessagesData{To: to, Problems: found, CanTest: can(ctx, auth.SettingsWrite), Paging: paging(r, next), Now: s.now()}
	for _, way := range s.messages.MessageWays() {
		data.Ways = append(data.Ways, i18n.T(ctx, "messages.way."+way))
	}
	for _, m := range all {
		row := templates.MessageRow{Kind: i18n.T(ctx, "messages.kind."+m.Kind), Address: m.Address, State: m.State, Error: messageError(ctx, m.Error), Attempts: m.Attempts,
			At: m.Created, Delivered: m.Delivered}
		if m.Way != "" {
			row.Way = i18n.T(ctx, "messages.way."+m.Way)
		}
		data.Rows = append(data.Rows, row)
		data.Failed = data.Failed || m.State == "failed" && m.Kind != gateway.KindTest && s.now().Sub(m.Created) < 24*time.Hour
	}
	p := page{Title: "messages.title", Active: "settings", Back: backTo(ctx, "/settings", "settings.title")}
	if len(found) > 0 {
		return s.renderForm(w, r, p, templates.MessagesPage(data))
	}
	return s.render(w, r, http.StatusOK, p, templates.MessagesPage(data))
}

// messageError says in words why a message did not leave. A code of the SMS platform that has no words of its own is told by its family, with
// the code, which its documentation explains.
func messageError(ctx context.Context, code string) string {
	if code == "" {
		return ""
	}
	if key := "messages.error." + code; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	family, reply, _ := strings.Cut(code, ".")
	if key := "messages.error." + family; i18n.Has(ctx, key) {
		text := i18n.T(ctx, key, "Code", code)
		if _, err := strconv.Atoi(reply); err == nil { // a server's own number, to look up
			text += i18n.T(ctx, "messages.error.reply", "Reply", reply)
		}
		return text
	}
	return i18n.T(ctx, "messages.error.platform", "Code", code)
}

// undelivered says in words, by task, who was not reached by what was last sent to them about a flow, and what to do. Who may remind sends again.
func (s *server) undelivered(ctx context.Context, f db.Flow) (map[string]string, error) {
	if s.messages == nil || f.PlatformID == "" || !f.State.Open() {
		return nil, nil
	}
	all, err := s.messages.Undelivered(ctx, f.PlatformID)
	if err != nil {
		return nil, err
	}
	said := make(map[string]string, len(all))
	for _, m := range all {
		key := "messages.undelivered.failed"
		if m.State != "failed" {
			key = "messages.undelivered.waiting"
		}
		said[m.SignID] = i18n.T(ctx, key, "Kind", i18n.T(ctx, "messages.kind."+m.Kind), "Address", m.Address, "Why", messageError(ctx, m.Error))
	}
	return said, nil
}

// testMessage sends a test to the address that somebody types.
func (s *server) testMessage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := readForm(r); err != nil {
		return err
	}
	to := strings.TrimSpace(r.PostFormValue("To"))
	if !reachable(to) {
		return s.messagesPage(w, r, to, templates.Problems{{Field: "To", Rule: "address"}})
	}
	if err := s.messages.TestMessage(ctx, to); errors.Is(err, gateway.ErrNoWay) {
		return s.messagesPage(w, r, to, templates.Problems{{Field: "To", Rule: "no_way"}})
	} else if err != nil {
		return err
	}
	if err := s.record(ctx, audit.Event{Action: "message.test", ObjectType: "message", Detail: map[string]any{"address": gateway.Mask(to)}}); err != nil {
		return err
	}
	s.flash(r, "info", "messages.test.queued", "Address", gateway.Mask(to))
	return s.redirect(w, r, "/settings/messages")
}

// reachable tells whether a text is an e-mail or a mobile that can exist.
func reachable(to string) bool {
	if gateway.IsMail(to) {
		a, err := mail.ParseAddress(to)
		return err == nil && a.Address == to && len(to) <= 254
	}
	return identity.CheckMobile(to) == nil
}
