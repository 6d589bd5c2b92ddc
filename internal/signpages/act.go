package signpages

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

const (
	maxForm       = 4 << 20   // bytes of a form with its drawings
	maxDrawing    = 512 << 10 // bytes of one drawing
	minDrawingPx  = 64        // width and height of one drawing, as the engine takes pictures
	maxDrawingPx  = 2000
	maxReason     = 200 // characters
	codeWait      = 30  // seconds until another code may be asked for (essbasic, SendSignInnerVerifyCode)
	acceptsObject = "application/json"
)

// entry is what a signer has put into the form, and what is wrong with it.
type entry struct {
	choices           map[string]string // by group: id of a seal, or templates.SignHand
	drawings          map[string]string // by group: PNG as base64
	channel, code     string
	ticket            string // of the signer's own account
	reason            string
	shown             string // engine.Session.Shown of the page that the signer saw
	agreed, rejecting bool
	problems          map[string]string // texts by field
}

// newEntry is the form as it is first shown: the sender's seals, else the default ones.
func newEntry(session *engine.Session) entry {
	e := entry{choices: make(map[string]string), shown: session.Shown}
	if session.Approver == nil {
		return e
	}
	for _, g := range groupsOf(session) {
		if len(g.seals) > 0 {
			e.choices[g.name] = g.seals[0].ID
		}
	}
	if channels := channelsOf(session); len(channels) > 0 {
		e.channel = channels[0]
	}
	return e
}

// readEntry takes the form as it was sent. Only names that the session makes are looked at.
func readEntry(w http.ResponseWriter, r *http.Request, session *engine.Session) (entry, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return entry{}, fmt.Errorf("read the form: %w", err)
	}
	e := entry{
		choices: make(map[string]string), drawings: make(map[string]string), problems: make(map[string]string),
		channel: r.PostFormValue("VerifyChannel"), code: strings.TrimSpace(r.PostFormValue("VerifyResult")),
		reason: strings.TrimSpace(r.PostFormValue("Reason")), agreed: r.PostFormValue("Agree") != "",
		shown:  r.PostFormValue("Shown"),
		ticket: ticketOf(r),
	}
	for _, g := range groupsOf(session) {
		e.choices[g.name] = r.PostFormValue(g.name)
		if g.hand() != "" {
			e.drawings[g.name] = r.PostFormValue(g.hand())
		}
	}
	return e, nil
}

// problem keeps the first problem of a field; name is the end of its key.
func (e *entry) problem(ctx context.Context, field, name string) {
	if _, known := e.problems[field]; !known {
		e.problems[field] = i18n.T(ctx, "sign.problem."+name)
	}
}

// sign takes the signer's signature. Whatever is missing is said beside its field.
func (s *server) sign(w http.ResponseWriter, r *http.Request) error {
	session, e, err := s.act(w, r)
	if err != nil || session == nil {
		return err
	}
	ctx, token := r.Context(), r.PathValue("token")
	act := engine.SessionSign{
		Seals: make(map[string]string), Handwriting: make(map[string][]byte), Shown: e.shown,
		IP: s.clientIP(r), UserAgent: r.UserAgent(),
	}
	for _, g := range groupsOf(session) {
		e.choose(ctx, g, &act)
	}
	if act.VerifyChannel, act.VerifyResult, err = s.will(ctx, token, session, &e); err != nil {
		return err
	}
	if !e.agreed {
		e.problem(ctx, "Agree", "agree")
	}
	if err := s.checkReading(ctx, session, &e); err != nil {
		return err
	}
	if e.shown != session.Shown {
		return s.refused(w, r, session, e, engine.ErrOtherContent)
	}
	if len(e.problems) > 0 {
		return s.renderSession(w, r, http.StatusUnprocessableEntity, session, e)
	}
	if err := s.engine.SessionSign(ctx, token, act); err != nil {
		return s.refused(w, r, session, e, err)
	}
	return s.back(w, r)
}

// reject takes the signer's refusal, which needs a reason and the same show of will.
func (s *server) reject(w http.ResponseWriter, r *http.Request) error {
	session, e, err := s.act(w, r)
	if err != nil || session == nil {
		return err
	}
	e.rejecting = true
	ctx := r.Context()
	act := engine.SessionReject{Reason: e.reason, IP: s.clientIP(r), UserAgent: r.UserAgent()}
	if act.VerifyChannel, act.VerifyResult, err = s.will(ctx, r.PathValue("token"), session, &e); err != nil {
		return err
	}
	if e.reason == "" || utf8.RuneCountInString(e.reason) > maxReason {
		e.problem(ctx, "Reason", "reason")
	}
	if len(e.problems) > 0 {
		return s.renderSession(w, r, http.StatusUnprocessableEntity, session, e)
	}
	if err := s.engine.SessionReject(ctx, r.PathValue("token"), act); err != nil {
		return s.refused(w, r, session, e, err)
	}
	return s.back(w, r)
}

// act opens the link and reads the form. Where nothing can be done any more it leads back to the page that says why, and returns no
// session.
func (s *server) act(w http.ResponseWriter, r *http.Request) (*engine.Session, entry, error) {
	session, err := s.session(r, engine.LinkSign)
	if err != nil {
		return nil, entry{}, err
	}
	if !session.CanSign {
		return nil, entry{}, s.back(w, r)
	}
	e, err := readEntry(w, r, session)
	if err != nil {
		return nil, entry{}, err
	}
	return session, e, nil
}

func (s *server) back(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/s/"+r.PathValue("token"), http.StatusSeeOther)
	return nil
}

// refused turns the engine's refusal into a message beside the field that it is about. Where the contract has moved on meanwhile, the
// page says how it stands.
func (s *server) refused(w http.ResponseWriter, r *http.Request, session *engine.Session, e entry, err error) error {
	ctx := r.Context()
	var refusal *api.Error
	switch {
	case errors.Is(err, engine.ErrWrongCode) && e.channel == api.VerifyChannelAccount: // it was taken away meanwhile
		return s.back(w, r)
	case errors.Is(err, engine.ErrWrongCode):
		e.code = ""
		e.problem(ctx, cmp.Or(codeField(e.channel), "form"), "code.wrong")
	case errors.Is(err, engine.ErrOtherContent):
		now, err := s.session(r, engine.LinkSign)
		if err != nil {
			return err
		}
		if !now.CanSign {
			return s.back(w, r)
		}
		session, e.shown, e.agreed = now, now.Shown, false
		e.problem(ctx, "form", "changed")
	case errors.Is(err, engine.ErrTimestamp):
		e.problem(ctx, "form", "timestamp")
	case errors.Is(err, engine.ErrNotPending):
		now, err := s.session(r, engine.LinkSign)
		if err != nil {
			return err
		}
		if !now.CanSign {
			return s.back(w, r)
		}
		e.problem(ctx, "form", "denied")
	case errors.As(err, &refusal) && !strings.HasPrefix(refusal.Code, api.CodeInternalError):
		s.logger.InfoContext(ctx, "signpages: act refused", "code", refusal.Code)
		e.problem(ctx, "form", "denied")
	default:
		return fmt.Errorf("act on the contract: %w", err)
	}
	return s.renderSession(w, r, http.StatusUnprocessableEntity, session, e)
}

// codeField is where a wrong ticket is told; other channels have no field.
func codeField(channel string) string {
	switch {
	case channel == api.VerifyChannelCode:
		return "VerifyResult"
	case checked(channel):
		return templates.CheckField(channel)
	default:
		return ""
	}
}

// choose puts the signer's choice into every component of a group.
func (e *entry) choose(ctx context.Context, g group, act *engine.SessionSign) {
	choice := e.choices[g.name]
	switch {
	case choice == templates.SignHand && g.hand() != "":
		drawing, problem := readDrawing(e.drawings[g.name])
		if problem != "" {
			e.drawings[g.name] = ""
			e.problem(ctx, g.name, problem)
			return
		}
		for _, c := range g.components {
			act.Handwriting[c.ID] = drawing
		}
	case g.offers(choice):
		for _, c := range g.components {
			act.Seals[c.ID] = choice
		}
	case g.kind == api.ComponentTypeSignature:
		e.problem(ctx, g.name, "signature")
	default:
		e.problem(ctx, g.name, "seal")
	}
}

// will checks how the signer shows their will. The ticket of a check is the newest that they have passed for this contract.
func (s *server) will(ctx context.Context, token string, session *engine.Session, e *entry) (channel, result string, err error) {
	switch {
	case !slices.Contains(channelsOf(session), e.channel):
		e.problem(ctx, "VerifyChannel", "channel")
		return "", "", nil
	case checked(e.channel):
		if result, err = s.engine.SessionTicket(ctx, token, e.channel); err != nil {
			return "", "", fmt.Errorf("look for a passed check: %w", err)
		}
		if result == "" {
			e.problem(ctx, templates.CheckField(e.channel), "check")
		}
		return e.channel, result, nil
	case e.channel == api.VerifyChannelAccount:
		return e.channel, e.ticket, nil
	case e.channel != api.VerifyChannelCode:
		return e.channel, "", nil
	case e.code == "":
		e.problem(ctx, "VerifyResult", "code")
	}
	return e.channel, e.code, nil
}

// readDrawing opens a drawing: a PNG of sane size with ink on it. Problem is the end of a key.
func readDrawing(encoded string) (data []byte, problem string) {
	if encoded == "" {
		return nil, "drawing"
	}
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(data) > maxDrawing {
		return nil, "picture"
	}
	size, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil || min(size.Width, size.Height) < minDrawingPx || max(size.Width, size.Height) > maxDrawingPx {
		return nil, "picture"
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, "picture"
	}
	box := picture.Bounds()
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			if _, _, _, alpha := picture.At(x, y).RGBA(); alpha > 0x8000 {
				return data, ""
			}
		}
	}
	return nil, "drawing"
}

// sendCode sends a code and answers a script with a message, anybody else with the page as they had filled it in.
func (s *server) sendCode(w http.ResponseWriter, r *http.Request) error {
	session, e, err := s.act(w, r)
	if err != nil || session == nil {
		return err
	}
	ctx := r.Context()
	kind, text, wait := "ok", i18n.T(ctx, "sign.code.sent"), codeWait
	switch err := s.engine.SendCode(ctx, r.PathValue("token")); {
	case errors.Is(err, engine.ErrCodeTooSoon):
		kind, text = "danger", i18n.T(ctx, "sign.code.limit")
	case errors.Is(err, engine.ErrCodeChannel):
		kind, text, wait = "danger", i18n.T(ctx, "sign.code.failed"), 0
	case err != nil:
		return fmt.Errorf("send a code: %w", err)
	}
	simulated, err := s.simulatedMessage(ctx, r.PathValue("token"))
	if err != nil {
		return fmt.Errorf("show a simulated message: %w", err)
	}
	if simulated != "" && kind == "ok" {
		text = i18n.T(ctx, "sign.code.shown")
	}
	if r.Header.Get("Accept") == acceptsObject {
		w.Header().Set("Content-Type", acceptsObject)
		return json.NewEncoder(w).Encode(struct {
			Kind      string `json:"kind"`
			Text      string `json:"text"`
			Wait      int    `json:"wait"`
			Simulated string `json:"simulated,omitempty"` // the message that simulation shows in place
		}{kind, text, wait, simulated})
	}
	e.problems["VerifyResult"] = text
	return s.renderSession(w, r, http.StatusOK, session, e)
}
