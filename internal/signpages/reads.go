package signpages

import (
	"net/http"
	"strconv"
	"strings"

	"sealdesk/internal/engine"
	"sealdesk/internal/gate"
)

// gate holds the answer of a route back until the evidence has what it shows.
func (s *server) gate(route route) handler {
	if route.Reads == engine.ReadsNothing {
		return route.Handle
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		out := gate.New(w, func(status int) error {
			if status != http.StatusOK && status != http.StatusUnprocessableEntity { // a form that is shown again shows the contract
				return nil
			}
			return s.engine.NoteReading(r.Context(), s.reading(r, route.Reads))
		})
		if err := route.Handle(out, r); out.Err() == nil {
			return err
		}
		return out.Err()
	}
}

// reading is what a request asks to see.
func (s *server) reading(r *http.Request, reads engine.Reads) engine.LinkReading {
	token := r.PathValue("token")
	reading := engine.LinkReading{Token: token[:min(len(token), maxToken)], Reads: reads, Method: r.Method, IP: s.clientIP(r), UserAgent: r.UserAgent()}
	reading.Name, _ = strings.CutSuffix(r.PathValue("seal"), ".png")
	if file, err := strconv.Atoi(r.PathValue("file")); err == nil {
		reading.File = file
	}
	if page, err := strconv.Atoi(strings.TrimSuffix(r.PathValue("page"), ".png")); err == nil {
		reading.Page = page
	}
	return reading
}

// noteRefused tells the evidence of a link that was not followed. The page that says so is shown in any case.
func (s *server) noteRefused(r *http.Request, end stop) {
	code := map[string]string{"unknown": engine.RefusedUnknown, "expired": engine.RefusedExpired, "busy": engine.RefusedBusy}[end.name]
	if code == "" {
		return
	}
	if err := s.engine.NoteRefusedLink(r.Context(), s.reading(r, engine.ReadsNothing), code); err != nil {
		s.logger.ErrorContext(r.Context(), "signpages: a refused link could not be recorded", "error", err)
	}
}
