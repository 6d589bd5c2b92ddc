package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"

	"github.com/pressly/goose/v3"
)

// MissingTableError says that the database was brought up to date, and yet a table is not there: somebody dropped it.
type MissingTableError struct{ Table string }

func (e *MissingTableError) Error() string { return "the table " + e.Table + " is missing" }

// Is makes it an ErrSchema.
func (e *MissingTableError) Is(target error) bool { return target == ErrSchema }

// tableWords finds in migrations what makes, renames and drops tables.
var tableWords = regexp.MustCompile(`(?im)^\s*(CREATE (?:VIRTUAL )?TABLE|DROP TABLE|ALTER TABLE)(?: IF (?:NOT )?EXISTS)? (\w+)(?: RENAME TO (\w+))?`)

// CheckTables tells without changing anything whether the tables of a set of migrations can be read: with a MissingTableError of one that is no
// longer there, with a NewerError of what a newer program did to them, with ErrOlder when migrations are still to be applied.
func (d *DB) CheckTables(ctx context.Context, files fs.FS, table string) error {
	known, err := readMigrations(files)
	if err != nil {
		return err
	}
	found, err := d.Version(ctx, table)
	if err != nil {
		return err
	}
	if err := refuseNewer(found, known, table); err != nil {
		return err
	}
	if slices.ContainsFunc(known, func(m *goose.Migration) bool { return m.Version > found }) {
		return ErrOlder
	}
	return checkTables(ctx, d.readers, files)
}

// ErrOlder says that the tables are those of an older program: they must be brought up to date before they are read.
var ErrOlder = errors.New("the tables are those of an older version of the program")

// Version is the number of the newest migration that a table of them notes; 0 when there is no such table.
func (d *DB) Version(ctx context.Context, table string) (version int64, err error) {
	var there bool
	if err := d.readers.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?1", table).Scan(&there); err != nil {
		return 0, fmt.Errorf("look for the table %s: %w", table, err)
	}
	if !there {
		return 0, nil
	}
	if err := d.readers.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM "`+table+`"`).Scan(&version); err != nil { // #nosec G202 -- a name in the program
		return 0, fmt.Errorf("read the version in %s: %w", table, err)
	}
	return version, nil
}

func checkTables(ctx context.Context, db *sql.DB, files fs.FS) (err error) {
	wanted, err := tablesOf(files)
	if err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, "SELECT name FROM sqlite_master WHERE type = 'table'")
	if err != nil {
		return fmt.Errorf("list the tables: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	there := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return fmt.Errorf("list the tables: %w", err)
		}
		there[name] = true
	}
	for _, name := range wanted {
		if !there[name] {
			return errors.Join(&MissingTableError{name}, rows.Err())
		}
	}
	return rows.Err()
}

// tablesOf lists the tables that stand when all migrations have run.
func tablesOf(files fs.FS) (tables []string, err error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		for _, m := range tableWords.FindAllSubmatch(text, -1) {
			table, renamed := string(m[2]), string(m[3])
			drop := func(s string) bool { return s == table }
			switch m[1][0] | 0x20 {
			case 'c':
				tables = append(tables, table)
			case 'd':
				tables = slices.DeleteFunc(tables, drop)
			default:
				if renamed != "" {
					tables = append(slices.DeleteFunc(tables, drop), renamed)
				}
			}
		}
	}
	return tables, nil
}
