package handlers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// What the pages of the portal's log and of the engine's evidence have in common.

// proofOf is the inclusion proof of an event, checked. One that cannot be made means that the tree is damaged: that is shown, not hidden behind
// an error page.
func (s *server) proofOf(ctx context.Context, log *audit.Log, e *audit.Event) (templates.AuditProof, error) {
	shown := templates.AuditProof{Key: log.PublicKey()}
	proof, err := log.Proof(ctx, e.Seq)
	if ctx.Err() != nil {
		return shown, err
	}
	if err != nil {
		s.log.ErrorContext(ctx, "audit proof failed", "request", exchangeOf(ctx).id, "event", e.Seq, "error", err.Error())
		return shown, nil
	}
	shown.OK = proof.Check(e) == nil
	shown.Leaf, shown.Size, shown.Checkpoint = proof.Leaf.String(), proof.Checkpoint.Size, string(proof.Checkpoint.Text)
	shown.Text, shown.Root = string(e.Leaf()), proof.Root.String()
	shown.Index, shown.TreeSize, shown.First = proof.Seq-proof.First, proof.Size, proof.First
	older, err := s.db.CheckpointsCovering(ctx, keyName(log), e.Seq)
	if err != nil {
		return shown, err
	}
	for _, o := range older {
		shown.Older = append(shown.Older, templates.Option{Value: strconv.FormatInt(o.Size, 10),
			Text: i18n.T(ctx, "audit.proof.older.one", "Count", o.Size, "Time", tableTime(o.At))})
	}
	for _, step := range proof.Steps() {
		shown.Path = append(shown.Path, templates.AuditProofStep{Sibling: step.Sibling.String(), Left: step.Left, Node: step.Node.String()})
	}
	return shown, nil
}

// logBegan is when the first event of a log was recorded, before which it tells of nothing; zero where that event is missing.
func logBegan(ctx context.Context, log *audit.Log) (time.Time, error) {
	first, err := log.Get(ctx, 0)
	if errors.Is(err, audit.ErrNotFound) {
		return time.Time{}, nil
	}
	return first.Time, err
}

// verifyLog recomputes a whole log, against checkpoints kept elsewhere if some are given, records the event of that in the portal's log and
// tells how it went. again is the address that verifies once more.
func (s *server) verifyLog(w http.ResponseWriter, r *http.Request, log *audit.Log, event audit.Event, again string, p page) error {
	ctx := r.Context()
	if err := readForm(r); err != nil {
		return err
	}
	against, err := checkpointsOf(r, log.PublicKey())
	if errors.Is(err, errCheckpoint) {
		form := templates.AuditVerifyForm{Action: again, Problems: templates.Problems{{Field: "Checkpoint", Rule: "checkpoint"}}}
		return s.render(w, r, http.StatusUnprocessableEntity, p, templates.AuditVerifyAgain(form))
	}
	if err != nil {
		return err
	}
	if s.keptCheckpoints != nil {
		against = append(against, s.keptCheckpoints(log)...)
	}
	report, err := s.db.VerifyLog(ctx, log, event, against...)
	if err != nil {
		return err
	}
	if !report.OK() {
		s.log.ErrorContext(ctx, "a log is broken", "log", event.ObjectType, "problems", report.Found, "first", report.Problems[0].String())
	}
	return s.render(w, r, http.StatusOK, p, templates.AuditVerified(auditReport(ctx, &report), templates.AuditVerifyForm{Action: again}))
}

// errCheckpoint says that what was given is no checkpoint of this log.
var errCheckpoint = errors.New("not a checkpoint of this log")

// checkpointsOf reads the checkpoints of the form, of the log with a public key; none is no error.
func checkpointsOf(r *http.Request, key string) ([]audit.Checkpoint, error) {
	if r.MultipartForm == nil {
		return nil, nil
	}
	file, header, err := r.FormFile("Checkpoint")
	if errors.Is(err, http.ErrMissingFile) {
		return nil, nil
	}
	if err != nil {
		return nil, &badRequest{fmt.Errorf("read the checkpoint: %w", err)}
	}
	data, err := io.ReadAll(io.LimitReader(file, maxCheckpoints))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("read the checkpoint: %w", err)
	}
	if header.Size > maxCheckpoints {
		return nil, errCheckpoint
	}
	all, err := audit.ParseCheckpoints(data, key)
	if err != nil {
		return nil, errCheckpoint // whatever is wrong with it: a reviewer gave another file
	}
	return all, nil
}

// asOf is the given out checkpoint of a log that the query names by its size, for who kept that one; nil when it names none.
func (s *server) asOf(r *http.Request, log *audit.Log) (*audit.Checkpoint, error) {
	text := r.URL.Query().Get("size")
	if text == "" {
		return nil, nil
	}
	size, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, &badRequest{fmt.Errorf("the size of a checkpoint: %w", err)}
	}
	o, err := s.db.CheckpointOfSize(r.Context(), keyName(log), size)
	if err != nil {
		return nil, err
	}
	c, err := audit.ParseCheckpoint([]byte(o.Text), log.PublicKey())
	if err != nil {
		return nil, refuse("audit.proof.history")
	}
	return &c, nil
}

// exportEvent sends one event of a log with its proof, as a file whose name begins with the log's.
func (s *server) exportEvent(w http.ResponseWriter, r *http.Request, log *audit.Log, name string) error {
	seq, err := auditSeq(r)
	if err != nil {
		return err
	}
	at, err := s.asOf(r, log)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	err = log.ExportEvent(r.Context(), &out, seq, at)
	if errors.Is(err, audit.ErrAnotherHistory) {
		return refuse("audit.proof.history")
	}
	if err != nil {
		return err
	}
	tell(r.Context(), map[string]any{"format": audit.JSONL, "event": seq})
	attach(w, "application/x-ndjson", name+"-event-"+strconv.FormatInt(seq, 10)+".jsonl")
	_, err = w.Write(out.Bytes())
	return disconnected(err)
}

// sendCheckpoint sends the newest signed checkpoint of a log, to be kept where the program cannot reach it.
func (s *server) sendCheckpoint(w http.ResponseWriter, r *http.Request, log *audit.Log, name string) error {
	c, err := log.Checkpoint(r.Context())
	if err != nil {
		return err
	}
	attach(w, "text/plain; charset=utf-8", name+"-checkpoint-"+strconv.FormatInt(c.Size, 10)+".txt")
	_, err = w.Write(c.Text)
	return disconnected(err)
}
