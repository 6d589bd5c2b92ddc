package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/outward"
	"sealdesk/internal/pdf"
	"sealdesk/internal/store"
)

// How an outside time-stamping authority is asked. A signer waits for all of it.
const (
	stampTimeout = 10 * time.Second // of one try
	stampTries   = 3
	stampPause   = 500 * time.Millisecond // before the second try, and twice that before the third
	maxStamp     = 64 << 10               // bytes of an answer
	stampSpare   = 64                     // bytes by which tokens of one authority differ in length
	// stampApart is how far an authority's time and the engine's may be apart: certificates are judged by the first and made by the second.
	stampApart = 5 * time.Minute
	// stampEvery is how often an authority is tried while nobody signs.
	stampEvery = 5 * time.Minute
	// stampFresh is how long an answer tells how the authority stands, and stampBrief how long a page waits for one.
	stampFresh = time.Minute
	stampBrief = 4 * time.Second
)

// ErrTimestamp says that no time stamp could be had, so that nothing was signed: an outside authority was ordered, and the engine's own does
// not stand in for it.
var ErrTimestamp = errors.New("engine: the time-stamping authority gives no time stamp")

// TimestampState is how an outside time-stamping authority stands.
type TimestampState struct {
	URL     string // empty: the engine stamps itself
	Problem string // of the last try, for the operator; empty when it answered well
	Tried   time.Time
}

// outsideStamps asks an outside authority (RFC 3161).
type outsideStamps struct {
	url    string
	roots  *x509.CertPool // nil: the system's
	client *http.Client
	kept   func() // is called after a root was kept

	mu    sync.Mutex
	room  int // for a token; 0 as long as none has come
	state TimestampState
}

func newOutsideStamps(opts Options) *outsideStamps {
	if opts.TimestampURL == "" {
		return nil
	}
	// The address is the operator's own setting: it may be in a private network.
	o := &outsideStamps{url: opts.TimestampURL, client: outward.Client(stampTimeout, true), state: TimestampState{URL: opts.TimestampURL}}
	if o.kept = opts.OnTimestampRoot; o.kept == nil {
		o.kept = func() {}
	}
	if len(opts.TimestampRoots) > 0 {
		o.roots = x509.NewCertPool()
		for _, root := range opts.TimestampRoots {
			o.roots.AddCert(root)
		}
	}
	return o
}

// timestamp gives a token over a signature: of the outside authority where there is one, else the engine's own.
func (e *Engine) timestamp(ctx context.Context, signature []byte) ([]byte, error) {
	if e.outside == nil {
		return e.authority.timestamps.Stamp(ctx, signature)
	}
	stamp, err := e.outside.ask(ctx, signature, e.now)
	if err != nil {
		e.logger.ErrorContext(ctx, "no time stamp from outside", "authority", e.outside.url, "error", err)
		return nil, errors.Join(ErrTimestamp, fail(api.CodeInternalErrorApi,
			"the time-stamping authority gives no time stamp (%v); nothing was signed: try again, or ask the operator", err))
	}
	return stamp.Token, e.keepStampRoot(ctx, stamp.Chain[len(stamp.Chain)-1])
}

// timestampRoom is how many bytes a token takes. A first token tells, before anything is signed.
func (e *Engine) timestampRoom(ctx context.Context) (int, error) {
	if e.outside == nil {
		return e.authority.tokenSize, nil
	}
	if room := e.outside.known(); room > 0 {
		return room, nil
	}
	if _, err := e.timestamp(ctx, nil); err != nil {
		return 0, err
	}
	return e.outside.known(), nil
}

// timestampName names in the evidence who stamps the time.
func (e *Engine) timestampName() string {
	if e.outside == nil {
		return "the engine's own"
	}
	return e.outside.url
}

func (o *outsideStamps) known() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.room
}

// ask tries a few times, and notes what came of it.
func (o *outsideStamps) ask(ctx context.Context, data []byte, now func() time.Time) (stamp *pdf.Stamp, err error) {
	for try := range stampTries {
		if try > 0 {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(time.Duration(try) * stampPause):
			}
		}
		if stamp, err = o.askOnce(ctx, data); err == nil {
			if apart := now().Sub(stamp.Time); apart.Abs() > stampApart {
				err = fmt.Errorf("its time and this machine's are %v apart: check the clock", apart.Round(time.Second))
			}
			break // another try would give the same
		}
		if errors.Is(err, pdf.ErrStampWrong) || errors.Is(err, pdf.ErrStampUntrusted) {
			break
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.state.Tried, o.state.Problem = now(), ""
	if err != nil {
		o.state.Problem = err.Error()
		return nil, err
	}
	o.room = max(o.room, len(stamp.Token)+stampSpare)
	return stamp, nil
}

func (o *outsideStamps) askOnce(ctx context.Context, data []byte) (*pdf.Stamp, error) {
	request, err := pdf.NewStampRequest(data)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url, bytes.NewReader(request.Query))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	resp, err := o.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers with status %d", resp.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxStamp+1))
	if err != nil {
		return nil, err
	}
	if len(answer) > maxStamp {
		return nil, fmt.Errorf("%w: more than %d bytes", pdf.ErrStampWrong, maxStamp)
	}
	return request.Token(answer, o.roots)
}

// stampRootRole is the role under which the root of an outside authority is kept, so that what it has stamped can be judged for ever.
const stampRootRole = "timestamp-root:"

// keepStampRoot keeps a root that a token led to.
func (e *Engine) keepStampRoot(ctx context.Context, root *x509.Certificate) error {
	if e.authority.hasRoot(root) {
		return nil
	}
	sum := sha256.Sum256(root.Raw)
	role := stampRootRole + hex.EncodeToString(sum[:])
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO engine_authority (role, der, key_sealed, created) VALUES ($1, $2, $3, $4) ON CONFLICT (role) DO NOTHING`,
			role, root.Raw, []byte{}, store.Micros(e.now()))
		if err != nil {
			return fmt.Errorf("keep the root of the time-stamping authority: %w", err)
		}
		return e.record(ctx, tx, event{Action: "authority.trust", ObjectType: "certificate", ObjectID: role,
			Detail: map[string]any{"subject": root.Subject.String(), "authority": e.outside.url}})
	})
	if err == nil {
		e.authority.addRoot(root)
		e.outside.kept()
	}
	return err
}

// storedStampRoots reads the roots that were kept.
func storedStampRoots(ctx context.Context, tx *store.Tx) (roots []*x509.Certificate, err error) {
	rows, err := tx.Query(ctx, `SELECT der FROM engine_authority WHERE role LIKE $1 ORDER BY created, role`, stampRootRole+"%")
	if err != nil {
		return nil, fmt.Errorf("read the roots of time-stamping authorities: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var der []byte
		if err := rows.Scan(&der); err != nil {
			return nil, fmt.Errorf("read the roots of time-stamping authorities: %w", err)
		}
		root, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("read the root of a time-stamping authority: %w", err)
		}
		roots = append(roots, root)
	}
	return roots, rows.Err()
}

// TimestampState tells how the outside time-stamping authority stands; URL is empty where there is none.
func (e *Engine) TimestampState() TimestampState {
	if e.outside == nil {
		return TimestampState{}
	}
	e.outside.mu.Lock()
	defer e.outside.mu.Unlock()
	return e.outside.state
}

// AskTimestamp asks the outside authority, briefly, unless it was tried within the last minute, and tells how it stands.
func (e *Engine) AskTimestamp(ctx context.Context) TimestampState {
	state := e.TimestampState()
	if state.URL == "" || !state.Tried.IsZero() && e.now().Sub(state.Tried) < stampFresh {
		return state
	}
	brief, cancel := context.WithTimeout(ctx, stampBrief)
	defer cancel()
	if _, err := e.outside.ask(brief, nil, e.now); err != nil && brief.Err() != nil && ctx.Err() == nil {
		return TimestampState{URL: state.URL, Problem: fmt.Sprintf("no answer within %v", stampBrief), Tried: e.now()}
	}
	return e.TimestampState()
}

// RunTimestamps tries the outside authority now and then, so that its silence is known before somebody signs, until the context ends.
func (e *Engine) RunTimestamps(ctx context.Context) error {
	if e.outside == nil {
		return nil
	}
	tick := time.NewTicker(stampEvery)
	defer tick.Stop()
	for {
		if _, err := e.timestamp(ctx, nil); err != nil && ctx.Err() == nil && !errors.Is(err, ErrTimestamp) {
			e.logger.ErrorContext(ctx, "try the time-stamping authority", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
