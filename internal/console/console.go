// Package console is the embedded engine's own desk for developers and testers: what programs asked and why they were refused, what was
// sent to them, and the switches of the world that the engine stands for, such as its clock and the rights of an application.
//
// One logs in with a one-time token that the command line prints; there are no accounts. Nothing changes on GET.
package console

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"

	"github.com/a-h/templ"
)

// Prefix is the path below which the console lies.
const Prefix = templates.ConsolePrefix

// Options configure the console. Engine and PublicURL are required.
type Options struct {
	Engine *engine.Engine
	// PublicURL is how browsers reach the engine; with https, the cookie is for TLS only.
	PublicURL string
	Logger    *slog.Logger // nil discards
}

type server struct {
	engine    *engine.Engine
	publicURL string
	tls       bool
	logger    *slog.Logger
}

// maxForm bounds a form; uploads of identities are the largest.
const maxForm = 4 << 20

// handler is one route: it writes an answer or returns why there is none.
type handler func(w http.ResponseWriter, r *http.Request) error

// New makes the handler of everything below Prefix.
func New(o Options) (http.Handler, error) {
	if o.Engine == nil || o.PublicURL == "" {
		return nil, errors.New("console: Options.Engine and Options.PublicURL are needed")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &server{engine: o.Engine, publicURL: o.PublicURL, tls: strings.HasPrefix(o.PublicURL, "https://"), logger: o.Logger}
	return s.handler()
}

// public are the routes without a session; pages are all others.
func (s *server) public() map[string]handler {
	return map[string]handler{
		"GET /console/login":  s.showLogIn,
		"POST /console/login": s.logIn,
	}
}

func (s *server) pages() map[string]handler {
	return map[string]handler{
		"GET /console/{$}":                        s.showStart,
		"POST /console/logout":                    s.logOut,
		"GET /console/connect":                    s.showConnect,
		"POST /console/connect":                   s.showSecretKey,
		"GET /console/requests":                   s.listRequests,
		"GET /console/requests/{id}":              s.showRequest,
		"GET /console/callbacks":                  s.listCallbacks,
		"POST /console/callbacks/keys":            s.showCallbackKeys,
		"POST /console/callbacks/encrypt":         s.encryptCallbacks,
		"GET /console/callbacks/{seq}":            s.showCallback,
		"POST /console/callbacks/{seq}/redeliver": s.redeliver,
		"GET /console/rights":                     s.listRights,
		"POST /console/rights":                    s.setRight,
		"GET /console/clock":                      s.bending(s.showClock),
		"POST /console/clock":                     s.bending(s.advanceClock),
		"POST /console/clock/reset":               s.bending(s.resetClock),
		"GET /console/messages":                   s.listMessages,
		"GET /console/reviews":                    s.bending(s.listReviews),
		"POST /console/reviews/{id}":              s.bending(s.decideReview),
		"GET /console/faces":                      s.bending(s.listFaces),
		"POST /console/faces":                     s.bending(s.beginCheck),
		"POST /console/faces/ticket":              s.bending(s.showAPITicket),
		"GET /console/catalogs":                   s.listCatalogs,
		"POST /console/catalogs":                  s.createCatalog,
		"GET /console/identities":                 s.bending(s.listIdentities),
		"GET /console/identities/export":          s.bending(s.exportIdentities),
		"POST /console/identities/import":         s.bending(s.importIdentities),
		"GET /console/identities/{id}":            s.bending(s.showIdentity),
		"POST /console/identities/{id}":           s.bending(s.saveIdentity),
		"POST /console/identities/{id}/delete":    s.bending(s.deleteIdentity),
		"GET /console/":                           s.showNothing,
	}
}

func (s *server) handler() (http.Handler, error) {
	mux := http.NewServeMux()
	for pattern, h := range s.public() {
		mux.Handle(pattern, s.wrap(h))
	}
	for pattern, h := range s.pages() {
		mux.Handle(pattern, s.wrap(s.admit(h)))
	}
	guard := http.NewCrossOriginProtection()
	if err := guard.AddTrustedOrigin(s.publicURL); err != nil {
		return nil, err
	}
	guard.SetDenyHandler(s.wrap(func(http.ResponseWriter, *http.Request) error { return errOrigin }))
	return guard.Handler(mux), nil
}

// wrap sets the language and the headers of every page, and turns an error into a page.
func (s *server) wrap(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lang := templates.LanguageOf(r)
		r = r.WithContext(i18n.WithLanguage(r.Context(), lang))
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		protect(w.Header())
		w.Header().Set("Content-Language", lang)
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

// bending lets a page that bends the world exist in simulation only.
func (s *server) bending(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !s.engine.Simulated() {
			return engine.ErrNotSimulated
		}
		return h(w, r)
	}
}

// protect sets the headers that keep a page to its reader.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "+
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Vary", "Cookie, Accept-Language")
}

// Errors that lead to a page.
var (
	errOrigin = errors.New("console: a request from another origin")
	errNoPage = errors.New("console: no such page")
)

// fail writes the page for an error; its texts are the keys console.stop.NAME.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the reader has gone
	}
	status, name := http.StatusInternalServerError, "failed"
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, engine.ErrNotSimulated):
		status, name = http.StatusNotFound, "simulated"
	case errors.Is(err, errNoPage):
		status, name = http.StatusNotFound, "unknown"
	case errors.Is(err, errOrigin):
		status, name = http.StatusForbidden, "origin"
	case errors.As(err, &tooLarge):
		status, name = http.StatusRequestEntityTooLarge, "large"
	default:
		s.logger.ErrorContext(r.Context(), "console: request failed", "method", r.Method, "pattern", r.Pattern, "error", err)
	}
	page := templates.Empty("alert", i18n.T(r.Context(), "console.stop."+name+".title"), i18n.T(r.Context(), "console.stop."+name+".text"))
	if err := s.write(w, r, status, templates.ConsoleData{Title: i18n.T(r.Context(), "console.brand")}, page); err != nil {
		s.logger.ErrorContext(r.Context(), "console: rendering failed", "error", err)
	}
}

// show answers with a page of the console. Its title is the navigation's text unless it has its own.
func (s *server) show(w http.ResponseWriter, r *http.Request, status int, d templates.ConsoleData, content templ.Component) error {
	if d.Title == "" {
		d.Title = i18n.T(r.Context(), "console.nav."+d.Active)
	}
	d.Ahead, d.Now = s.engine.ClockOffset(), s.engine.Now()
	if done := r.URL.Query().Get("done"); done != "" && d.Flash == nil && i18n.Has(r.Context(), "console.done."+done) {
		d.Flash = &templates.Flash{Kind: "ok", Text: i18n.T(r.Context(), "console.done."+done)}
	}
	return s.write(w, r, status, d, content)
}

// write writes a whole page, or nothing where it cannot be made.
func (s *server) write(w http.ResponseWriter, r *http.Request, status int, d templates.ConsoleData, content templ.Component) error {
	d.Theme, d.Path, d.Simulated = templates.ThemeOf(r), r.URL.Path, s.engine.Simulated()
	var page bytes.Buffer
	if err := templates.Console(d, content).Render(r.Context(), &page); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write(page.Bytes()); err != nil {
		s.logger.DebugContext(r.Context(), "console: the reader has gone", "error", err)
	}
	return nil
}

// done leads to a page after a change, with the message console.done.WHAT.
func done(w http.ResponseWriter, r *http.Request, path, what string) error {
	http.Redirect(w, r, Prefix+path+"?done="+what, http.StatusSeeOther)
	return nil
}

func (s *server) showStart(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, Prefix+"requests", http.StatusSeeOther)
	return nil
}

// showNothing answers addresses that no page has.
func (s *server) showNothing(http.ResponseWriter, *http.Request) error { return errNoPage }
