// Package audittest is what somebody can do to an audit log who has its database and knows the format, but not the key. Tests do each to
// every log there is.
package audittest

import (
	"database/sql"
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"sealdesk/internal/audit"
)

// Kind is a kind of tampering with a log of Events events.
type Kind struct {
	Name string
	// SQL runs without triggers; Recompute then makes all hashes fit; act is for what neither can do.
	SQL       string
	Recompute bool
	act       func(db *sql.DB, earlier audit.Checkpoint) error
	// Want is the problem that names it, found at once and ever after; Later is another where the log has gone on meanwhile.
	Want, Later string
	// Alone is another where nobody knows of a checkpoint any more: the break is found, but not what was there before.
	Alone string
	// Blind: nothing inside the log tells it from a genuine state, so that only a checkpoint from outside does.
	Blind bool
	// Quiet: the tree's edge is not touched, so that the log goes on as one: only verifying finds it.
	Quiet bool
	// Refused: there is nothing to go on from, so that the log is not opened any more.
	Refused bool
	// Structure: tables or triggers are made otherwise, which a database that knows its migrations refuses.
	Structure bool
	// Key: it is the key that changes, at the next start.
	Key bool
}

// The log that is tampered with has so many events, one of them with the outcome "denied". The checkpoint of Earlier of them is an old one.
const (
	Events  = 20
	Earlier = 12
)

// Columns are those of an event, in the order of its leaf.
var Columns = strings.Fields("seq time actor role session ip user_agent action object_type object_id outcome error_code request_id " +
	"platform_request_id duration detail")

// Do does it to the database in a file. earlier is the checkpoint of the first Earlier events.
func (k Kind) Do(path string, earlier audit.Checkpoint) (err error) {
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, name := range []string{"events_no_update", "events_no_delete", "events_no_gap", "checkpoint_no_delete", "checkpoint_grows"} {
		if _, err := db.Exec("DROP TRIGGER IF EXISTS audit_" + name); err != nil {
			return err
		}
	}
	if _, err := db.Exec(k.SQL); err != nil {
		return fmt.Errorf("%s: %w", k.SQL, err)
	}
	if k.Recompute {
		if _, err := recompute(db); err != nil {
			return err
		}
	}
	if k.act != nil {
		return k.act(db, earlier)
	}
	return nil
}

// recompute makes every hash fit the rows, as somebody does who knows the format but has no key, and gives the root.
func recompute(db *sql.DB) (root tlog.Hash, err error) {
	rows, err := db.Query("SELECT " + strings.Join(Columns, ", ") + " FROM audit_events WHERE seq >= 0 ORDER BY seq")
	if err != nil {
		return root, err
	}
	var edge []tlog.Hash
	var all [][]byte
	for rows.Next() {
		var e audit.Event
		var at, took int64
		a := &e.Actor
		if err := rows.Scan(&e.Seq, &at, &a.Name, &a.Role, &a.Session, &a.IP, &a.UserAgent, &e.Action, &e.ObjectType, &e.ObjectID, &e.Outcome,
			&e.ErrorCode, &a.RequestID, &e.PlatformRequestID, &took, &e.DetailText); err != nil {
			return root, errors.Join(err, rows.Close())
		}
		e.Time, e.Duration = time.UnixMicro(at), time.Duration(took)*time.Microsecond
		h := tlog.RecordHash(e.Leaf())
		hashes := append([]byte(nil), h[:]...)
		for range bits.TrailingZeros64(^uint64(len(all))) {
			h, edge = tlog.NodeHash(edge[len(edge)-1], h), edge[:len(edge)-1]
			hashes = append(hashes, h[:]...)
		}
		edge, all = append(edge, h), append(all, hashes)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return root, err
	}
	for seq, hashes := range all {
		if _, err := db.Exec("UPDATE audit_events SET hashes = ? WHERE seq = ?", hashes, seq); err != nil {
			return root, err
		}
	}
	root = edge[len(edge)-1]
	for i := len(edge) - 2; i >= 0; i-- {
		root = tlog.NodeHash(edge[i], root)
	}
	return root, nil
}

// madeUp is an event that never happened, with the hashes of another.
func madeUp(seq string) string {
	return "INSERT INTO audit_events SELECT " + seq + ", " + strings.Join(Columns[1:], ", ") + ", hashes FROM audit_events WHERE seq = 3"
}

// older puts back the checkpoint that the log had at Earlier events, as it was given out, and the events too if wanted.
func older(events bool, further string) func(*sql.DB, audit.Checkpoint) error {
	return func(db *sql.DB, earlier audit.Checkpoint) error {
		if events {
			if _, err := db.Exec("DELETE FROM audit_events WHERE seq >= ?", earlier.Size); err != nil {
				return err
			}
		}
		_, err := db.Exec("UPDATE audit_checkpoint SET size = ?, text = ?"+further, earlier.Size, string(earlier.Text))
		return err
	}
}

// resigned edits an event and signs the whole with a key of one's own, which has the name of the log's or another.
func resigned(name string) func(*sql.DB, audit.Checkpoint) error {
	return func(db *sql.DB, earlier audit.Checkpoint) error {
		if _, err := db.Exec("UPDATE audit_events SET actor = 'mallory' WHERE seq = 6"); err != nil {
			return err
		}
		root, err := recompute(db)
		if err != nil {
			return err
		}
		if name == "" {
			name = earlier.Origin
		}
		key, err := audit.NewKey(name)
		if err != nil {
			return err
		}
		signer, err := note.NewSigner(key.Private())
		if err != nil {
			return err
		}
		text, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\ntime %s\n", earlier.Origin, Events, root, earlier.Time.Format(time.RFC3339Nano))}, signer)
		if err != nil {
			return err
		}
		_, err = db.Exec("UPDATE audit_checkpoint SET text = ?", string(text))
		return err
	}
}
