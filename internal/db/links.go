package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// Link is a one-time way to choose the password of an account. The token is known to whoever holds the link; the database has its hash.
type Link struct {
	Token   string
	Expires time.Time
}

// InviteAccount adds an account whose owner has yet to choose a password, and makes the link for that.
func (d *DB) InviteAccount(ctx context.Context, n NewAccount) (a Account, link Link, err error) {
	n.PasswordHash, n.MustChange = "", false
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		if a, err = d.addAccount(ctx, tx, "account.invite", n); err != nil {
			return err
		}
		link, err = d.makeLink(ctx, tx, a.ID)
		return err
	})
	return a, link, err
}

// RenewLink makes another link for an account that waits for its password; the one before opens nothing any more. ErrConflict where a
// password has been chosen: see ResetAccount.
func (d *DB) RenewLink(ctx context.Context, id string) (link Link, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		a, err := findAccount(ctx, tx, "id = $1", id)
		if err != nil {
			return err
		}
		if !a.Waiting() || a.Disabled {
			return ErrConflict
		}
		if link, err = d.makeLink(ctx, tx, id); err != nil {
			return err
		}
		return d.record(ctx, tx, audit.Event{Action: "account.link", ObjectType: "account", ObjectID: id})
	})
	return link, err
}

// ResetAccount takes the password of an account away, ends its sessions, and makes the link for choosing another.
func (d *DB) ResetAccount(ctx context.Context, id string) (link Link, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		result, err := tx.Exec(ctx, "UPDATE accounts SET password_hash = '', must_change = 0 WHERE id = $1 AND disabled = 0", id)
		if err := oneRow(result, err); err != nil {
			return fmt.Errorf("reset password: %w", err)
		}
		if err := d.endSessions(ctx, tx, id, ""); err != nil {
			return err
		}
		// Whoever had got into the account may have linked an identity of their own.
		if err := d.dropIdentity(ctx, tx, id); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if link, err = d.makeLink(ctx, tx, id); err != nil {
			return err
		}
		return d.record(ctx, tx, audit.Event{Action: "account.reset", ObjectType: "account", ObjectID: id})
	})
	return link, err
}

func (d *DB) makeLink(ctx context.Context, tx *store.Tx, id string) (Link, error) {
	link := Link{Token: newSecret(), Expires: d.now().Add(d.Policy().LinkLife)}
	_, err := tx.Exec(ctx, `INSERT INTO account_links (account_id, token_hash, expires_at) VALUES ($1, $2, $3)
		ON CONFLICT (account_id) DO UPDATE SET token_hash = excluded.token_hash, expires_at = excluded.expires_at`,
		id, hashSecret(link.Token), store.Micros(link.Expires))
	if err != nil {
		return link, fmt.Errorf("make a link: %w", err)
	}
	return link, nil
}

// WithdrawLink makes the link of an account useless. An account that nobody ever entered goes with it, so that its name is free again;
// gone tells so.
func (d *DB) WithdrawLink(ctx context.Context, id string) (gone bool, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		a, err := findAccount(ctx, tx, "id = $1", id)
		if err != nil {
			return err
		}
		if !a.Waiting() {
			return ErrConflict
		}
		gone = a.LastLogin.IsZero()
		drop := "DELETE FROM account_links WHERE account_id = $1"
		if gone {
			drop = "DELETE FROM accounts WHERE id = $1"
		}
		if _, err := tx.Exec(ctx, drop, id); err != nil {
			return fmt.Errorf("withdraw a link: %w", err)
		}
		return d.record(ctx, tx, audit.Event{Action: "account.withdraw", ObjectType: "account", ObjectID: id,
			Detail: map[string]any{"before": accountDetail(a), "removed": gone}})
	})
	return gone, err
}

// openLink is the condition that a link opens an account now.
const openLink = `disabled = 0 AND id = (SELECT l.account_id FROM account_links l WHERE l.token_hash = $1 AND l.expires_at > $2)`

// LinkedAccount is the account that a link is for; ErrNotFound where it was used, withdrawn, replaced or is too old.
func (d *DB) LinkedAccount(ctx context.Context, token string) (a Account, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		a, err = findAccount(ctx, tx, openLink, hashSecret(token), store.Micros(d.now()))
		return err
	})
	return a, err
}

// UseLink keeps the first password of the account that a link is for, once.
func (d *DB) UseLink(ctx context.Context, token, passwordHash string) (a Account, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		if a, err = d.takeLink(ctx, tx, token); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE accounts SET password_hash = $1, must_change = 0 WHERE id = $2", passwordHash, a.ID); err != nil {
			return fmt.Errorf("use a link: %w", err)
		}
		a.passwordHash = passwordHash
		return d.record(ctx, tx, audit.Event{Action: "account.accept", ObjectType: "account", ObjectID: a.ID})
	})
	return a, err
}

// takeLink uses a link up.
func (d *DB) takeLink(ctx context.Context, tx *store.Tx, token string) (Account, error) {
	a, err := findAccount(ctx, tx, openLink, hashSecret(token), store.Micros(d.now()))
	if err != nil {
		return a, err
	}
	result, err := tx.Exec(ctx, "DELETE FROM account_links WHERE account_id = $1", a.ID)
	if err := oneRow(result, err); err != nil {
		return a, fmt.Errorf("use a link: %w", err)
	}
	a.LinkExpires = time.Time{}
	return a, nil
}
