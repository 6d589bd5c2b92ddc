package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// Set is a set of migrations that lives in a database, as Migrate takes them.
type Set struct {
	Files fs.FS
	Table string // where they are noted; not empty
	// Guards are triggers that are put back at opening when they are gone: what they guard is proved in another way. All else that is gone is
	// refused.
	Guards []string
}

// SchemaError says that the structure of a database is not what its migrations made: a trigger, a view, a table that somebody else put there
// would act in the program's name from then on. Each object is named like "trigger x on accounts".
type SchemaError struct{ Foreign, Missing, Altered []string }

// ErrSchema is what every SchemaError and MissingTableError is.
var ErrSchema = errors.New("the structure of the database was changed outside of the program")

// Is makes it an ErrSchema.
func (e *SchemaError) Is(target error) bool { return target == ErrSchema }

func (e *SchemaError) Error() string {
	var parts []string
	for _, part := range []struct {
		what string
		list []string
	}{{"foreign", e.Foreign}, {"altered", e.Altered}, {"missing", e.Missing}} {
		if len(part.list) > 0 {
			parts = append(parts, part.what+": "+strings.Join(part.list, ", "))
		}
	}
	return strings.Join(parts, "; ")
}

// object is a row of sqlite_schema, or a setting that lies in the file.
type object struct{ kind, name, table, text string }

func (o object) String() string {
	if o.name == o.table {
		return o.kind + " " + o.name
	}
	return o.kind + " " + o.name + " on " + o.table
}

// querier is a connection or a pool of them.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// CheckSchema holds the structure of the database against what its sets of migrations make, as far as each was applied: a SchemaError names
// what is foreign, missing or altered, guards too. A database that was opened without further sets is not looked at.
func (d *DB) CheckSchema(ctx context.Context) error {
	if len(d.sets) == 0 {
		return nil
	}
	found, _, err := d.compareSchema(ctx, d.readers)
	if err == nil && found != nil {
		return found
	}
	return err
}

// compareSchema gives what differs, nil for nothing, and the texts of guards that are gone.
func (d *DB) compareSchema(ctx context.Context, q querier) (*SchemaError, []string, error) {
	is, err := readSchema(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	if len(is) == len(settings) { // nothing was made yet
		return nil, nil, nil
	}
	wanted, err := d.wantedSchema(ctx, q, is)
	if err != nil {
		return nil, nil, err
	}
	e := &SchemaError{}
	var guards []string
	for key, o := range is {
		switch want, known := wanted[key]; {
		case !known:
			e.Foreign = append(e.Foreign, o.String())
		case o != want:
			e.Altered = append(e.Altered, o.String())
		}
	}
	for key, o := range wanted {
		if _, there := is[key]; there {
			continue
		}
		if _, there := is["table "+o.table]; !there && o.name != o.table {
			continue // its table is named
		}
		e.Missing = append(e.Missing, o.String())
		if d.isGuard(o) {
			guards = append(guards, o.text)
		}
	}
	if len(e.Foreign)+len(e.Altered)+len(e.Missing) == 0 {
		return nil, nil, nil
	}
	for _, list := range [][]string{e.Foreign, e.Altered, e.Missing} {
		slices.Sort(list)
	}
	return e, guards, nil
}

func (d *DB) isGuard(o object) bool {
	return o.kind == "trigger" && slices.ContainsFunc(d.sets, func(s Set) bool { return slices.Contains(s.Guards, o.name) })
}

// refusable is what of an error cannot be put back: all but guards that are gone, of which there are so many.
func (e *SchemaError) refusable(guards int) error {
	switch {
	case e == nil || len(e.Foreign)+len(e.Altered) == 0 && len(e.Missing) == guards:
		return nil
	case len(e.Foreign)+len(e.Altered) == 0:
		for _, o := range e.Missing {
			if table, ok := strings.CutPrefix(o, "table "); ok {
				return &MissingTableError{table}
			}
		}
	}
	return e
}

// settings are what a file of SQLite says of itself and no migration of ours changes.
var settings = []string{"user_version", "application_id", "encoding"}

// spaces are runs of white space. One that has a line's end stays one: it ends a comment.
var spaces = regexp.MustCompile(`\s+`)

func readSchema(ctx context.Context, q querier) (_ map[string]object, err error) {
	all, roots := map[string]object{}, map[int64]bool{}
	rows, err := q.QueryContext(ctx, "SELECT type, name, tbl_name, coalesce(sql, ''), coalesce(rootpage, 0) FROM sqlite_schema")
	if err != nil {
		return nil, fmt.Errorf("read the structure of the database: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var o object
		var root int64
		if err := rows.Scan(&o.kind, &o.name, &o.table, &o.text, &root); err != nil {
			return nil, fmt.Errorf("read the structure of the database: %w", err)
		}
		if strings.HasPrefix(o.name, "sqlite_stat") {
			continue // what ANALYZE makes for the planner
		}
		o.text = spaces.ReplaceAllStringFunc(strings.TrimSpace(o.text), func(s string) string {
			if strings.ContainsAny(s, "\n\r") {
				return "\n"
			}
			return " "
		})
		key := o.kind + " " + o.name
		if _, twice := all[key]; twice || root != 0 && roots[root] {
			o.text += " (twice)" // two names of one place, or two places of one name: only an edited file has those
		}
		all[key], roots[root] = o, true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the structure of the database: %w", err)
	}
	for _, name := range settings {
		o := object{kind: "setting", name: name, table: name}
		if err := q.QueryRowContext(ctx, "PRAGMA "+name).Scan(&o.text); err != nil {
			return nil, fmt.Errorf("read the structure of the database: %w", err)
		}
		all["setting "+name] = o
	}
	return all, nil
}

// wantedSchema is the structure that the migrations make which the database notes as applied.
func (d *DB) wantedSchema(ctx context.Context, q querier, is map[string]object) (map[string]object, error) {
	var texts, tables []string
	for _, set := range d.sets {
		if _, there := is["table "+set.Table]; !there {
			continue
		}
		applied, err := appliedOf(ctx, q, set.Table)
		if err != nil {
			return nil, err
		}
		names, err := fs.Glob(set.Files, "*.sql")
		if err != nil {
			return nil, err
		}
		newest := int64(0)
		for _, name := range names {
			version, err := goose.NumericComponent(name)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if newest = max(newest, version); !applied[version] {
				continue
			}
			text, err := fs.ReadFile(set.Files, name)
			if err != nil {
				return nil, err
			}
			texts = append(texts, string(text))
		}
		for version := range applied {
			if version > newest {
				return nil, &NewerError{set.Table, version, newest}
			}
		}
		tables = append(tables, set.Table)
	}
	return madeBy(ctx, tables, texts)
}

func appliedOf(ctx context.Context, q querier, table string) (_ map[int64]bool, err error) {
	rows, err := q.QueryContext(ctx, `SELECT version_id FROM "`+table+`"`) // #nosec G202 -- a name in the program
	if err != nil {
		return nil, fmt.Errorf("read the versions in %s: %w", table, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	applied := map[int64]bool{}
	for rows.Next() {
		var version int64
		if err := rows.Scan(&version); err != nil {
			return nil, fmt.Errorf("read the versions in %s: %w", table, err)
		}
		applied[version] = true
	}
	return applied, rows.Err()
}

// made keeps the structures that were made in this process, by the hash of what makes them.
var made sync.Map

// madeBy runs migrations in a database in memory and gives the structure that they make there.
func madeBy(ctx context.Context, tables, texts []string) (_ map[string]object, err error) {
	hash := sha256.New()
	for _, text := range slices.Concat(tables, []string{""}, texts) {
		hash.Write([]byte(strconv.Itoa(len(text)) + ":" + text))
	}
	key := string(hash.Sum(nil))
	if known, ok := made.Load(key); ok {
		return known.(map[string]object), nil
	}
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	for _, table := range tables {
		notes, err := database.NewStore(database.DialectSQLite3, table)
		if err == nil {
			err = notes.CreateVersionTable(ctx, db)
		}
		if err != nil {
			return nil, fmt.Errorf("make the structure of the database: %w", err)
		}
	}
	for _, text := range texts {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return nil, fmt.Errorf("make the structure of the database: %w", err)
		}
	}
	schema, err := readSchema(ctx, db)
	if err == nil {
		made.Store(key, schema)
	}
	return schema, err
}

// holdSchema refuses a database whose structure somebody changed, before anything is written into it, and puts guards back that are gone.
func (d *DB) holdSchema(ctx context.Context) error {
	if len(d.sets) == 0 {
		return nil
	}
	found, guards, err := d.compareSchema(ctx, d.conn)
	if err == nil {
		err = found.refusable(len(guards))
	}
	if err != nil {
		return err
	}
	for _, guard := range guards {
		if _, err := d.conn.ExecContext(ctx, guard); err != nil {
			return fmt.Errorf("put a guard back: %w", err)
		}
	}
	return nil
}

// sameSchema is asked in each transaction of the writer before its first change: what somebody put into the database since the last one would
// act in this one. The look costs a few microseconds, since SQLite counts the changes of the structure.
func (d *DB) sameSchema() error {
	if len(d.sets) == 0 {
		return nil
	}
	var count int64
	if err := d.conn.QueryRowContext(background, "PRAGMA schema_version").Scan(&count); err != nil {
		return fmt.Errorf("look at the structure of the database: %w", err)
	}
	if count == d.structure && d.structureErr.Load() == nil {
		return nil
	}
	found, guards, err := d.compareSchema(background, d.conn)
	if err != nil {
		return err
	}
	if err := found.refusable(len(guards)); err != nil {
		d.structureErr.Store(&err)
		return err
	}
	d.structureErr.Store(nil)
	d.structure = count
	return nil
}

// Refused gives the reason why the database refuses every change, a SchemaError or MissingTableError; nil when it does not.
func (d *DB) Refused() error {
	if err := d.structureErr.Load(); err != nil {
		return *err
	}
	return nil
}
