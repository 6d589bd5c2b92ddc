package db

import (
	"context"
	"errors"
	"fmt"

	"sealdesk/internal/store"
)

// Untold is what the platform has not been told yet: of a seal its state and keepers, of a person their account, of an organisation (both ids
// are empty) its people.
type Untold struct {
	SealID, UserID, OrganizationID string
	State                          string
	Keepers                        []Keeper
	Members                        []string // ids
	Account                        Account  // empty where the person has none that may log in
	version                        int64
}

// Untold lists what the platform has to be told, organisations first.
func (d *DB) Untold(ctx context.Context) (all []Untold, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT '', '', id, '', members_version FROM organizations WHERE members_version <> told_version
			UNION ALL SELECT id, '', organization_id, state, use_version FROM seals WHERE organization_id <> '' AND use_version <> told_version
			UNION ALL SELECT '', id, '', '', account_version FROM users WHERE account_version <> told_account`)
		if err != nil {
			return fmt.Errorf("list what is untold: %w", err)
		}
		all, err = collect(rows, func(row interface{ Scan(...any) error }) (u Untold, err error) {
			return u, errors.Join(row.Scan(&u.SealID, &u.UserID, &u.OrganizationID, &u.State, &u.version))
		})
		if err != nil {
			return err
		}
		for i := range all {
			u := &all[i]
			switch {
			case u.SealID != "":
				u.Keepers, err = keepersOf(ctx, tx, u.SealID)
			case u.UserID != "":
				u.Account, err = personAccount(ctx, tx, u.UserID)
			default:
				u.Members, err = membersOf(ctx, tx, u.OrganizationID)
			}
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		return nil
	})
	return all, err
}

func membersOf(ctx context.Context, tx *store.Tx, organizationID string) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT user_id FROM user_organizations WHERE organization_id = $1 ORDER BY user_id`, organizationID)
	if err != nil {
		return nil, fmt.Errorf("list the people of an organisation: %w", err)
	}
	return collect(rows, func(row interface{ Scan(...any) error }) (id string, err error) { return id, row.Scan(&id) })
}

// Told notes that the platform knows. What has changed since stays untold.
func (d *DB) Told(ctx context.Context, u Untold) error {
	query, id := `UPDATE seals SET told_version = $1 WHERE id = $2`, u.SealID
	switch {
	case u.UserID != "":
		query, id = `UPDATE users SET told_account = $1 WHERE id = $2`, u.UserID
	case id == "":
		query, id = `UPDATE organizations SET told_version = $1 WHERE id = $2`, u.OrganizationID
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, query, u.version, id); err != nil {
			return fmt.Errorf("note what the platform was told: %w", err)
		}
		return nil
	})
}
