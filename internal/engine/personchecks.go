package engine

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/api"
	numbers "sealdesk/internal/identity"
	"sealdesk/internal/store"
)

// Life of a check's page, and of the ticket that it gives.
const (
	checkPageLife   = 30 * time.Minute
	checkTicketLife = 10 * time.Minute
)

// defaultWbAppID stands where the caller names no application of the face check service.
const defaultWbAppID = "IDASEAL0"

// CheckState is how a check of a person stands.
type CheckState int

// States of a check.
const (
	CheckWaiting CheckState = 0
	CheckPassed  CheckState = 1
	CheckFailed  CheckState = 2
)

// What a face check that was passed or failed says of the face. The numbers and codes are such as the real service gives.
const (
	passedLiveRate, passedSimilarity = 99, 97.5
	failedLiveRate, failedSimilarity = 21, 18.25
	faceCodePassed, faceCodeFailed   = "0", "66660004"
)

// PersonCheck is a check that somebody is who they say: by their face (FACEID), or in WeChat (WEIXINAPP). Pages of the engine stand in for
// both; nobody's face is looked at.
type PersonCheck struct {
	ID         string
	Channel    string
	Name       string
	IDCard     string // in clear
	UserID     string // may be empty
	SignID     string // of the task whose signing page began it; may be empty
	WbAppID    string
	Ticket     string // order number of a face check, ticket of WeChat: what SignFlow takes as VerifyResult
	State      CheckState
	LiveRate   int64
	Similarity float64
	JumpURL    string // where the page leads afterwards; may be empty
	JumpAtOnce bool   // without showing the result first
	Used       bool   // somebody has signed or refused with it
	Created    time.Time
	Decided    time.Time // zero while it waits
	PageUntil  time.Time

	applicationID string
}

// IDCardMasked shows the number's ends only.
func (c *PersonCheck) IDCardMasked() string { return maskNumber(c.IDCard) }

// Jump is JumpURL with what came of the check, as the real page adds it; empty where there is none or the check waits.
func (c *PersonCheck) Jump() string {
	u, err := url.Parse(c.JumpURL)
	if err != nil || c.JumpURL == "" || c.State == CheckWaiting {
		return ""
	}
	code := faceCodePassed
	if c.State == CheckFailed {
		code = faceCodeFailed
	}
	q := u.Query()
	q.Set("code", code)
	q.Set("orderNo", c.Ticket)
	q.Set("liveRate", strconv.FormatInt(c.LiveRate, 10))
	u.RawQuery = q.Encode()
	return u.String()
}

// beginCheck stores a check and gives the address of its page.
func (e *Engine) beginCheck(ctx context.Context, tx *store.Tx, c PersonCheck) (string, error) {
	raw := make([]byte, tokenBytes)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("begin a check: %w", err)
	}
	token := base64.RawURLEncoding.EncodeToString(raw)
	var err error
	c.ID = newID(e.wall())
	if c.Ticket, err = randomText(32); err != nil {
		return "", err
	}
	now := e.now()
	_, err = tx.Exec(ctx, `INSERT INTO engine_person_checks (id, application_id, channel, token_hash, ticket_hash, ticket_sealed, app_number, user_id, sign_id,
		name_sealed, id_card_sealed, jump_url, jump_at_once, state, live_rate, similarity, page_until, decided, used, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 0, 0, $14, 0, 0, $15)`,
		c.ID, c.applicationID, c.Channel, hashToken(token), hashToken(c.Ticket), e.vault.Seal("engine_person_checks.ticket", c.ID, []byte(c.Ticket)), c.WbAppID,
		c.UserID, c.SignID, e.vault.Seal("engine_person_checks.name", c.ID, []byte(c.Name)), e.vault.Seal("engine_person_checks.id_card", c.ID, []byte(c.IDCard)),
		c.JumpURL, flag(c.JumpAtOnce), store.Micros(now.Add(checkPageLife)), store.Micros(now))
	if err != nil {
		return "", fmt.Errorf("store a check: %w", err)
	}
	return e.linkURL(LinkCheck, token), e.record(ctx, tx, event{Action: "check.begin", ObjectType: "check", ObjectID: c.ID, Detail: map[string]any{
		"channel": c.Channel, "userId": c.UserID, "signId": c.SignID,
	}})
}

// BeginCheck begins a check of the signer behind a link, by a channel that their task allows, and gives the address of its page.
func (e *Engine) BeginCheck(ctx context.Context, token, channel string) (page string, err error) {
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		b, err := e.pendingByLink(ctx, tx, token)
		if err != nil {
			return err
		}
		if !slices.Contains(b.approver.Channels, channel) || !isPersonChannel(channel) || !e.hasChannel(channel) {
			return ErrCheckChannel
		}
		page, err = e.beginUserCheck(ctx, tx, b.flow.ApplicationID, b.approver.UserID, b.approver.SignID, channel)
		return err
	})
	return page, err
}

// BeginUserCheck begins a check of a user of the first application without a contract, for whoever needs a ticket to call SignFlow
// with. It gives the address of the page, which shows the ticket.
func (e *Engine) BeginUserCheck(ctx context.Context, userID, channel string) (page string, err error) {
	if !isPersonChannel(channel) || !e.hasChannel(channel) {
		return "", ErrCheckChannel
	}
	err = e.db.Write(ctx, func(tx *store.Tx) (err error) {
		page, err = e.beginUserCheck(ctx, tx, e.apps.first.ID, userID, "", channel)
		return err
	})
	return page, err
}

func isPersonChannel(channel string) bool { return channel == channelFace || channel == channelWeChat }

func (e *Engine) beginUserCheck(ctx context.Context, tx *store.Tx, applicationID, userID, signID, channel string) (string, error) {
	u, err := e.findUser(ctx, tx, applicationID, userID)
	if err != nil {
		return "", orNotFound(err, "UserId", userID)
	}
	return e.beginCheck(ctx, tx, PersonCheck{applicationID: applicationID, Channel: channel, Name: u.Name, IDCard: u.IDCardNumber, UserID: u.ID,
		SignID: signID, WbAppID: defaultWbAppID})
}

// FindCheck reads the check behind the token of its page; ErrNotSimulated where none can be made.
func (e *Engine) FindCheck(ctx context.Context, token string) (c *PersonCheck, err error) {
	if !e.simulate {
		return nil, ErrNotSimulated
	}
	err = e.db.Read(ctx, func(tx *store.Tx) error {
		c, err = e.checkByToken(ctx, tx, token)
		return err
	})
	return c, err
}

func (e *Engine) checkByToken(ctx context.Context, tx *store.Tx, token string) (*PersonCheck, error) {
	found, err := e.checks(ctx, tx, `WHERE token_hash = $1`, hashToken(token))
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, ErrLinkUnknown
	case !e.now().Before(found[0].PageUntil):
		return nil, ErrLinkExpired
	}
	return &found[0], nil
}

// DecideCheck notes what the person chose on the check's page. A check is decided once: later choices change nothing.
func (e *Engine) DecideCheck(ctx context.Context, token string, passed bool, ip, userAgent string) (c *PersonCheck, err error) {
	if c, err = e.FindCheck(ctx, token); err != nil || c.State != CheckWaiting {
		return c, err
	}
	if c.Channel == channelFace {
		result, _, err := e.faceOf(ctx, c.Name, c.IDCard)
		if err != nil {
			return nil, err
		}
		passed = passed && result == faceResultPassed
	}
	ctx = withCall(ctx, &call{IP: ip, UserAgent: userAgent, Session: LinkName(token), Signer: c.UserID})
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		if c, err = e.checkByToken(ctx, tx, token); err != nil || c.State != CheckWaiting {
			return err
		}
		c.State, c.LiveRate, c.Similarity, c.Decided = CheckFailed, failedLiveRate, failedSimilarity, e.now()
		if passed {
			c.State, c.LiveRate, c.Similarity = CheckPassed, passedLiveRate, passedSimilarity
		}
		_, err := tx.Exec(ctx, `UPDATE engine_person_checks SET state = $1, live_rate = $2, similarity = $3, decided = $4 WHERE id = $5`,
			int(c.State), c.LiveRate, c.Similarity, store.Micros(c.Decided), c.ID)
		if err != nil {
			return fmt.Errorf("decide a check: %w", err)
		}
		refusal := ""
		if !passed {
			refusal = "check_failed"
		}
		return e.record(ctx, tx, event{Action: "check.decide", ObjectType: "check", ObjectID: c.ID, Refusal: refusal, Detail: map[string]any{"channel": c.Channel, "passed": passed}})
	})
	return c, err
}

// faceOf gives the result that the register wants for a person's face; broken says that it wants the call to fail.
func (e *Engine) faceOf(ctx context.Context, name, idCard string) (result int64, broken bool, err error) {
	if idCard == "" {
		return faceResultPassed, false, nil
	}
	p := personOf(name, idCard, "", "")
	rows, err := e.byNumber(ctx, "id_card", p.idCard)
	if err != nil {
		return 0, true, err
	}
	code, given, err := wanted(p.best(rows).FaceResult)
	if api.IsCode(err, api.CodeInternalErrorApi) {
		return faceResultFailed, true, nil
	}
	if !given {
		code = faceResultPassed
	}
	return code, false, err
}

// checkPersonTicket tells whether a ticket of a check shows that this signer wants to act now.
func (e *Engine) checkPersonTicket(ctx context.Context, f *flow, a *approver, channel, ticket string) (id string, err error) {
	if channel == channelFace { // some callers send it as CheckFaceIdentify wants it
		ticket = ticket[strings.LastIndex(ticket, ":")+1:]
	}
	good := false
	err = e.db.Read(ctx, func(tx *store.Tx) error {
		// The hash is looked up, not the ticket: what the time tells of a hash does not lead to a ticket.
		found, err := e.checks(ctx, tx, `WHERE ticket_hash = $1 AND application_id = $2 AND channel = $3`, hashToken(ticket), f.ApplicationID, channel)
		if err != nil || len(found) == 0 {
			return err
		}
		c := &found[0]
		u, err := e.findUser(ctx, tx, f.ApplicationID, a.UserID)
		if err != nil {
			return fmt.Errorf("find the signer: %w", err)
		}
		id = personTicket + c.ID
		good = subtle.ConstantTimeCompare([]byte(c.Ticket), []byte(ticket)) == 1 && c.live(e.now()) && c.isOf(u) && (c.SignID == "" || c.SignID == a.SignID)
		return nil
	})
	if err == nil && !good {
		err = ErrWrongCode
	}
	return id, err
}

// live tells that the check was passed a short time ago and not used since.
func (c *PersonCheck) live(now time.Time) bool {
	return c.State == CheckPassed && !c.Used && now.Before(c.Decided.Add(checkTicketLife))
}

// isOf tells that the check is of this person.
func (c *PersonCheck) isOf(u *user) bool {
	return (c.UserID == "" || c.UserID == u.ID) && numbers.SameName(c.Name, u.Name) &&
		subtle.ConstantTimeCompare([]byte(strings.ToUpper(c.IDCard)), []byte(strings.ToUpper(u.IDCardNumber))) == 1
}

// SessionTicket gives the ticket of the newest check that the signer behind a link has passed by a channel; empty where there is none
// that is still good.
func (e *Engine) SessionTicket(ctx context.Context, token, channel string) (ticket string, err error) {
	err = e.db.Read(ctx, func(tx *store.Tx) error {
		b, err := e.pendingByLink(ctx, tx, token)
		if err != nil {
			return err
		}
		found, err := e.checks(ctx, tx, `WHERE sign_id = $1 AND channel = $2 AND state = $3 AND used = 0 ORDER BY decided DESC LIMIT 1`,
			b.approver.SignID, channel, int(CheckPassed))
		if err == nil && len(found) == 1 && found[0].live(e.now()) {
			ticket = found[0].Ticket
		}
		return err
	})
	if errors.Is(err, ErrNotPending) {
		return "", nil
	}
	return ticket, err
}

// ListChecks gives the newest checks.
func (e *Engine) ListChecks(ctx context.Context, limit int) (out []PersonCheck, err error) {
	err = e.db.Read(ctx, func(tx *store.Tx) error {
		out, err = e.checks(ctx, tx, `ORDER BY created DESC, id DESC LIMIT $1`, limit)
		return err
	})
	return out, err
}

func (e *Engine) checks(ctx context.Context, tx *store.Tx, where string, args ...any) (out []PersonCheck, err error) {
	rows, err := tx.Query(ctx, `SELECT id, application_id, channel, ticket_sealed, app_number, user_id, sign_id, name_sealed, id_card_sealed, jump_url,
		jump_at_once, state, live_rate, similarity, page_until, decided, used, created FROM engine_person_checks `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read the checks: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		c := PersonCheck{}
		var ticket, name, card []byte
		var until, decided, created int64
		err := rows.Scan(&c.ID, &c.applicationID, &c.Channel, &ticket, &c.WbAppID, &c.UserID, &c.SignID, &name, &card, &c.JumpURL, &c.JumpAtOnce, &c.State,
			&c.LiveRate, &c.Similarity, &until, &decided, &c.Used, &created)
		if err != nil {
			return nil, fmt.Errorf("read a check: %w", err)
		}
		c.PageUntil, c.Decided, c.Created = store.Time(until), store.Time(decided), store.Time(created)
		for _, f := range []struct {
			to     *string
			column string
			box    []byte
		}{{&c.Ticket, "ticket", ticket}, {&c.Name, "name", name}, {&c.IDCard, "id_card", card}} {
			if *f.to, err = e.vault.OpenText("engine_person_checks."+f.column, c.ID, f.box); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, rows.Err()
}
