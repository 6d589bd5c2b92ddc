package signpages

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// checked tells that a channel is a check with a page of its own.
func checked(channel string) bool {
	return channel == api.VerifyChannelFace || channel == api.VerifyChannelWeChat
}

// checkViews are the checks that the signer may go to, and which of them they have passed.
func (s *server) checkViews(ctx context.Context, token, base string, session *engine.Session) ([]templates.SignCheck, error) {
	var out []templates.SignCheck
	for _, channel := range channelsOf(session) {
		if !checked(channel) {
			continue
		}
		ticket, err := s.engine.SessionTicket(ctx, token, channel)
		if err != nil {
			return nil, fmt.Errorf("look for a passed check: %w", err)
		}
		out = append(out, templates.SignCheck{Channel: channel, Address: base + "/check/" + channel, Label: i18n.T(ctx, "sign.check."+channel), Passed: ticket != ""})
	}
	return out, nil
}

// beginCheck leads to the page of a check; it opens beside the contract, so that what the signer has filled in stays.
func (s *server) beginCheck(w http.ResponseWriter, r *http.Request) error {
	page, err := s.engine.BeginCheck(r.Context(), r.PathValue("token"), r.PathValue("channel"))
	switch {
	case errors.Is(err, engine.ErrNotPending):
		return s.back(w, r)
	case errors.Is(err, engine.ErrCheckChannel):
		return errNoPage
	case err != nil:
		return fmt.Errorf("begin a check: %w", err)
	}
	// Only the last part counts: the reader may know this server by another address than its own.
	http.Redirect(w, r, "/f/"+path.Base(page), http.StatusSeeOther)
	return nil
}

// tellChecks answers the page's script which checks the signer has passed.
func (s *server) tellChecks(w http.ResponseWriter, r *http.Request) error {
	session, err := s.session(r, engine.LinkSign)
	if err != nil {
		return err
	}
	passed := map[string]bool{}
	if session.CanSign {
		checks, err := s.checkViews(r.Context(), r.PathValue("token"), "", session)
		if err != nil {
			return err
		}
		for _, c := range checks {
			passed[c.Channel] = c.Passed
		}
	}
	w.Header().Set("Content-Type", acceptsObject)
	return json.NewEncoder(w).Encode(passed)
}

// showCheck is the page of a check: it stands in for the face check, or for WeChat.
func (s *server) showCheck(w http.ResponseWriter, r *http.Request) error {
	c, err := s.engine.FindCheck(r.Context(), r.PathValue("token"))
	if err != nil {
		return fmt.Errorf("open a check: %w", err)
	}
	w.Header().Set("Content-Security-Policy", policy(originOf(c.JumpURL)))
	title := i18n.T(r.Context(), "check.title."+c.Channel)
	return s.render(w, r, http.StatusOK, title, templates.SignPersonCheck(checkPage(r.Context(), c, "/f/"+r.PathValue("token"))))
}

// decideCheck takes the reader's choice. A face check whose caller wants it leads on at once; others show what came of it.
func (s *server) decideCheck(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	outcome := r.PostFormValue("Outcome")
	if outcome != templates.CheckPass && outcome != templates.CheckFail {
		http.Redirect(w, r, "/f/"+r.PathValue("token"), http.StatusSeeOther)
		return nil
	}
	c, err := s.engine.DecideCheck(r.Context(), r.PathValue("token"), outcome == templates.CheckPass, s.clientIP(r), r.UserAgent())
	if err != nil {
		return fmt.Errorf("decide a check: %w", err)
	}
	to := "/f/" + r.PathValue("token")
	if c.JumpAtOnce {
		to = cmp.Or(c.Jump(), to)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func checkPage(ctx context.Context, c *engine.PersonCheck, address string) templates.PersonCheckPage {
	p := templates.PersonCheckPage{
		Channel: c.Channel, Title: i18n.T(ctx, "check.title."+c.Channel), StandIn: i18n.T(ctx, "check.standin."+c.Channel),
		Name: c.Name, Number: c.IDCardMasked(), Address: address, Waiting: c.State == engine.CheckWaiting, Jump: c.Jump(),
		Pass: i18n.T(ctx, "check.pass."+c.Channel), Fail: i18n.T(ctx, "check.fail."+c.Channel),
	}
	if c.State == engine.CheckPassed {
		p.Outcome, p.Ticket = &templates.Flash{Kind: "ok", Text: i18n.T(ctx, "check.passed."+c.Channel)}, c.Ticket
	}
	if c.State == engine.CheckFailed {
		p.Outcome = &templates.Flash{Kind: "danger", Text: i18n.T(ctx, "check.failed."+c.Channel)}
	}
	p.FromContract = c.SignID != ""
	return p
}

// plainHost is what may stand in a policy: a host may hold characters that end one there.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$|^\[[0-9a-fA-F:]+\](:[0-9]+)?$`)

// originOf is the origin of an address, empty where it has none that a policy can name.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || !plainHost.MatchString(u.Host) || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
