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
	Signatures     *FileSignatures // nil: never verified
	AcceptedBy     string          // who uses it although its signatures do not hold
	Accepted       time.Time
}

// ContentRefs asks the portal's database for the name of each file that it refers to, once.
const ContentRefs = `SELECT DISTINCT ref FROM files`

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
	signatures := ""
	detail := map[string]any{"name": f.Name, "bytes": f.Size, "sha256": f.Ref, "pages": len(f.Pages)}
	if f.Signatures != nil {
		text, err := json.Marshal(f.Signatures)
		if err != nil {
			return fmt.Errorf("add file: %w", err)
		}
		signatures = string(text)
		if f.Signatures.Standing != "none" {
			detail["signatures"] = f.Signatures.forEvent()
		}
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO files (id, organization_id, name, ref, size, pages, warnings, created_by, created, signatures)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, f.ID, f.OrganizationID, f.Name, f.Ref, f.Size, string(pages), string(warnings),
			f.CreatedBy, store.Micros(f.Created), signatures); err != nil {
			return fmt.Errorf("add file: %w", err)
		}
		if err := bump(ctx, tx, "files", f.OrganizationID, 1); err != nil {
			return err
		}
		if err := index(ctx, tx, "files", f.ID, f.Name); err != nil {
			return err
		}
		return d.note(ctx, tx, "file.upload", "file", f.ID, detail)
	})
}

const fileColumns = `id, organization_id, name, ref, size, pages, warnings, created_by, created, signatures, accepted_by, accepted`

func scanFile(row interface{ Scan(...any) error }) (File, error) {
	var f File
	var created, accepted int64
	var pages, warnings, signatures string
	if err := row.Scan(&f.ID, &f.OrganizationID, &f.Name, &f.Ref, &f.Size, &pages, &warnings, &f.CreatedBy, &created,
		&signatures, &f.AcceptedBy, &accepted); err != nil {
		return f, missing(err)
	}
	f.Created = store.Time(created)
	if f.AcceptedBy != "" {
		f.Accepted = store.Time(accepted)
	}
	var err error
	if signatures != "" {
		f.Signatures = new(FileSignatures)
		err = json.Unmarshal([]byte(signatures), f.Signatures)
	}
	return f, errors.Join(err, json.Unmarshal([]byte(pages), &f.Pages), json.Unmarshal([]byte(warnings), &f.Warnings))
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

// FileFilter narrows a list of files.
type FileFilter struct {
	Text         string // words of the name
	Organization string
}

// Files lists the files of a scope, newest first; next is where the following page starts, empty at the end.
func (d *DB) Files(ctx context.Context, scope Scope, f FileFilter, page Page) (all []File, next string, err error) {
	where, args := scope.clause("organization_id", 0)
	found, more := matching("id", "files", f.Text, len(args))
	where, args = where+found, append(args, more...)
	if f.Organization != "" {
		args = append(args, f.Organization)
		where += fmt.Sprintf(" AND organization_id = $%d", len(args))
	}
	after, more := page.clause("created", "id", len(args))
	where, args = where+after, append(args, more...)
	query := fmt.Sprintf(`SELECT %s FROM files WHERE 1 = 1%s ORDER BY created DESC, id DESC LIMIT %d`, fileColumns, where, page.limit())
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("list files: %w", err)
		}
		all, err = collect(rows, scanFile)
		return err
	})
	all, next = cut(page, all, func(f File) (time.Time, string) { return f.Created, f.ID })
	return all, next, err
}

// RenameFile gives a file of the scope another name. Contracts that were sent keep the one they had.
func (d *DB) RenameFile(ctx context.Context, scope Scope, id, name string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := findFile(ctx, tx, scope, id)
		if err != nil || f.Name == name {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE files SET name = $1 WHERE id = $2`, name, id); err != nil {
			return fmt.Errorf("rename file: %w", err)
		}
		if err := index(ctx, tx, "files", id, name); err != nil {
			return err
		}
		return d.note(ctx, tx, "file.rename", "file", id, map[string]any{"before": f.Name, "after": name})
	})
}

// DeleteFile takes a file of the scope out of the index; the file store may keep its content, which others can share. A file that a draft or
// contract uses is ErrConflict.
func (d *DB) DeleteFile(ctx context.Context, scope Scope, id string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := findFile(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		var used bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM file_uses WHERE file_id = $1)`, id).Scan(&used); err != nil {
			return fmt.Errorf("delete file: %w", err)
		}
		if used {
			return fmt.Errorf("delete file: in use: %w", ErrConflict)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM files WHERE id = $1`, id); err != nil {
			return fmt.Errorf("delete file: %w", err)
		}
		if err := bump(ctx, tx, "files", f.OrganizationID, -1); err != nil {
			return err
		}
		if err := unindex(ctx, tx, "files", id); err != nil {
			return err
		}
		return d.note(ctx, tx, "file.delete", "file", id, map[string]any{"name": f.Name, "sha256": f.Ref})
	})
}

// FileUse is a draft or contract that has a file.
type FileUse struct {
	Kind string // "draft" or "flow"
	ID   string
	Name string
}

// maxFileUses is how many uses of a file its page shows.
const maxFileUses = 20

// FileUses tells which drafts and contracts of the scope have a file, and whether any has, also outside of it.
func (d *DB) FileUses(ctx context.Context, scope Scope, id string) (uses []FileUse, used bool, err error) {
	within, args := scope.clause("organization_id", 1)
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM file_uses WHERE file_id = $1)`, id).Scan(&used); err != nil {
			return fmt.Errorf("list the uses of a file: %w", err)
		}
		rows, err := tx.Query(ctx, `SELECT kind, object_id, name FROM (
			SELECT u.kind, u.object_id, o.name, o.organization_id, o.created FROM file_uses u JOIN drafts o ON o.id = u.object_id WHERE u.kind = 'draft' AND u.file_id = $1
			UNION ALL
			SELECT u.kind, u.object_id, o.name, o.organization_id, o.created FROM file_uses u JOIN flows o ON o.id = u.object_id WHERE u.kind = 'flow' AND u.file_id = $1
			) WHERE 1 = 1`+within+fmt.Sprintf(` ORDER BY created DESC, object_id LIMIT %d`, maxFileUses), append([]any{id}, args...)...)
		if err != nil {
			return fmt.Errorf("list the uses of a file: %w", err)
		}
		uses, err = collect(rows, func(row interface{ Scan(...any) error }) (FileUse, error) {
			var u FileUse
			return u, row.Scan(&u.Kind, &u.ID, &u.Name)
		})
		return err
	})
	return uses, used, err
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
