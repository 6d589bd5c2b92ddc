package db

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
)

// pollSummary is how often the calls of polling are written down.
const pollSummary = 5 * time.Minute

// Polls sums up the calls of polling in the audit log: looking at a flow every second would bury what people did under two events a
// call. Every call is counted, failures by their code, and a summary event says how many there were; what polling finds to have
// changed is an event of its own (see ApplyReport).
type Polls struct {
	db *DB

	mu    sync.Mutex
	since time.Time
	calls map[string]int // by action, or by action and error code
}

// NewPolls makes a counter. Its calls are the ones made with a context from Context.
func (d *DB) NewPolls() *Polls { return &Polls{db: d, since: d.now(), calls: map[string]int{}} }

type pollsKey struct{}

// Context marks calls as polling.
func (p *Polls) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, pollsKey{}, p)
}

// pollsOf is the counter of a context, nil for calls that are recorded one by one.
func pollsOf(ctx context.Context) *Polls {
	p, _ := ctx.Value(pollsKey{}).(*Polls)
	return p
}

// count adds a call, and writes the summary when it is time.
func (p *Polls) count(ctx context.Context, call api.CallRecord) error {
	p.mu.Lock()
	key := call.Action
	if call.ErrorCode != "" {
		key += " " + call.ErrorCode
	}
	p.calls[key]++
	due := p.db.now().Sub(p.since) >= pollSummary
	p.mu.Unlock()
	if !due {
		return nil
	}
	return p.Flush(ctx)
}

// Flush writes what has been counted since the last summary; the poller calls it when it ends.
func (p *Polls) Flush(ctx context.Context) error {
	p.mu.Lock()
	calls, since := p.calls, p.since
	p.calls, p.since = map[string]int{}, p.db.now()
	p.mu.Unlock()
	if len(calls) == 0 {
		return nil
	}
	detail := map[string]any{"since": since.UTC().Format(time.RFC3339)}
	for key, n := range calls {
		detail[key] = n
	}
	event := audit.Event{Actor: audit.ActorFrom(ctx), Action: "platform.poll", ObjectType: "platform", Outcome: audit.OK, Detail: detail}
	if err := p.db.audit.Record(context.WithoutCancel(ctx), event); err != nil {
		return fmt.Errorf("record polls: %w", err)
	}
	return nil
}
