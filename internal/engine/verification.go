package engine

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// Rules of codes. The sending limits are the platform's (essbasic, SendSignInnerVerifyCode); life and tries are ours.
const (
	codeLife     = 10 * time.Minute
	codeTries    = 5
	codePause    = 30 * time.Second
	codesPerHour = 5
	codesPerDay  = 10
)

// Errors of SendCode, and that of a ticket that is not valid.
var (
	// ErrCodeChannel: the approver is not asked for a code, or has no mobile.
	ErrCodeChannel = errors.New("engine: this signer needs no code")
	// ErrCodeTooSoon: a limit of one code in 30 seconds, 5 in a clock hour or 10 on a day is reached.
	ErrCodeTooSoon = errors.New("engine: too many codes")
	// ErrWrongCode: the ticket of the willingness check is not valid.
	ErrWrongCode = errors.New("engine: the code is not valid")
)

// checkTicket checks the signer's willingness ticket for a channel that their task allows. For a code it gives the code's
// id, to be spent in the transaction of the act. A wrong try counts at once.
func (e *Engine) checkTicket(ctx context.Context, f *flow, a *approver, channel, ticket string) (codeID string, err error) {
	invalid := fail(api.CodeInvalidParameterInvalidVerifyResult, "the verification is not valid for channel %s", channel)
	if !slices.Contains(a.Channels, channel) {
		return "", invalid
	}
	switch channel {
	case channelNone:
		if !e.apps.has(f.ApplicationID, RightChannelNone) {
			return "", denied("the application lacks the white-listed right %s", RightChannelNone)
		}
		return "", nil
	case channelCode:
		codeID, err = e.checkCode(ctx, a, ticket)
		if errors.Is(err, ErrWrongCode) {
			return "", invalid
		}
		return codeID, err
	default: // WEIXINAPP, FACEID: no source of tickets stands behind them here
		return "", invalid
	}
}

// checkCode compares a code with the newest one that was sent for the task.
func (e *Engine) checkCode(ctx context.Context, a *approver, code string) (id string, err error) {
	right := false
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		var hash []byte
		err := tx.QueryRow(ctx, `SELECT id, code_hash FROM engine_codes WHERE sign_id = $1 AND used = 0 AND attempts < $2 AND expires > $3
			ORDER BY created DESC, id DESC LIMIT 1`, a.SignID, codeTries, store.Micros(e.now())).Scan(&id, &hash)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("find the code: %w", err)
		}
		if right = subtle.ConstantTimeCompare(hash, e.vault.blind("code|"+id, code)) == 1; right {
			return nil
		}
		if _, err := tx.Exec(ctx, `UPDATE engine_codes SET attempts = attempts + 1 WHERE id = $1`, id); err != nil {
			return fmt.Errorf("count the wrong code: %w", err)
		}
		return e.record(ctx, tx, event{Action: "code.wrong", ObjectType: "approver", ObjectID: a.SignID})
	})
	if err == nil && !right {
		err = ErrWrongCode
	}
	return id, err
}

// spendCode makes a code good for one act only.
func (e *Engine) spendCode(ctx context.Context, tx *store.Tx, id string) error {
	if id == "" {
		return nil
	}
	res, err := tx.Exec(ctx, `UPDATE engine_codes SET used = 1 WHERE id = $1 AND used = 0`, id)
	if err != nil {
		return fmt.Errorf("spend the code: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(fail(api.CodeInvalidParameterInvalidVerifyResult, "the code was used already"), err)
	}
	return nil
}

// SendCode sends the signer behind a link a six-digit code. Here it goes to the outbox: no SMS leaves this machine.
func (e *Engine) SendCode(ctx context.Context, token string) error {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return fmt.Errorf("make a code: %w", err)
	}
	code := fmt.Sprintf("%06d", n)
	var outboxID, line string
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		p, err := e.pendingByLink(ctx, tx, token)
		if err != nil {
			return err
		}
		if !slices.Contains(p.approver.Channels, channelCode) || p.approver.Mobile == "" {
			return ErrCodeChannel
		}
		if err := e.storeCode(ctx, tx, p.approver, p.flow.ApplicationID, code); err != nil {
			return err
		}
		line = fmt.Sprintf("[印台] %s 签署《%s》的验证码：%s，10 分钟内有效。", maskMobile(p.approver.Mobile), p.flow.Name, code)
		outboxID, err = e.storeOutbox(ctx, tx, p.approver.Mobile, line)
		return err
	})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(e.outbox, line); err != nil {
		return fmt.Errorf("hand out the code: %w", err)
	}
	return e.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE engine_outbox SET delivered = $1 WHERE id = $2`, store.Micros(e.now()), outboxID); err != nil {
			return fmt.Errorf("note the delivery: %w", err)
		}
		return nil
	})
}

// storeCode keeps the code's hash, within the limits of one application and mobile.
func (e *Engine) storeCode(ctx context.Context, tx *store.Tx, a *approver, applicationID, code string) error {
	now := e.now()
	index := e.vault.blind("code.mobile|"+applicationID, a.Mobile)
	local := now.In(chinaTime)
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, chinaTime)
	for _, limit := range []struct {
		since time.Time
		count int
		code  string
	}{
		{now.Add(-codePause), 1, api.CodeFailedOperationRequestLimitExceeded30S},
		{now.Truncate(time.Hour), codesPerHour, api.CodeFailedOperationRequestLimitExceeded1H},
		{day, codesPerDay, api.CodeFailedOperationRequestLimitExceeded1D},
	} {
		var sent int
		err := tx.QueryRow(ctx, `SELECT count(*) FROM engine_codes WHERE mobile_index = $1 AND created > $2`, index, store.Micros(limit.since)).Scan(&sent)
		if err != nil {
			return fmt.Errorf("count the codes: %w", err)
		}
		if sent >= limit.count {
			return errors.Join(ErrCodeTooSoon, fail(limit.code, "too many codes for this mobile"))
		}
	}
	id, err := newID()
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO engine_codes (id, sign_id, mobile_index, code_hash, attempts, used, expires, created)
		VALUES ($1, $2, $3, $4, 0, 0, $5, $6)`, id, a.SignID, index, e.vault.blind("code|"+id, code), store.Micros(now.Add(codeLife)), store.Micros(now))
	if err != nil {
		return fmt.Errorf("store the code: %w", err)
	}
	return e.record(ctx, tx, event{Action: "code.send", ObjectType: "approver", ObjectID: a.SignID, Detail: map[string]any{"mobile": maskMobile(a.Mobile), "code": id}})
}

// storeOutbox keeps a message before it is handed out.
func (e *Engine) storeOutbox(ctx context.Context, tx *store.Tx, recipient, body string) (string, error) {
	id, err := newID()
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(ctx, `INSERT INTO engine_outbox (id, kind, recipient_sealed, body_sealed, created, delivered) VALUES ($1, 'sms', $2, $3, $4, 0)`,
		id, e.vault.seal("engine_outbox.recipient", id, []byte(recipient)), e.vault.seal("engine_outbox.body", id, []byte(body)), store.Micros(e.now()))
	if err != nil {
		return "", fmt.Errorf("store a message: %w", err)
	}
	return id, nil
}
