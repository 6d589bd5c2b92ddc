package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/web/static"

	"github.com/gorilla/sessions"
)

// The bounds of a request. An upload has its own; a stream has no time-out.
const (
	maxBody       = 1 << 20
	maxUpload     = 64 << 20
	answerTimeout = 60 * time.Second
	uploadTimeout = 10 * time.Minute
)

var errTimeout = errors.New("the request took too long")

// exchange is what the portal knows of a request while it answers it.
type exchange struct {
	id      string
	body    io.ReadCloser // as it came, without the limit
	out     *answerWriter
	route   string            // pattern of the route
	address string            // of the browser
	account *db.Account       // nil: nobody is logged in
	session *sessions.Session // nil as account
	flashed bool              // the session has messages to keep
	told    map[string]any    // of what is read; see tell
	why     string            // code of a refusal; see because
	tried   string            // id of the account that somebody who is not logged in tries to enter
	refused bool              // an event tells that this request was refused
	timer   *time.Timer       // ends the request's context
}

type exchangeKey struct{}

// exchangeOf is the exchange of a request; every request that passed the middleware has one.
func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	if x == nil {
		return new(exchange)
	}
	return x
}

// account is who is logged in. Handlers of routes that need a permission always find somebody.
func account(ctx context.Context) db.Account {
	if a := exchangeOf(ctx).account; a != nil {
		return *a
	}
	return db.Account{}
}

// scope is what the account that is logged in reaches; nobody reaches nothing.
func scope(ctx context.Context) db.Scope { return account(ctx).Scope }

// can tells whether the account that is logged in has a permission; for showing what a page offers.
func can(ctx context.Context, need auth.Permission) bool { return may(account(ctx), need) }

// may is the one place that joins role and scope of an account.
func may(a db.Account, need auth.Permission) bool {
	return auth.Can(a.Role, need) && (a.Scope.All || !auth.Whole(need))
}

// handler puts the routes behind the middleware.
func (s *server) handler() (http.Handler, error) {
	mux := http.NewServeMux()
	for _, route := range s.routes() {
		if route.Handle == nil {
			return nil, fmt.Errorf("route %s has no handler", route.Pattern)
		}
		mux.Handle(route.Pattern, s.guard(route))
	}
	root := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, static.Prefix) {
			static.Handler().ServeHTTP(w, r)
			return
		}
		h, pattern := mux.Handler(r)
		if pattern == "" {
			s.unrouted(w, r, h)
			return
		}
		mux.ServeHTTP(w, r)
	})
	return s.middleware(root), nil
}

// unrouted answers where no route matches: what the mux would say (404 or 405 with Allow), but as a page.
func (s *server) unrouted(w http.ResponseWriter, r *http.Request, h http.Handler) {
	probe := &headerProbe{header: make(http.Header)}
	h.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", probe.header.Get("Allow"))
		s.fail(w, r, errMethod)
		return
	}
	s.fail(w, r, db.ErrNotFound)
}

// headerProbe keeps the status of an answer and drops the rest.
type headerProbe struct {
	header http.Header
	status int
}

func (p *headerProbe) Header() http.Header         { return p.header }
func (p *headerProbe) WriteHeader(status int)      { p.status = status }
func (p *headerProbe) Write(b []byte) (int, error) { return len(b), nil }

// guard lets those in who have the permission of the route, and turns what the handler returns into an answer.
func (s *server) guard(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		exchangeOf(r.Context()).route = route.Pattern
		if err := s.admit(w, r, route); err != nil {
			s.fail(w, r, err)
			return
		}
		if err := s.serve(w, r, route); err != nil {
			s.fail(w, r, err)
		}
	})
}

// errAnswered stops a request that has been answered.
var errAnswered = errors.New("answered")

// admit returns nil for whoever may go on.
func (s *server) admit(w http.ResponseWriter, r *http.Request, route route) error {
	x := exchangeOf(r.Context())
	switch {
	case route.Need == auth.Public:
		return nil
	case x.account == nil:
		if err := s.sendToLogin(w, r); err != nil {
			return err
		}
		return errAnswered
	case !may(*x.account, route.Need):
		return errors.Join(errForbidden, s.noteDenied(r, route))
	case isOwnAccount(r.URL.Path):
		return nil
	case x.account.MustChange:
		return s.sendFirst(w, r, route, "/account?first=1", refusedFirst)
	case !x.account.SecondFactor && s.db.Policy().NeedsFactor(x.account.Role):
		return s.sendFirst(w, r, route, "/account/factor", refusedFactor)
	}
	return nil
}

// noteDenied records that an account has no right to a route, with the object that the path names.
func (s *server) noteDenied(r *http.Request, route route) error {
	_, path, _ := strings.Cut(route.Pattern, " ")
	e := audit.Event{Actor: audit.ActorFrom(r.Context()), Action: "access.denied", ObjectType: "route", ObjectID: path, Outcome: audit.Denied,
		Detail: map[string]any{"permission": string(route.Need), "method": r.Method, "route": route.Pattern}}
	if id := route.Reads.id; id != "" {
		e.ObjectType, e.ObjectID = route.Reads.object, r.PathValue(id)
	}
	return s.db.Readings().Note(r.Context(), audit.Act{Event: e})
}

// isOwnAccount tells whether a path is one of those where people set their own log-in right.
func isOwnAccount(path string) bool {
	return path == "/account" || strings.HasPrefix(path, "/account/")
}

// sendTo leads somebody where something has to be done first.
func (s *server) sendTo(w http.ResponseWriter, r *http.Request, path string) error {
	if err := s.redirect(w, r, path); err != nil {
		return err
	}
	return errAnswered
}

// record writes an event that is no change of the database; see db for those.
func (s *server) record(ctx context.Context, e audit.Event) error {
	e.Actor = audit.ActorFrom(ctx)
	if e.Outcome == "" {
		e.Outcome = audit.OK
	}
	if e.Outcome != audit.OK {
		exchangeOf(ctx).refused = true
	}
	if err := s.db.Audit().Record(ctx, e); err != nil {
		return fmt.Errorf("record %s: %w", e.Action, err)
	}
	return nil
}

// upload marks a handler that takes large bodies, such as files.
func upload(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		x := exchangeOf(r.Context())
		if x.body != nil {
			r.Body = http.MaxBytesReader(w, x.body, maxUpload)
		}
		if x.timer != nil {
			x.timer.Reset(uploadTimeout)
		}
		if err := extendDeadlines(w, time.Now().Add(uploadTimeout)); err != nil {
			return err
		}
		return h(w, r)
	}
}

// stream marks a handler whose answer has no end, such as server-sent events.
func stream(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if x := exchangeOf(r.Context()); x.timer != nil {
			x.timer.Stop()
		}
		if err := extendDeadlines(w, time.Time{}); err != nil {
			return err
		}
		return h(w, r)
	}
}

// extendDeadlines moves the time-outs of the connection. A test's recorder has none.
func extendDeadlines(w http.ResponseWriter, until time.Time) error {
	c := http.NewResponseController(w)
	for _, set := range []func(time.Time) error{c.SetReadDeadline, c.SetWriteDeadline} {
		if err := set(until); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return fmt.Errorf("extend the time-out: %w", err)
		}
	}
	return nil
}
