package db

import (
	"context"
	"fmt"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/store"
)

// The ways on which checkpoints leave the machine.
const (
	WayFolder  = "folder"
	WaySyslog  = "syslog"
	WayHTTP    = "http"
	WayMail    = "mail"
	WayWitness = "witness"
)

// CheckpointHistory is the error of a witness that saw another history of the log: an alarm, not a failure to send.
const CheckpointHistory = "history"

// CheckpointWay is a way that is set up, with where it leads, without secrets.
type CheckpointWay struct{ Name, Target string }

// CheckpointPartly is the error of a mail that left, but did not reach every reviewer.
const CheckpointPartly = "partly"

// CheckpointState is how it stands with the checkpoints of a log on a way.
type CheckpointState struct {
	Way, Log string
	Size     int64     // events up to the newest checkpoint that left; 0: none yet
	Left     time.Time // when; zero: none yet
	Failing  time.Time // since when it has not worked; zero: it works
	Error    string    // why it does not
	Attempts int       // that failed since it last worked
	Due      time.Time // it is not tried before
}

// CheckpointOut is a checkpoint that left on a way, or tried to.
type CheckpointOut struct {
	ID          int64
	Way, Log    string
	Size        int64
	Text        string // signed
	Cosignature string // line of the witness, which goes below Text
	Attempts    int
	Error       string    // of the last try; empty: it left
	At          time.Time // of the last try
}

// Failed tells that it did not leave. Mail that reached some reviewers has left, although its Error says that not all were.
func (o CheckpointOut) Failed() bool { return o.Error != "" && o.Error != CheckpointPartly }

// checkpointsKept is how many rows the list of given out checkpoints keeps.
const checkpointsKept = 20_000

// CheckpointStates returns how it stands with each log on each way.
func (d *DB) CheckpointStates(ctx context.Context) (all []CheckpointState, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT way, log, size, left_at, failing, error, attempts, due FROM checkpoint_ways ORDER BY way, log`)
		if err != nil {
			return err
		}
		all, err = collect(rows, func(row interface{ Scan(...any) error }) (s CheckpointState, err error) {
			var left, failing, due int64
			err = row.Scan(&s.Way, &s.Log, &s.Size, &left, &failing, &s.Error, &s.Attempts, &due)
			s.Left, s.Failing, s.Due = store.Time(left), store.Time(failing), store.Time(due)
			return s, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read how checkpoints leave: %w", err)
	}
	return all, nil
}

// CheckpointLeft notes that a checkpoint left on a way, with the witness's line where it is one. It is not due again before next. Where mail
// reached some only, partly says why not all.
func (d *DB) CheckpointLeft(ctx context.Context, way string, c audit.Checkpoint, cosignature, partly string, next time.Time) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		now := store.Micros(d.now())
		_, err := tx.Exec(ctx, `INSERT INTO checkpoint_ways (way, log, size, left_at, failing, error, attempts, due) VALUES ($1, $2, $3, $4, 0, '', 0, $5)
			ON CONFLICT (way, log) DO UPDATE SET size = excluded.size, left_at = excluded.left_at, failing = 0, error = '', attempts = 0, due = excluded.due`,
			way, c.Log(), c.End(), now, store.Micros(next))
		if err != nil {
			return fmt.Errorf("note that a checkpoint left: %w", err)
		}
		return d.noteCheckpoint(ctx, tx, CheckpointOut{Way: way, Log: c.Log(), Size: c.End(), Text: string(c.Text), Cosignature: cosignature, Error: partly})
	})
}

// CheckpointStayed notes that a way did not take a checkpoint, and when it is tried again. That a way stops working, and that a witness saw
// another history, are events.
func (d *DB) CheckpointStayed(ctx context.Context, way string, c audit.Checkpoint, code string, next time.Time) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		now := store.Micros(d.now())
		var was string
		if err := tx.QueryRow(ctx, `SELECT coalesce((SELECT error FROM checkpoint_ways WHERE way = $1 AND log = $2), '')`, way, c.Log()).Scan(&was); err != nil {
			return fmt.Errorf("read how a checkpoint stayed: %w", err)
		}
		_, err := tx.Exec(ctx, `INSERT INTO checkpoint_ways (way, log, size, left_at, failing, error, attempts, due) VALUES ($1, $2, 0, 0, $3, $4, 1, $5)
			ON CONFLICT (way, log) DO UPDATE SET failing = CASE failing WHEN 0 THEN excluded.failing ELSE failing END, error = excluded.error,
			attempts = attempts + 1, due = excluded.due`, way, c.Log(), now, code, store.Micros(next))
		if err != nil {
			return fmt.Errorf("note that a checkpoint stayed: %w", err)
		}
		if err := d.noteCheckpoint(ctx, tx, CheckpointOut{Way: way, Log: c.Log(), Size: c.End(), Text: string(c.Text), Error: code}); err != nil {
			return err
		}
		if was != "" && (code != CheckpointHistory || was == code) {
			return nil
		}
		return d.record(ctx, tx, audit.Event{Action: "checkpoint.stayed", ObjectType: "checkpoint", ObjectID: way, Outcome: audit.Failed, ErrorCode: code,
			Detail: map[string]any{"log": c.Log(), "size": c.End()}})
	})
}

// noteCheckpoint adds a try to the list; tries of the same checkpoint on the same way are one row.
func (d *DB) noteCheckpoint(ctx context.Context, tx *store.Tx, o CheckpointOut) error {
	now := store.Micros(d.now())
	result, err := tx.Exec(ctx, `UPDATE checkpoints_out SET cosignature = $1, attempts = attempts + 1, error = $2, at = $3
		WHERE way = $4 AND log = $5 AND size = $6 AND text = $7`, o.Cosignature, o.Error, now, o.Way, o.Log, o.Size, o.Text)
	if err != nil {
		return fmt.Errorf("note a checkpoint: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO checkpoints_out (way, log, size, text, cosignature, attempts, error, at) VALUES ($1, $2, $3, $4, $5, 1, $6, $7)`,
		o.Way, o.Log, o.Size, o.Text, o.Cosignature, o.Error, now)
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM checkpoints_out WHERE id <= (SELECT max(id) FROM checkpoints_out) - $1`, checkpointsKept)
	}
	if err != nil {
		return fmt.Errorf("note a checkpoint: %w", err)
	}
	return nil
}

const checkpointColumns = `id, way, log, size, text, cosignature, attempts, error, at`

func scanCheckpoint(row interface{ Scan(...any) error }) (o CheckpointOut, err error) {
	var at int64
	err = row.Scan(&o.ID, &o.Way, &o.Log, &o.Size, &o.Text, &o.Cosignature, &o.Attempts, &o.Error, &at)
	o.At = store.Time(at)
	return o, missing(err)
}

// CheckpointsOut lists what left and what tried to, the newest first, from before an id (0: from the newest).
func (d *DB) CheckpointsOut(ctx context.Context, before int64, limit int) (all []CheckpointOut, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+checkpointColumns+` FROM checkpoints_out WHERE $1 = 0 OR id < $1 ORDER BY id DESC LIMIT $2`, before, limit)
		if err != nil {
			return err
		}
		all, err = collect(rows, scanCheckpoint)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	return all, nil
}

// CheckpointOut returns one of them; ErrNotFound when it is none.
func (d *DB) CheckpointOut(ctx context.Context, id int64) (o CheckpointOut, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		o, err = scanCheckpoint(tx.QueryRow(ctx, `SELECT `+checkpointColumns+` FROM checkpoints_out WHERE id = $1`, id))
		return err
	})
	return o, err
}

// CheckpointOfSize returns the newest of the given out checkpoints of a log that cover that many events; ErrNotFound when there is none.
func (d *DB) CheckpointOfSize(ctx context.Context, log string, size int64) (o CheckpointOut, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		o, err = scanCheckpoint(tx.QueryRow(ctx, `SELECT `+checkpointColumns+` FROM checkpoints_out WHERE log = $1 AND size = $2
			ORDER BY id DESC LIMIT 1`, log, size))
		return err
	})
	return o, err
}

// checkpointsOffered is how many checkpoints of a log there are to choose from.
const checkpointsOffered = 40

// CheckpointsCovering lists those given out checkpoints of a log that left and cover an event: the newest of each size, the largest first, at
// most checkpointsOffered.
func (d *DB) CheckpointsCovering(ctx context.Context, log string, seq int64) (all []CheckpointOut, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+checkpointColumns+` FROM checkpoints_out WHERE id IN (SELECT max(id) FROM checkpoints_out
			WHERE log = $1 AND size > $2 AND error IN ('', $3) GROUP BY size) ORDER BY size DESC LIMIT $4`, log, seq, CheckpointPartly, checkpointsOffered)
		if err != nil {
			return err
		}
		all, err = collect(rows, scanCheckpoint)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the checkpoints that cover an event: %w", err)
	}
	return all, nil
}

// Reviewer is an account that reads the audit trail, with where mails reach it.
type Reviewer struct{ Mail, Language string }

// Reviewers lists the enabled accounts of the compliance role that gave a mail address.
func (d *DB) Reviewers(ctx context.Context) (all []Reviewer, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT s.mail, a.language FROM accounts a JOIN notice_settings s ON s.account_id = a.id
			WHERE a.role = $1 AND a.disabled = 0 AND s.mail <> '' ORDER BY a.id`, string(auth.Compliance))
		if err != nil {
			return err
		}
		all, err = collect(rows, func(row interface{ Scan(...any) error }) (r Reviewer, err error) {
			err = row.Scan(&r.Mail, &r.Language)
			return r, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list reviewers: %w", err)
	}
	return all, nil
}
