package db

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/store"
)

// User is a person in the portal's index, who may sign. Not an Account: people need none.
type User struct {
	ID            string // UserId
	Name          string
	Mobile        string // registered, masked
	Email         string // registered, masked
	IDCardType    string
	IDCardNumber  string    // masked
	Verified      time.Time // zero: not verified
	Organizations []UserOrganization
	CreatedBy     string
	Created       time.Time
}

// UserOrganization is an organisation that a person signs for.
type UserOrganization struct{ ID, Name string }

// IsVerified tells whether the platform knows the person as verified.
func (u User) IsVerified() bool { return !u.Verified.IsZero() }

// SignsFor tells whether the person is assigned to the organisation.
func (u User) SignsFor(organizationID string) bool {
	for _, o := range u.Organizations {
		if o.ID == organizationID {
			return true
		}
	}
	return false
}

const userColumns = `id, name, mobile, email, id_card_type, id_card_number, verified_at, created_by, created_at`

func scanUser(row interface{ Scan(...any) error }) (User, error) {
	var u User
	var verified, created int64
	if err := row.Scan(&u.ID, &u.Name, &u.Mobile, &u.Email, &u.IDCardType, &u.IDCardNumber, &verified, &u.CreatedBy, &created); err != nil {
		return u, missing(err)
	}
	u.Verified, u.Created = timeOrZero(verified), store.Time(created)
	return u, nil
}

// userScope is an SQL condition for people within the scope: those who sign for one of its organisations. People without any
// organisation are seen by accounts of every scope only.
func userScope(scope Scope, column string, n int) (string, []any) {
	if scope.All {
		return "", nil
	}
	within, args := scope.clause("m.organization_id", n)
	return " AND EXISTS (SELECT 1 FROM user_organizations m WHERE m.user_id = " + column + within + ")", args
}

// AddUser puts a person, whom the platform has made, into the index, with the organisations that they sign for. Mobile and IDCardNumber
// must be masked already. One who is there already stays as they are.
func (d *DB) AddUser(ctx context.Context, u User) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		done, err := tx.Exec(ctx, `INSERT INTO users (id, name, mobile, id_card_type, id_card_number, home, verified_at, created_by, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, '', $6, $7, $8, $8) ON CONFLICT (id) DO NOTHING`, u.ID, u.Name, u.Mobile, u.IDCardType, u.IDCardNumber,
			microsOrZero(u.Verified), actorName(ctx), store.Micros(d.now()))
		if err != nil {
			return fmt.Errorf("add person: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if err := bump(ctx, tx, "users", "", 1); err != nil {
			return err
		}
		if err := index(ctx, tx, "users", u.ID, u.Name); err != nil {
			return err
		}
		if err := d.note(ctx, tx, "user.create", "user", u.ID, map[string]any{"name": u.Name, "verified": u.IsVerified()}); err != nil {
			return err
		}
		for _, o := range u.Organizations {
			if err := d.assign(ctx, tx, u.ID, o.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// UpdateUser takes over what the platform says of a person: their name, mobile (masked) and when they were verified (zero for not).
func (d *DB) UpdateUser(ctx context.Context, now User) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		u, err := findUser(ctx, tx, Everything(), now.ID)
		if err != nil {
			return err
		}
		before, after := u.facts(), now.facts()
		if maps.Equal(before, after) {
			return nil
		}
		if _, err := tx.Exec(ctx, `UPDATE users SET name = $1, mobile = $2, verified_at = $3, updated_at = $4 WHERE id = $5`,
			now.Name, now.Mobile, microsOrZero(now.Verified), store.Micros(d.now()), now.ID); err != nil {
			return fmt.Errorf("update person: %w", err)
		}
		if u.Name != now.Name {
			if _, err := tx.Exec(ctx, `UPDATE seals SET owner_name = $1 WHERE user_id = $2`, now.Name, now.ID); err != nil {
				return fmt.Errorf("update the owner of seals: %w", err)
			}
			if err := index(ctx, tx, "users", now.ID, now.Name); err != nil {
				return err
			}
		}
		return d.note(ctx, tx, "user.update", "user", now.ID, map[string]any{"before": before, "after": after})
	})
}

// facts are what the platform may change of a person, for comparing and for the audit log.
func (u User) facts() map[string]any {
	return map[string]any{"name": u.Name, "mobile": u.Mobile, "verified": u.IsVerified()}
}

// AssignUser lets a person sign for an organisation of the scope. Twice is no error.
func (d *DB) AssignUser(ctx context.Context, scope Scope, userID, organizationID string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := findUser(ctx, tx, scope, userID); err != nil {
			return err
		}
		if _, err := findOrganization(ctx, tx, scope, organizationID); err != nil {
			return err
		}
		return d.assign(ctx, tx, userID, organizationID)
	})
}

func (d *DB) assign(ctx context.Context, tx *store.Tx, userID, organizationID string) error {
	done, err := tx.Exec(ctx, `INSERT INTO user_organizations (user_id, organization_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		userID, organizationID, store.Micros(d.now()))
	if err != nil {
		return fmt.Errorf("assign person: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if err := moveHome(ctx, tx, userID); err != nil {
		return err
	}
	if err := d.note(ctx, tx, "user.assign", "user", userID, map[string]any{"organization": organizationID}); err != nil {
		return err
	}
	if err := membersChanged(ctx, tx, organizationID); err != nil {
		return err
	}
	return d.keepFirst(ctx, tx, organizationID)
}

// UnassignUser ends that a person signs for an organisation of the scope.
func (d *DB) UnassignUser(ctx context.Context, scope Scope, userID, organizationID string) error {
	if !scope.Allows(organizationID) {
		return fmt.Errorf("organisation: %w", ErrNotFound)
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		done, err := tx.Exec(ctx, `DELETE FROM user_organizations WHERE user_id = $1 AND organization_id = $2`, userID, organizationID)
		if err != nil {
			return fmt.Errorf("unassign person: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if err := moveHome(ctx, tx, userID); err != nil {
			return err
		}
		if err := d.note(ctx, tx, "user.unassign", "user", userID, map[string]any{"organization": organizationID}); err != nil {
			return err
		}
		if err := membersChanged(ctx, tx, organizationID); err != nil {
			return err
		}
		return d.leave(ctx, tx, userID, organizationID)
	})
}

// moveHome keeps the organisation under which a person is counted: the first one that they were assigned to.
func moveHome(ctx context.Context, tx *store.Tx, userID string) error {
	var before, after string
	err := tx.QueryRow(ctx, `SELECT u.home, coalesce((SELECT m.organization_id FROM user_organizations m WHERE m.user_id = u.id
		ORDER BY m.created_at, m.organization_id LIMIT 1), '') FROM users u WHERE u.id = $1`, userID).Scan(&before, &after)
	if err != nil {
		return fmt.Errorf("count person: %w", missing(err))
	}
	if before == after {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE users SET home = $1 WHERE id = $2`, after, userID); err != nil {
		return fmt.Errorf("count person: %w", err)
	}
	if err := bump(ctx, tx, "users", before, -1); err != nil {
		return err
	}
	return bump(ctx, tx, "users", after, 1)
}

// User returns a person within the scope, with the organisations that they sign for.
func (d *DB) User(ctx context.Context, scope Scope, id string) (u User, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		u, err = findUser(ctx, tx, scope, id)
		return err
	})
	return u, err
}

func findUser(ctx context.Context, tx *store.Tx, scope Scope, id string) (User, error) {
	within, args := userScope(scope, "users.id", 1)
	u, err := scanUser(tx.QueryRow(ctx, `SELECT `+userColumns+` FROM users WHERE id = $1`+within, append([]any{id}, args...)...))
	if err != nil {
		return User{}, fmt.Errorf("person: %w", err)
	}
	list := []User{u}
	err = addOrganizations(ctx, tx, list)
	return list[0], err
}

// Users lists the people of a scope, newest first; next is where the following page starts, empty at the end.
func (d *DB) Users(ctx context.Context, scope Scope, f DirectoryFilter, page Page) (all []User, next string, err error) {
	where, args := userScope(scope, "users.id", 0)
	found, more := matching("id", "users", f.Text, len(args))
	where, args = where+found, append(args, more...)
	where += verifiedClause(f.Verified)
	if f.Organization != "" {
		args = append(args, f.Organization)
		where += fmt.Sprintf(" AND id IN (SELECT user_id FROM user_organizations WHERE organization_id = $%d)", len(args))
	}
	after, more := page.clause("created_at", "id", len(args))
	where, args = where+after, append(args, more...)
	query := fmt.Sprintf(`SELECT %s FROM users WHERE 1 = 1%s ORDER BY created_at DESC, id DESC LIMIT %d`, userColumns, where, page.limit())
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("list people: %w", err)
		}
		if all, err = collect(rows, scanUser); err != nil {
			return err
		}
		return addOrganizations(ctx, tx, all)
	})
	all, next = cut(page, all, func(u User) (time.Time, string) { return u.Created, u.ID })
	return all, next, err
}

// addOrganizations fills in whom people sign for, in one query.
func addOrganizations(ctx context.Context, tx *store.Tx, people []User) error {
	if len(people) == 0 {
		return nil
	}
	marks := make([]string, len(people))
	args := make([]any, len(people))
	at := make(map[string]int, len(people))
	for i, u := range people {
		marks[i], args[i], at[u.ID] = "$"+strconv.Itoa(i+1), u.ID, i
	}
	rows, err := tx.Query(ctx, `SELECT m.user_id, o.id, o.name FROM user_organizations m JOIN organizations o ON o.id = m.organization_id
		WHERE m.user_id IN (`+strings.Join(marks, ", ")+`) ORDER BY m.created_at, o.id`, args...)
	if err != nil {
		return fmt.Errorf("list the organisations of people: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var user string
		var o UserOrganization
		if err := rows.Scan(&user, &o.ID, &o.Name); err != nil {
			return fmt.Errorf("list the organisations of people: %w", err)
		}
		u := &people[at[user]]
		u.Organizations = append(u.Organizations, o)
	}
	return rows.Err()
}

// UserChoices are the newest people of a scope, for a form to choose from, and behind them who was chosen already; organizationID may
// narrow them to those who sign for it.
func (d *DB) UserChoices(ctx context.Context, scope Scope, organizationID string, chosen ...string) ([]User, error) {
	all, _, err := d.Users(ctx, scope, DirectoryFilter{Organization: organizationID}, Page{Limit: MaxChoices})
	if err != nil {
		return nil, err
	}
	return withChosen(all, chosen, func(u User) string { return u.ID }, func(id string) (User, error) { return d.User(ctx, scope, id) })
}
