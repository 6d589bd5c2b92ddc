package routing

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/files"
)

// Options are what a Router needs. DB, Client and Files must be set.
type Options struct {
	DB     *db.DB
	Client *api.Client
	Files  *files.Store
	Logger *slog.Logger
	Clock  func() time.Time
	// Changed is called after every change of a flow; for live pages.
	Changed func(flowID string)
	// BatchChanged is called after every change of a batch; for live pages.
	BatchChanged func(batchID string)
	// CallbackURL is where the platform tells what happens to the flows; empty for nowhere.
	CallbackURL string
	// CodesStay says that codes reach nobody: no gateway is set up, and they stand on the engine's console only.
	CodesStay bool
	// RemindSigner sends whoever has a pending task a reminder, once for a key, and tells the masked address, empty where nothing can be sent.
	// Nil with a platform that has no call for it.
	RemindSigner func(ctx context.Context, platformFlowID, signID, key string) (address string, err error)
	// OwnApproval lets an account approve what it sent itself.
	OwnApproval bool
	// NoChannels are the ways to show one's will that the platform does not have; a draft that asks for one is not sent.
	NoChannels []string
	// Embedded: the platform is the embedded engine, which is told who may use which seal.
	Embedded bool
	// RetryDelay is the first pause after a call without an answer; it doubles up to five minutes. 0 means 2 seconds.
	RetryDelay time.Duration
}

// workers is how many flows are sent at the same time.
const workers = 4

// Router sends drafts. Run does the work; the other methods only record what is to be done and wake it.
type Router struct {
	opts    Options
	wake    chan struct{}
	bulk    chan struct{} // as wake, for batches
	slots   chan struct{}
	working sync.WaitGroup

	mu        sync.Mutex
	busy      map[string]bool                // flows that a worker has
	rehearsed map[[sha256.Size]byte][]string // components that would hide something, by file and places
}

// New checks the options.
func New(opts Options) (*Router, error) {
	if opts.DB == nil || opts.Client == nil || opts.Files == nil {
		return nil, errors.New("routing: DB, Client and Files are needed")
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Changed == nil {
		opts.Changed = func(string) {}
	}
	if opts.BatchChanged == nil {
		opts.BatchChanged = func(string) {}
	}
	if opts.RetryDelay == 0 {
		opts.RetryDelay = 2 * time.Second
	}
	r := &Router{opts: opts, wake: make(chan struct{}, 1), bulk: make(chan struct{}, 1), slots: make(chan struct{}, workers), busy: map[string]bool{},
		rehearsed: map[[sha256.Size]byte][]string{}}
	opts.DB.OnAccount(r.tellAtOnce)
	return r, nil
}

// OnChange sets who is told after every change of a flow. It must be called before Run.
func (r *Router) OnChange(changed func(flowID string)) { r.opts.Changed = changed }

// Send starts a flow from a draft at a revision and returns the flow's id. What hinders it is a *PreflightError.
func (r *Router) Send(ctx context.Context, scope db.Scope, draftID string, revision int64) (flowID string, err error) {
	ctx = audit.WithRequest(ctx, r.opts.Clock())
	draft, err := r.opts.DB.Draft(ctx, scope, draftID)
	if err != nil {
		return "", fmt.Errorf("send: %w", err)
	}
	if draft.Template != nil {
		return "", fmt.Errorf("send a template: %w", db.ErrConflict)
	}
	problems, err := r.Preflight(ctx, draft)
	if err != nil {
		return "", fmt.Errorf("send: %w", err)
	}
	if len(problems) > 0 {
		return "", &PreflightError{Problems: problems}
	}
	var id [16]byte
	rand.Read(id[:]) //nolint:errcheck // never fails
	flowID = hex.EncodeToString(id[:])
	if err := r.opts.DB.StartFlow(ctx, scope, draftID, revision, flowID); err != nil {
		return "", fmt.Errorf("send: %w", err)
	}
	r.Wake()
	return flowID, nil
}

// Retry tries refused steps of a flow again.
func (r *Router) Retry(ctx context.Context, scope db.Scope, flowID string) error {
	if err := r.opts.DB.RetryOutbox(ctx, scope, flowID); err != nil {
		return fmt.Errorf("retry: %w", err)
	}
	r.Changed(flowID)
	return nil
}

// Changed tells live pages that a flow is another than before, and looks for what that makes due.
func (r *Router) Changed(flowID string) {
	r.opts.Changed(flowID)
	r.Wake()
}

// Advance begins the next step of a flow if enough of the one before have signed or approved. It may be called at any time, also twice.
func (r *Router) Advance(ctx context.Context, flowID string) error {
	queued, err := r.opts.DB.Advance(ctx, flowID)
	if err != nil {
		return fmt.Errorf("advance: %w", err)
	}
	if queued {
		r.Wake()
	}
	return nil
}

// Wake makes Run look into the outbox.
func (r *Router) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run works off the outbox until ctx ends, and then waits for the calls under way: their outcomes are still recorded.
func (r *Router) Run(ctx context.Context) error {
	defer r.working.Wait()
	r.working.Go(func() { r.runBulk(ctx) })
	r.working.Go(func() { r.runReminders(ctx) })
	r.working.Go(func() { r.runTelling(ctx) })
	// What an earlier run left behind comes first, with everything else that is due.
	for {
		next, err := r.dispatch(ctx)
		if err != nil && ctx.Err() == nil {
			r.opts.Logger.Error("routing: the outbox cannot be read", "error", err)
			next = r.opts.Clock().Add(5 * time.Second)
		}
		pause := time.Hour
		if !next.IsZero() {
			pause = max(10*time.Millisecond, next.Sub(r.opts.Clock()))
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-r.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// dispatch starts a worker for every flow that is due and says when the next one will be.
func (r *Router) dispatch(ctx context.Context) (next time.Time, err error) {
	ids, next, err := r.opts.DB.OutboxDue(ctx, r.opts.Clock())
	if err != nil {
		return time.Time{}, err
	}
	for _, id := range ids {
		if !r.claim(id) {
			continue
		}
		select {
		case r.slots <- struct{}{}:
		case <-ctx.Done():
			r.release(id)
			return time.Time{}, ctx.Err()
		}
		r.working.Go(func() {
			defer func() {
				<-r.slots
				r.release(id)
				r.flowWorkedOff(ctx, id)
				r.Wake() // entries may have come while this worker had the flow
			}()
			if err := r.workOff(ctx, id); err != nil && ctx.Err() == nil {
				r.opts.Logger.Error("routing: a flow could not be worked off", "flow", id, "error", err)
			}
		})
	}
	return next, nil
}

func (r *Router) claim(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[id] {
		return false
	}
	r.busy[id] = true
	return true
}

func (r *Router) release(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, id)
}
