package console

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"sealdesk/internal/engine"
	"sealdesk/internal/gate"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// LogInPath is the path that offers to log in with a token.
func LogInPath(token string) string { return Prefix + "login?token=" + url.QueryEscape(token) }

// maxToken bounds what is looked up; real tokens are shorter.
const maxToken = 64

// cookieName is of this console only: cookies know no ports, and the portal may run on the same host.
func (s *server) cookieName() string {
	if s.tls {
		return "__Host-sealdesk_console"
	}
	return "sealdesk_console"
}

func (s *server) setCookie(w http.ResponseWriter, value string, maxAge int) {
	// Strict, so that no page of somebody else can even open the console; the log-in page needs no session.
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(), Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: s.tls, SameSite: http.SameSiteStrictMode})
}

// admit lets those in who are logged in, and sends the others to the log-in page. What they are shown is in the evidence before they see it.
func (s *server) admit(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		err, session := engine.ErrConsole, ""
		if cookie, missing := r.Cookie(s.cookieName()); missing == nil && len(cookie.Value) <= maxToken {
			session = cookie.Value
			err = s.engine.ConsoleSession(r.Context(), session)
		}
		if errors.Is(err, engine.ErrConsole) {
			http.Redirect(w, r, Prefix+"login", http.StatusSeeOther)
			return nil
		}
		if err != nil {
			return err
		}
		out := gate.New(w, func(status int) error {
			if status >= http.StatusMultipleChoices && status != http.StatusUnprocessableEntity {
				return nil
			}
			page := strings.TrimPrefix(r.URL.Path, Prefix)
			return s.engine.NoteConsole(r.Context(), session, page, r.Method, remoteIP(r), r.UserAgent())
		})
		if err := h(out, r); out.Err() == nil {
			return err
		}
		return out.Err()
	}
}

func remoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// showLogIn offers to log in. Opening the address does not spend its token: links are opened by more than people.
func (s *server) showLogIn(w http.ResponseWriter, r *http.Request) error {
	return s.askToken(w, r, http.StatusOK, r.URL.Query().Get("token"), "")
}

func (s *server) askToken(w http.ResponseWriter, r *http.Request, status int, token, refusal string) error {
	return s.write(w, r, status, templates.ConsoleData{Title: i18n.T(r.Context(), "console.brand")}, templates.ConsoleLogIn(token, refusal))
}

func (s *server) logIn(w http.ResponseWriter, r *http.Request) error {
	token := r.PostFormValue("token")
	if len(token) > maxToken {
		token = ""
	}
	session, err := s.engine.ConsoleLogIn(r.Context(), token)
	if errors.Is(err, engine.ErrConsole) {
		if err := s.engine.NoteRefusedConsole(r.Context(), remoteIP(r), r.UserAgent()); err != nil {
			return err
		}
		return s.askToken(w, r, http.StatusUnprocessableEntity, "", i18n.T(r.Context(), "console.login.refused"))
	}
	if err != nil {
		return err
	}
	s.setCookie(w, session, 0)
	http.Redirect(w, r, Prefix, http.StatusSeeOther)
	return nil
}

func (s *server) logOut(w http.ResponseWriter, r *http.Request) error {
	cookie, err := r.Cookie(s.cookieName())
	if err == nil {
		err = s.engine.ConsoleLogOut(r.Context(), cookie.Value)
	}
	if err != nil {
		return err
	}
	s.setCookie(w, "", -1)
	http.Redirect(w, r, Prefix+"login", http.StatusSeeOther)
	return nil
}
