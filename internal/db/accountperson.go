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
// reaches every organisation that they sign for, and, where it is for some organisations only, is of one of them: else it is ErrPersonTaken
// or ErrOutsideScope. Whoever binds their own account is named as such.
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
			if !a.Scope.covers(person) {
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
		return errors.Join(d.personsChanged(ctx, tx, a.PersonID, personID), d.note(ctx, tx, "account.person", "account", a.ID, detail))
	})
}

// covers tells whether all that a person signs for is within the scope. Somebody who signs for nobody is within Everything only.
func (s Scope) covers(u User) bool {
	outside := slices.ContainsFunc(u.Organizations, func(o UserOrganization) bool { return !s.Allows(o.ID) })
	return s.All || len(u.Organizations) > 0 && !outside
}

// Label is the account as evidence and signatures name it: who it is, and the name to log in with. It is empty where there is no account.
func (a Account) Label() string {
	if a.ID == "" {
		return ""
	}
	return a.DisplayName + " (" + a.Name + ")"
}

// OnAccount sets who is told, before the change returns, that the platform has to know something new of persons' accounts: whose they are, or
// that a log-in by one has ended. It must be called before anything changes.
func (d *DB) OnAccount(changed func(context.Context)) { d.onAccount = changed }

// personsChanged notes that the platform has to be told of the accounts of persons; empty ids are nobody. What it is told ends every ticket by
// which such an account was about to sign.
func (d *DB) personsChanged(ctx context.Context, tx *store.Tx, ids ...string) error {
	changed := false
	for _, id := range ids {
		done, err := tx.Exec(ctx, `UPDATE users SET account_version = account_version + 1 WHERE id = $1`, id)
		if err != nil {
			return fmt.Errorf("note the account of a person: %w", err)
		}
		n, err := done.RowsAffected()
		if err != nil {
			return fmt.Errorf("note the account of a person: %w", err)
		}
		changed = changed || n > 0
	}
	if changed && d.onAccount != nil {
		tx.OnCommit(func() { d.onAccount(context.WithoutCancel(ctx)) })
	}
	return nil
}

// loggedOut notes that a log-in of an account has ended, or of every account where the id is empty: nobody signs any more by what they opened
// with it.
func (d *DB) loggedOut(ctx context.Context, tx *store.Tx, accountID string) error {
	rows, err := tx.Query(ctx, `SELECT person_id FROM accounts WHERE person_id <> '' AND ($1 = '' OR id = $1)`, accountID)
	if err != nil {
		return fmt.Errorf("whose account it is: %w", err)
	}
	people, err := collect(rows, func(row interface{ Scan(...any) error }) (id string, err error) { return id, row.Scan(&id) })
	if err != nil {
		return fmt.Errorf("whose account it is: %w", err)
	}
	return d.personsChanged(ctx, tx, people...)
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
