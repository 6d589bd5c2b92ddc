// Package signpages serves the engine's public pages: signing, reading and downloading by link. Whoever holds a link is the person whom
// it was made for; there are no accounts and no cookies but those for language and theme.
//
// Nothing changes on GET. Links are limited in how often they may be used, pages are kept out of caches, search engines and referrers,
// and everything but a signature by hand works without scripts.
package signpages

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/web/compress"
	"sealdesk/web/static"
	"sealdesk/web/templates"
)

// Options configure the pages. Engine is required.
type Options struct {
	Engine *engine.Engine
	// ClientIP is the address of whoever asks; nil takes the connection's.
	ClientIP func(*http.Request) string
	Clock    func() time.Time // nil: time.Now
	Logger   *slog.Logger     // nil discards
}

type server struct {
	engine   *engine.Engine
	clientIP func(*http.Request) string
	logger   *slog.Logger

	// Reads and acts by link, and tries of links that do not exist by address.
	reads, acts, misses *limiter
}

// Per minute. A contract of 100 pages is read in one go; nobody signs or asks for codes more than a few times.
const (
	readsPerMinute  = 600
	actsPerMinute   = 12
	missesPerMinute = 30
)

// New makes the handler of /s/, /p/, /d/, /f/, /static/ and /preferences.
func New(o Options) (http.Handler, error) {
	if o.Engine == nil {
		return nil, errors.New("signpages: Options.Engine is missing")
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.ClientIP == nil {
		o.ClientIP = remoteIP
	}
	s := &server{
		engine: o.Engine, clientIP: o.ClientIP, logger: o.Logger,
		reads:  newLimiter(readsPerMinute, o.Clock),
		acts:   newLimiter(actsPerMinute, o.Clock),
		misses: newLimiter(missesPerMinute, o.Clock),
	}
	return s.routes(), nil
}

// accountRoute takes the ticket of a signer who comes from the portal, which may be another site.
const accountRoute = "POST /s/{token}/account"

// handler answers a route or returns why there is no answer.
type handler func(w http.ResponseWriter, r *http.Request) error

// route is one line of the table: what its answer shows is written into the evidence before it leaves.
type route struct {
	Pattern string
	Reads   engine.Reads
	Handle  handler
}

func (s *server) table() []route {
	return []route{
		{"GET /s/{token}", engine.ReadsFlow, s.showSign},
		{"GET /p/{token}", engine.ReadsFlow, s.showPreview},
		{"GET /s/{token}/files/{file}", engine.ReadsFile, s.showFile},
		{"GET /p/{token}/files/{file}", engine.ReadsFile, s.showFile},
		{"GET /s/{token}/files/{file}/{page}", engine.ReadsFlow, s.showPage},
		{"GET /p/{token}/files/{file}/{page}", engine.ReadsFlow, s.showPage},
		{"GET /s/{token}/seals/{seal}", engine.ReadsSeal, s.showSeal},
		{"POST /s/{token}/sign", engine.ReadsFlow, s.sign}, // a form that is shown again
		{"POST /s/{token}/reject", engine.ReadsFlow, s.reject},
		{"POST /s/{token}/code", engine.ReadsFlow, s.sendCode},
		{accountRoute, engine.ReadsNothing, s.takeTicket},
		{"POST /s/{token}/check/{channel}", engine.ReadsNothing, s.beginCheck},
		{"GET /s/{token}/checks", engine.ReadsNothing, s.tellChecks},
		{"GET /f/{token}", engine.ReadsCheck, s.showCheck},
		{"POST /f/{token}", engine.ReadsNothing, s.decideCheck},
		{"GET /f/", engine.ReadsNothing, s.showNothing},
		{"GET /s/", engine.ReadsNothing, s.showNothing},
		{"GET /p/", engine.ReadsNothing, s.showNothing},
	}
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	for _, route := range s.table() {
		mux.Handle(route.Pattern, s.wrap(s.gate(route)))
	}
	// An act's address that is opened or reloaded leads back to the page.
	for _, act := range []string{"sign", "reject", "code", "account", "check/{channel}"} {
		mux.HandleFunc("GET /s/{token}/"+act, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/s/"+r.PathValue("token"), http.StatusSeeOther)
		})
	}
	mux.Handle("GET /d/{token}", s.limitDownloads(s.engine.Downloads()))
	mux.HandleFunc("POST /preferences", templates.ServePreferences)
	mux.Handle("GET "+static.Prefix, static.Handler())

	guard := http.NewCrossOriginProtection()
	guard.AddInsecureBypassPattern(accountRoute) // the portal's page posts it; whoever else does has no ticket
	guard.SetDenyHandler(s.wrap(func(http.ResponseWriter, *http.Request) error { return errOrigin }))
	return compress.Handler(guard.Handler(mux))
}

// wrap sets the language, the headers of every page, and turns an error into a page.
func (s *server) wrap(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lang := templates.LanguageOf(r)
		r = r.WithContext(i18n.WithLanguage(r.Context(), lang))
		protect(w.Header())
		w.Header().Set("Content-Language", lang)
		err := s.allow(r)
		if err == nil && len(r.PathValue("token")) > maxToken {
			err = engine.ErrLinkUnknown
		}
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}

// protect sets the headers that keep a page to its reader. The referrer policy is same-origin and not stricter: under no-referrer
// browsers send "Origin: null" with forms, which cannot be told from a foreign one where Sec-Fetch-Site is missing (plain HTTP).
func protect(h http.Header) {
	h.Set("Content-Security-Policy", policy(""))
	h.Set("Cache-Control", "private, no-store")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Vary", "Cookie, Accept-Language")
}

// policy is the content security policy. Browsers hold a form's redirect to it too, so that a form which leads to another origin must name it.
func policy(formOrigin string) string {
	if formOrigin != "" {
		formOrigin = " " + formOrigin
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'" + formOrigin +
		"; frame-ancestors 'none'; base-uri 'none'"
}

// maxToken bounds what is kept of addresses that somebody makes up; real tokens are shorter.
const maxToken = 64

// allow applies the limits.
func (s *server) allow(r *http.Request) error {
	if s.misses.spent("miss " + s.clientIP(r)) {
		return errBusy
	}
	limit := s.reads
	if r.Method == http.MethodPost {
		limit = s.acts
	}
	if token := r.PathValue("token"); !limit.take(token[:min(len(token), maxToken)]) {
		return errBusy
	}
	return nil
}

func (s *server) limitDownloads(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.reads.take(r.URL.Path) || !s.reads.take("download "+s.clientIP(r)) {
			http.Error(w, http.StatusText(http.StatusTooManyRequests), http.StatusTooManyRequests)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func remoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
