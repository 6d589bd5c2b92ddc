package signpages

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"

	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"

	"github.com/a-h/templ"
)

var (
	errBusy   = errors.New("signpages: too many requests")
	errOrigin = errors.New("signpages: a request from another origin")
	errNoPage = errors.New("signpages: no such page")
)

// stop is a page that ends a visit; its texts are the keys sign.stop.NAME.title and .text.
type stop struct {
	status     int
	name, icon string
}

// stops tells which page each error leads to; every other error is a failure of ours.
func stopFor(err error) (s stop, expected bool) {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, engine.ErrLinkUnknown), errors.Is(err, engine.ErrCatalogLink), errors.Is(err, errNoPage):
		return stop{http.StatusNotFound, "unknown", "link"}, true
	case errors.Is(err, engine.ErrLinkExpired):
		return stop{http.StatusGone, "expired", "clock"}, true
	case errors.Is(err, engine.ErrNotSimulated):
		return stop{http.StatusNotFound, "simulated", "ban"}, true
	case errors.Is(err, engine.ErrRowChanged):
		return stop{http.StatusServiceUnavailable, "changed", "alert"}, true
	case errors.Is(err, errBusy):
		return stop{http.StatusTooManyRequests, "busy", "clock"}, true
	case errors.Is(err, errOrigin):
		return stop{http.StatusForbidden, "origin", "ban"}, true
	case errors.As(err, &tooLarge):
		return stop{http.StatusRequestEntityTooLarge, "large", "alert"}, true
	default:
		return stop{http.StatusInternalServerError, "failed", "alert"}, false
	}
}

// fail writes the page for an error. A link that does not exist counts against the address that tried it.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the reader has gone
	}
	end, expected := stopFor(err)
	if !expected {
		s.logger.ErrorContext(r.Context(), "signpages: request failed", "method", r.Method, "pattern", r.Pattern, "error", err)
	}
	if errors.Is(err, engine.ErrLinkUnknown) {
		s.misses.take("miss " + s.clientIP(r))
	}
	s.noteRefused(r, end)
	if end.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "60")
	}
	title := i18n.T(r.Context(), "sign.stop."+end.name+".title")
	page := templates.SignStop(end.icon, title, i18n.T(r.Context(), "sign.stop."+end.name+".text"))
	if err := s.render(w, r, end.status, title, page); err != nil {
		s.logger.ErrorContext(r.Context(), "signpages: rendering failed", "error", err)
	}
}

// render writes a whole page, or nothing where it cannot be made.
func (s *server) render(w http.ResponseWriter, r *http.Request, status int, title string, content templ.Component) error {
	data := templates.SignData{Title: title, Path: r.URL.Path, Theme: templates.ThemeOf(r), Scripts: []string{"sign.js"},
		Simulated: s.engine.Simulated()}
	if r.Method == http.MethodPost && r.PathValue("token") != "" {
		kind, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		data.Path = "/" + kind + "/" + r.PathValue("token")
	}
	var page bytes.Buffer
	if err := templates.SignLayout(data, content).Render(r.Context(), &page); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write(page.Bytes()); err != nil {
		s.logger.DebugContext(r.Context(), "signpages: the reader has gone", "error", err)
	}
	return nil
}
