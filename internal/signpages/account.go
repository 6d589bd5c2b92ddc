package signpages

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"sealdesk/internal/engine"
)

// ticketCookie holds what a signer who came from their own account at the portal got for their ticket. It goes back to the page of its link only.
const ticketCookie = "sealdesk-ticket"

// ticketLife is how long a browser keeps it at most; the engine ends it by itself.
const ticketLife = 30 * time.Minute

// ticketOf is the ticket that the browser brings; empty for none.
func ticketOf(r *http.Request) string {
	cookie, err := r.Cookie(ticketCookie)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// takeTicket takes the ticket that the portal's page posts, in the body, so that it stands in no address. It is good once: one that is posted
// again, or elsewhere, leaves the browser as it was. What it holds is worth, the page finds out each time.
func (s *server) takeTicket(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	held, err := s.engine.TakeTicket(r.Context(), r.PathValue("token"), r.PostFormValue("Ticket"))
	switch {
	case errors.Is(err, engine.ErrWrongCode), errors.Is(err, engine.ErrNotPending):
		return s.back(w, r)
	case err != nil:
		return fmt.Errorf("take a ticket: %w", err)
	}
	http.SetCookie(w, &http.Cookie{Name: ticketCookie, Value: held, Path: "/s/" + r.PathValue("token"), MaxAge: int(ticketLife.Seconds()), HttpOnly: true,
		Secure: strings.HasPrefix(s.engine.PublicURL(), "https://"), SameSite: http.SameSiteLaxMode})
	return s.back(w, r)
}
