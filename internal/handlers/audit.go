package handlers

import (
	"context"
	"errors"
	"maps"
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
	actionVerify     = db.ActionVerify
	actionExport     = "audit.export"
	actionCheckpoint = "audit.checkpoint"
)

// auditZone is the zone of the days that are typed into the filter: that of the times which the page shows.
var auditZone = time.FixedZone("UTC+08:00", 8*60*60)

func auditPage(ctx context.Context, title string, args ...any) page {
	return page{Title: title, TitleArgs: args, Active: "audit", Back: &templates.Link{URL: "/audit", Text: i18n.T(ctx, "audit.title")}}
}

// listAudit shows the acts that pass the conditions, newest first: one line each, or every event and call where that is asked for.
func (s *server) listAudit(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	asked, err := s.askAudit(ctx, q)
	if err != nil {
		return err
	}
	tell(ctx, asWords(auditQuery(q)))
	data := templates.AuditData{Filter: asked.typed, Problems: asked.problems, Chips: asked.chips, Roles: auditRoles(ctx), Families: auditFamilies(ctx),
		Outcomes: auditOutcomes(ctx), Whens: auditWhens(ctx, s.now()), Count: s.db.Audit().Count(), CanVerify: can(ctx, auth.AuditVerify),
		Query: auditQuery(q).Encode(), Ready: readyViews(ctx, r), Unknown: asked.typed.Object != "" && asked.object == nil && len(asked.found) == 0}
	status, next := http.StatusOK, ""
	if len(asked.problems) > 0 {
		status = http.StatusUnprocessableEntity
	} else {
		before, _ := strconv.ParseInt(q.Get("after"), 10, 64) // what is no number counts as the start
		lines, err := s.auditLines(ctx, asked, before)
		if err != nil {
			return err
		}
		if len(lines) > auditRows {
			lines = lines[:auditRows]
			next = strconv.FormatInt(lines[auditRows-1].Seq, 10)
		}
		if data.Days, err = s.auditDays(ctx, lines); err != nil {
			return err
		}
	}
	data.Paging = paging(r, next)
	if data.Began, err = logBegan(ctx, s.db.Audit()); err != nil {
		return err
	}
	if err := s.auditSurroundings(ctx, &data, &asked); err != nil {
		return err
	}
	if data.Outside, err = s.outsideLine(ctx); err != nil {
		return err
	}
	if can(ctx, auth.AuditExport) {
		data.JSONL, data.CSV, data.Table = exportURL(q, audit.JSONL), exportURL(q, audit.CSV), exportURL(q, formatTable)
	}
	p := page{Title: "audit.title", Active: "audit", Wide: true, Action: templates.AuditActions(data)}
	return s.render(w, r, status, p, templates.AuditList(data))
}

// auditLines reads a page of lines and one more.
func (s *server) auditLines(ctx context.Context, asked auditAsked, before int64) ([]audit.Line, error) {
	if asked.typed.Calls || asked.filter.Outcome == audit.Intent || strings.HasPrefix(asked.filter.Action, callAction) {
		return s.db.Audit().EventsAndCalls(ctx, asked.filter, before, auditRows+1)
	}
	return s.db.Audit().Lines(ctx, asked.filter, before, auditRows+1)
}

// auditSurroundings are what stands around the list: the last verification, whom to choose, whose history it is, saved views.
func (s *server) auditSurroundings(ctx context.Context, data *templates.AuditData, asked *auditAsked) (err error) {
	if data.Last, err = s.lastCheck(ctx, db.ActionVerify); err != nil {
		return err
	}
	actors, err := s.db.Actors(ctx)
	if err != nil {
		return err
	}
	for _, a := range actors {
		data.Actors = append(data.Actors, templates.Option{Value: a.Name, Text: a.DisplayName})
	}
	for _, o := range asked.found {
		data.Found = append(data.Found, foundObject(ctx, o))
	}
	if asked.object != nil {
		o := foundObject(ctx, *asked.object)
		data.Object, data.ObjectIDs = &o, asked.filter.About
	}
	if s.evidence != nil && asked.object != nil && asked.object.Type == "flow" {
		data.LinkReads = templates.EvidenceURL(asked.object.ID, "")
	} else if s.evidence != nil && asked.typed.Did == "read" {
		data.LinkReads = "/evidence?action=flow.read"
	}
	views, _, err := s.db.FlowViews(ctx, account(ctx), db.ListAudit)
	data.Views = flowViews(ctx, views, "", "")
	return err
}

// foundObject is an object of the index for a page.
func foundObject(ctx context.Context, o db.Object) templates.AuditObject {
	made := templates.AuditObject{Type: o.Type, ID: o.ID, Name: o.Name, Kind: textOr(ctx, "audit.object."+o.Type, o.Type)}
	made.Text = objectText(ctx, made)
	if p, has := objectPages[o.Type]; has && can(ctx, p.need) {
		made.URL = p.path + url.PathEscape(o.ID)
	}
	return made
}

// lastCheck is the last verification of one of the logs, by its action, read from the portal's log itself.
func (s *server) lastCheck(ctx context.Context, action string) (templates.AuditCheck, error) {
	last, ok, err := s.db.LastVerification(ctx, action)
	if err != nil || !ok {
		return templates.AuditCheck{}, err
	}
	e := &last
	names, err := s.auditNames(ctx, e)
	who, _ := names.who(ctx, e)
	return templates.AuditCheck{Who: who, At: e.Time, Events: detailCount(e), OK: e.Outcome == audit.OK, Unjudged: e.ErrorCode == db.CodeNotAsked}, err
}

// exportURL is the export of what the query shows.
func exportURL(q url.Values, format string) string {
	out := url.Values{"format": {format}}
	maps.Copy(out, auditQuery(q))
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
	data := auditEvent(ctx, &e)
	line, err := s.db.Audit().LineOf(ctx, &e)
	if err != nil {
		return err
	}
	days, err := s.auditDays(ctx, []audit.Line{line})
	if err != nil {
		return err
	}
	data.Line = days[0].Lines[0]
	if data.Proof, err = s.proofOf(ctx, s.db.Audit(), &e); err != nil {
		return err
	}
	p := auditPage(ctx, "audit.event.title", "Seq", seq)
	p.Scripts = []string{"proof.js"}
	return s.render(w, r, http.StatusOK, p, templates.AuditEventPage(data))
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
	return s.verifyLog(w, r, s.db.Audit(), audit.Event{Action: db.ActionVerify, ObjectType: "audit"}, "/audit/verify",
		auditPage(r.Context(), "audit.verify.title"))
}

// exportAudit sends the events that pass the conditions as a file: with proofs, or as a table to read. The event of the export itself is among
// them.
func (s *server) exportAudit(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	asked, err := s.askAudit(ctx, q)
	if err != nil {
		return err
	}
	format := q.Get("format")
	file, known := auditExports[format]
	if !known || len(asked.problems) > 0 {
		return &badRequest{errors.New("export the audit log: the format or a condition cannot be read")}
	}
	detail := asWords(auditQuery(q))
	detail["format"] = format
	tell(ctx, detail)
	attach(w, file.contentType, "audit-"+file.name+s.now().In(auditZone).Format("20060102-150405")+file.end)
	w.WriteHeader(http.StatusOK) // which records it
	if format == formatTable {
		return writeTable(ctx, w, tableHeads(), func(from int64) ([][]string, int64, error) { return s.tableRows(ctx, asked.filter, from) })
	}
	_, err = s.db.Audit().Export(ctx, w, asked.filter, format, nil)
	return err
}

// asWords is what a query of the log asks for, to be told of it.
func asWords(q url.Values) map[string]any {
	asked := map[string]any{}
	for name := range q {
		asked[name] = q.Get(name)
	}
	return asked
}

// exportAuditEvent sends one event with its proof.
func (s *server) exportAuditEvent(w http.ResponseWriter, r *http.Request) error {
	return s.exportEvent(w, r, s.db.Audit(), "audit")
}

// downloadCheckpoint sends the newest signed checkpoint, to be kept where the portal cannot reach it.
func (s *server) downloadCheckpoint(w http.ResponseWriter, r *http.Request) error {
	return s.sendCheckpoint(w, r, s.db.Audit(), "audit")
}

// attach says that the answer is a file to keep.
func attach(w http.ResponseWriter, contentType, name string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Cache-Control", "no-store")
}
