package db

import (
	"context"
	"fmt"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// Identity is who an account is at an OpenID Connect provider. The subject is kept as a keyed hash: it may be a name or a mail address.
type Identity struct {
	Issuer string
	Linked time.Time
}

func (d *DB) identityIndex(issuer, subject string) []byte {
	return d.vault.Blind("account_identities.subject|"+issuer, subject)
}

// LinkIdentity links an account to a subject of an issuer, in place of the one that it had. ErrConflict where the subject is linked to
// another account.
func (d *DB) LinkIdentity(ctx context.Context, accountID, issuer, subject string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		index := d.identityIndex(issuer, subject)
		var taken bool
		err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM account_identities WHERE subject = $1 AND account_id <> $2)", index, accountID).Scan(&taken)
		if err == nil && taken {
			return fmt.Errorf("link identity: %w", ErrConflict)
		}
		if err == nil {
			_, err = tx.Exec(ctx, "DELETE FROM account_identities WHERE account_id = $1", accountID)
		}
		if err == nil {
			_, err = tx.Exec(ctx, "INSERT INTO account_identities (account_id, issuer, subject, created_at) VALUES ($1, $2, $3, $4)",
				accountID, issuer, index, store.Micros(d.now()))
		}
		if err != nil {
			return fmt.Errorf("link identity: %w", err)
		}
		return d.record(ctx, tx, audit.Event{Action: "account.oidc.link", ObjectType: "account", ObjectID: accountID, Detail: map[string]any{"issuer": issuer}})
	})
}

// UnlinkIdentity takes the identity away from an account; ErrNotFound where there is none.
func (d *DB) UnlinkIdentity(ctx context.Context, accountID string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error { return d.dropIdentity(ctx, tx, accountID) })
}

func (d *DB) dropIdentity(ctx context.Context, tx *store.Tx, accountID string) error {
	var issuer string
	err := tx.QueryRow(ctx, "DELETE FROM account_identities WHERE account_id = $1 RETURNING issuer", accountID).Scan(&issuer)
	if err != nil {
		return fmt.Errorf("unlink identity: %w", err)
	}
	return d.record(ctx, tx, audit.Event{Action: "account.oidc.unlink", ObjectType: "account", ObjectID: accountID, Detail: map[string]any{"issuer": issuer}})
}

// IdentityOf is the identity of an account; ErrNotFound for none.
func (d *DB) IdentityOf(ctx context.Context, accountID string) (i Identity, err error) {
	var linked int64
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT issuer, created_at FROM account_identities WHERE account_id = $1", accountID).Scan(&i.Issuer, &linked)
	})
	if err != nil {
		return i, fmt.Errorf("read identity: %w", err)
	}
	i.Linked = store.Time(linked)
	return i, nil
}

// AccountByIdentity is the account that is linked to a subject of an issuer; ErrNotFound for none.
func (d *DB) AccountByIdentity(ctx context.Context, issuer, subject string) (a Account, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		a, err = findAccount(ctx, tx, "id = (SELECT i.account_id FROM account_identities i WHERE i.subject = $1)", d.identityIndex(issuer, subject))
		return err
	})
	return a, err
}
