package handlers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/i18n"
	"sealdesk/web/compress"
	"sealdesk/web/static"
)

// policy allows what the portal is made of and nothing else. data: and blob: are for pictures that the browser made itself: previews of
// uploads, handwriting.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'"

// middleware is everything around the routes, from the outside to the inside.
func (s *server) middleware(inner http.Handler) http.Handler {
	for _, wrap := range []func(http.Handler) http.Handler{s.sameOrigin, s.identify, s.recoverPanics, compress.Handler, s.headers, s.begin} {
		inner = wrap(inner)
	}
	return inner
}

// begin gives a request its id, its limits and its line in the log. The line has no personal data: no address, no query, no name.
func (s *server) begin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		x := &exchange{id: audit.NewRequestID(start), body: r.Body, timer: time.AfterFunc(answerTimeout, func() { cancel(errTimeout) })}
		defer x.timer.Stop()
		ctx = context.WithValue(ctx, exchangeKey{}, x)
		ctx = i18n.WithLanguage(ctx, s.language(r, ""))
		r = r.WithContext(ctx)
		out := &answerWriter{ResponseWriter: w}
		x.out = out
		out.Header().Set("X-Request-Id", x.id)
		r.Body = http.MaxBytesReader(out, r.Body, maxBody)
		next.ServeHTTP(out, r)
		if x.route != "" || out.status >= http.StatusBadRequest {
			s.log.InfoContext(ctx, "request", "request", x.id, "method", r.Method, "route", x.route, "status", out.status, "bytes", out.bytes,
				"duration_ms", time.Since(start).Milliseconds())
		}
	})
}

// answerWriter remembers what was answered.
type answerWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *answerWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *answerWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// headers sets what every answer carries. Handlers may allow caching of what they answer.
func (s *server) headers(next http.Handler) http.Handler {
	tls := isTLS(s.publicURL)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		if tls {
			h.Set("Strict-Transport-Security", "max-age=63072000")
		}
		if !strings.HasPrefix(r.URL.Path, static.Prefix) {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// recoverPanics turns a panic into an error page and a line in the log.
func (s *server) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			what := recover()
			if what == nil {
				return
			}
			if err, ok := what.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(what)
			}
			s.log.ErrorContext(r.Context(), "panic", "request", exchangeOf(r.Context()).id, "panic", fmt.Sprint(what), "stack", string(debug.Stack()))
			s.fail(w, r, errPanic)
		}()
		next.ServeHTTP(w, r)
	})
}

var errPanic = errors.New("a handler panicked; the stack stands in the log")

// sameOrigin refuses changes that another site's page started (CSRF), by the Sec-Fetch-Site and Origin headers.
func (s *server) sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	// Behind a proxy the Host may be another one than the browser's.
	if err := protection.AddTrustedOrigin(s.publicURL); err != nil {
		s.log.Error("the public address is no origin", "error", err)
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		because(r.Context(), refusedCrossOrigin)
		if err := s.noteRefusal(r, nothing, http.StatusForbidden); err != nil {
			s.fail(w, r, err)
			return
		}
		s.fail(w, r, &userError{http.StatusForbidden, "auth.crossOrigin", nil})
	}))
	return protection.Handler(next)
}

// identify finds out who asks: the session, its account, and from both the actor of the audit log and the language.
func (s *server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, static.Prefix) || r.URL.Path == "/healthz" {
			next.ServeHTTP(w, r)
			return
		}
		ctx := r.Context()
		x := exchangeOf(ctx)
		x.address = s.clientAddress(r)
		if err := s.db.Refused(); err != nil && r.URL.Path != "/readyz" {
			s.fail(w, r, err)
			return
		}
		if err := s.loadSession(r, x); err != nil {
			s.fail(w, r, err)
			return
		}
		actor := audit.Actor{IP: x.address, UserAgent: clip(r.UserAgent(), 256), RequestID: x.id}
		language := ""
		if x.account != nil {
			actor.Name, actor.Role, actor.Session = x.account.Name, string(x.account.Role), x.sessionID()
			language = x.account.Language
		}
		ctx = i18n.WithLanguage(audit.WithActor(ctx, actor), s.language(r, language))
		ctx = audit.WithErasedText(ctx, func(pseudonym string) string { return i18n.T(ctx, "audit.erased", "Name", pseudonym) })
		r = r.WithContext(ctx)
		if err := s.noteSession(r); err != nil {
			s.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// language is what the reader chose in this browser, else in the account, else what the browser asks for.
func (s *server) language(r *http.Request, ofAccount string) string {
	if cookie, err := r.Cookie(i18n.CookieName); err == nil && cookie.Value != "" {
		return i18n.Match(cookie.Value, r.Header.Get("Accept-Language"))
	}
	return i18n.Match(ofAccount, r.Header.Get("Accept-Language"))
}

// clientAddress is the address of the browser: the connection's, or what the last proxy that is not trusted said.
func (s *server) clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.isProxy(host); i-- {
		ip, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		host = ip.Unmap().String()
	}
	return host
}

func (s *server) isProxy(address string) bool {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	for _, p := range s.proxies {
		if p.Contains(ip.Unmap()) {
			return true
		}
	}
	return false
}

// clip shortens a text to n bytes of valid UTF-8.
func clip(text string, n int) string {
	if len(text) > n {
		text = text[:n]
	}
	return strings.ToValidUTF8(text, "")
}

// isTLS tells whether an address is reached over TLS.
func isTLS(url string) bool { return strings.HasPrefix(url, "https://") }
