package db

import (
	"context"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// What an import makes.
const (
	ImportUsers         = "users"
	ImportOrganizations = "organizations"
)

// The states of a row of an import.
const (
	ImportRowWaiting = "waiting"
	ImportRowBegun   = "begun" // the platform may have it already
	ImportRowDone    = "done"
	ImportRowFailed  = "failed" // refused by the platform
)

// Import is a file of people or organisations. What it says of them is not kept here.
type Import struct {
	ID        string
	Kind      string
	FileName  string
	SHA256    string
	AccountID string // only this account goes on with it
	CreatedBy string
	Created   time.Time
	Counts    map[string]int // rows by state
}

// Total is how many rows the import has.
func (i Import) Total() int {
	n := 0
	for _, count := range i.Counts {
		n += count
	}
	return n
}

// Open is how many rows are still to be made.
func (i Import) Open() int { return i.Counts[ImportRowWaiting] + i.Counts[ImportRowBegun] }

// ImportRow is how far one row of an import is.
type ImportRow struct {
	Line     int // of the file, from 1
	Name     string
	OpenID   string // the id that the portal chose for what is made
	State    string
	ObjectID string
	Problem  string // error code of the platform
}

// AddImport stores an import whose rows all wait.
func (d *DB) AddImport(ctx context.Context, i Import, rows []ImportRow) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO imports (id, kind, file_name, sha256, account_id, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			i.ID, i.Kind, i.FileName, i.SHA256, i.AccountID, actorName(ctx), store.Micros(d.now()))
		if err != nil {
			return fmt.Errorf("add import: %w", err)
		}
		for _, r := range rows {
			if _, err := tx.Exec(ctx, `INSERT INTO import_rows (import_id, line, name, open_id, state, object_id, problem) VALUES ($1, $2, $3, $4, $5, '', '')`,
				i.ID, r.Line, r.Name, r.OpenID, ImportRowWaiting); err != nil {
				return fmt.Errorf("add import: %w", err)
			}
		}
		return d.note(ctx, tx, "import.create", "import", i.ID, map[string]any{"kind": i.Kind, "file": i.FileName, "sha256": i.SHA256, "rows": len(rows)})
	})
}

const importColumns = `id, kind, file_name, sha256, account_id, created_by, created_at`

func scanImport(row interface{ Scan(...any) error }) (Import, error) {
	var i Import
	var created int64
	if err := row.Scan(&i.ID, &i.Kind, &i.FileName, &i.SHA256, &i.AccountID, &i.CreatedBy, &created); err != nil {
		return i, missing(err)
	}
	i.Created = store.Time(created)
	return i, nil
}

// Import returns an import of the account.
func (d *DB) Import(ctx context.Context, accountID, id string) (i Import, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		i, err = scanImport(tx.QueryRow(ctx, `SELECT `+importColumns+` FROM imports WHERE id = $1 AND account_id = $2`, id, accountID))
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		i.Counts, err = countRows(ctx, tx, id)
		return err
	})
	return i, err
}

// countRows counts the rows of one import, which are few enough (see handlers) to be counted where they are shown.
func countRows(ctx context.Context, tx *store.Tx, id string) (map[string]int, error) {
	rows, err := tx.Query(ctx, `SELECT state, count(*) FROM import_rows WHERE import_id = $1 GROUP BY state`, id)
	if err != nil {
		return nil, fmt.Errorf("count the rows of an import: %w", err)
	}
	defer rows.Close()
	counts := make(map[string]int)
	for rows.Next() {
		var state string
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return nil, fmt.Errorf("count the rows of an import: %w", err)
		}
		counts[state] = n
	}
	return counts, rows.Err()
}

// maxImports is how many former imports a page shows.
const maxImports = 10

// Imports are the newest imports of a kind of the account.
func (d *DB) Imports(ctx context.Context, accountID, kind string) (all []Import, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, fmt.Sprintf(`SELECT %s FROM imports WHERE kind = $1 AND account_id = $2 ORDER BY created_at DESC, id DESC LIMIT %d`,
			importColumns, maxImports), kind, accountID)
		if err != nil {
			return fmt.Errorf("list imports: %w", err)
		}
		if all, err = collect(rows, scanImport); err != nil {
			return err
		}
		for i := range all {
			if all[i].Counts, err = countRows(ctx, tx, all[i].ID); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

const importRowColumns = `line, name, open_id, state, object_id, problem`

func scanImportRow(row interface{ Scan(...any) error }) (r ImportRow, err error) {
	err = missing(row.Scan(&r.Line, &r.Name, &r.OpenID, &r.State, &r.ObjectID, &r.Problem))
	return r, err
}

// ImportRows are all rows of an import, in the order of the file.
func (d *DB) ImportRows(ctx context.Context, id string) (all []ImportRow, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+importRowColumns+` FROM import_rows WHERE import_id = $1 ORDER BY line`, id)
		if err != nil {
			return fmt.Errorf("list the rows of an import: %w", err)
		}
		all, err = collect(rows, scanImportRow)
		return err
	})
	return all, err
}

// BeginImportRow picks the next row and notes that it is begun. A row that was begun before comes first and is returned in that state: its
// outcome is unknown. ErrNotFound means that no row is left.
func (d *DB) BeginImportRow(ctx context.Context, id string) (r ImportRow, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		r, err = scanImportRow(tx.QueryRow(ctx, `SELECT `+importRowColumns+` FROM import_rows WHERE import_id = $1 AND state IN ($2, $3)
			ORDER BY state = $3, line LIMIT 1`, id, ImportRowBegun, ImportRowWaiting))
		if err != nil {
			return fmt.Errorf("row of an import: %w", err)
		}
		_, err = tx.Exec(ctx, `UPDATE import_rows SET state = $1 WHERE import_id = $2 AND line = $3`, ImportRowBegun, id, r.Line)
		if err != nil {
			return fmt.Errorf("begin a row of an import: %w", err)
		}
		return nil
	})
	return r, err
}

// FinishImportRow notes the outcome of a row that was begun.
func (d *DB) FinishImportRow(ctx context.Context, id string, r ImportRow) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE import_rows SET state = $1, object_id = $2, problem = $3 WHERE import_id = $4 AND line = $5`,
			r.State, r.ObjectID, r.Problem, id, r.Line)
		if err != nil {
			return fmt.Errorf("finish a row of an import: %w", err)
		}
		return nil
	})
}

// RetryImport lets the refused rows of an import wait again.
func (d *DB) RetryImport(ctx context.Context, id string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE import_rows SET state = $1, problem = '' WHERE import_id = $2 AND state = $3`, ImportRowWaiting, id, ImportRowFailed); err != nil {
			return fmt.Errorf("retry an import: %w", err)
		}
		return d.note(ctx, tx, "import.retry", "import", id, nil)
	})
}
