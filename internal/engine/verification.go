package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// Errors of the signing page's checks, and that of a ticket that is not valid.
var (
	// ErrCodeChannel: the approver is not asked for a code, or has no mobile.
	ErrCodeChannel = errors.New("engine: this signer needs no code")
	// ErrCheckChannel: the approver is not asked for this check.
	ErrCheckChannel = errors.New("engine: this signer needs no such check")
	// ErrCodeTooSoon: a limit of one code in 30 seconds, 5 in a clock hour or 10 on a day is reached.
	ErrCodeTooSoon = errors.New("engine: too many codes")
	// ErrWrongCode: the ticket of the willingness check is not valid.
	ErrWrongCode = errors.New("engine: the code is not valid")
)

// personTicket begins the ids of tickets that are checks of a person, among those that are codes.
const personTicket = "check:"

// checkTicket checks the signer's willingness ticket for a channel that their task allows. It gives the ticket's id, to be spent in the
// transaction of the act, and the account that it names. A wrong code counts at once.
func (e *Engine) checkTicket(ctx context.Context, f *flow, a *approver, channel, ticket string) (ticketID string, in signedIn, err error) {
	invalid := fail(api.CodeInvalidParameterInvalidVerifyResult, "the verification is not valid for channel %s", channel)
	if !slices.Contains(a.Channels, channel) {
		return "", signedIn{}, invalid
	}
	if !e.hasChannel(channel) {
		return "", signedIn{}, e.needSimulation("VerifyChannel " + channel)
	}
	switch channel {
	case channelNone:
		if !e.apps.has(f.ApplicationID, RightChannelNone) {
			return "", signedIn{}, denied("the application lacks the white-listed right %s", RightChannelNone)
		}
		return "", signedIn{}, nil
	case channelCode:
		ticketID, err = e.checkCode(ctx, f, a, ticket)
	case channelFace, channelWeChat:
		ticketID, err = e.checkPersonTicket(ctx, f, a, channel, ticket)
	case channelAccount:
		err = e.db.Read(ctx, func(tx *store.Tx) error {
			ticketID, in, err = e.checkAccountTicket(ctx, tx, a, ticket)
			return err
		})
	default: // OFFLINE shows no ticket, see submit; nothing stands behind THIRD
		err = ErrWrongCode
	}
	if errors.Is(err, ErrWrongCode) {
		return "", signedIn{}, invalid
	}
	return ticketID, in, err
}

// spendCode makes the ticket of an act good for this one only.
func (e *Engine) spendCode(ctx context.Context, tx *store.Tx, p *signing) error {
	if p.codeID == "" {
		return nil
	}
	if err := ticketAsTold(ctx, tx, p); err != nil {
		return err
	}
	table, id := ticketTable(p.codeID)
	statement, args := `UPDATE `+table+` SET used = 1 WHERE id = $1 AND used = 0`, []any{id}
	if table == accountTickets { // the account may have been taken away since
		statement, args = `UPDATE engine_account_tickets SET used = 1 WHERE id = $2 AND`+goodTicket, []any{store.Micros(e.now()), id}
	}
	res, err := tx.Exec(ctx, statement, args...)
	if err != nil {
		return fmt.Errorf("spend the ticket: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(fail(api.CodeInvalidParameterInvalidVerifyResult, "the ticket is not valid any more"), err)
	}
	return nil
}

const accountTickets = "engine_account_tickets"

// ticketTable is where a ticket is kept, and its id there.
func ticketTable(id string) (table, key string) {
	if check, ok := strings.CutPrefix(id, personTicket); ok {
		return "engine_person_checks", check
	}
	if ticket, ok := strings.CutPrefix(id, accountTicket); ok {
		return accountTickets, ticket
	}
	return "engine_codes", id
}
