package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// Someone is a natural person whom the portal knows: an account, somebody who may sign, or both where an account is bound.
type Someone struct {
	Account Account // ID empty: none
	User    User    // ID empty: none
	// Names are what events that have no id call the person, and nobody else. Shared are those that others have too.
	Names, Shared []string
	// Waiting are the names of the contracts in which a task of the person is open.
	Waiting []string
}

// ID is the number under which the person is known: of the one who signs, else of the account.
func (s *Someone) ID() string {
	if s.User.ID != "" {
		return s.User.ID
	}
	return s.Account.ID
}

// Person is the person as events know them.
func (s *Someone) Person() audit.Person {
	p := audit.Person{ID: s.ID(), Names: s.Names}
	for _, id := range []string{s.Account.ID, s.User.ID} {
		if id != "" {
			p.IDs = append(p.IDs, id)
		}
	}
	return p
}

// FindSomeone returns everybody with that id, log-in name or name: at most 50 accounts and 50 people who sign.
func (d *DB) FindSomeone(ctx context.Context, text string) (all []Someone, err error) {
	accounts, users, err := d.named(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("find somebody: %w", err)
	}
	for _, a := range accounts {
		one := Someone{Account: a}
		if i := slices.IndexFunc(users, func(u User) bool { return u.ID == a.PersonID }); i >= 0 {
			one.User, users = users[i], slices.Delete(users, i, i+1)
		} else if a.PersonID != "" {
			if one.User, err = d.User(ctx, Everything(), a.PersonID); err != nil && !errors.Is(err, ErrNotFound) {
				return nil, fmt.Errorf("find somebody: %w", err)
			}
		}
		all = append(all, one)
	}
	for _, u := range users {
		one := Someone{User: u}
		if one.Account, err = d.PersonAccount(ctx, u.ID); err != nil && !errors.Is(err, ErrNotFound) {
			return nil, fmt.Errorf("find somebody: %w", err)
		}
		all = append(all, one)
	}
	for i := range all {
		if err := d.trace(ctx, &all[i]); err != nil {
			return nil, fmt.Errorf("find what is told of somebody: %w", err)
		}
	}
	return all, nil
}

// named reads the accounts and people that a text may mean.
func (d *DB) named(ctx context.Context, text string) (accounts []Account, users []User, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "SELECT "+accountColumns+" FROM accounts WHERE id = $1 OR name_key = $2 OR display_name = $1 ORDER BY name LIMIT 50", text, nameKey(text))
		if err != nil {
			return err
		}
		if accounts, err = collect(rows, scanAccount); err != nil {
			return err
		}
		if rows, err = tx.Query(ctx, "SELECT "+userColumns+" FROM users WHERE id = $1 OR name = $1 ORDER BY name, id LIMIT 50", text); err != nil {
			return err
		}
		users, err = collect(rows, scanUser)
		return err
	})
	return accounts, users, err
}

// trace finds what events call somebody, now and before, and where a task of theirs is open.
func (d *DB) trace(ctx context.Context, s *Someone) error {
	refs := []ObjectRef{{Type: "account", ID: s.Account.ID}, {Type: "user", ID: s.User.ID}}
	changes, err := d.NameChanges(ctx, refs)
	if err != nil {
		return err
	}
	names := []string{s.Account.DisplayName, s.User.Name, s.User.Mobile, s.User.Email}
	for _, ref := range refs {
		for _, c := range changes[ref] {
			names = append(names, c.Before, c.After)
		}
	}
	for _, name := range names[:len(names):len(names)] {
		if !strings.Contains(name, "*") {
			names = append(names, api.Mask("name", name))
		}
	}
	if name, domain, isMail := strings.Cut(s.User.Email, "@"); isMail { // as gateways mask it
		names = append(names, string([]rune(name)[:min(1, len([]rune(name)))])+"***@"+domain)
	}
	slices.Sort(names)
	names = slices.DeleteFunc(slices.Compact(names), func(name string) bool { return strings.Trim(name, "*") == "" })
	return d.store.Read(ctx, func(tx *store.Tx) error {
		for _, name := range names {
			shared, err := isShared(ctx, tx, s, name)
			if err != nil {
				return err
			}
			if shared {
				s.Shared = append(s.Shared, name)
			} else {
				s.Names = append(s.Names, name)
			}
		}
		if s.Account.ID != "" {
			s.Names = append(s.Names, s.Account.Name)
		}
		if s.User.ID == "" {
			return nil
		}
		rows, err := tx.Query(ctx, "SELECT DISTINCT f.name FROM flow_approvers a JOIN flows f ON f.id = a.flow_id WHERE a.user_id = $1 AND f.state IN ($2, $3, $4) "+
			"AND (a.status <= $5 OR a.status = $6) ORDER BY f.name LIMIT 50", s.User.ID, int64(FlowSending), int64(FlowCreated), int64(FlowSigning),
			api.ApproverPending, api.ApproverInReview)
		if err != nil {
			return err
		}
		s.Waiting, err = collect(rows, func(row interface{ Scan(...any) error }) (name string, err error) { return name, row.Scan(&name) })
		return err
	})
}

// isShared tells whether what events call somebody may mean somebody else as well. Masked names may mean everybody with the same beginning.
func isShared(ctx context.Context, tx *store.Tx, s *Someone, name string) (shared bool, err error) {
	like := strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "_").Replace(name)
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM users WHERE id <> $1 AND (name = $3 OR mobile = $3 OR email = $3 OR $5 AND name LIKE $4 ESCAPE '\'))
		OR EXISTS (SELECT 1 FROM accounts WHERE id <> $2 AND (name = $3 OR display_name = $3 OR $5 AND display_name LIKE $4 ESCAPE '\'))`,
		s.User.ID, s.Account.ID, name, like, flag(strings.Contains(name, "*"))).Scan(&shared)
	return shared, err
}
