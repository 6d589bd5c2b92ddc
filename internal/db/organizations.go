package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"sealdesk/internal/store"
)

// Organization is a sub-organisation in the portal's index.
type Organization struct {
	ID           string // SubOrganizationId
	Name         string
	Kind         string // OrganizationType
	IDCardType   string
	IDCardNumber string    // unified social credit code or registration number
	LegalName    string    // legal representative
	Verified     time.Time // zero: not verified
	CreatedBy    string
	Created      time.Time
}

// IsVerified tells whether the platform knows it as verified.
func (o Organization) IsVerified() bool { return !o.Verified.IsZero() }

// DirectoryFilter narrows a list of organisations or people.
type DirectoryFilter struct {
	Text         string // words of the name or number
	Verified     *bool
	Kind         string // organisations only: OrganizationType
	Organization string // people only: those who sign for it
}

const organizationColumns = `id, name, kind, id_card_type, id_card_number, legal_name, verified_at, created_by, created_at`

func scanOrganization(row interface{ Scan(...any) error }) (Organization, error) {
	var o Organization
	var verified, created int64
	if err := row.Scan(&o.ID, &o.Name, &o.Kind, &o.IDCardType, &o.IDCardNumber, &o.LegalName, &verified, &o.CreatedBy, &created); err != nil {
		return o, missing(err)
	}
	o.Verified, o.Created = timeOrZero(verified), store.Time(created)
	return o, nil
}

// AddOrganization puts a sub-organisation, which the platform has made, into the index. One that is there already stays as it is.
func (d *DB) AddOrganization(ctx context.Context, o Organization) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		done, err := tx.Exec(ctx, `INSERT INTO organizations (id, name, kind, id_card_type, id_card_number, legal_name, verified_at, created_by,
			created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (id) DO NOTHING`, o.ID, o.Name, o.Kind, o.IDCardType,
			o.IDCardNumber, o.LegalName, microsOrZero(o.Verified), actorName(ctx), store.Micros(d.now()))
		if err != nil {
			return fmt.Errorf("add organisation: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if err := bump(ctx, tx, "organizations", o.ID, 1); err != nil {
			return err
		}
		if err := index(ctx, tx, "organizations", o.ID, o.Name, o.IDCardNumber); err != nil {
			return err
		}
		return d.note(ctx, tx, "organization.create", "organization", o.ID, map[string]any{"name": o.Name, "kind": o.Kind, "verified": o.IsVerified()})
	})
}

// UpdateOrganization takes over what the platform says of a sub-organisation: its name, kind, legal representative and when it was verified
// (zero for not).
func (d *DB) UpdateOrganization(ctx context.Context, now Organization) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		o, err := findOrganization(ctx, tx, Everything(), now.ID)
		if err != nil {
			return err
		}
		before, after := o.facts(), now.facts()
		if maps.Equal(before, after) {
			return nil
		}
		if _, err := tx.Exec(ctx, `UPDATE organizations SET name = $1, kind = $2, legal_name = $3, verified_at = $4, updated_at = $5 WHERE id = $6`,
			now.Name, now.Kind, now.LegalName, microsOrZero(now.Verified), store.Micros(d.now()), now.ID); err != nil {
			return fmt.Errorf("update organisation: %w", err)
		}
		if o.Name != now.Name {
			if _, err := tx.Exec(ctx, `UPDATE seals SET owner_name = $1 WHERE organization_id = $2`, now.Name, now.ID); err != nil {
				return fmt.Errorf("update the owner of seals: %w", err)
			}
			if err := index(ctx, tx, "organizations", now.ID, now.Name, o.IDCardNumber); err != nil {
				return err
			}
		}
		return d.note(ctx, tx, "organization.update", "organization", now.ID, map[string]any{"before": before, "after": after})
	})
}

// facts are what the platform may change of an organisation, for comparing and for the audit log.
func (o Organization) facts() map[string]any {
	return map[string]any{"name": o.Name, "kind": o.Kind, "legal": o.LegalName, "verified": o.IsVerified()}
}

// Organization returns a sub-organisation within the scope.
func (d *DB) Organization(ctx context.Context, scope Scope, id string) (o Organization, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		o, err = findOrganization(ctx, tx, scope, id)
		return err
	})
	return o, err
}

func findOrganization(ctx context.Context, tx *store.Tx, scope Scope, id string) (Organization, error) {
	within, args := scope.clause("id", 1)
	o, err := scanOrganization(tx.QueryRow(ctx, `SELECT `+organizationColumns+` FROM organizations WHERE id = $1`+within, append([]any{id}, args...)...))
	if err != nil {
		return Organization{}, fmt.Errorf("organisation: %w", err)
	}
	return o, nil
}

// Organizations lists the sub-organisations of a scope, newest first; next is where the following page starts, empty at the end.
func (d *DB) Organizations(ctx context.Context, scope Scope, f DirectoryFilter, page Page) (all []Organization, next string, err error) {
	where, args := scope.clause("id", 0)
	found, more := matching("id", "organizations", f.Text, len(args))
	where, args = where+found, append(args, more...)
	where += verifiedClause(f.Verified)
	if f.Kind != "" {
		args = append(args, f.Kind)
		where += fmt.Sprintf(" AND kind = $%d", len(args))
	}
	after, more := page.clause("created_at", "id", len(args))
	where, args = where+after, append(args, more...)
	query := fmt.Sprintf(`SELECT %s FROM organizations WHERE 1 = 1%s ORDER BY created_at DESC, id DESC LIMIT %d`, organizationColumns, where, page.limit())
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("list organisations: %w", err)
		}
		all, err = collect(rows, scanOrganization)
		return err
	})
	all, next = cut(page, all, func(o Organization) (time.Time, string) { return o.Created, o.ID })
	return all, next, err
}

func verifiedClause(verified *bool) string {
	switch {
	case verified == nil:
		return ""
	case *verified:
		return " AND verified_at <> 0"
	default:
		return " AND verified_at = 0"
	}
}

// OrganizationNames are the names of some sub-organisations by their ids, for lists to show.
func (d *DB) OrganizationNames(ctx context.Context, ids []string) (map[string]string, error) {
	wanted, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("names of organisations: %w", err)
	}
	names := make(map[string]string)
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, name FROM organizations WHERE id IN (SELECT value FROM json_each($1))`, string(wanted))
		if err != nil {
			return err
		}
		for rows.Next() {
			var id, name string
			if err := rows.Scan(&id, &name); err != nil {
				return err
			}
			names[id] = name
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("names of organisations: %w", err)
	}
	return names, nil
}

// MaxChoices is how many organisations or people a form offers in a list.
const MaxChoices = 200

// OrganizationChoices are the newest sub-organisations of a scope, for a form to choose from, and behind them what was chosen already.
func (d *DB) OrganizationChoices(ctx context.Context, scope Scope, chosen ...string) ([]Organization, error) {
	all, _, err := d.Organizations(ctx, scope, DirectoryFilter{}, Page{Limit: MaxChoices})
	if err != nil {
		return nil, err
	}
	return withChosen(all, chosen, func(o Organization) string { return o.ID }, func(id string) (Organization, error) { return d.Organization(ctx, scope, id) })
}

// withChosen adds to a list of choices what is chosen and not among them. What is gone is left out.
func withChosen[T any](all []T, chosen []string, id func(T) string, find func(string) (T, error)) ([]T, error) {
	for _, wanted := range chosen {
		if wanted == "" || slices.ContainsFunc(all, func(one T) bool { return id(one) == wanted }) {
			continue
		}
		one, err := find(wanted)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}
