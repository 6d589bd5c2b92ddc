package engine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/outward"
	"sealdesk/internal/store"
)

// retries are the pauses after a callback that was not taken; then it has failed, and only a person sends it again.
var retries = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour}

const (
	callbackTimeout = 10 * time.Second
	// callbackRound is the longest pause between two looks at what is due: deadlines pass without waking anybody.
	callbackRound = 5 * time.Second
	// orderedTries is how long a callback holds up the later ones of its flow.
	orderedTries = 2
	// callbackHosts and callbackFlows bound what is sent at the same time.
	callbackHosts = 16
	callbackFlows = 4
	callbackBatch = 200
)

// callbacks is what sending needs.
type callbacks struct {
	wake   chan struct{}
	public *http.Client // to addresses that callers name
	own    *http.Client // to the portal in the same program
	ownURL string
}

func newCallbacks(opts Options) *callbacks {
	return &callbacks{wake: make(chan struct{}, 1), public: outward.Client(callbackTimeout, opts.AllowPrivateCallbacks),
		own: outward.Client(callbackTimeout, true), ownURL: opts.OwnCallback}
}

// wakeUp makes the sender look at once.
func (c *callbacks) wakeUp() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// RunCallbacks sends callbacks until the context ends.
func (e *Engine) RunCallbacks(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-e.callbacks.wake:
		}
		next, err := e.SendCallbacks(ctx)
		if err != nil && ctx.Err() == nil {
			e.logger.ErrorContext(ctx, "engine: callbacks cannot be sent", "error", err)
		}
		timer.Reset(max(50*time.Millisecond, min(next, callbackRound)))
	}
}

// SendCallbacks sends what is due now, each address in the order of what happened to a flow, and tells how long nothing is due.
func (e *Engine) SendCallbacks(ctx context.Context) (next time.Duration, err error) {
	if err := e.expireFlows(ctx); err != nil {
		return callbackRound, err
	}
	for {
		due, err := e.dueCallbacks(ctx)
		if err != nil {
			return callbackRound, err
		}
		if len(due) == 0 {
			return e.nextCallback(ctx)
		}
		if err := e.sendAll(ctx, due); err != nil {
			return callbackRound, err
		}
	}
}

// callback is one to be sent.
type callback struct {
	Seq             int64
	ID, FlowID, URL string
	Body            []byte
	Attempts        int
}

// dueCallbacks reads what may be sent now: of each flow and address the oldest one, unless those before it keep failing.
func (e *Engine) dueCallbacks(ctx context.Context) ([]callback, error) {
	var due []callback
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT seq, id, flow_id, url, body_sealed, attempts FROM engine_callbacks c WHERE state = 'waiting' AND due <= $1
			AND NOT EXISTS (SELECT 1 FROM engine_callbacks b WHERE b.flow_id = c.flow_id AND b.url = c.url AND b.seq < c.seq
				AND b.state = 'waiting' AND b.attempts < $2)
			ORDER BY due, seq LIMIT $3`, store.Micros(e.wall()), orderedTries, callbackBatch)
		if err != nil {
			return fmt.Errorf("find due callbacks: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var c callback
			var sealed []byte
			if err := rows.Scan(&c.Seq, &c.ID, &c.FlowID, &c.URL, &sealed, &c.Attempts); err != nil {
				return fmt.Errorf("read a callback: %w", err)
			}
			if c.Body, err = e.vault.Open("engine_callbacks.body", c.ID, sealed); err != nil {
				return err
			}
			due = append(due, c)
		}
		return rows.Err()
	})
	return due, err
}

// nextCallback tells how long it is until the next one is due.
func (e *Engine) nextCallback(ctx context.Context) (time.Duration, error) {
	var due int64
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT coalesce(min(due), 0) FROM engine_callbacks WHERE state = 'waiting'`).Scan(&due)
	})
	if err != nil {
		return callbackRound, fmt.Errorf("find the next callback: %w", err)
	}
	if due == 0 {
		return callbackRound, nil
	}
	return store.Time(due).Sub(e.wall()), nil
}

// sendAll sends to several hosts at the same time, so that a slow one keeps nobody else waiting longer than its time-out.
func (e *Engine) sendAll(ctx context.Context, due []callback) error {
	keys, err := e.CallbackKeys(ctx)
	if err != nil {
		return err
	}
	hosts := map[string][]callback{}
	for _, c := range due {
		host := ""
		if u, err := url.Parse(c.URL); err == nil {
			host = u.Host
		}
		hosts[host] = append(hosts[host], c)
	}
	var mu sync.Mutex
	var errs []error
	var group sync.WaitGroup
	slots := make(chan struct{}, callbackHosts*callbackFlows)
	for _, list := range hosts {
		perHost := make(chan struct{}, callbackFlows)
		for _, c := range list {
			group.Go(func() {
				perHost <- struct{}{}
				slots <- struct{}{}
				defer func() { <-slots; <-perHost }()
				if err := e.sendOne(ctx, c, keys); err != nil {
					mu.Lock()
					defer mu.Unlock()
					errs = append(errs, err)
				}
			})
		}
	}
	group.Wait()
	return errors.Join(errs...)
}

// sendOne tries one callback and notes what came of it.
func (e *Engine) sendOne(ctx context.Context, c callback, keys api.CallbackKeys) error {
	if ctx.Err() != nil {
		return nil
	}
	tried, start := e.wall(), time.Now()
	status, problem := e.post(ctx, c, keys)
	took := time.Since(start)
	if ctx.Err() != nil {
		return nil // the program stops; it stays due
	}
	state, due, delivered := CallbackWaiting, time.Time{}, time.Time{}
	switch {
	case status == http.StatusOK:
		state, delivered = CallbackDelivered, e.wall()
	case c.Attempts < len(retries):
		due = e.wall().Add(retries[c.Attempts])
	default:
		state = CallbackFailed
	}
	return e.db.Write(ctx, func(tx *store.Tx) error {
		_, tryErr := tx.Exec(ctx, `INSERT INTO engine_callback_tries (callback_seq, attempt, tried, duration, status, problem) VALUES ($1, $2, $3, $4, $5, $6)`,
			c.Seq, c.Attempts+1, store.Micros(tried), took.Microseconds(), status, problem)
		_, err := tx.Exec(ctx, `UPDATE engine_callbacks SET state = $1, attempts = $2, due = $3, delivered = $4 WHERE seq = $5 AND attempts = $6`,
			state, c.Attempts+1, store.Micros(due), store.Micros(delivered), c.Seq, c.Attempts)
		if err := cmp.Or(tryErr, err); err != nil {
			return fmt.Errorf("note a callback's try: %w", err)
		}
		return nil
	})
}

// post sends a callback once. The problem says why no answer came, without names and addresses.
func (e *Engine) post(ctx context.Context, c callback, keys api.CallbackKeys) (status int, problem string) {
	body, signature, err := keys.Seal(c.Body)
	if err != nil {
		return 0, "keys"
	}
	client := e.callbacks.public
	if c.URL == e.callbacks.ownURL {
		client = e.callbacks.own
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return 0, "address"
	}
	req.Header.Set("Content-Type", "application/json")
	if keys.Key != "" {
		req.Header.Set("Content-Type", "text/plain")
	}
	req.Header.Set(api.CallbackSignature, signature)
	req.Header.Set(api.CallbackID, c.ID)
	resp, err := client.Do(req)
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, outward.ErrPrivate):
		return 0, "private"
	case errors.As(err, &timeout) && timeout.Timeout():
		return 0, "timeout"
	case err != nil:
		return 0, "unreachable"
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)); err != nil && resp.StatusCode == http.StatusOK {
		return resp.StatusCode, "" // the answer's body says nothing
	}
	return resp.StatusCode, ""
}
