package store

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// Sealed tables
//
// Who can write the file of a database can change what stands in it, and whoever reads a row afterwards acts upon it. A sealed table carries in
// each row a MAC over its name, its key and its other columns, under a key that does not lie in the database. No statement of the program
// has to know of it:
//
//   - In every transaction the table's name means a view of its rows that fit. Reading one that does not fit fails with a *RowChangedError, and
//     so does the whole Read or Write, whatever its callback makes of the error: nothing follows from such a row.
//   - INSERT, UPDATE and DELETE reach the table itself. Triggers seal what was written, and refuse to update a row that did not fit
//     before, so that an honest write never makes a foreign one good. A DELETE leaves such a row where it is and does not count it: whoever
//     spends something by deleting it spends nothing, and what sweeps is not held up. They are TEMP triggers, which live in the connection, not
//     in the file.
//   - "main.table" in a statement reads past the view: for what is only counted or shown, where a MAC for each row would cost too much.
//     What is read so must not decide anything. The MAC of a row costs a few microseconds.
//   - Migrations write past it too. When one gives a table another column, the rows that fitted before are sealed again, see Tx.Seal.
//
// A MAC does not show that a row was deleted, or put back to an earlier state of itself: both were sealed once. A table whose rows permit
// something must therefore be such that fewer rows permit less, or be held against the audit log, see Tx.Changed.

// Sealed says which tables of a database are sealed.
type Sealed struct {
	// Master is the master key of KeyBytes that the vault of the database has too, and Name the name of the database there.
	Master []byte
	Name   string
	Tables []SealedTable
}

// SealedTable is a table with a column "mac BLOB", in which nothing else may write.
type SealedTable struct {
	Name string
	// Free are the columns that are not covered: somebody may change them without being found out. Each needs its reason.
	Free []string
}

// RowChangedError says that a row was changed outside of the program, or was put there.
type RowChangedError struct {
	Table string
	Key   string // values of the primary key with commas between, each at most 64 bytes; blobs in hex
}

func (e *RowChangedError) Error() string {
	return "a row of the table " + e.Table + " was changed outside of Sealdesk: " + e.Key
}

// Is makes every *RowChangedError an ErrRowChanged.
func (e *RowChangedError) Is(target error) bool { return target == ErrRowChanged }

// ErrRowChanged is what every *RowChangedError is.
var ErrRowChanged = errors.New("a row was changed outside of Sealdesk")

// sealing is what a DB knows of its sealed tables.
type sealing struct {
	key    []byte
	tables []sealedTable

	mu   sync.Mutex
	told func(RowChangedError)
}

// sealedTable is a table as it stands in the database.
type sealedTable struct {
	name          string
	keys, covered []string // of the columns; covered without the keys
	all           []string // of the columns, without mac, in the table's order
}

// header is what a MAC says first, and names the table where it does not fit.
func header(table string, keys, others []string) string {
	return table + "\n" + strings.Join(keys, ",") + "\n" + strings.Join(others, ",")
}

func (t *sealedTable) header() string { return header(t.name, t.keys, t.covered) }

// values are the arguments of a MAC after its header, as SQL.
func (t *sealedTable) values() string { return quoted(append(slices.Clone(t.keys), t.covered...)) }

func quoted(columns []string) string { return `"` + strings.Join(columns, `", "`) + `"` }

// text is a string of SQL.
func text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// openSealed finds the sealed tables in the database. One without its column is left out: the log, which knows whether it was sealed, tells.
func (d *DB) openSealed(ctx context.Context, db *sql.DB, o *Sealed) (err error) {
	if o == nil {
		return nil
	}
	if len(o.Master) != KeyBytes {
		return fmt.Errorf("the master key has %d bytes, not %d", len(o.Master), KeyBytes)
	}
	if d.sealing.key, err = hkdf.Key(sha256.New, o.Master, nil, "sealdesk "+o.Name+" rows", KeyBytes); err != nil {
		return fmt.Errorf("derive the key of rows: %w", err)
	}
	for _, wanted := range o.Tables {
		table, err := readSealedTable(ctx, db, wanted)
		if err != nil {
			return fmt.Errorf("read the columns of %s: %w", wanted.Name, err)
		}
		if table != nil {
			d.sealing.tables = append(d.sealing.tables, *table)
			d.texts.seal(table.name)
		}
	}
	return nil
}

// readSealedTable gives nil for a table that is not there or has no column for the MAC.
func readSealedTable(ctx context.Context, db *sql.DB, wanted SealedTable) (_ *sealedTable, err error) {
	rows, err := db.QueryContext(ctx, "SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid", wanted.Name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	t, sealed, keys := &sealedTable{name: wanted.Name}, false, map[int]string{}
	for rows.Next() {
		var name string
		var key int
		if err := rows.Scan(&name, &key); err != nil {
			return nil, err
		}
		switch {
		case name == "mac":
			sealed = true
			continue
		case key > 0:
			keys[key] = name
		case !slices.Contains(wanted.Free, name):
			t.covered = append(t.covered, name)
		}
		t.all = append(t.all, name)
	}
	for i := range len(keys) {
		t.keys = append(t.keys, keys[i+1])
	}
	slices.Sort(t.covered) // not the table's order: a table that is made anew is the same
	if !sealed || len(keys) == 0 {
		return nil, rows.Err()
	}
	return t, rows.Err()
}

// connectSealed makes of a connection one that sees the sealed rows that fit. It gives the last row that did not.
func (d *DB) connectSealed(ctx context.Context, conn *sql.Conn, writes bool) (*changedRow, error) {
	last := &changedRow{}
	if len(d.sealing.tables) == 0 {
		return last, nil
	}
	mac := hmac.New(sha256.New, d.sealing.key)
	err := conn.Raw(func(c any) error {
		driver := c.(*sqlite3.SQLiteConn)
		return errors.Join(
			driver.RegisterFunc("sealdesk_mac", func(values ...any) []byte { return sum(mac, values) }, true),
			driver.RegisterFunc("sealdesk_fits", func(stored any, values ...any) (bool, error) {
				if fits(mac, stored, values) {
					return true, nil
				}
				last.err = changed(values)
				return false, last.err
			}, true))
	})
	if err != nil {
		return nil, fmt.Errorf("register the functions of sealed tables: %w", err)
	}
	statements := []string{"PRAGMA query_only = OFF", "PRAGMA trusted_schema = OFF"}
	for i := range d.sealing.tables {
		statements = append(statements, d.sealing.tables[i].statements(writes)...)
	}
	if !writes {
		statements = append(statements, "PRAGMA query_only = ON")
	}
	for _, s := range statements {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return nil, fmt.Errorf("prepare the sealed tables: %w", err)
		}
	}
	return last, nil
}

// statements make the view of a table and, for a connection that writes, its triggers.
func (t *sealedTable) statements(writes bool) []string {
	main, where := `main."`+t.name+`"`, make([]string, len(t.keys))
	for i, key := range t.keys {
		where[i] = `"` + key + `" = NEW."` + key + `"`
	}
	args := text(t.header()) + ", " + t.values()
	// The look stands in a SELECT of its own: else "WHERE name = 'x'" has SQLite put 'x' in the place of name, in rows of other names too. It also
	// comes after all other conditions so.
	all := []string{`CREATE TEMP VIEW "` + t.name + `" AS SELECT ` + quoted(t.all) + ` FROM ` + main + ` WHERE (SELECT sealdesk_fits(mac, ` + args + `))`}
	if !writes {
		return all
	}
	trigger := func(name, when, does string) {
		all = append(all, `CREATE TEMP TRIGGER "`+t.name+name+`" `+when+` ON `+main+` BEGIN `+does+`; END`)
	}
	seal := `UPDATE ` + main + ` SET mac = sealdesk_mac(` + args + `) WHERE ` + strings.Join(where, " AND ")
	trigger("_inserted", `AFTER INSERT`, seal)
	trigger("_updated", `AFTER UPDATE OF `+t.values(), seal)
	old := text(t.header()) + `, OLD.` + strings.ReplaceAll(t.values(), ", ", ", OLD.")
	trigger("_fits", `BEFORE UPDATE OF `+quoted(t.all), `SELECT sealdesk_fits(OLD.mac, `+old+`)`)
	trigger("_stays", `BEFORE DELETE`, `SELECT RAISE(IGNORE) WHERE OLD.mac IS NOT sealdesk_mac(`+old+`)`)
	return all
}

// changedRow is the last row that a connection met which did not fit.
type changedRow struct{ err *RowChangedError }

// take gives the row that was met since the last time, as an error.
func (c *changedRow) take() error {
	if c == nil || c.err == nil {
		return nil
	}
	err := c.err
	c.err = nil
	return err
}

// sum is the MAC over a header and the values of a row, each with its type and length. Values are what the driver makes of SQLite's five types.
func sum(mac hash.Hash, values []any) []byte {
	mac.Reset()
	var buf [9]byte
	put := func(kind byte, n uint64) {
		buf[0] = kind
		binary.BigEndian.PutUint64(buf[1:], n)
		mac.Write(buf[:])
	}
	for _, v := range values {
		switch v := v.(type) {
		case int64:
			put('i', uint64(v)) // #nosec G115 -- the bits
		case float64:
			put('f', math.Float64bits(v))
		case string:
			put('t', uint64(len(v)))
			mac.Write([]byte(v))
		case []byte:
			if v == nil {
				put('n', 0)
				continue
			}
			put('b', uint64(len(v)))
			mac.Write(v)
		}
	}
	return mac.Sum(nil)
}

func fits(mac hash.Hash, stored any, values []any) bool {
	is, ok := stored.([]byte)
	return ok && hmac.Equal(is, sum(mac, values))
}

// changed names a row by the header and the values of its MAC.
func changed(values []any) *RowChangedError {
	head, _ := values[0].(string)
	table, _, _ := strings.Cut(head, "\n")
	_, n := columnsOf(head)
	var keys []string
	for _, v := range values[1 : 1+n] {
		s := fmt.Sprint(v)
		if b, ok := v.([]byte); ok {
			s = fmt.Sprintf("%x", b)
		}
		keys = append(keys, s[:min(len(s), 64)])
	}
	return &RowChangedError{table, strings.Join(keys, ",")}
}

// Changed makes the transaction end as one does that met a row which does not fit: for a row whose MAC fits, but which is not what something else,
// such as the audit log, says that it is. It gives the error.
func (t *Tx) Changed(table, key string) error {
	err := &RowChangedError{table, key}
	if t.changed != nil {
		t.changed.err = err
	}
	return err
}

// tellChanged tells whoever asked of a row that did not fit, and gives the error.
func (d *DB) tellChanged(err error) error {
	d.sealing.mu.Lock()
	told := d.sealing.told
	d.sealing.mu.Unlock()
	var changed *RowChangedError
	if told != nil && errors.As(err, &changed) {
		told(*changed)
	}
	return err
}

// OnRowChanged has f told of each Read and Write that met a row which did not fit, after its end. It must not wait for another Write: the
// caller may be in one.
func (d *DB) OnRowChanged(f func(RowChangedError)) {
	d.sealing.mu.Lock()
	defer d.sealing.mu.Unlock()
	d.sealing.told = f
}

// SealedTables gives for each sealed table that the database has a text of what its MACs cover now, which Tx.Seal takes when it is another one day.
func (d *DB) SealedTables() map[string]string {
	all := map[string]string{}
	for i := range d.sealing.tables {
		all[d.sealing.tables[i].name] = d.sealing.tables[i].header()
	}
	return all
}

// Seal gives the rows of a table their MACs, and returns of how many. Where before is empty these are all: whoever calls this must know from
// elsewhere that the table never was sealed. Else it is what SealedTables said when it was, and rows that do not fit by that stay as they are.
func (t *Tx) Seal(ctx context.Context, table, before string) (int64, error) {
	for i := range t.db.sealing.tables {
		now := &t.db.sealing.tables[i]
		if now.name != table {
			continue
		}
		statement := fmt.Sprintf(`UPDATE main."%s" SET mac = sealdesk_mac(%s, %s)`, table, text(now.header()), now.values())
		if before != "" {
			if !headers.MatchString(before) {
				return 0, fmt.Errorf("seal the table %s: what was sealed cannot be read: %q", table, before)
			}
			columns, _ := columnsOf(before)
			statement += fmt.Sprintf(` WHERE mac IS sealdesk_mac(%s, %s)`, text(before), quoted(columns))
		}
		res, err := t.Exec(ctx, statement)
		if err != nil {
			return 0, fmt.Errorf("seal the table %s: %w", table, err)
		}
		return res.RowsAffected()
	}
	return 0, fmt.Errorf("seal the table %s: it is none that can be sealed", table)
}

// ChangedRows names every row that does not fit, of the tables that are sealed as Seal and SealedTables say; a table that cannot be looked at is
// named without a key.
func (t *Tx) ChangedRows(ctx context.Context, sealed map[string]string, name func(RowChangedError)) error {
	for _, table := range slices.Sorted(maps.Keys(sealed)) {
		if _, there := t.db.SealedTables()[table]; !there || !headers.MatchString(sealed[table]) {
			name(RowChangedError{Table: table})
			continue
		}
		if err := t.changedRows(ctx, table, sealed[table], name); err != nil {
			return fmt.Errorf("check the rows of %s: %w", table, err)
		}
	}
	return nil
}

// headers are as they may be: what is stored elsewhere becomes SQL.
var headers = regexp.MustCompile(`^\w+\n\w+(,\w+)*\n(\w+(,\w+)*)?$`)

// columnsOf are the columns in a header, the keys first.
func columnsOf(header string) (all []string, keys int) {
	lines := strings.Split(header, "\n")
	keys = 1 + strings.Count(lines[1], ",")
	return strings.Split(strings.TrimSuffix(lines[1]+","+lines[2], ","), ","), keys
}

func (t *Tx) changedRows(ctx context.Context, table, header string, name func(RowChangedError)) error {
	columns, keys := columnsOf(header)
	rows, err := t.Query(ctx, fmt.Sprintf(`SELECT %s FROM main."%s" WHERE mac IS NOT sealdesk_mac(%s, %s)`, quoted(columns[:keys]), table,
		text(header), quoted(columns)))
	if err != nil {
		return err
	}
	values := make([]any, 1+keys)
	places := make([]any, keys)
	for i := range places {
		places[i] = &values[i+1]
	}
	values[0] = header
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return err
		}
		name(*changed(values))
	}
	return errors.Join(rows.Err(), rows.Close())
}
