package db

import (
	"context"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// Catalog is a catalog of the platform that somebody told the portal of. No action makes or lists them.
type Catalog struct {
	ID             string // CatalogId
	OrganizationID string // whose accounts see it; empty: accounts of every scope only
	Name           string
	CreatedBy      string
	Created        time.Time
}

const catalogColumns = `id, organization_id, name, created_by, created_at`

func scanCatalog(row interface{ Scan(...any) error }) (Catalog, error) {
	var c Catalog
	var created int64
	if err := row.Scan(&c.ID, &c.OrganizationID, &c.Name, &c.CreatedBy, &created); err != nil {
		return c, missing(err)
	}
	c.Created = store.Time(created)
	return c, nil
}

// AddCatalog puts a catalog into the index. One that is there already is ErrConflict.
func (d *DB) AddCatalog(ctx context.Context, c Catalog) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		done, err := tx.Exec(ctx, `INSERT INTO catalogs (id, organization_id, name, created_by, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING`,
			c.ID, c.OrganizationID, c.Name, actorName(ctx), store.Micros(d.now()))
		if err != nil {
			return fmt.Errorf("add catalog: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return orConflict(err, "catalog")
		}
		if err := index(ctx, tx, "catalogs", c.ID, c.Name); err != nil {
			return err
		}
		return d.note(ctx, tx, "catalog.add", "catalog", c.ID, map[string]any{"name": c.Name, "organization": c.OrganizationID})
	})
}

// orConflict is the error of a write that changed nothing.
func orConflict(err error, what string) error {
	if err == nil {
		err = fmt.Errorf("%s: %w", what, ErrConflict)
	}
	return err
}

// RemoveCatalog takes a catalog of the scope out of the index; on the platform it stays.
func (d *DB) RemoveCatalog(ctx context.Context, scope Scope, id string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		c, err := findCatalog(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM catalogs WHERE id = $1`, id); err != nil {
			return fmt.Errorf("remove catalog: %w", err)
		}
		if err := unindex(ctx, tx, "catalogs", id); err != nil {
			return err
		}
		return d.note(ctx, tx, "catalog.remove", "catalog", id, map[string]any{"name": c.Name})
	})
}

// Catalog returns a catalog within the scope.
func (d *DB) Catalog(ctx context.Context, scope Scope, id string) (c Catalog, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		c, err = findCatalog(ctx, tx, scope, id)
		return err
	})
	return c, err
}

func findCatalog(ctx context.Context, tx *store.Tx, scope Scope, id string) (Catalog, error) {
	within, args := scope.clause("organization_id", 1)
	c, err := scanCatalog(tx.QueryRow(ctx, `SELECT `+catalogColumns+` FROM catalogs WHERE id = $1`+within, append([]any{id}, args...)...))
	if err != nil {
		return Catalog{}, fmt.Errorf("catalog: %w", err)
	}
	return c, nil
}

// Catalogs lists the catalogs of a scope, newest first; next is where the following page starts, empty at the end.
func (d *DB) Catalogs(ctx context.Context, scope Scope, text string, page Page) (all []Catalog, next string, err error) {
	where, args := scope.clause("organization_id", 0)
	found, more := matching("id", "catalogs", text, len(args))
	where, args = where+found, append(args, more...)
	after, more := page.clause("created_at", "id", len(args))
	where, args = where+after, append(args, more...)
	query := fmt.Sprintf(`SELECT %s FROM catalogs WHERE 1 = 1%s ORDER BY created_at DESC, id DESC LIMIT %d`, catalogColumns, where, page.limit())
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("list catalogs: %w", err)
		}
		all, err = collect(rows, scanCatalog)
		return err
	})
	all, next = cut(page, all, func(c Catalog) (time.Time, string) { return c.Created, c.ID })
	return all, next, err
}
