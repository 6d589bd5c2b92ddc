package handlers

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// What is done with the engine's evidence is recorded in the portal's log.
const (
	actionEvidenceExport     = "evidence.export"
	actionEvidenceCheckpoint = "evidence.checkpoint"
)

// evidenceActionKey begins the keys of what the engine records, in words.
const evidenceActionKey = "evidence.action."

// withEvidence lets pages of the evidence exist only where the engine of this program is the platform.
func (s *server) withEvidence(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if s.evidence == nil {
			return db.ErrNotFound
		}
		return h(w, r)
	}
}

func evidencePage(ctx context.Context, title string, args ...any) page {
	return page{Title: title, TitleArgs: args, Active: "evidence", Back: &templates.Link{URL: "/evidence", Text: i18n.T(ctx, "evidence.title")}}
}

// evidenceFilter reads the conditions of a list or an export. To is a day that still counts. A contract may be asked for by its number in the
// portal: the engine knows it by the platform's.
func (s *server) evidenceFilter(ctx context.Context, q url.Values) (typed templates.EvidenceFilter, f audit.Filter, problems templates.Problems, err error) {
	get := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	typed = templates.EvidenceFilter{Text: get("text"), Action: get("action"), Object: get("object"), Outcome: get("outcome"), From: get("from"), To: get("to")}
	f = audit.Filter{Text: typed.Text, Action: typed.Action, ObjectID: typed.Object, Outcome: typed.Outcome}
	day := func(field, text string, add int) (at time.Time) {
		if text == "" {
			return at
		}
		at, bad := time.ParseInLocation(time.DateOnly, text, auditZone)
		if bad != nil {
			problems = append(problems, templates.Problem{Field: field, Rule: "date"})
			return time.Time{}
		}
		return at.AddDate(0, 0, add)
	}
	f.From, f.To = day("from", typed.From, 0), day("to", typed.To, 1)
	if err := s.evidenceText(ctx, &f); err != nil {
		return typed, f, problems, err
	}
	if typed.Object == "" {
		return typed, f, problems, nil
	}
	flow, err := s.db.Flow(ctx, scope(ctx), typed.Object)
	if errors.Is(err, db.ErrNotFound) {
		return typed, f, problems, nil
	}
	if flow.PlatformID != "" {
		f.ObjectID = flow.PlatformID
	}
	return typed, f, problems, err
}

// evidenceText looks up what was typed: a link stands in the events as the session of who uses it, people as their numbers.
func (s *server) evidenceText(ctx context.Context, f *audit.Filter) error {
	if strings.HasPrefix(f.Text, audit.LinkPrefix) && !strings.ContainsAny(f.Text, " *") {
		f.Link, f.Text = f.Text, ""
		return nil
	}
	found, _, err := s.db.FindObjects(ctx, f.Text)
	if err != nil || len(found) == 0 {
		return err
	}
	f.About, f.Text = []string{f.Text}, ""
	for _, o := range found {
		ids, err := s.db.ObjectIDs(ctx, o)
		if err != nil {
			return err
		}
		f.About = append(f.About, ids...)
	}
	return nil
}

// evidenceQuery is what a query of the evidence asks for, without what is empty and without the place in the list.
func evidenceQuery(q url.Values) url.Values {
	asked := url.Values{}
	for _, name := range []string{"text", "action", "object", "outcome", "from", "to"} {
		if value := strings.TrimSpace(q.Get(name)); value != "" {
			asked.Set(name, value)
		}
	}
	return asked
}

func evidenceTold(q url.Values) map[string]any {
	told := map[string]any{}
	for name, values := range evidenceQuery(q) {
		told[name] = values[0]
	}
	return told
}

// listEvidence shows the acts in the engine's log that pass the filter, newest first.
func (s *server) listEvidence(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	typed, filter, problems, err := s.evidenceFilter(ctx, q)
	if err != nil {
		return err
	}
	tell(ctx, evidenceTold(q))
	_, broken := s.evidence.Broken()
	data := templates.EvidenceData{Filter: typed, Problems: problems, Actions: evidenceActions(ctx), Outcomes: auditOutcomes(ctx), Count: s.evidence.Count(),
		Broken: broken, CanVerify: can(ctx, auth.AuditVerify)}
	status, next := http.StatusOK, ""
	if len(problems) > 0 {
		status = http.StatusUnprocessableEntity
	} else {
		before, _ := strconv.ParseInt(q.Get("after"), 10, 64) // what is no number counts as the start
		lines, err := s.evidence.Lines(ctx, filter, before, auditRows+1)
		if err != nil {
			return err
		}
		if len(lines) > auditRows {
			lines = lines[:auditRows]
			next = strconv.FormatInt(lines[auditRows-1].Seq, 10)
		}
		for i := range lines {
			row := evidenceRow(ctx, &lines[i].Event)
			row.At, _ = lines[i].When()
			data.Rows = append(data.Rows, row)
		}
	}
	data.Paging = paging(r, next)
	if data.Began, err = logBegan(ctx, s.evidence); err != nil {
		return err
	}
	if data.Last, err = s.lastCheck(ctx, db.ActionVerifyEvidence); err != nil {
		return err
	}
	if can(ctx, auth.AuditExport) {
		data.JSONL, data.CSV, data.Table = evidenceExport(q, audit.JSONL), evidenceExport(q, audit.CSV), evidenceExport(q, formatTable)
	}
	return s.render(w, r, status, page{Title: "evidence.title", Active: "evidence", Wide: true}, templates.EvidenceList(data))
}

func evidenceExport(q url.Values, format string) string {
	asked := evidenceQuery(q)
	asked.Set("format", format)
	return "/evidence/export?" + asked.Encode()
}

// evidenceActions are the actions to choose from, in the order of their words.
func evidenceActions(ctx context.Context) (options []templates.Option) {
	for _, key := range i18n.Keys(i18n.Language(ctx)) {
		if action, ok := strings.CutPrefix(key, evidenceActionKey); ok {
			options = append(options, templates.Option{Value: action, Text: i18n.T(ctx, key)})
		}
	}
	slices.SortFunc(options, func(a, b templates.Option) int { return strings.Compare(a.Text, b.Text) })
	return options
}

// evidenceRow is an event of the engine as a line of the list.
func evidenceRow(ctx context.Context, e *audit.Event) templates.EvidenceRow {
	row := templates.EvidenceRow{AuditRow: auditRow(ctx, e), IP: e.Actor.IP}
	row.What = textOr(ctx, evidenceActionKey+e.Action, row.What)
	row.Role = textOr(ctx, "evidence.role."+e.Actor.Role, e.Actor.Role)
	switch {
	case e.Actor.Name == audit.ActorTerminal:
		row.Role = e.Actor.UserAgent // which of the machine's users
	case e.Actor.IsMachine():
		row.Actor = "" // the role says it
	}
	row.ObjectType = textOr(ctx, "evidence.object."+e.ObjectType, row.ObjectType)
	if key := "evidence.code." + e.ErrorCode; e.ErrorCode != "" && i18n.Has(ctx, key) {
		row.Problem = i18n.T(ctx, key)
	}
	row.More = evidenceMore(ctx, e)
	return row
}

// evidenceMore says which pages were read, and how often something was done that is one event.
func evidenceMore(ctx context.Context, e *audit.Event) string {
	var parts []string
	if pages, ok := e.Detail["pages"].(map[string]any); ok {
		for _, file := range slices.Sorted(maps.Keys(pages)) {
			parts = append(parts, i18n.T(ctx, "evidence.pages", "File", file, "Pages", fmt.Sprint(pages[file])))
		}
	}
	if count, ok := e.Detail["count"].(json.Number); ok {
		if n, err := count.Int64(); err == nil {
			parts = append(parts, i18n.T(ctx, "evidence.count", "Count", n))
		}
	}
	return strings.Join(parts, " · ")
}

// evidenceEvent is an event of the engine as a page, without its proof.
func evidenceEvent(ctx context.Context, e *audit.Event) templates.AuditEvent {
	data := auditEvent(ctx, e)
	row := evidenceRow(ctx, e)
	data.AuditRow, data.Base, data.ObjectURL = row.AuditRow, "/evidence", ""
	data.Line = templates.AuditLine{Seq: e.Seq, At: e.Time, Who: cmp.Or(row.Actor, row.Role), Before: row.What, Outcome: e.Outcome, Problem: row.Problem,
		From: row.More, Base: data.Base}
	if row.Actor != "" {
		data.Line.Note = row.Role
	}
	return data
}

// showEvidence shows one event and its proof.
func (s *server) showEvidence(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	seq, err := auditSeq(r)
	if err != nil {
		return err
	}
	e, err := s.evidence.Get(ctx, seq)
	if err != nil {
		return err
	}
	data := evidenceEvent(ctx, &e)
	data.Proof, err = s.proofOf(ctx, s.evidence, &e)
	if err != nil {
		return err
	}
	p := evidencePage(ctx, "evidence.event.title", "Seq", seq)
	p.Scripts = []string{"proof.js"}
	return s.render(w, r, http.StatusOK, p, templates.AuditEventPage(data))
}

// verifyEvidence recomputes the engine's log, against checkpoints kept elsewhere if some are given.
func (s *server) verifyEvidence(w http.ResponseWriter, r *http.Request) error {
	return s.verifyLog(w, r, s.evidence, audit.Event{Action: db.ActionVerifyEvidence, ObjectType: "evidence"}, "/evidence/verify",
		evidencePage(r.Context(), "evidence.verify.title"))
}

// exportEvidence sends the events that pass the filter, with their proofs.
func (s *server) exportEvidence(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	_, filter, problems, err := s.evidenceFilter(ctx, q)
	if err != nil {
		return err
	}
	format := q.Get("format")
	file, known := auditExports[format]
	if !known || len(problems) > 0 {
		return &badRequest{errors.New("export the evidence: the format or a date cannot be read")}
	}
	detail := evidenceTold(q)
	detail["format"] = format
	tell(ctx, detail)
	attach(w, file.contentType, "evidence-"+file.name+s.now().In(auditZone).Format("20060102-150405")+file.end)
	w.WriteHeader(http.StatusOK)
	if format == formatTable {
		return writeTable(ctx, w, evidenceHeads(), func(from int64) ([][]string, int64, error) { return s.evidenceRows(ctx, filter, from) })
	}
	_, err = s.evidence.Export(ctx, w, filter, format, nil)
	return err
}

// evidenceHeads are the columns of the table to read.
func evidenceHeads() []string {
	return []string{"time", "role", "account", "what", "object.type", "object.id", "outcome", "reason", "ip", "agent", "seq"}
}

// evidenceRows are the next acts for the table, oldest first, and where the following part begins.
func (s *server) evidenceRows(ctx context.Context, f audit.Filter, from int64) (rows [][]string, next int64, err error) {
	lines, next, err := s.evidence.LinesFrom(ctx, f, from, tablePage)
	for i := range lines {
		e := &lines[i].Event
		row := evidenceRow(ctx, e)
		at, _ := e.When()
		what := strings.Join(slices.DeleteFunc([]string{row.What, row.More}, func(s string) bool { return s == "" }), " · ")
		rows = append(rows, []string{tableTime(at), row.Role, row.Actor, what, row.ObjectType, e.ObjectID, i18n.T(ctx, "audit.outcome."+e.Outcome),
			cmp.Or(row.Problem, e.ErrorCode), e.Actor.IP, e.Actor.UserAgent, eventNumber(e.Seq)})
	}
	return rows, next, err
}

// exportEvidenceEvent sends one event with its proof.
func (s *server) exportEvidenceEvent(w http.ResponseWriter, r *http.Request) error {
	return s.exportEvent(w, r, s.evidence, "evidence")
}

// downloadEvidenceCheckpoint sends the newest signed checkpoint of the evidence.
func (s *server) downloadEvidenceCheckpoint(w http.ResponseWriter, r *http.Request) error {
	return s.sendCheckpoint(w, r, s.evidence, "evidence")
}
