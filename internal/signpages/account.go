package signpages

import (
	"net/http"
	"strings"
	"time"
)

// ticketCookie holds the ticket of a signer who came from their own account at the portal. It goes back to the page of its link only.
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

// takeTicket takes the ticket that the portal's page posts, in the body, so that it stands in no address. What the ticket is worth the page
// finds out each time.
func (s *server) takeTicket(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	path := "/s/" + r.PathValue("token")
	http.SetCookie(w, &http.Cookie{Name: ticketCookie, Value: r.PostFormValue("Ticket"), Path: path, MaxAge: int(ticketLife.Seconds()), HttpOnly: true,
		Secure: strings.HasPrefix(s.engine.PublicURL(), "https://"), SameSite: http.SameSiteLaxMode})
	return s.back(w, r)
}
