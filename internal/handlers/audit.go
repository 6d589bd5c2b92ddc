package handlers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// auditRows is how many events a page of the audit log shows.
const auditRows = 50

// maxCheckpoints is the largest file of checkpoints that is taken for comparison, in bytes.
const maxCheckpoints = 512 << 10

// What this page itself records.
const (
	actionVerify     = "audit.verify"
	actionExport     = "audit.export"
	actionCheckpoint = "audit.checkpoint"
)

// codeBroken is the error code of a verification that found something.
const codeBroken = "broken"

// auditZone is the zone of the days that are typed into the filter: that of the times which the page shows.
var auditZone = time.FixedZone("UTC+08:00", 8*60*60)

func auditPage(ctx context.Context, title string, args ...any) page {
	return page{Title: title, TitleArgs: args, Active: "audit", Back: &templates.Link{URL: "/audit", Text: i18n.T(ctx, "audit.title")}}
}

// auditFilter reads the filter of a list or an export. To is a day that still counts.
func auditFilter(q url.Values) (templates.AuditFilter, audit.Filter, templates.Problems) {
	get := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	typed := templates.AuditFilter{Text: get("text"), Actor: get("actor"), Action: get("action"), Object: get("object"), Outcome: get("outcome"),
		From: get("from"), To: get("to")}
	f := audit.Filter{Text: typed.Text, Actor: typed.Actor, Action: typed.Action, ObjectID: typed.Object, ObjectType: get("type"), Outcome: typed.Outcome}
	var problems templates.Problems
	day := func(field, text string, add int) time.Time {
		if text == "" {
			return time.Time{}
		}
		at, err := time.ParseInLocation(time.DateOnly, text, auditZone)
		if err != nil {
			problems = append(problems, templates.Problem{Field: field, Rule: "date"})
			return time.Time{}
		}
		return at.AddDate(0, 0, add)
	}
	f.From, f.To = day("from", typed.From, 0), day("to", typed.To, 1)
	return typed, f, problems
}

// listAudit shows the events that pass the filter, newest first.
func (s *server) listAudit(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	typed, filter, problems := auditFilter(q)
	before, err := strconv.ParseInt(q.Get("after"), 10, 64)
	if err != nil {
		before = 0
	}
	data := templates.AuditData{Filter: typed, Problems: problems, Actions: auditActions(ctx), Outcomes: auditOutcomes(ctx), Count: s.db.Audit().Count(),
		CanVerify: can(ctx, auth.AuditVerify)}
	tell(ctx, auditQuery(q))
	status, next := http.StatusOK, ""
	if len(problems) > 0 {
		status = http.StatusUnprocessableEntity
	} else {
		events, err := s.db.Audit().Query(ctx, filter, before, auditRows+1)
		if err != nil {
			return err
		}
		if len(events) > auditRows {
			events = events[:auditRows]
			next = strconv.FormatInt(events[auditRows-1].Seq, 10)
		}
		for i := range events {
			data.Rows = append(data.Rows, auditRow(ctx, &events[i]))
		}
	}
	data.Paging = paging(r, next)
	if data.Last, err = s.lastCheck(ctx); err != nil {
		return err
	}
	if data.Outside, err = s.outsideLine(ctx); err != nil {
		return err
	}
	if can(ctx, auth.AuditExport) {
		data.JSONL, data.CSV = exportURL(q, audit.JSONL), exportURL(q, audit.CSV)
	}
	return s.render(w, r, status, page{Title: "audit.title", Active: "audit", Wide: true}, templates.AuditList(data))
}

// lastCheck is the last verification, read from the log itself.
func (s *server) lastCheck(ctx context.Context) (templates.AuditCheck, error) {
	events, err := s.db.Audit().Query(ctx, audit.Filter{Action: actionVerify}, 0, 1)
	if err != nil || len(events) == 0 {
		return templates.AuditCheck{}, err
	}
	e := &events[0]
	return templates.AuditCheck{Who: e.Actor.Name, At: e.Time, OK: e.Outcome == audit.OK}, nil
}

// exportURL is the export of what the query shows.
func exportURL(q url.Values, format string) string {
	out := url.Values{"format": {format}}
	for name, values := range q {
		if name != "after" && len(values) > 0 && values[0] != "" {
			out.Set(name, values[0])
		}
	}
	return "/audit/export?" + out.Encode()
}

// showAuditEvent shows one event and its proof.
func (s *server) showAuditEvent(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	seq, err := auditSeq(r)
	if err != nil {
		return err
	}
	e, err := s.db.Audit().Get(ctx, seq)
	if err != nil {
		return err
	}
	// A proof that cannot be made means that the tree is damaged: that is shown, not hidden behind an error page.
	proof, err := s.db.Audit().Proof(ctx, seq)
	data := auditEvent(ctx, &e)
	data.Proof = templates.AuditProof{Key: s.db.Audit().PublicKey()}
	if err == nil {
		data.Proof.OK = proof.Check(&e) == nil
		data.Proof.Leaf, data.Proof.Size, data.Proof.Checkpoint = proof.Leaf.String(), proof.Checkpoint.Size, string(proof.Checkpoint.Text)
		for _, h := range proof.Path {
			data.Proof.Path = append(data.Proof.Path, h.String())
		}
	} else if ctx.Err() != nil {
		return err
	} else {
		s.log.ErrorContext(ctx, "audit proof failed", "request", exchangeOf(ctx).id, "event", seq, "error", err.Error())
	}
	return s.render(w, r, http.StatusOK, auditPage(ctx, "audit.event.title", "Seq", seq), templates.AuditEventPage(data))
}

// auditSeq is the number of the event in the address.
func auditSeq(r *http.Request) (int64, error) {
	seq, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	if err != nil || seq < 0 {
		return 0, db.ErrNotFound
	}
	return seq, nil
}

// verifyAudit recomputes the whole log, against checkpoints kept elsewhere if some are given, and tells how it went.
func (s *server) verifyAudit(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := readForm(r); err != nil {
		return err
	}
	p := auditPage(ctx, "audit.verify.title")
	against, err := s.givenCheckpoints(r)
	if errors.Is(err, errCheckpoint) {
		form := templates.AuditVerifyForm{Problems: templates.Problems{{Field: "Checkpoint", Rule: "checkpoint"}}}
		return s.render(w, r, http.StatusUnprocessableEntity, p, templates.AuditVerifyAgain(form))
	}
	if err != nil {
		return err
	}
	report, err := s.db.Audit().Verify(ctx, against...)
	if err != nil {
		return err
	}
	event := audit.Event{Action: actionVerify, ObjectType: "audit", Duration: report.Took,
		Detail: map[string]any{"events": report.Events, "root": report.Root.String(), "against": report.Against}}
	if !report.OK() {
		event.Outcome, event.ErrorCode = audit.Failed, codeBroken
		event.Detail["problems"] = report.Found
		event.Detail["first"] = report.Problems[0].String()
		s.log.ErrorContext(ctx, "the audit log is broken", "problems", report.Found, "first", report.Problems[0].String())
	}
	if err := s.record(ctx, event); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, p, templates.AuditVerified(auditReport(ctx, &report), templates.AuditVerifyForm{}))
}

// errCheckpoint says that what was given is no checkpoint of this log.
var errCheckpoint = errors.New("not a checkpoint of this log")

// givenCheckpoints reads the checkpoints of the form; none is no error.
func (s *server) givenCheckpoints(r *http.Request) ([]audit.Checkpoint, error) {
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
	all, err := audit.ParseCheckpoints(data, s.db.Audit().PublicKey())
	if err != nil {
		return nil, errCheckpoint // whatever is wrong with it: a reviewer gave another file
	}
	return all, nil
}

// exportAudit sends the events that pass the filter as a file. The event of the export itself is among them.
func (s *server) exportAudit(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	_, filter, problems := auditFilter(q)
	format := q.Get("format")
	types := map[string]string{audit.JSONL: "application/x-ndjson", audit.CSV: "text/csv; charset=utf-8"}
	if types[format] == "" || len(problems) > 0 {
		return &badRequest{errors.New("export the audit log: the format or a date cannot be read")}
	}
	detail := auditQuery(q)
	detail["format"] = format
	tell(ctx, detail)
	attach(w, types[format], "audit-"+s.now().In(auditZone).Format("20060102-150405")+"."+format)
	w.WriteHeader(http.StatusOK) // which records it
	_, err := s.db.Audit().Export(ctx, w, filter, format)
	return err
}

// auditQuery is what a query of the log asks for, to be told of it.
func auditQuery(q url.Values) map[string]any {
	asked := map[string]any{}
	for _, name := range []string{"text", "actor", "action", "object", "type", "outcome", "from", "to"} {
		if value := q.Get(name); value != "" {
			asked[name] = value
		}
	}
	return asked
}

// exportAuditEvent sends one event with its proof.
func (s *server) exportAuditEvent(w http.ResponseWriter, r *http.Request) error {
	seq, err := auditSeq(r)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := s.db.Audit().ExportEvent(r.Context(), &out, seq); err != nil {
		return err
	}
	tell(r.Context(), map[string]any{"format": audit.JSONL, "event": seq})
	attach(w, "application/x-ndjson", "audit-event-"+strconv.FormatInt(seq, 10)+".jsonl")
	_, err = w.Write(out.Bytes())
	return disconnected(err)
}

// downloadCheckpoint sends the newest signed checkpoint, to be kept where the portal cannot reach it.
func (s *server) downloadCheckpoint(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	c, err := s.db.Audit().Checkpoint(ctx)
	if err != nil {
		return err
	}
	attach(w, "text/plain; charset=utf-8", "audit-checkpoint-"+strconv.FormatInt(c.Size, 10)+".txt")
	_, err = w.Write(c.Text)
	return disconnected(err)
}

// attach says that the answer is a file to keep.
func attach(w http.ResponseWriter, contentType, name string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Cache-Control", "no-store")
}
