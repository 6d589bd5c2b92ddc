package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// PageSize is the size of a page in points, as shown.
type PageSize struct {
	Width  float64 `json:"w"`
	Height float64 `json:"h"`
}

// File is a PDF kept by the portal for drafts. Its content lies in the file store under Ref.
type File struct {
	ID             string
	OrganizationID string // owner; empty: the application itself
	Name           string
	Ref            string
	Size           int64 // bytes
	Pages          []PageSize
	Warnings       []string // pdf.Warn… codes
	CreatedBy      string
	Created        time.Time
}

// AddFile puts a file, whose content is stored already, into the index and the audit log.
func (d *DB) AddFile(ctx context.Context, f File) error {
	pages, err := json.Marshal(f.Pages)
	if err != nil {
		return fmt.Errorf("add file: %w", err)
	}
	warnings, err := json.Marshal(append([]string{}, f.Warnings...))
	if err != nil {
		return fmt.Errorf("add file: %w", err)
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO files (id, organization_id, name, ref, size, pages, warnings, created_by, created)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, f.ID, f.OrganizationID, f.Name, f.Ref, f.Size, string(pages), string(warnings),
			f.CreatedBy, store.Micros(f.Created)); err != nil {
			return fmt.Errorf("add file: %w", err)
		}
		if err := bump(ctx, tx, "files", f.OrganizationID, 1); err != nil {
			return err
		}
		return d.note(ctx, tx, "file.upload", "file", f.ID, map[string]any{"name": f.Name, "bytes": f.Size, "sha256": f.Ref, "pages": len(f.Pages)})
	})
}

const fileColumns = `id, organization_id, name, ref, size, pages, warnings, created_by, created`

func scanFile(row interface{ Scan(...any) error }) (File, error) {
	var f File
	var created int64
	var pages, warnings string
	if err := row.Scan(&f.ID, &f.OrganizationID, &f.Name, &f.Ref, &f.Size, &pages, &warnings, &f.CreatedBy, &created); err != nil {
		return f, missing(err)
	}
	f.Created = store.Time(created)
	return f, errors.Join(json.Unmarshal([]byte(pages), &f.Pages), json.Unmarshal([]byte(warnings), &f.Warnings))
}

// File returns a file within the scope.
func (d *DB) File(ctx context.Context, scope Scope, id string) (File, error) {
	var f File
	err := d.store.Read(ctx, func(tx *store.Tx) (err error) {
		f, err = findFile(ctx, tx, scope, id)
		return err
	})
	return f, err
}

func findFile(ctx context.Context, tx *store.Tx, scope Scope, id string) (File, error) {
	within, args := scope.clause("organization_id", 1)
	f, err := scanFile(tx.QueryRow(ctx, `SELECT `+fileColumns+` FROM files WHERE id = $1`+within, append([]any{id}, args...)...))
	if err != nil {
		return File{}, fmt.Errorf("file: %w", err)
	}
	return f, nil
}

// FilesByID returns files in the order of ids, within the scope; a missing one is ErrNotFound.
func (d *DB) FilesByID(ctx context.Context, scope Scope, ids []string) ([]File, error) {
	var all []File
	err := d.store.Read(ctx, func(tx *store.Tx) error {
		for _, id := range ids {
			f, err := findFile(ctx, tx, scope, id)
			if err != nil {
				return err
			}
			all = append(all, f)
		}
		return nil
	})
	return all, err
}

// Files lists the files of a scope, newest first; next is where the following page starts, empty at the end.
func (d *DB) Files(ctx context.Context, scope Scope, page Page) (all []File, next string, err error) {
	within, args := scope.clause("organization_id", 0)
	after, more := page.clause("created", "id", len(args))
	query := fmt.Sprintf(`SELECT %s FROM files WHERE 1 = 1%s%s ORDER BY created DESC, id DESC LIMIT %d`, fileColumns, within, after, page.limit())
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, query, append(args, more...)...)
		if err != nil {
			return fmt.Errorf("list files: %w", err)
		}
		all, err = collect(rows, scanFile)
		return err
	})
	all, next = cut(page, all, func(f File) (time.Time, string) { return f.Created, f.ID })
	return all, next, err
}

// collect reads all rows.
func collect[T any](rows *sql.Rows, scan func(interface{ Scan(...any) error }) (T, error)) (all []T, err error) {
	defer rows.Close()
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// missing turns the driver's "no rows" into ours.
func missing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

// note records a change that has nothing but a few details.
func (d *DB) note(ctx context.Context, tx *store.Tx, action, objectType, objectID string, detail map[string]any) error {
	return d.record(ctx, tx, audit.Event{Action: action, ObjectType: objectType, ObjectID: objectID, Detail: detail})
}
