package audit

import (
	"fmt"
	"testing"
	"time"

	"sealdesk/internal/store"
)

// office fills a log as an office does: of twenty-five events two are acts of people, one of them followed by two calls that changed something,
// and the rest are calls by which the program asks how things stand. An administrator acts once in ten thousand events.
func office(b *testing.B, size int) *fixture {
	b.Helper()
	f := open(b, Options{})
	f.search.close() // see BenchmarkIndex
	event := func(n int) Event {
		round, k := n/25, n%25
		e := Event{Actor: Actor{Name: people[round%len(people)], Role: "business", Session: fmt.Sprint("s", round/100), IP: fmt.Sprint("10.0.0.", round%200),
			UserAgent: "Mozilla/5.0", RequestID: fmt.Sprintf("r%08d", round)}, ObjectType: "flow", ObjectID: fmt.Sprint("flow", round/4), Outcome: OK}
		switch {
		case n%10_000 == 24:
			e.Actor.Name, e.Actor.Role, e.Actor.RequestID, e.Action = "admin", "admin", "", "settings.policy"
		case k == 6 && round%20 == 0:
			e.Actor = Actor{Name: "callback", Role: "system", RequestID: fmt.Sprintf("b%08d", round)}
			e.Action, e.Detail = "flow.signed", map[string]any{"approver": people[round%len(people)]}
		case k == 0:
			e.Action, e.Detail = "flow.send", map[string]any{"name": fmt.Sprint("采购合同", round)}
		case k == 1:
			e.Actor.RequestID, e.Action = fmt.Sprintf("q%08d", round), "contract.read"
		default:
			if k > 5 {
				e.Actor = Actor{Name: "sealdesk", Role: "system", RequestID: fmt.Sprintf("w%08d", n/2)}
			}
			e.Action, e.Outcome = []string{"platform.DescribeFlow", "platform.SendFlow"}[min(1, 5/k)], []string{Intent, OK}[k%2]
			e.Detail = map[string]any{"call": fmt.Sprint("c", n/2)}
		}
		return e
	}
	for done := 0; done < size; {
		err := f.db.Write(b.Context(), func(tx *store.Tx) error {
			for range min(10_000, size-done) {
				f.clock.Add(time.Second)
				if _, err := f.Append(b.Context(), tx, event(done)); err != nil {
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

// BenchmarkLines measures a page of what a reader sees, for each kind of filter: newest, and as deep as it goes.
func BenchmarkLines(b *testing.B) {
	f := office(b, benchSize(b))
	middle, err := f.Get(b.Context(), f.Count()/2)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		q     Filter
		calls bool
	}{
		{"newest", Filter{}, false}, {"actor", Filter{Actor: people[0]}, false}, {"role/business", Filter{Role: "business"}, false}, {"role/admin", Filter{Role: "admin"}, false},
		{"role/system", Filter{Role: "system"}, false}, {"role/nobody", Filter{Role: "compliance"}, false}, {"object", Filter{About: []string{"flow77", "absent"}}, false},
		{"actions", Filter{Actions: []string{"flow.send", "flow.cancel"}}, false}, {"role+actions", Filter{Role: "admin", Actions: []string{"flow.send", "flow.cancel"}}, false},
		{"until the middle", Filter{To: middle.Time}, false}, {"calls", Filter{}, true}, {"failed", Filter{Outcome: Failed}, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			var slowest time.Duration
			for b.Loop() {
				began := time.Now()
				if c.calls {
					_, err = f.EventsAndCalls(b.Context(), c.q, 0, 51)
				} else {
					_, err = f.Lines(b.Context(), c.q, 0, 51)
				}
				if err != nil {
					b.Fatal(err)
				}
				slowest = max(slowest, time.Since(began))
			}
			b.ReportMetric(float64(slowest.Microseconds())/1000, "slowest-ms")
		})
	}
}

// BenchmarkIndexCost compares appending with and without the indexes by request and by role, 64 events in a commit, in turns.
func BenchmarkIndexCost(b *testing.B) {
	with, without := open(b, Options{}), open(b, Options{})
	logs := []*fixture{with, without}
	for i, f := range logs {
		f.search.close() // see BenchmarkIndex
		if i == 0 {
			continue
		}
		err := f.db.Write(b.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(b.Context(), "DROP INDEX audit_by_request")
			if err == nil {
				_, err = tx.Exec(b.Context(), "DROP INDEX audit_by_role")
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	var took [2]time.Duration
	n := 0
	for b.Loop() {
		for i, f := range logs {
			began := time.Now()
			f.fill(b, 64)
			took[i] += time.Since(began)
		}
		n += 64
	}
	b.ReportMetric(float64(n)/took[0].Seconds(), "events/s")
	b.ReportMetric(float64(n)/took[1].Seconds(), "without/s")
}
