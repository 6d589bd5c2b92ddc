package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/gate"
)

// actionRefused is the action of whatever was asked for and not done.
const actionRefused = "request.refused"

// Codes of refusals that a handler knows more of than its answer's status says.
const (
	refusedCrossOrigin = "cross_origin"
	refusedPassword    = "wrong_password"
	refusedCode        = "wrong_code"
	refusedToken       = "wrong_token" //nolint:gosec // a word for it
	refusedUnsigned    = "unsigned"
	refusedSession     = "session_unknown" // ended, or made up
	refusedFirst       = "must_change"     // the password has to be changed first
	refusedFactor      = "needs_factor"    // the second factor has to be set up first
)

// refusedCodes are the codes of refusals by the status of the answer.
var refusedCodes = map[int]string{
	http.StatusForbidden: "forbidden", http.StatusNotFound: "not_found", http.StatusConflict: "refused", http.StatusRequestEntityTooLarge: "too_large",
	http.StatusUnprocessableEntity: "invalid", http.StatusTooManyRequests: "throttled",
}

// because tells the event of a refusal why the request is refused, where the status does not say it.
func because(ctx context.Context, code string) { exchangeOf(ctx).why = code }

// asksForChange tells of requests that would change something.
func asksForChange(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead
}

// serve runs a route's handler. Where it would have changed something and refuses, that is an event before the answer leaves: this is the one
// place through which refusals pass, whether they are errors or forms that are shown again.
func (s *server) serve(w http.ResponseWriter, r *http.Request, route route) error {
	if !asksForChange(r) {
		return s.pass(w, r, route)
	}
	out := gate.New(w, func(status int) error {
		if status < http.StatusBadRequest {
			return nil
		}
		return s.noteRefusal(r, route.Reads, status)
	})
	err := s.pass(out, r, route)
	switch {
	case out.Err() != nil:
		return out.Err()
	case err == nil || errors.Is(err, errAnswered) || disconnected(err) == nil || clientGone(r):
		return err
	}
	var platform *api.Error
	if errors.As(err, &platform) && exchangeOf(r.Context()).why == "" {
		because(r.Context(), platform.Code)
	}
	if noted := s.noteRefusal(r, route.Reads, answerFor(r.Context(), err).status); noted != nil {
		return noted
	}
	return err
}

// noteRefusal records that a request was refused, once, where nothing else has told of it: by whom, on which route, about which object. Refusals
// are folded like all others, so that a flood of a stranger's is few events; of those only what the routes name is kept.
func (s *server) noteRefusal(r *http.Request, about reads, status int) error {
	ctx := r.Context()
	x := exchangeOf(ctx)
	if x.refused {
		return nil
	}
	x.refused = true
	code := x.why
	if code == "" {
		code = refusedCodes[status]
	}
	e := audit.Event{Actor: audit.ActorFrom(ctx), Action: actionRefused, ObjectType: "route", Outcome: audit.Denied, ErrorCode: code}
	if code == "" {
		e.ErrorCode = "bad_request"
		if status >= http.StatusInternalServerError {
			e.Outcome, e.ErrorCode = audit.Failed, "internal"
		}
	}
	method, path, _ := strings.Cut(x.route, " ")
	e.ObjectID = path
	if id := r.PathValue(about.id); about.id != "" && x.account != nil {
		e.ObjectType, e.ObjectID = about.object, id
	}
	if x.tried != "" {
		e.ObjectType, e.ObjectID = "account", x.tried
	}
	e.Detail = map[string]any{"method": r.Method}
	if method != "" {
		e.Detail["route"] = x.route
	}
	// Whoever asked may have gone; what was refused is told all the same.
	return s.db.Readings().Note(context.WithoutCancel(ctx), audit.Act{Event: e})
}

// sendFirst leads an account where something has to be done first; what it would have changed is refused, with a code.
func (s *server) sendFirst(w http.ResponseWriter, r *http.Request, route route, path, code string) error {
	if asksForChange(r) {
		because(r.Context(), code)
		if err := s.noteRefusal(r, route.Reads, http.StatusForbidden); err != nil {
			return err
		}
	}
	return s.sendTo(w, r, path)
}

// noteSession records that a browser showed a session that is none: one that ended, or one that somebody made up.
func (s *server) noteSession(r *http.Request) error {
	cookie, err := r.Cookie(s.sessions.CookieName())
	if err != nil || cookie.Value == "" || exchangeOf(r.Context()).account != nil {
		return nil
	}
	return s.db.Readings().Note(r.Context(), audit.Act{Event: audit.Event{Actor: audit.ActorFrom(r.Context()), Action: "session.refused", ObjectType: "session",
		Outcome: audit.Denied, ErrorCode: refusedSession}})
}

// noteLink records that somebody came with a link for choosing a password that is none, or none any more.
func (s *server) noteLink(r *http.Request) error {
	because(r.Context(), refusedToken)
	return s.noteRefusal(r, nothing, http.StatusNotFound)
}
