package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/routing"
)

// Options are what a Watcher needs. DB, Client and Routing must be set.
type Options struct {
	DB      *db.DB
	Client  *api.Client
	Routing *routing.Router
	Logger  *slog.Logger
	Clock   func() time.Time
	// Interval between two questions about a flow that somebody looks at; 0 means a second. Other times are multiples of it.
	Interval time.Duration
}

const (
	// pollers ask at the same time.
	pollers = 4
	// askTimeout bounds the two questions about one flow.
	askTimeout = 30 * time.Second
)

// Watcher asks the platform about flows. Run does so in the background, Refresh at once.
type Watcher struct {
	opts Options
	hub  *Hub

	mu    sync.Mutex
	asked map[string]time.Time // when each open flow was asked about last
	fails map[string]int       // how often in a row without an answer
}

// New checks the options and makes routing report its changes to the hub.
func New(opts Options) (*Watcher, error) {
	if opts.DB == nil || opts.Client == nil || opts.Routing == nil {
		return nil, errors.New("watch: DB, Client and Routing are needed")
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Interval == 0 {
		opts.Interval = time.Second
	}
	w := &Watcher{opts: opts, hub: NewHub(), asked: map[string]time.Time{}, fails: map[string]int{}}
	opts.Routing.OnChange(func(flowID string) { w.hub.Publish(Topic(flowID)) })
	opts.Routing.OnBatchChange(func(batchID string) { w.hub.Publish(BatchTopic(batchID)) })
	return w, nil
}

// Hub is where live pages subscribe.
func (w *Watcher) Hub() *Hub { return w.hub }

// Topic is the name under which changes of a flow are published.
func Topic(flowID string) string { return "flow/" + flowID }

// BatchTopic is the name under which changes of a batch are published.
func BatchTopic(batchID string) string { return "bulk/" + batchID }

// Run asks about open flows until ctx ends; then it ends all subscriptions, so that live pages let the server stop.
func (w *Watcher) Run(ctx context.Context) error {
	ctx = audit.WithActor(ctx, audit.Actor{Name: audit.ActorPortal, Role: audit.RoleSystem})
	polls := w.opts.DB.NewPolls()
	ctx = polls.Context(ctx)
	defer w.hub.Close()
	defer func() {
		if err := polls.Flush(ctx); err != nil {
			w.opts.Logger.Error("watch: the last summary was not recorded", "error", err)
		}
	}()
	ticker := time.NewTicker(w.opts.Interval)
	defer ticker.Stop()
	for {
		if err := w.round(ctx); err != nil && ctx.Err() == nil {
			w.opts.Logger.Error("watch: open flows cannot be listed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// round asks about every flow whose time has come and waits for the answers.
func (w *Watcher) round(ctx context.Context) error {
	open, err := w.opts.DB.OpenFlows(ctx)
	if err != nil {
		return err
	}
	watched := map[string]bool{}
	for _, topic := range w.hub.Topics() {
		if id, ok := strings.CutPrefix(topic, "flow/"); ok {
			watched[id] = true
		}
	}
	due := w.due(open, watched)
	queue := make(chan string)
	var group sync.WaitGroup
	for range min(pollers, len(due)) {
		group.Go(func() {
			for id := range queue {
				err := w.Refresh(ctx, id)
				w.note(id, err)
				if err != nil && ctx.Err() == nil {
					w.opts.Logger.Warn("watch: no news of a flow", "flow", id, "error", err)
				}
			}
		})
	}
	for _, id := range due {
		queue <- id
	}
	close(queue)
	group.Wait()
	return nil
}

// due chooses the flows to ask about now and forgets the ones that are no longer open.
func (w *Watcher) due(open map[string]time.Time, watched map[string]bool) (ids []string) {
	now := w.opts.Clock()
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range w.asked {
		if _, ok := open[id]; !ok {
			delete(w.asked, id)
			delete(w.fails, id)
		}
	}
	for id, changed := range open {
		last, known := w.asked[id]
		if !known || now.Sub(last) >= w.pause(now.Sub(changed), watched[id], w.fails[id]) {
			w.asked[id] = now
			ids = append(ids, id)
		}
	}
	return ids
}

// pause is the time between two questions: one interval for a flow in view, else from 5 to 300 by how long nothing has happened.
// Questions without an answer stretch it, up to 64 times.
func (w *Watcher) pause(quiet time.Duration, watched bool, fails int) time.Duration {
	pause := w.opts.Interval
	switch {
	case watched:
	case quiet < 10*time.Minute:
		pause *= 5
	case quiet < time.Hour:
		pause *= 20
	case quiet < 24*time.Hour:
		pause *= 60
	default:
		pause *= 300
	}
	// A little less, so that the ticker's own drift does not skip a round.
	return pause<<min(fails, 6) - w.opts.Interval/4
}

func (w *Watcher) note(id string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.fails[id]++
		return
	}
	delete(w.fails, id)
}

// Refresh asks the platform about a flow, stores what changed, sends the next step if its turn has come and tells live pages. A flow
// that the platform does not have yet is left alone.
func (w *Watcher) Refresh(ctx context.Context, flowID string) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	ctx = audit.WithRequest(ctx, w.opts.Clock())
	flow, err := w.opts.DB.Flow(ctx, db.Everything(), flowID)
	if err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	if flow.PlatformID == "" {
		return nil
	}
	report, err := w.ask(ctx, flow)
	if err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	changed, err := w.opts.DB.ApplyReport(ctx, flowID, report)
	if err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	if changed {
		w.hub.Publish(Topic(flowID))
		w.opts.Routing.Wake() // a complete flow has copies to send
	}
	// Not only after a change: the portal may have ended between the change and this.
	if err := w.opts.Routing.Advance(ctx, flowID); err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	return nil
}

// ask reads the approvers first: when somebody signs in between, the flow is at most ahead of them until the next round.
func (w *Watcher) ask(ctx context.Context, flow db.Flow) (db.FlowReport, error) {
	caller := api.Caller{SubOrganizationId: flow.OrganizationID, OperatorId: flow.Document.OperatorID}
	approvers, err := api.DescribeFlowApprovers.Call(ctx, w.opts.Client, &api.DescribeFlowApproversRequest{Caller: caller, FlowId: flow.PlatformID})
	if err != nil {
		return db.FlowReport{}, err
	}
	state, err := api.DescribeFlow.Call(ctx, w.opts.Client, &api.DescribeFlowRequest{Caller: caller, FlowId: flow.PlatformID})
	if err != nil {
		return db.FlowReport{}, err
	}
	report := db.FlowReport{State: db.FlowState(state.FlowStatus), Message: state.FlowMessage, Completed: unix(state.UpdatedOn)}
	for _, a := range approvers.Approvers {
		report.Approvers = append(report.Approvers, db.ApproverReport{SignID: a.SignId, UserID: a.UserId, OrganizationID: a.SubOrganizationId,
			Status: a.ApproveStatus, Message: a.ApproveMessage, Decided: unix(a.ApproveTime), Seals: usedSeals(a)})
	}
	return report, nil
}

// usedSeals is which seal stands in which component of somebody who has signed.
func usedSeals(a api.FlowApproverInfo) map[string]string {
	used := map[string]string{}
	for _, c := range a.ComponentSeals {
		if c.SealId != "" && a.ApproveStatus == api.ApproverSigned {
			used[c.ComponentId] = c.SealId
		}
	}
	return used
}

func unix(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
