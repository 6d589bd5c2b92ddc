package routing

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/db"
)

const (
	// bulkWindow is how many contracts of one batch are being sent at a time, so that others find their way between them.
	bulkWindow = workers
	// bulkPause is how long a batch waits when the platform does not answer.
	bulkPause = 5 * time.Second
	// forgetEvery is how often old batches are looked for.
	forgetEvery = time.Hour
)

// OnBatchChange sets who is told after every change of a batch. It must be called before Run.
func (r *Router) OnBatchChange(changed func(batchID string)) { r.opts.BatchChanged = changed }

// SetBatch starts, pauses, resumes or cancels a batch; see db.SetBatch. Contracts that are under way already go on.
func (r *Router) SetBatch(ctx context.Context, scope db.Scope, batchID, state string) error {
	if err := r.opts.DB.SetBatch(ctx, scope, batchID, state); err != nil {
		return fmt.Errorf("batch: %w", err)
	}
	r.batchChanged(batchID)
	return nil
}

// RetryBatch tries the rows of a batch again that have failed.
func (r *Router) RetryBatch(ctx context.Context, scope db.Scope, batchID string) error {
	flowIDs, err := r.opts.DB.RetryBatch(ctx, scope, batchID)
	if err != nil {
		return fmt.Errorf("retry batch: %w", err)
	}
	for _, id := range flowIDs {
		if err := r.Retry(ctx, scope, id); err != nil {
			return fmt.Errorf("retry batch: %w", err)
		}
	}
	r.batchChanged(batchID)
	return nil
}

func (r *Router) batchChanged(batchID string) {
	r.opts.BatchChanged(batchID)
	select {
	case r.bulk <- struct{}{}:
	default:
	}
}

// flowWorkedOff lets the batch of a flow, if it has one, go on.
func (r *Router) flowWorkedOff(ctx context.Context, flowID string) {
	batchID, err := r.opts.DB.BatchOf(ctx, flowID)
	switch {
	case err != nil && ctx.Err() == nil:
		r.opts.Logger.Error("routing: the batch of a flow cannot be found", "flow", flowID, "error", err)
	case batchID != "":
		r.batchChanged(batchID)
	}
}

// runBulk makes contracts of the rows of running batches until ctx ends. What a crash left waiting is found at the start.
func (r *Router) runBulk(ctx context.Context) {
	forget := time.NewTicker(forgetEvery)
	defer forget.Stop()
	for ctx.Err() == nil {
		did, err := r.bulkRow(ctx)
		if did && err == nil {
			continue
		}
		pause := forgetEvery
		if err != nil && ctx.Err() == nil {
			r.opts.Logger.Error("routing: a row of a batch waits", "error", err)
			pause = bulkPause
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-r.bulk:
		case <-timer.C:
		case <-forget.C:
			if err := r.opts.DB.ForgetBatches(ctx); err != nil && ctx.Err() == nil {
				r.opts.Logger.Error("routing: old batches were not removed", "error", err)
			}
		}
		timer.Stop()
	}
}

// bulkRow makes one row into a flow, or says why it cannot be one, and tells whether there was one.
func (r *Router) bulkRow(ctx context.Context) (did bool, err error) {
	batch, row, ok, done, err := r.opts.DB.NextBatchRow(ctx, bulkWindow)
	if err != nil {
		return false, err
	}
	for _, id := range done {
		r.opts.BatchChanged(id)
	}
	if !ok {
		return false, nil
	}
	// The contract is started in the name of whoever confirmed the batch.
	ctx = audit.WithActor(ctx, audit.Actor{Name: batch.CreatedBy, Role: audit.RoleSystem, RequestID: audit.NewRequestID(r.opts.Clock())})
	draft := UseTemplate(batch.Template, row.Use)
	problems, err := r.Preflight(ctx, draft)
	var refused *api.Error
	switch {
	case errors.As(err, &refused) && !surelyNotDone(err) && !outcomeUnknown(err):
		err = r.opts.DB.FailBatchRow(ctx, batch.ID, row.Line, refused.Code, "")
	case err != nil:
		return true, err
	case len(problems) > 0:
		err = r.opts.DB.FailBatchRow(ctx, batch.ID, row.Line, problems[0].Rule, problems[0].Name)
	default:
		var id [16]byte
		rand.Read(id[:]) //nolint:errcheck // never fails
		err = r.opts.DB.StartBatchRow(ctx, batch.ID, row.Line, draft, hex.EncodeToString(id[:]))
		if errors.Is(err, db.ErrConflict) { // paused or cancelled in between
			return true, nil
		}
		r.Wake()
	}
	r.opts.BatchChanged(batch.ID)
	return true, err
}
