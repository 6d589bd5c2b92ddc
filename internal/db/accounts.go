package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/store"

	"golang.org/x/text/unicode/norm"
)

// Account is somebody who can log in to the portal.
type Account struct {
	ID           string
	Name         string // to log in with
	DisplayName  string
	Role         auth.Role
	Scope        Scope
	MustChange   bool // the password was set by somebody else
	Language     string
	Disabled     bool
	Created      time.Time
	LastLogin    time.Time // zero for never
	SecondFactor bool      // logs in with a code too
	LinkExpires  time.Time // of the link for choosing a password; zero for none
	PersonID     string    // whose own account it is; empty for nobody's
	passwordHash string
}

// PasswordHash is what auth.Verify compares with; empty where no password has been chosen.
func (a Account) PasswordHash() string { return a.passwordHash }

// Waiting tells that nobody can log in yet: no password has been chosen.
func (a Account) Waiting() bool { return a.passwordHash == "" }

// NewAccount is what adding an account takes. The password is a hash of auth.Hash.
type NewAccount struct {
	Name         string
	DisplayName  string
	Role         auth.Role
	Scope        Scope
	PasswordHash string
	MustChange   bool
	Language     string
}

// AccountChange is what an admin may change; fields that are nil stay.
type AccountChange struct {
	DisplayName *string
	Role        *auth.Role
	Scope       *Scope
	Disabled    *bool
}

// Why an account cannot be added or changed.
var (
	ErrNameTaken    = errors.New("an account of that name exists")
	ErrLastAdmin    = errors.New("the last administrator must stay")
	ErrSetUp        = errors.New("the portal is set up already")
	ErrAccountsGone = errors.New("the portal had accounts, which were deleted")
)

// nameKey is the form of a name under which no two accounts can be: compatible forms and letters of both cases are one.
func nameKey(name string) string { return strings.ToLower(norm.NFKC.String(strings.TrimSpace(name))) }

const accountColumns = `id, name, display_name, role, all_organizations, password_hash, must_change, language, disabled, created_at, last_login_at, person_id,
	EXISTS (SELECT 1 FROM second_factors f WHERE f.account_id = accounts.id AND f.confirmed_at > 0),
	coalesce((SELECT l.expires_at FROM account_links l WHERE l.account_id = accounts.id), 0),
	coalesce((SELECT group_concat(o.organization_id, ' ') FROM account_organizations o WHERE o.account_id = accounts.id), '')`

func scanAccount(row interface{ Scan(...any) error }) (Account, error) {
	var a Account
	var created, lastLogin, link int64
	var organizations string
	err := row.Scan(&a.ID, &a.Name, &a.DisplayName, &a.Role, &a.Scope.All, &a.passwordHash, &a.MustChange, &a.Language, &a.Disabled, &created, &lastLogin,
		&a.PersonID, &a.SecondFactor, &link, &organizations)
	if err != nil {
		return a, fmt.Errorf("read account: %w", err)
	}
	a.Scope.Organizations, a.Created = slices.Sorted(strings.FieldsSeq(organizations)), store.Time(created)
	if lastLogin != 0 {
		a.LastLogin = store.Time(lastLogin)
	}
	if link != 0 {
		a.LinkExpires = store.Time(link)
	}
	return a, nil
}

func findAccount(ctx context.Context, tx *store.Tx, condition string, args ...any) (Account, error) {
	return scanAccount(tx.QueryRow(ctx, "SELECT "+accountColumns+" FROM accounts WHERE "+condition, args...))
}

// Account reads an account; ErrNotFound where there is none.
func (d *DB) Account(ctx context.Context, id string) (Account, error) {
	return d.readAccount(ctx, "id = $1", id)
}

// AccountByName reads an account by the name that somebody typed to log in.
func (d *DB) AccountByName(ctx context.Context, name string) (Account, error) {
	return d.readAccount(ctx, "name_key = $1", nameKey(name))
}

func (d *DB) readAccount(ctx context.Context, condition, arg string) (a Account, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		a, err = findAccount(ctx, tx, condition, arg)
		return err
	})
	return a, err
}

// HasAccounts tells whether the portal has been set up.
func (d *DB) HasAccounts(ctx context.Context) (bool, error) {
	var has bool
	err := d.store.Read(ctx, func(tx *store.Tx) error { return anyAccount(ctx, tx, &has) })
	return has, err
}

// The events of an account's coming into being.
const (
	actionSetUp      = "setup.complete"
	actionAddAccount = "account.add"
)

// HadAccounts tells whether the audit log knows of an account, whether or not one is there.
func (d *DB) HadAccounts(ctx context.Context) (bool, error) {
	var had bool
	err := d.store.Read(ctx, func(tx *store.Tx) error { return hadAccount(ctx, tx, &had) })
	return had, err
}

func hadAccount(ctx context.Context, tx *store.Tx, had *bool) error {
	err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM audit_events WHERE action IN ($1, $2))", actionSetUp, actionAddAccount).Scan(had)
	if err != nil {
		return fmt.Errorf("look for accounts in the log: %w", err)
	}
	return nil
}

func anyAccount(ctx context.Context, tx *store.Tx, has *bool) error {
	if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM main.accounts)").Scan(has); err != nil {
		return fmt.Errorf("look for accounts: %w", err)
	}
	return nil
}

// Accounts lists accounts, newest first.
func (d *DB) Accounts(ctx context.Context, page Page) (list []Account, next string, err error) {
	after, args := page.clause("created_at", "id", 0)
	args = append(args, page.limit())
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		list, err = queryAccounts(ctx, tx, fmt.Sprintf("1 = 1%s ORDER BY created_at DESC, id DESC LIMIT $%d", after, len(args)), args...)
		return err
	})
	list, next = cut(page, list, func(a Account) (time.Time, string) { return a.Created, a.ID })
	return list, next, err
}

func queryAccounts(ctx context.Context, tx *store.Tx, condition string, args ...any) ([]Account, error) {
	rows, err := tx.Query(ctx, "SELECT "+accountColumns+" FROM accounts WHERE "+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	list, err := collect(rows, scanAccount)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return list, nil
}

// SetUp adds the first account. When there is one already it gives ErrSetUp, whoever came first; ErrAccountsGone when there was one.
func (d *DB) SetUp(ctx context.Context, n NewAccount) (a Account, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		var has bool
		if err := anyAccount(ctx, tx, &has); err != nil {
			return err
		}
		if has {
			return ErrSetUp
		}
		if err := hadAccount(ctx, tx, &has); err != nil {
			return err
		}
		if has {
			return ErrAccountsGone
		}
		a, err = d.addAccount(ctx, tx, actionSetUp, n)
		return err
	})
	return a, err
}

// AddAccount adds an account; ErrNameTaken where the name is in use, a *NameError where it breaks a rule or misleads.
func (d *DB) AddAccount(ctx context.Context, n NewAccount) (a Account, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		a, err = d.addAccount(ctx, tx, actionAddAccount, n)
		return err
	})
	return a, err
}

func (d *DB) addAccount(ctx context.Context, tx *store.Tx, action string, n NewAccount) (Account, error) {
	a := Account{
		ID: newID("acc_"), Name: strings.TrimSpace(n.Name), DisplayName: strings.TrimSpace(n.DisplayName), Role: n.Role, Scope: n.Scope,
		MustChange: n.MustChange, Language: n.Language, Created: d.now(), passwordHash: n.PasswordHash,
	}
	if a.DisplayName == "" {
		a.DisplayName = a.Name
	}
	if err := admitName(ctx, tx, a.Name, a.DisplayName); err != nil {
		return a, err
	}
	_, err := tx.Exec(ctx, `INSERT INTO accounts (id, name, name_key, display_name, role, all_organizations, password_hash, must_change, language, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		a.ID, a.Name, nameKey(a.Name), a.DisplayName, string(a.Role), flag(a.Scope.All), a.passwordHash, flag(a.MustChange), a.Language, store.Micros(a.Created))
	if store.IsUnique(err) {
		return a, ErrNameTaken
	}
	if err != nil {
		return a, fmt.Errorf("add account: %w", err)
	}
	if err := setScope(ctx, tx, a.ID, a.Scope); err != nil {
		return a, err
	}
	return a, d.record(ctx, tx, audit.Event{Action: action, ObjectType: "account", ObjectID: a.ID, Detail: map[string]any{"after": accountDetail(a)}})
}

func setScope(ctx context.Context, tx *store.Tx, id string, scope Scope) error {
	if _, err := tx.Exec(ctx, "DELETE FROM account_organizations WHERE account_id = $1", id); err != nil {
		return fmt.Errorf("set the scope of an account: %w", err)
	}
	if scope.All {
		return nil
	}
	for _, organization := range slices.Compact(slices.Sorted(slices.Values(scope.Organizations))) {
		_, err := tx.Exec(ctx, "INSERT INTO account_organizations (account_id, organization_id) VALUES ($1, $2)", id, organization)
		if err != nil {
			return fmt.Errorf("set the scope of an account: %w", err)
		}
	}
	return nil
}

// accountDetail is what the audit log keeps of an account.
func accountDetail(a Account) map[string]any {
	return map[string]any{"name": a.Name, "display_name": a.DisplayName, "role": string(a.Role), "all_organizations": a.Scope.All,
		"organizations": a.Scope.Organizations, "disabled": a.Disabled}
}

// ChangeAccount changes an account on behalf of an admin. Losing rights ends the account's sessions. ErrLastAdmin where nobody could
// administer the portal any more, a *NameError where the name to show misleads, ErrOutsideScope where somebody's own account would lose an
// organisation that they sign for.
func (d *DB) ChangeAccount(ctx context.Context, id string, change AccountChange) (after Account, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		before, err := findAccount(ctx, tx, "id = $1", id)
		if err != nil {
			return err
		}
		after = change.apply(before)
		if after.DisplayName != before.DisplayName {
			if err := CheckDisplayName(after.DisplayName); err != nil {
				return err
			}
		}
		if reflect.DeepEqual(accountDetail(before), accountDetail(after)) {
			return nil
		}
		if err := d.saveAccount(ctx, tx, before, after); err != nil {
			return err
		}
		return d.record(ctx, tx, audit.Event{Action: "account.change", ObjectType: "account", ObjectID: id,
			Detail: map[string]any{"before": accountDetail(before), "after": accountDetail(after)}})
	})
	return after, err
}

func (c AccountChange) apply(a Account) Account {
	if c.DisplayName != nil {
		a.DisplayName = strings.TrimSpace(*c.DisplayName)
	}
	if c.Role != nil {
		a.Role = *c.Role
	}
	if c.Scope != nil {
		a.Scope = *c.Scope
	}
	if c.Disabled != nil {
		a.Disabled = *c.Disabled
	}
	return a
}

func (d *DB) saveAccount(ctx context.Context, tx *store.Tx, before, after Account) error {
	if wasAdmin, isAdmin := active(before), active(after); wasAdmin && !isAdmin {
		var others int
		err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM accounts WHERE role = 'admin' AND id <> $1 AND disabled = 0 AND password_hash <> ''", after.ID).Scan(&others)
		if err != nil {
			return fmt.Errorf("count administrators: %w", err)
		}
		if others == 0 {
			return ErrLastAdmin
		}
	}
	if after.PersonID != "" {
		person, err := findUser(ctx, tx, Everything(), after.PersonID)
		if err != nil {
			return err
		}
		if before.Scope.covers(person) && !after.Scope.covers(person) {
			return ErrOutsideScope
		}
	}
	_, err := tx.Exec(ctx, "UPDATE accounts SET display_name = $1, role = $2, all_organizations = $3, disabled = $4 WHERE id = $5",
		after.DisplayName, string(after.Role), flag(after.Scope.All), flag(after.Disabled), after.ID)
	if err != nil {
		return fmt.Errorf("change account: %w", err)
	}
	if err := setScope(ctx, tx, after.ID, after.Scope); err != nil {
		return err
	}
	if after.Disabled != before.Disabled || after.DisplayName != before.DisplayName {
		if err := d.personsChanged(ctx, tx, after.PersonID); err != nil {
			return err
		}
	}
	if after.Disabled || after.Role != before.Role {
		return d.endSessions(ctx, tx, after.ID, "")
	}
	return nil
}

func active(a Account) bool { return a.Role == auth.Admin && !a.Disabled && !a.Waiting() }

// SetPassword keeps a new password hash and ends every session of the account but the one with the id keep (its public id; empty for
// none). mustChange says that somebody else set it.
func (d *DB) SetPassword(ctx context.Context, id, hash string, mustChange bool, keep string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		result, err := tx.Exec(ctx, "UPDATE accounts SET password_hash = $1, must_change = $2 WHERE id = $3", hash, flag(mustChange), id)
		if err := oneRow(result, err); err != nil {
			return fmt.Errorf("set password: %w", err)
		}
		if err := d.endSessions(ctx, tx, id, keep); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM account_links WHERE account_id = $1", id); err != nil {
			return fmt.Errorf("set password: %w", err)
		}
		return d.record(ctx, tx, audit.Event{Action: "account.password", ObjectType: "account", ObjectID: id,
			Detail: map[string]any{"set_by_other": mustChange}})
	})
}

// SetLanguage keeps the language that an account reads.
func (d *DB) SetLanguage(ctx context.Context, id, language string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		result, err := tx.Exec(ctx, "UPDATE accounts SET language = $1 WHERE id = $2", language, id)
		if err := oneRow(result, err); err != nil {
			return fmt.Errorf("set language: %w", err)
		}
		return d.record(ctx, tx, audit.Event{Action: "account.language", ObjectType: "account", ObjectID: id, Detail: map[string]any{"language": language}})
	})
}

// oneRow turns an update of no row into ErrNotFound.
func oneRow(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

// AccountChoices lists the accounts that reach an organisation and may log in, by name.
func (d *DB) AccountChoices(ctx context.Context, organizationID string) (list []Account, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		list, err = queryAccounts(ctx, tx, "disabled = 0 AND (all_organizations = 1 OR id IN (SELECT account_id FROM account_organizations WHERE organization_id = $1)) ORDER BY name_key",
			organizationID)
		return err
	})
	return list, err
}
