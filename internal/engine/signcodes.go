package engine

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/gateway"
	numbers "sealdesk/internal/identity"
	"sealdesk/internal/store"
)

// Rules of codes. The sending limits are the platform's (essbasic, SendSignInnerVerifyCode); life and tries are ours.
const (
	codeLife     = 10 * time.Minute
	codeTries    = 5
	codePause    = 30 * time.Second
	codesPerHour = 5
	codesPerDay  = 10
	codeDigits   = 6
)

// codeTarget is what a code is bound to. All but application and mobile may be empty.
type codeTarget struct {
	ApplicationID string
	Mobile        string // or e-mail: where it goes
	FlowID        string // of a flow or a catalog
	SignID        string
	UserID        string
	event         event // evidence, without its detail
}

func (e *Engine) codeIndex(applicationID, address string) []byte {
	if gateway.IsMail(address) {
		return e.vault.Blind("code.mail|"+applicationID, strings.ToLower(address))
	}
	return e.vault.Blind("code.mobile|"+applicationID, numbers.PlainMobile(address))
}

// SendCode sends the signer behind a link a six-digit code: to where they are registered, never to who asks.
func (e *Engine) SendCode(ctx context.Context, token string) error {
	var signID, message string
	err := e.sendCode(ctx, func(tx *store.Tx, code string) (m gateway.Message, err error) {
		p, err := e.pendingByLink(ctx, tx, token)
		if err != nil {
			return m, err
		}
		a := p.approver
		if _, err := e.findUser(ctx, tx, p.flow.ApplicationID, a.UserID); err != nil { // whose address may have been put back
			return m, err
		}
		m = gateway.Message{Kind: gateway.KindCode, FlowID: p.flow.ID, SignID: a.SignID, Contract: p.flow.Name, Code: code, To: e.codeAddress(a)}
		if !slices.Contains(a.Channels, channelCode) || m.To == "" {
			return m, ErrCodeChannel
		}
		if a.SMSTemplate != nil {
			m.SignName = a.SMSTemplate.Sign
		}
		target := codeTarget{ApplicationID: p.flow.ApplicationID, Mobile: m.To, FlowID: p.flow.ID, SignID: a.SignID, UserID: a.UserID,
			event: event{Action: "code.send", ObjectType: "approver", ObjectID: a.SignID}}
		signID, message = a.SignID, gateway.Text(m)
		by := *callOf(ctx)
		by.Session, by.Signer = LinkName(token), a.UserID
		return m, e.storeCode(withCall(ctx, &by), tx, target, code)
	})
	if err == nil {
		e.show(signID, message)
	}
	return err
}

// sendCode makes a code, lets prepare store it, and keeps the message in the same transaction.
func (e *Engine) sendCode(ctx context.Context, prepare func(tx *store.Tx, code string) (gateway.Message, error)) error {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return fmt.Errorf("make a code: %w", err)
	}
	code := fmt.Sprintf("%0*d", codeDigits, n)
	return e.db.Write(ctx, func(tx *store.Tx) error {
		m, err := prepare(tx, code)
		if err != nil {
			return err
		}
		return e.queueMessage(ctx, tx, m, e.now().Add(codeLife))
	})
}

// storeCode keeps the code's hash, within the limits of one application and mobile.
func (e *Engine) storeCode(ctx context.Context, tx *store.Tx, t codeTarget, code string) error {
	now := e.now()
	index := e.codeIndex(t.ApplicationID, t.Mobile)
	local := now.In(chinaTime)
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, chinaTime)
	for _, limit := range []struct {
		since time.Time
		count int
		code  string
	}{
		{now.Add(-codePause + time.Microsecond), 1, api.CodeFailedOperationRequestLimitExceeded30S},
		{now.Truncate(time.Hour), codesPerHour, api.CodeFailedOperationRequestLimitExceeded1H},
		{day, codesPerDay, api.CodeFailedOperationRequestLimitExceeded1D},
	} {
		var sent int
		err := tx.QueryRow(ctx, `SELECT count(*) FROM engine_codes WHERE mobile_index = $1 AND created >= $2`, index, store.Micros(limit.since)).Scan(&sent)
		if err != nil {
			return fmt.Errorf("count the codes: %w", err)
		}
		if sent >= limit.count {
			return errors.Join(ErrCodeTooSoon, fail(limit.code, "too many codes for this mobile"))
		}
	}
	id := newID(e.wall())
	stored := sentCode{ID: id, ApplicationID: t.ApplicationID, FlowID: t.FlowID, SignID: t.SignID, UserID: t.UserID, address: index, simulated: e.simulate}
	_, err := tx.Exec(ctx, `INSERT INTO engine_codes (id, application_id, flow_id, sign_id, user_id, mobile_index, code_hash, attempts, used, expires, created,
		simulated) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $9, $10)`, id, t.ApplicationID, t.FlowID, t.SignID, t.UserID, index, stored.of(e, code),
		store.Micros(now.Add(codeLife)), store.Micros(now), flag(e.simulate))
	if err != nil {
		return fmt.Errorf("store the code: %w", err)
	}
	ev := t.event
	ev.Detail = map[string]any{"address": gateway.Mask(t.Mobile), "code": id}
	return e.record(ctx, tx, ev)
}

// sentCode is a code that was sent and may still be good.
type sentCode struct {
	ID, ApplicationID      string
	FlowID, SignID, UserID string
	address                []byte // index of the mobile or e-mail
	simulated              bool
	hash                   []byte
	attempts               int
	expires                time.Time
	used                   bool
}

// of is the hash of a code, which holds for all that the code was sent for and in no other place.
func (c *sentCode) of(e *Engine, code string) []byte {
	return e.vault.Blind(fmt.Sprintf("code %q %q %q %q %q %x %t", c.ID, c.ApplicationID, c.FlowID, c.SignID, c.UserID, c.address, c.simulated), code)
}

// is compares in constant time.
func (c *sentCode) is(e *Engine, code string) bool {
	return subtle.ConstantTimeCompare(c.hash, c.of(e, code)) == 1
}

// newestCode reads the last code for a mobile that fits a condition, nil where there is none. One that simulation showed to whoever
// held the link is none for real.
func (e *Engine) newestCode(ctx context.Context, tx *store.Tx, applicationID, mobile, condition string, args ...any) (*sentCode, error) {
	c := &sentCode{}
	var expires int64
	err := tx.QueryRow(ctx, `SELECT id, application_id, flow_id, sign_id, user_id, mobile_index, simulated, code_hash, attempts, expires, used
		FROM engine_codes WHERE application_id = $1 AND mobile_index = $2 AND simulated = `+strconv.Itoa(flag(e.simulate))+` `+condition+
		` ORDER BY created DESC, id DESC LIMIT 1`, append([]any{applicationID, e.codeIndex(applicationID, mobile)}, args...)...).
		Scan(&c.ID, &c.ApplicationID, &c.FlowID, &c.SignID, &c.UserID, &c.address, &c.simulated, &c.hash, &c.attempts, &expires, &c.used)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the code: %w", err)
	}
	c.expires = store.Time(expires)
	return c, nil
}

// codeFor is the condition that a code was sent for a flow ($3), or for a catalog that holds it; codeForAny adds those for none in
// particular.
const (
	codeFor    = ` AND (flow_id = $3 OR flow_id IN (SELECT catalog_id FROM engine_catalog_flows WHERE flow_id = $3))`
	codeForAny = ` AND (flow_id IN ('', $3) OR flow_id IN (SELECT catalog_id FROM engine_catalog_flows WHERE flow_id = $3))`
)

// checkCode compares a code with the newest one that was sent to the signer for this flow, or for a catalog that holds it. A code whose
// message named no contract shows nobody's will to sign this one.
func (e *Engine) checkCode(ctx context.Context, f *flow, a *approver, code string) (id string, err error) {
	right := false
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		c, err := e.newestCode(ctx, tx, f.ApplicationID, e.codeAddress(a), codeFor+` AND sign_id IN ('', $4) AND user_id IN ('', $5) AND used = 0
			AND attempts < $6 AND expires > $7`, f.ID, a.SignID, a.UserID, codeTries, store.Micros(e.now()))
		if err != nil || c == nil {
			return err
		}
		if err := codeAsTold(ctx, tx, c, a.SignID, f.ID); err != nil {
			return err
		}
		if id, right = c.ID, c.is(e, code); right {
			return nil
		}
		return e.countWrong(ctx, tx, c, event{Action: actionWrong, ObjectType: "approver", ObjectID: a.SignID})
	})
	if err == nil && !right {
		err = ErrWrongCode
	}
	return id, err
}

// countWrong notes a wrong try.
func (e *Engine) countWrong(ctx context.Context, tx *store.Tx, c *sentCode, ev event) error {
	if _, err := tx.Exec(ctx, `UPDATE engine_codes SET attempts = attempts + 1 WHERE id = $1`, c.ID); err != nil {
		return fmt.Errorf("count the wrong code: %w", err)
	}
	ev.Refusal, ev.Detail = "wrong_code", map[string]any{"code": c.ID}
	return e.record(ctx, tx, ev)
}
