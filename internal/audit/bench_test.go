package audit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sealdesk/internal/store"
)

// bare makes a table with the log's columns and indexes but no hashes, triggers or checkpoint: what keeping the same rows costs anyhow.
func bare(b *testing.B) *store.DB {
	b.Helper()
	db, err := store.Open(b.Context(), store.Options{Path: filepath.Join(b.TempDir(), "bare.db")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	schema, err := migrations.ReadFile("migrations/00001_audit.sql")
	if err != nil {
		b.Fatal(err)
	}
	text, _, _ := strings.Cut(string(schema), "-- The newest signed checkpoint")
	err = db.Write(b.Context(), func(tx *store.Tx) error {
		for part := range strings.SplitSeq(text, ";\n") {
			if _, err := tx.Exec(b.Context(), part); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return db
}

func insertBare(ctx context.Context, tx *store.Tx, seq int64, e Event) error {
	if err := e.prepare(seq, store.Time(seq+1)); err != nil {
		return err
	}
	a := &e.Actor
	_, err := tx.Exec(ctx, insert, e.Seq, e.Time.UnixMicro(), a.Name, a.Role, a.Session, a.IP, a.UserAgent, e.Action, e.ObjectType, e.ObjectID,
		e.Outcome, e.ErrorCode, a.RequestID, e.PlatformRequestID, e.Duration.Microseconds(), e.DetailText, make([]byte, 64))
	return err
}

// BenchmarkAppend compares appending, with its checkpoint, to inserting the same bytes: one event that waits for its commit, and 64 events
// in a commit. Both take turns, so that a noisy machine treats them alike; "%bare" is the ratio of their rates.
func BenchmarkAppend(b *testing.B) {
	for _, batch := range []int{1, 64} {
		b.Run(fmt.Sprint("batch=", batch), func(b *testing.B) {
			f, db, ctx := open(b, Options{}), bare(b), b.Context()
			f.search.close() // see BenchmarkIndex
			var took [2]time.Duration
			n := 0
			for b.Loop() {
				for i, write := range []func(tx *store.Tx, k int) error{
					func(tx *store.Tx, k int) error { _, err := f.Append(ctx, tx, sample(k)); return err },
					func(tx *store.Tx, k int) error { return insertBare(ctx, tx, int64(k), sample(k)) },
				} {
					began := time.Now()
					err := []*store.DB{f.db, db}[i].Write(ctx, func(tx *store.Tx) error {
						for k := range batch {
							if err := write(tx, n+k); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						b.Fatal(err)
					}
					took[i] += time.Since(began)
				}
				n += batch
			}
			b.ReportMetric(float64(n)/took[0].Seconds(), "events/s")
			b.ReportMetric(float64(n)/took[1].Seconds(), "bare/s")
			b.ReportMetric(100*took[1].Seconds()/took[0].Seconds(), "%bare")
		})
	}
}

// BenchmarkAppendConcurrently has 16 writers that share commits.
func BenchmarkAppendConcurrently(b *testing.B) {
	run := func(b *testing.B, f func(n int64) error) {
		var n atomic.Int64
		b.SetParallelism(8)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := f(n.Add(1)); err != nil {
					b.Error(err)
				}
			}
		})
		b.ReportMetric(float64(n.Load())/b.Elapsed().Seconds(), "events/s")
	}
	b.Run("log", func(b *testing.B) {
		f := open(b, Options{})
		f.search.close()
		run(b, func(n int64) error { return f.Record(b.Context(), sample(int(n))) })
	})
	b.Run("bare", func(b *testing.B) {
		db, next := bare(b), int64(0)
		run(b, func(n int64) error {
			return db.Write(b.Context(), func(tx *store.Tx) error {
				next++
				return insertBare(b.Context(), tx, next-1, sample(int(n)))
			})
		})
	})
}

// BenchmarkIndex measures what finding an event by its text costs, behind the appends.
func BenchmarkIndex(b *testing.B) {
	f := open(b, Options{})
	f.search.close()
	events := 0
	for b.Loop() {
		b.StopTimer()
		f.fill(b, indexChunk)
		b.StartTimer()
		if _, err := f.indexSome(b.Context()); err != nil {
			b.Fatal(err)
		}
		events += indexChunk
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

// benchSize is how many events the log has that the reading benchmarks work on; SEALDESK_BENCH_EVENTS sets another number, such as 5000000.
func benchSize(b *testing.B) int {
	b.Helper()
	text := os.Getenv("SEALDESK_BENCH_EVENTS")
	if text == "" {
		return 200_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// many is a log of that size.
func many(b *testing.B) *fixture {
	b.Helper()
	size := benchSize(b)
	f := open(b, Options{})
	for done := 0; done < size; {
		err := f.db.Write(b.Context(), func(tx *store.Tx) error {
			for range min(10_000, size-done) {
				if _, err := f.Append(b.Context(), tx, sample(done)); err != nil {
					return err
				}
				done++
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for more := true; more; {
		var err error
		if more, err = f.indexSome(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	return f
}

// processorTime is what this process has taken of all processors.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkRead measures verification, proofs and every filter.
func BenchmarkRead(b *testing.B) {
	f := many(b)
	b.Run("verify", func(b *testing.B) {
		events, before := int64(0), processorTime(b)
		for b.Loop() {
			r, err := f.Verify(b.Context())
			if err != nil || !r.OK() {
				b.Fatal(r, err)
			}
			events += r.Events
		}
		b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/float64(events), "cpu-ns/event") // tells more than the clock where others run too
		b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
	})
	b.Run("verify search", func(b *testing.B) {
		events, before := int64(0), processorTime(b)
		for b.Loop() {
			var r Report
			if err := f.VerifySearch(b.Context(), &r); err != nil || !r.OK() {
				b.Fatal(r, err)
			}
			events += f.Count()
		}
		b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/float64(events), "cpu-ns/event")
		b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
	})
	b.Run("proof", func(b *testing.B) {
		seq, bytes := int64(0), 0
		for b.Loop() {
			p, err := f.Proof(b.Context(), seq%f.Count())
			if err != nil {
				b.Fatal(err)
			}
			seq, bytes = seq+7919, 32*len(p.Path)
		}
		b.ReportMetric(float64(bytes), "B/proof")
	})
	first, err := f.Get(b.Context(), f.Count()/3)
	if err != nil {
		b.Fatal(err)
	}
	for name, q := range map[string]Filter{
		"newest": {}, "actor": {Actor: "李娜"}, "action": {Action: "platform.SendFlow"}, "object": {ObjectType: "seal", ObjectID: "seal_3"},
		"outcome": {Outcome: Denied}, "actor+action": {Actor: "李娜", Action: "session.login"}, "actor+outcome": {Actor: "李娜", Outcome: Failed},
		"action+intent": {Action: "platform.SendFlow", Outcome: Intent}, "action+denied": {Action: "platform.SendFlow", Outcome: Denied},
		"to": {To: first.Time}, "actor+to": {Actor: "王强", To: first.Time}, "text": {Text: "公司4711"}, "common text": {Text: "印章"}, "actor+text": {Actor: "李娜", Text: "印章"},
		"nobody": {Actor: "nobody", Text: "印章"}, "one character": {Text: "印"},
	} {
		b.Run("query/"+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := f.Query(b.Context(), q, 0, 50); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkErase erases one of four people from a log of events by them all; it shall not take longer in a long log. SEALDESK_ERASE_EVENTS
// chooses how many (default 20,000).
func BenchmarkErase(b *testing.B) {
	events := 20_000
	if n, err := strconv.Atoi(os.Getenv("SEALDESK_ERASE_EVENTS")); err == nil {
		events = n
	}
	f := open(b, Options{})
	f.search.close() // see BenchmarkIndex
	for left := events; left > 0; left -= 10_000 {
		f.fill(b, min(left, 10_000))
	}
	for b.Loop() {
		done, err := f.Erase(b.Context(), Person{ID: "u1", Names: []string{"李娜"}})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(done.Values), "values")
		b.StopTimer()
		if err := f.Record(b.Context(), sample(0)); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
