package audit

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"sealdesk/internal/store"
)

// The formats of an export.
const (
	JSONL = "jsonl"
	CSV   = "csv"
)

// exportFormat names the layout of both formats. The one before had no values of persons beside the events. The oldest had no statement: of
// it one cannot tell whether rows were left out.
const (
	exportFormat       = "sealdesk-audit-export-3"
	exportFormatClear  = "sealdesk-audit-export-2"
	exportFormatOldest = "sealdesk-audit-export-1"
)

// exportPage is how many events are read at a time, so that a slow reader of the export holds no connection of the database.
const exportPage = 500

// Export writes the events that pass the filter, oldest first, each with its inclusion proof, and the checkpoint that the proofs lead to.
// With at, the proofs lead to that older checkpoint, and only what it covers is exported; ErrAnotherHistory when it is not of this log's past.
// VerifyExport checks the result without the log. It returns the number of events.
func (l *Log) Export(ctx context.Context, w io.Writer, f Filter, format string, at *Checkpoint) (int64, error) {
	var out exporter
	switch format {
	case JSONL:
		out = &jsonlExport{to: json.NewEncoder(w)}
	case CSV:
		out = &csvExport{raw: w, to: csv.NewWriter(w)}
	default:
		return 0, fmt.Errorf("export the audit log: the format %q is unknown", format)
	}
	n, err := l.export(ctx, out, query{l: l, f: f, to: lastSeq}, at)
	if err != nil {
		return n, fmt.Errorf("export the audit log: %w", err)
	}
	return n, nil
}

// ErrAnotherHistory says that a checkpoint which was kept is not one of this log's past: the log was changed, or it is another.
var ErrAnotherHistory = errors.New("the events of this log are not those that the checkpoint covers")

// ExportEvent writes one event as an export of its own, in JSONL, with at as Export has it; ErrNotFound when there is none of that number,
// or it came after that checkpoint.
func (l *Log) ExportEvent(ctx context.Context, w io.Writer, seq int64, at *Checkpoint) error {
	if _, err := l.Get(ctx, seq); err != nil {
		return err
	}
	if at != nil && seq >= at.End() {
		return ErrNotFound
	}
	if _, err := l.export(ctx, &jsonlExport{to: json.NewEncoder(w)}, query{l: l, from: seq, to: seq + 1}, at); err != nil {
		return fmt.Errorf("export audit event %d: %w", seq, err)
	}
	return nil
}

// exporter is one format.
type exporter interface {
	head(exportHead) error
	event(*Event, []tlog.Hash) error
	end(exportEnd) error
}

// exportHead is what an export says before its events.
type exportHead struct {
	Format     string `json:"format"`
	PublicKey  string `json:"public_key"`
	Checkpoint string `json:"checkpoint"`
}

// export writes what q chooses, within both its numbers and the times of its filter.
func (l *Log) export(ctx context.Context, out exporter, q query, at *Checkpoint) (n int64, err error) {
	f := q.f
	q.limit, q.oldest = exportPage, true
	wanted, about := phrases(f.Text), exact(f.About)
	if len(wanted)+len(about) > 0 {
		if err := l.catchUp(ctx); err != nil {
			return 0, err
		}
	}
	var c Checkpoint
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		var end int64 // what comes later has no proof that leads to this checkpoint
		if err := tx.QueryRow(ctx, "SELECT coalesce(min(max(seq), 9223372036854775806) + 1, 0) FROM audit_events").Scan(&end); err != nil {
			return err
		}
		q.to = min(q.to, end)
		if err := q.within(ctx, tx, f.From, f.To); err != nil {
			return err
		}
		if err := q.people(ctx, tx, wanted, about); err != nil {
			return err
		}
		if c, err = l.readCheckpoint(ctx, tx); err != nil || at == nil {
			return err
		}
		q.to = min(q.to, at.End())
		err, c = l.covers(ctx, tx, at, &c), *at
		return err
	})
	if err != nil {
		return 0, err
	}
	if f.Text != "" && len(wanted) == 0 || len(f.About) > 0 && len(about) == 0 {
		q.to = q.from
	}
	if err := out.head(exportHead{exportFormat, l.opts.Key.public, string(c.Text)}); err != nil {
		return 0, err
	}
	statement, err := statementOf(q)
	if err != nil {
		return 0, err
	}
	cache, counted := make(nodeCache), newTally()
	for {
		events, paths, err := l.exportPage(ctx, &q, c, cache)
		if err != nil {
			return n, err
		}
		for i := range events {
			if err := out.event(&events[i], paths[i]); err != nil {
				return n, err
			}
			counted.add(&events[i])
			n++
		}
		if len(events) < exportPage {
			signed, err := counted.sign(statement, l)
			if err != nil {
				return n, err
			}
			return n, out.end(exportEnd{true, n, signed})
		}
		q.from = events[len(events)-1].Seq + 1
	}
}

func (l *Log) exportPage(ctx context.Context, q *query, c Checkpoint, cache nodeCache) (events []Event, paths [][]tlog.Hash, err error) {
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		if events, err = q.events(ctx, tx); err != nil {
			return err
		}
		paths = make([][]tlog.Hash, len(events))
		for i := range events {
			p, err := prove(ctx, tx, events[i].Seq, c, cache)
			if err != nil && !errors.Is(err, ErrUnsigned) { // an event without a proof stands in the export without one
				return err
			}
			paths[i] = p.Path
		}
		return nil
	})
	return events, paths, err
}

// exportEvent is one event in JSON. The detail stays a text, because its very bytes were hashed; At is Time for people. Values are what its
// tokens stand for, without value and salt where that is erased.
type exportEvent struct {
	Seq               int64       `json:"seq"`
	At                string      `json:"at"`
	Time              int64       `json:"time"`
	Actor             string      `json:"actor"`
	Role              string      `json:"role"`
	Session           string      `json:"session"`
	IP                string      `json:"ip"`
	UserAgent         string      `json:"user_agent"`
	Action            string      `json:"action"`
	ObjectType        string      `json:"object_type"`
	ObjectID          string      `json:"object_id"`
	Outcome           string      `json:"outcome"`
	ErrorCode         string      `json:"error_code"`
	RequestID         string      `json:"request_id"`
	PlatformRequestID string      `json:"platform_request_id"`
	Duration          int64       `json:"duration"`
	Detail            string      `json:"detail"`
	Proof             []tlog.Hash `json:"proof"`

	Values map[string]Salted `json:"values,omitempty"`
}

// values are what the tokens of an event that was read stand for.
func (e *Event) values() map[string]Salted {
	if e.hashed == nil {
		return nil
	}
	return e.hashed.values
}

// exportEnd is an export's last line: without it, something is missing.
type exportEnd struct {
	End       bool   `json:"end"`
	Events    int64  `json:"events"`
	Statement string `json:"statement,omitempty"` // signed, see Statement
}

// atText is a time as exports write it for people.
func atText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

type jsonlExport struct{ to *json.Encoder }

func (x *jsonlExport) head(h exportHead) error {
	x.to.SetEscapeHTML(false)
	return x.to.Encode(h)
}

func (x *jsonlExport) event(e *Event, path []tlog.Hash) error {
	if path == nil {
		path = []tlog.Hash{}
	}
	f := e.fields()
	return x.to.Encode(exportEvent{e.Seq, atText(e.Time), e.Time.UnixMicro(), f[columnName], f[3], f[4], f[columnIP], f[columnAgent], e.Action,
		e.ObjectType, e.ObjectID, e.Outcome, e.ErrorCode, e.Actor.RequestID, e.PlatformRequestID, e.Duration.Microseconds(), f[columnDetail], path, e.values()})
}

func (x *jsonlExport) end(e exportEnd) error { return x.to.Encode(e) }

// The first cells of the rows of a CSV export that are no events.
const (
	csvCheckpoint = "checkpoint"
	csvEnd        = "end"
)

// csvWidth is the number of cells of every row: the columns, the time for people, the proof, the values of its tokens in JSON. The formats before
// had no such values.
const csvWidth = columnCount + 3

type csvExport struct {
	raw io.Writer
	to  *csv.Writer
}

// byteOrderMark makes spreadsheets read UTF-8.
const byteOrderMark = "\uFEFF"

func (x *csvExport) row(cells ...string) error {
	row := make([]string, csvWidth)
	for i, cell := range cells {
		row[i] = guard(cell)
	}
	return x.to.Write(row)
}

func (x *csvExport) head(h exportHead) error {
	if _, err := io.WriteString(x.raw, byteOrderMark); err != nil {
		return err
	}
	return errors.Join(x.row(append(append([]string{}, columnNames...), "at", "proof", "values")...), x.row(csvCheckpoint, h.Format, h.PublicKey, h.Checkpoint))
}

func (x *csvExport) event(e *Event, path []tlog.Hash) error {
	f := e.fields()
	proof := make([]string, len(path))
	for i, h := range path {
		proof[i] = h.String()
	}
	values := ""
	if len(e.values()) > 0 {
		text, err := json.Marshal(e.values())
		if err != nil {
			return err
		}
		values = string(text)
	}
	return x.row(append(f[:], atText(e.Time), strings.Join(proof, " "), values)...)
}

func (x *csvExport) end(e exportEnd) error {
	err := x.row(csvEnd, strconv.FormatInt(e.Events, 10), e.Statement)
	x.to.Flush()
	return errors.Join(err, x.to.Error())
}

// guard keeps spreadsheets from running a cell as a formula: one that begins like one gets an apostrophe in front, which unguard takes off.
func guard(cell string) string {
	if cell != "" && strings.IndexByte("=+-@\t\r'", cell[0]) >= 0 {
		return "'" + cell
	}
	return cell
}

func unguard(cell string) string { return strings.TrimPrefix(cell, "'") }
