package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// Why an account cannot be made a person's own.
var (
	ErrPersonTaken  = errors.New("the person has an account already")
	ErrOutsideScope = errors.New("the account does not reach the organisations of the person")
)

// BindAccount makes an account a person's own, by which they sign, or nobody's where the person is empty. A person has one account, which
// reaches every organisation that they sign for: else it is ErrPersonTaken or ErrOutsideScope. Whoever binds their own account is named as such.
func (d *DB) BindAccount(ctx context.Context, accountID, personID string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		a, err := findAccount(ctx, tx, "id = $1", accountID)
		if err != nil || a.PersonID == personID {
			return err
		}
		after := ""
		if personID != "" {
			person, err := findUser(ctx, tx, Everything(), personID)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(person.Organizations, func(o UserOrganization) bool { return !a.Scope.Allows(o.ID) }) {
				return ErrOutsideScope
			}
			after = person.Name
		}
		before := ""
		if a.PersonID != "" {
			person, err := findUser(ctx, tx, Everything(), a.PersonID)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
			before = person.Name
		}
		_, err = tx.Exec(ctx, `UPDATE accounts SET person_id = $1 WHERE id = $2`, personID, a.ID)
		if store.IsUnique(err) {
			return ErrPersonTaken
		}
		if err != nil {
			return fmt.Errorf("bind an account: %w", err)
		}
		detail := map[string]any{"name": a.Name, "user": cmp.Or(personID, a.PersonID), "before": map[string]any{"person": before},
			"after": map[string]any{"person": after}}
		if audit.ActorFrom(ctx).Name == a.Name {
			detail["own"] = true
		}
		return errors.Join(personsChanged(ctx, tx, a.PersonID, personID), d.note(ctx, tx, "account.person", "account", a.ID, detail))
	})
}

// Label is the account as evidence and signatures name it: who it is, and the name to log in with. It is empty where there is no account.
func (a Account) Label() string {
	if a.ID == "" {
		return ""
	}
	return a.DisplayName + " (" + a.Name + ")"
}

// personsChanged notes that the platform has to be told of the accounts of persons; empty ids are nobody.
func personsChanged(ctx context.Context, tx *store.Tx, ids ...string) error {
	for _, id := range ids {
		if _, err := tx.Exec(ctx, `UPDATE users SET account_version = account_version + 1 WHERE id = $1`, id); err != nil {
			return fmt.Errorf("note the account of a person: %w", err)
		}
	}
	return nil
}

// PersonAccount is the account of a person by which they can sign: one that may log in. ErrNotFound where there is none.
func (d *DB) PersonAccount(ctx context.Context, personID string) (a Account, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		a, err = personAccount(ctx, tx, personID)
		return err
	})
	return a, err
}

func personAccount(ctx context.Context, tx *store.Tx, personID string) (Account, error) {
	if personID == "" {
		return Account{}, ErrNotFound
	}
	return findAccount(ctx, tx, "person_id = $1 AND disabled = 0", personID)
}
