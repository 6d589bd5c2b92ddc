package engine

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// accountTicketLife is how long a signer has from opening a contract at the portal to signing it.
const accountTicketLife = 30 * time.Minute

// accountTicket begins the ids of tickets that an own account's log-in gave.
const accountTicket = "account:"

// signedIn is the account behind a ticket; empty for none.
type signedIn struct {
	ID, Name     string
	SecondFactor bool
}

// evidence is the account as evidence tells of it.
func (s signedIn) evidence() any {
	if s.ID == "" {
		return nil
	}
	return map[string]any{"id": s.ID, "name": s.Name, "secondFactor": s.SecondFactor}
}

// setUserAccount stores whose account is a person's own, and ends the tickets that were given before: the caller tells it also where a log-in
// has ended. Telling what is known, while no ticket is open, is no event.
func (e *Engine) setUserAccount(ctx context.Context, req *api.SetUserAccountRequest) (*api.SetUserAccountResponse, error) {
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		by, err := e.resolve(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		if _, err := e.findUser(ctx, tx, by.ApplicationID, req.UserId); err != nil {
			return orNotFound(err, "UserId", req.UserId)
		}
		changed, err := setAccount(ctx, tx, req.UserId, signedIn{ID: req.AccountId, Name: plainName(req.AccountName)})
		if err != nil {
			return fmt.Errorf("set the account of a user: %w", err)
		}
		done, err := tx.Exec(ctx, `DELETE FROM engine_account_tickets WHERE user_id = $1 AND used = 0 AND expires > $2`, req.UserId, store.Micros(e.now()))
		if err != nil {
			return fmt.Errorf("end the tickets of a user: %w", err)
		}
		ended, err := done.RowsAffected()
		if err != nil || !changed && ended == 0 {
			return err
		}
		return e.record(ctx, tx, event{Action: actionAccount, ObjectType: "user", ObjectID: req.UserId,
			Detail: map[string]any{"account": req.AccountId, "name": req.AccountName, "endedTickets": ended}})
	})
	if err != nil {
		return nil, err
	}
	return &api.SetUserAccountResponse{}, nil
}

// setAccount stores the account of a user, or none, and tells whether it is another one than before.
func setAccount(ctx context.Context, tx *store.Tx, userID string, now signedIn) (changed bool, err error) {
	var before signedIn
	err = tx.QueryRow(ctx, `SELECT account_id, name FROM engine_user_accounts WHERE user_id = $1`, userID).Scan(&before.ID, &before.Name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	if now.ID == "" {
		now.Name = ""
	}
	if before == now {
		return false, nil
	}
	if _, err := tx.Exec(ctx, `DELETE FROM engine_user_accounts WHERE user_id = $1`, userID); err != nil || now.ID == "" {
		return true, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO engine_user_accounts (user_id, account_id, name) VALUES ($1, $2, $3)`, userID, now.ID, now.Name)
	return true, err
}

// plainName takes out of a name what would make a signature's reason read otherwise: controls, and marks that turn the direction of writing.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
			return -1
		}
		return r
	}, name)
}

// createAccountSignURL makes a link and a ticket for the task of somebody who has logged in to their own account.
func (e *Engine) createAccountSignURL(ctx context.Context, req *api.CreateAccountSignUrlRequest) (*api.CreateAccountSignUrlResponse, error) {
	deadline, err := e.linkDeadline(req.Deadline)
	if err != nil {
		return nil, err
	}
	resp := &api.CreateAccountSignUrlResponse{Ticket: rand.Text()}
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		by, err := e.resolve(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		f, a, err := e.accountTask(ctx, tx, by.ApplicationID, req)
		if err != nil {
			return err
		}
		in := signedIn{ID: req.AccountId, SecondFactor: req.SecondFactor}
		err = tx.QueryRow(ctx, `SELECT name FROM engine_user_accounts WHERE user_id = $1 AND account_id = $2`, a.UserID, in.ID).Scan(&in.Name)
		if errors.Is(err, store.ErrNotFound) {
			return denied("account %q is not that of user %q", in.ID, a.UserID)
		}
		if err != nil {
			return fmt.Errorf("find the account of a user: %w", err)
		}
		if err := accountAsTold(ctx, tx, a.UserID, in.ID); err != nil {
			return err
		}
		l := link{Kind: LinkSign, ApplicationID: f.ApplicationID, FlowID: f.ID, SignID: a.SignID, Deadline: deadline}
		if resp.SignUrl, err = e.createLink(ctx, tx, l); err != nil {
			return err
		}
		id, now := newID(e.wall()), e.now()
		_, err = tx.Exec(ctx, `INSERT INTO engine_account_tickets (id, ticket_hash, flow_id, sign_id, user_id, account_id, name, second_factor, used, expires, created)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10)`, id, ticketHash(handedOut, resp.Ticket), f.ID, a.SignID, a.UserID, in.ID, in.Name, flag(in.SecondFactor),
			store.Micros(now.Add(accountTicketLife)), store.Micros(now))
		if err != nil {
			return fmt.Errorf("store a ticket: %w", err)
		}
		ev := l.event(actionTicket, resp.SignUrl)
		ev.Detail["account"], ev.Detail["ticket"] = in.evidence(), accountTicket+id
		return e.record(ctx, tx, ev)
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// accountTask finds the task that a ticket is for: one that waits for its signer, and that may be signed by way of their account.
func (e *Engine) accountTask(ctx context.Context, tx *store.Tx, applicationID string, req *api.CreateAccountSignUrlRequest) (*flow, *approver, error) {
	f, err := e.findFlow(ctx, tx, applicationID, req.FlowId)
	if err != nil {
		return nil, nil, orNotFound(err, "FlowId", req.FlowId)
	}
	all, err := e.approversOf(ctx, tx, f)
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(all, func(a *approver) bool { return a.SignID == req.SignId && a.UserID == req.UserId })
	switch {
	case i < 0:
		return nil, nil, notFound("SignId", req.SignId)
	case !slices.Contains(all[i].Channels, channelAccount):
		return nil, nil, denied("this approver was not asked for their own account")
	case !all[i].may(f, stepSign):
		return nil, nil, denied("the approver is in state %d: no %s", all[i].Status, stepSign)
	}
	return f, all[i], nil
}

// What a ticket is hashed as: as it was handed out, and as the browser has it that brought it first. Only the latter signs.
const (
	handedOut = "account ticket|"
	taken     = "account ticket, taken|"
)

func ticketHash(as, ticket string) []byte {
	sum := sha256.Sum256([]byte(as + ticket))
	return sum[:]
}

// goodTicket is the condition that a ticket is unspent, not late ($1), and that its account is still the signer's.
const goodTicket = ` used = 0 AND expires > $1 AND EXISTS (SELECT 1 FROM engine_user_accounts u
	WHERE u.user_id = engine_account_tickets.user_id AND u.account_id = engine_account_tickets.account_id)`

// checkAccountTicket finds a ticket that signs a task now, and the account that it names; else ErrWrongCode.
func (e *Engine) checkAccountTicket(ctx context.Context, tx *store.Tx, a *approver, ticket string) (id string, in signedIn, err error) {
	err = tx.QueryRow(ctx, `SELECT id, account_id, name, second_factor FROM engine_account_tickets WHERE ticket_hash = $2 AND flow_id = $3 AND sign_id = $4
		AND user_id = $5 AND`+goodTicket, store.Micros(e.now()), ticketHash(taken, ticket), a.FlowID, a.SignID, a.UserID).Scan(&id, &in.ID, &in.Name, &in.SecondFactor)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", signedIn{}, ErrWrongCode
	case err != nil:
		return "", signedIn{}, fmt.Errorf("find a ticket: %w", err)
	}
	return accountTicket + id, in, nil
}

// TakeTicket takes a ticket that CreateAccountSignUrl handed out, once, and gives what signs in its place to the browser that brought it: whoever
// comes with the same ticket later has nothing. ErrWrongCode where the ticket is not good, or not for this link.
func (e *Engine) TakeTicket(ctx context.Context, token, ticket string) (held string, err error) {
	held = rand.Text()
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		b, err := e.pendingByLink(ctx, tx, token)
		if err != nil {
			return err
		}
		done, err := tx.Exec(ctx, `UPDATE engine_account_tickets SET ticket_hash = $2 WHERE ticket_hash = $3 AND flow_id = $4 AND sign_id = $5 AND user_id = $6 AND`+goodTicket,
			store.Micros(e.now()), ticketHash(taken, held), ticketHash(handedOut, ticket), b.approver.FlowID, b.approver.SignID, b.approver.UserID)
		if err != nil {
			return fmt.Errorf("take a ticket: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 {
			return errors.Join(ErrWrongCode, err)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return held, nil
}

// SessionAccount names the account by which the signer behind a link signs with a ticket; empty where the ticket does not sign.
func (e *Engine) SessionAccount(ctx context.Context, token, ticket string) (name string, err error) {
	err = e.db.Read(ctx, func(tx *store.Tx) error {
		b, err := e.pendingByLink(ctx, tx, token)
		if err != nil {
			return err
		}
		if !slices.Contains(b.approver.Channels, channelAccount) {
			return nil
		}
		_, in, err := e.checkAccountTicket(ctx, tx, b.approver, ticket)
		name = in.Name
		return err
	})
	if errors.Is(err, ErrWrongCode) || errors.Is(err, ErrNotPending) {
		return "", nil
	}
	return name, err
}

// onlyAccount tells whether a task is signed by way of the signer's own account and no other, so that nobody else is given its link.
func onlyAccount(a *approver) bool {
	return len(a.Channels) == 1 && a.Channels[0] == channelAccount
}
