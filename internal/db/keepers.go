package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// The states of a seal.
const (
	SealActive    = "active"
	SealDisabled  = "disabled"  // not to be used for now
	SealDestroyed = "destroyed" // never again
)

// Keeper is somebody who may use a seal of an organisation that they sign for.
type Keeper struct {
	UserID, UserName string
	From, Until      time.Time // zero: no bound; Until is exclusive
	GrantedBy        string    // name of the account; empty where it followed from the register
	Granted          time.Time
}

// MayUse tells whether the keeper may use the seal at a time.
func (k Keeper) MayUse(at time.Time) bool {
	return !at.Before(k.From) && (k.Until.IsZero() || at.Before(k.Until))
}

// term is what the audit log keeps of a keeper's right: no bound is not told.
func (k Keeper) term() map[string]any {
	told := map[string]any{"user": k.UserID}
	for name, at := range map[string]time.Time{"from": k.From, "until": k.Until} {
		if !at.IsZero() {
			told[name] = at
		}
	}
	return told
}

// Keepers lists who may use a seal, those who were granted it first in front.
func (d *DB) Keepers(ctx context.Context, sealID string) (all []Keeper, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		all, err = keepersOf(ctx, tx, sealID)
		return err
	})
	return all, err
}

func keepersOf(ctx context.Context, tx *store.Tx, sealID string) ([]Keeper, error) {
	rows, err := tx.Query(ctx, `SELECT k.user_id, u.name, k.valid_from, k.valid_until, k.granted_by, k.granted_at FROM seal_keepers k
		JOIN users u ON u.id = k.user_id WHERE k.seal_id = $1 ORDER BY k.granted_at, k.user_id`, sealID)
	if err != nil {
		return nil, fmt.Errorf("list the keepers of a seal: %w", err)
	}
	return collect(rows, func(row interface{ Scan(...any) error }) (k Keeper, err error) {
		var from, until, granted int64
		err = row.Scan(&k.UserID, &k.UserName, &from, &until, &k.GrantedBy, &granted)
		k.From, k.Until, k.Granted = timeOrZero(from), timeOrZero(until), store.Time(granted)
		return k, err
	})
}

// GrantKeeper lets somebody who signs for the seal's organisation use it, for a term where one is given. Granting again sets another term.
// The error is ErrConflict for somebody else, for a personal seal and for one that is destroyed.
func (d *DB) GrantKeeper(ctx context.Context, scope Scope, sealID string, k Keeper) error {
	return d.changeUse(ctx, scope, sealID, func(tx *store.Tx, s Seal) error {
		u, err := findUser(ctx, tx, Everything(), k.UserID)
		if err != nil {
			return err
		}
		if !u.SignsFor(s.OrganizationID) {
			return fmt.Errorf("keeper: %w", ErrConflict)
		}
		return d.grant(ctx, tx, s.ID, k)
	})
}

func (d *DB) grant(ctx context.Context, tx *store.Tx, sealID string, k Keeper) error {
	_, err := tx.Exec(ctx, `INSERT INTO seal_keepers (seal_id, user_id, valid_from, valid_until, granted_by, granted_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT DO UPDATE SET valid_from = excluded.valid_from, valid_until = excluded.valid_until, granted_by = excluded.granted_by,
		granted_at = excluded.granted_at`, sealID, k.UserID, microsOrZero(k.From), microsOrZero(k.Until), actorName(ctx), store.Micros(d.now()))
	if err != nil {
		return fmt.Errorf("grant a seal: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE seals SET kept = 1, use_version = use_version + 1 WHERE id = $1`, sealID); err != nil {
		return fmt.Errorf("grant a seal: %w", err)
	}
	return d.note(ctx, tx, "seal.grant", "seal", sealID, k.term())
}

// WithdrawKeeper ends that somebody may use a seal. Somebody who may not is no error.
func (d *DB) WithdrawKeeper(ctx context.Context, scope Scope, sealID, userID string) error {
	return d.changeUse(ctx, scope, sealID, func(tx *store.Tx, s Seal) error { return d.withdraw(ctx, tx, s.ID, userID) })
}

func (d *DB) withdraw(ctx context.Context, tx *store.Tx, sealID, userID string) error {
	keepers, err := keepersOf(ctx, tx, sealID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(keepers, func(k Keeper) bool { return k.UserID == userID })
	if i < 0 {
		return nil
	}
	done, err := tx.Exec(ctx, `DELETE FROM seal_keepers WHERE seal_id = $1 AND user_id = $2`, sealID, userID)
	if err != nil {
		return fmt.Errorf("withdraw a seal: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE seals SET use_version = use_version + 1 WHERE id = $1`, sealID); err != nil {
		return fmt.Errorf("withdraw a seal: %w", err)
	}
	return d.note(ctx, tx, "seal.withdraw", "seal", sealID, keepers[i].term())
}

// SetSealState disables, enables or destroys a seal of an organisation, with a reason. Destroying is for ever, and a default seal is not
// destroyed: both are ErrConflict.
func (d *DB) SetSealState(ctx context.Context, scope Scope, sealID, state, reason string) error {
	return d.changeUse(ctx, scope, sealID, func(tx *store.Tx, s Seal) error {
		if s.State == state {
			return nil
		}
		if state == SealDestroyed && s.Default {
			return fmt.Errorf("destroy a default seal: %w", ErrConflict)
		}
		_, err := tx.Exec(ctx, `UPDATE seals SET state = $1, reason = $2, use_version = use_version + 1 WHERE id = $3`, state, reason, sealID)
		if err != nil {
			return fmt.Errorf("set the state of a seal: %w", err)
		}
		return d.note(ctx, tx, "seal.state", "seal", sealID, map[string]any{"before": s.State, "after": state, "reason": reason})
	})
}

// changeUse changes who may use a seal of an organisation of the scope.
func (d *DB) changeUse(ctx context.Context, scope Scope, sealID string, change func(*store.Tx, Seal) error) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		s, err := findSeal(ctx, tx, scope, sealID)
		if err != nil {
			return err
		}
		if s.OrganizationID == "" || s.State == SealDestroyed {
			return fmt.Errorf("use of a seal: %w", ErrConflict)
		}
		return change(tx, s)
	})
}

// keepFirst names the first keepers of seals of an organisation that never had one: its legal representative, or else, but for that person's
// own seal, the only one who signs for it. Everybody else is named by an administrator.
func (d *DB) keepFirst(ctx context.Context, tx *store.Tx, organizationID string) error {
	rows, err := tx.Query(ctx, `SELECT s.id, u.id FROM seals s JOIN organizations o ON o.id = s.organization_id
		JOIN user_organizations m ON m.organization_id = o.id JOIN users u ON u.id = m.user_id
		WHERE s.organization_id = $1 AND s.kept = 0 AND s.state <> $2 AND (u.name = o.legal_name OR s.kind <> $3 AND
			(SELECT count(*) FROM user_organizations n WHERE n.organization_id = o.id) = 1)`, organizationID, SealDestroyed, api.SealTypeLegalRepresentative)
	if err != nil {
		return fmt.Errorf("name the first keepers: %w", err)
	}
	pairs, err := collect(rows, func(row interface{ Scan(...any) error }) (pair [2]string, err error) {
		return pair, row.Scan(&pair[0], &pair[1])
	})
	for _, pair := range pairs {
		err = errors.Join(err, d.grant(ctx, tx, pair[0], Keeper{UserID: pair[1]}))
	}
	return err
}

// leave takes every seal of an organisation away from somebody who no longer signs for it.
func (d *DB) leave(ctx context.Context, tx *store.Tx, userID, organizationID string) error {
	rows, err := tx.Query(ctx, `SELECT k.seal_id FROM seal_keepers k JOIN seals s ON s.id = k.seal_id WHERE k.user_id = $1 AND s.organization_id = $2`,
		userID, organizationID)
	if err != nil {
		return fmt.Errorf("find the seals of somebody who leaves: %w", err)
	}
	ids, err := collect(rows, func(row interface{ Scan(...any) error }) (id string, err error) { return id, row.Scan(&id) })
	for _, id := range ids {
		err = errors.Join(err, d.withdraw(ctx, tx, id, userID))
	}
	return err
}

// membersChanged notes that the platform has to be told of an organisation's people.
func membersChanged(ctx context.Context, tx *store.Tx, organizationID string) error {
	if _, err := tx.Exec(ctx, `UPDATE organizations SET members_version = members_version + 1 WHERE id = $1`, organizationID); err != nil {
		return fmt.Errorf("note a change of people: %w", err)
	}
	return nil
}
