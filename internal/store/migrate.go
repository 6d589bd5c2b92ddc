package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// Migrate applies what is missing of a set of .sql files in the root of files, in the order of the numbers that their names begin with, each
// in a transaction, and notes it in table (default "goose_db_version"). Several sets can live in one database, each with its own table. Call
// it before the database serves.
func (d *DB) Migrate(ctx context.Context, files fs.FS, table string) (err error) {
	if table == "" {
		table = goose.DefaultTablename
	}
	// goose wants a pool; the writer's only connection is taken.
	db, err := sql.Open("sqlite3", d.dsn)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	notes, err := database.NewStore(database.DialectSQLite3, table)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	migrations, err := readMigrations(files)
	if err != nil {
		return fmt.Errorf("migrate %s: %w", table, err)
	}
	p, err := goose.NewProvider("", db, nil, goose.WithGoMigrations(migrations...), goose.WithStore(notes), goose.WithDisableGlobalRegistry(true),
		goose.WithLogger(goose.NopLogger()))
	if errors.Is(err, goose.ErrNoMigrations) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("migrate %s: %w", table, err)
	}
	found, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("migrate %s: %w", table, err)
	}
	if err := refuseNewer(found, migrations, table); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate %s: %w", table, err)
	}
	return checkTables(ctx, db, files)
}

// NewerError says that a newer program has changed the tables: this one would not know what it reads.
type NewerError struct {
	Table        string // where the migrations are noted
	Found, Known int64  // numbers of the newest migration that was applied, and that this program has
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("the tables were changed by a newer version of the program (%s stands at %d, this program knows %d)", e.Table, e.Found, e.Known)
}

func refuseNewer(found int64, known []*goose.Migration, table string) error {
	newest := int64(0)
	for _, m := range known {
		newest = max(newest, m.Version)
	}
	if found > newest {
		return &NewerError{table, found, newest}
	}
	return nil
}

// readMigrations makes a step of each file. SQLite itself takes a file apart into its statements: goose's own reader takes 4 MiB of memory for
// every line.
func readMigrations(files fs.FS) ([]*goose.Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	var list []*goose.Migration
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		list = append(list, goose.NewGoMigration(version, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, string(text)); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		}}, nil))
	}
	return list, nil
}

// Backup writes a consistent copy of the database to path while it goes on serving. The copy appears under its name only when it is
// whole and on the disk; an existing file is replaced.
func (d *DB) Backup(ctx context.Context, path string) (err error) {
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("back up: %w", err)
	}
	db, err := sql.Open("sqlite3", d.dsn)
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer func() {
		err = errors.Join(err, db.Close())
		if err != nil {
			err = fmt.Errorf("back up: %w", err)
			_ = os.Remove(part) // the first error tells what went wrong
		}
	}()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?1", part); err != nil {
		return err
	}
	if err := os.Chmod(part, 0o600); err != nil {
		return err
	}
	if err := syncDir(part); err != nil { // the file itself: fsync asks only for an open descriptor
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
