package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// logEvents is how many events are verified, proved and searched.
const logEvents = 100_000

// journal is an audit log and, in a database of its own, a table with the log's columns and indexes but no hashes, triggers or checkpoint:
// what keeping the same rows costs anyhow.
type journal struct {
	folder   string
	db, bare *store.DB
	log      *audit.Log
	count    int
}

func newJournal(ctx context.Context) (j *journal, err error) {
	j = &journal{}
	defer func() {
		if err != nil {
			err = errors.Join(err, j.Close())
		}
	}()
	if j.folder, err = os.MkdirTemp("", "sealdesk-bench-"); err != nil {
		return j, err
	}
	key, err := audit.NewKey("bench")
	if err != nil {
		return j, err
	}
	if j.db, err = store.Open(ctx, store.Options{Path: filepath.Join(j.folder, "log.db")}); err != nil {
		return j, err
	}
	if j.log, err = audit.Open(ctx, j.db, audit.Options{Key: key}); err != nil {
		return j, err
	}
	if j.bare, err = store.Open(ctx, store.Options{Path: filepath.Join(j.folder, "bare.db")}); err != nil {
		return j, err
	}
	var schema []string
	err = j.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT sql FROM sqlite_master WHERE tbl_name = 'audit_events' AND type IN ('table', 'index') AND sql IS NOT NULL ORDER BY type DESC`)
		for err == nil && rows.Next() {
			var text string
			err = rows.Scan(&text)
			schema = append(schema, text)
		}
		return errors.Join(err, rows.Err())
	})
	if err != nil {
		return j, err
	}
	return j, j.bare.Write(ctx, func(tx *store.Tx) error {
		for _, text := range schema {
			if _, err := tx.Exec(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
}

func (j *journal) Close() error {
	var errs []error
	if j.log != nil {
		errs = append(errs, j.log.Close())
	}
	for _, db := range []*store.DB{j.db, j.bare} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, os.RemoveAll(j.folder))...)
}

// event is the n-th event, of few people and actions and many objects.
func event(n int) audit.Event {
	outcomes := audit.Outcomes()
	return audit.Event{
		Actor:  audit.Actor{Name: []string{"李娜", "王强", "张伟"}[n%3], Role: "business", Session: "s1", IP: fmt.Sprint("10.0.0.", n%7), UserAgent: "Mozilla/5.0", RequestID: fmt.Sprint("r", n)},
		Action: []string{"platform.CreateSeal", "platform.SendFlow", "session.login", "flow.view"}[n%4], ObjectType: "seal", ObjectID: fmt.Sprint("seal_", n%1000),
		Outcome: outcomes[n%7%len(outcomes)], PlatformRequestID: fmt.Sprint("p", n), Duration: time.Millisecond, Detail: map[string]any{"name": fmt.Sprint("上海印章有限公司", n)},
	}
}

func (j *journal) append(ctx context.Context, tx *store.Tx, n int) error {
	_, err := j.log.Append(ctx, tx, event(n))
	return err
}

func (j *journal) insert(ctx context.Context, tx *store.Tx, n int) error {
	e := event(n)
	a := e.Actor
	detail := fmt.Sprintf(`{"name":%q}`, e.Detail["name"])
	_, err := tx.Exec(ctx, `INSERT INTO audit_events (seq, time, actor, role, session, ip, user_agent, action, object_type, object_id, outcome, error_code,
		request_id, platform_request_id, duration, detail, hashes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		n, time.Now().UnixMicro(), a.Name, a.Role, a.Session, a.IP, a.UserAgent, e.Action, e.ObjectType, e.ObjectID, e.Outcome, e.ErrorCode, a.RequestID,
		e.PlatformRequestID, e.Duration.Microseconds(), detail, make([]byte, 64))
	return err
}

// benchAppend compares appending, with its checkpoint, with inserting the same bytes: one event that waits for its commit, and 64 events in
// a commit.
func benchAppend(ctx context.Context) (rows []row, err error) {
	j, err := newJournal(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	for _, batch := range []int{1, 64} {
		write := func(db *store.DB, one func(context.Context, *store.Tx, int) error) func() error {
			next := j.count
			return func() error {
				return db.Write(ctx, func(tx *store.Tx) error {
					for range batch {
						if err := one(ctx, tx, next); err != nil {
							return err
						}
						next++
					}
					return nil
				})
			}
		}
		const times = 300
		figure, limit, err := alternate(times, write(j.db, j.append), write(j.bare, j.insert))
		if err != nil {
			return rows, err
		}
		j.count += times * batch
		goal := map[int]float64{1: 0.7, 64: 0.6}[batch]
		rate := func(d time.Duration) float64 { return float64(batch) / d.Seconds() }
		rows = append(rows, share("7", fmt.Sprintf("audit append with checkpoint, %d in a commit, against bare INSERT", batch), rate(figure), rate(limit),
			limit.Seconds()/figure.Seconds(), goal))
	}
	return rows, nil
}

// benchLog measures verification, a proof, and every filter and pair of filters of the audit log.
func benchLog(ctx context.Context) (rows []row, err error) {
	j, err := newJournal(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	for j.count < logEvents {
		err := j.db.Write(ctx, func(tx *store.Tx) error {
			for range 10_000 {
				if err := j.append(ctx, tx, j.count); err != nil {
					return err
				}
				j.count++
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	report, err := j.log.Verify(ctx)
	if err != nil || !report.OK() {
		return nil, errors.Join(fmt.Errorf("%d problems in a log that nobody touched", report.Found), err)
	}
	rate := float64(report.Events) / report.Took.Seconds()
	size, took, err := j.prove(ctx)
	if err != nil {
		return nil, err
	}
	slowest, name, err := j.filter(ctx)
	return []row{
		{"8", fmt.Sprintf("audit verify, %d events", report.Events), fmt.Sprintf("%.0f/s", rate), "", "", "≥ 300000/s", rate >= 300_000},
		{"8", fmt.Sprintf("audit proof, %d bytes", size), milliseconds(took), "", "", "≤ 1 kB, ≤ 1 ms", size <= 1000 && took <= time.Millisecond},
		{"9", fmt.Sprintf("audit filters and pairs, %d events, p99 of the slowest (%s)", logEvents, name), milliseconds(slowest), "", "", "≤ 10 ms", slowest <= 10*time.Millisecond},
	}, err
}

// prove gives the bytes of a proof and the median time that one takes.
func (j *journal) prove(ctx context.Context) (size int, took time.Duration, err error) {
	var all []time.Duration
	for i := range int64(200) {
		began := time.Now()
		p, err := j.log.Proof(ctx, i*7919%logEvents)
		if err != nil {
			return 0, 0, err
		}
		all = append(all, time.Since(began))
		size = max(size, len(p.Leaf)+len(p.Path)*len(p.Leaf))
	}
	return size, percentile(all, 0.5), nil
}

// filter gives the slowest 99th percentile of all filters and pairs, and the filter's name.
func (j *journal) filter(ctx context.Context) (slowest time.Duration, name string, err error) {
	first, err := j.log.Get(ctx, logEvents/2)
	if err != nil {
		return 0, "", err
	}
	single := []struct {
		name string
		set  func(*audit.Filter)
	}{
		{"actor", func(f *audit.Filter) { f.Actor = "李娜" }},
		{"action", func(f *audit.Filter) { f.Action = "platform.SendFlow" }},
		{"object", func(f *audit.Filter) { f.ObjectID = "seal_3" }},
		{"outcome", func(f *audit.Filter) { f.Outcome = audit.Denied }},
		{"time", func(f *audit.Filter) { f.To = first.Time }},
		{"text", func(f *audit.Filter) { f.Text = "公司4711" }},
	}
	if _, err := j.log.Query(ctx, audit.Filter{Text: "印章"}, 0, 50); err != nil { // brings the index up to date
		return 0, "", err
	}
	for i, a := range single {
		for _, b := range single[i:] {
			var f audit.Filter
			a.set(&f)
			b.set(&f)
			var all []time.Duration
			for range 100 {
				began := time.Now()
				if _, err := j.log.Query(ctx, f, 0, 50); err != nil {
					return 0, "", err
				}
				all = append(all, time.Since(began))
			}
			if p99 := percentile(all, 0.99); p99 > slowest {
				slowest, name = p99, strings.Join(slices.Compact([]string{a.name, b.name}), "+")
			}
		}
	}
	return slowest, name, nil
}

// percentile is the value below which this share of all lies.
func percentile(all []time.Duration, part float64) time.Duration {
	slices.Sort(all)
	return all[min(len(all)-1, int(float64(len(all))*part))]
}
