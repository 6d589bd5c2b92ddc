package handlers

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/csvfile"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// auditDays puts lines under the days on which they happened.
func (s *server) auditDays(ctx context.Context, lines []audit.Line) ([]templates.AuditDay, error) {
	events := make([]*audit.Event, len(lines))
	for i := range lines {
		events[i] = &lines[i].Event
	}
	names, err := s.auditNames(ctx, events...)
	if err != nil {
		return nil, err
	}
	var days []templates.AuditDay
	for i := range lines {
		at, _ := lines[i].When()
		title := dayText(ctx, at, s.now())
		if len(days) == 0 || days[len(days)-1].Title != title {
			days = append(days, templates.AuditDay{Title: title})
		}
		day := &days[len(days)-1]
		day.Lines = append(day.Lines, names.line(ctx, &lines[i]))
	}
	return days, nil
}

// line is an act as the page shows it.
func (n auditNames) line(ctx context.Context, l *audit.Line) templates.AuditLine {
	e := &l.Event
	at, _ := e.When()
	line := templates.AuditLine{Seq: e.Seq, At: at, Object: n.object(ctx, e), Outcome: e.Outcome, Problem: problemText(ctx, e.Action, e.ErrorCode),
		From: fromText(ctx, e), Evidence: n.evidenceURL(e), Count: len(l.Calls) + l.More, More: l.More}
	line.Who, line.Note = n.who(ctx, e)
	line.Before, line.Object.Text, line.After = n.say(ctx, e)
	for _, c := range l.Calls {
		line.Calls = append(line.Calls, templates.AuditCall{Seq: c.Seq, Text: actionText(ctx, c.Action), Outcome: c.Outcome, Problem: problemText(ctx, c.Action, c.Code)})
	}
	return line
}

// evidenceOf are the actions of the engine's evidence that are what a signer did, by the event that tells of it here; others have none.
var evidenceOf = map[string]string{"flow.signed": "flow.sign", "flow.review": "flow.sign", "flow.rejected": "flow.reject"}

// evidenceURL is where the engine tells from where a signer acted; empty where there is none, or none for this reader.
func (n auditNames) evidenceURL(e *audit.Event) string {
	if _, _, ok := toldBy(e); !ok || !n.evidence || e.ObjectID == "" {
		return ""
	}
	return templates.EvidenceURL(e.ObjectID, evidenceOf[e.Action])
}

// fromText is from where somebody acted: the address, and whether it was a telephone. Of what a signer did the event has the address of
// whoever told, which is not the signer's.
func fromText(ctx context.Context, e *audit.Event) string {
	if _, _, ok := toldBy(e); ok || e.Actor.IP == "" {
		return "—"
	}
	for _, mark := range []string{"Mobile", "Android", "iPhone", "MicroMessenger"} {
		if strings.Contains(e.Actor.UserAgent, mark) {
			return e.Actor.IP + " · " + i18n.T(ctx, "audit.from.phone")
		}
	}
	return e.Actor.IP
}

// formatTable is the export that is a table to read, without proofs.
const formatTable = "table"

// auditExport is one kind of file that a log is exported as; its name follows that of the log.
type auditExport struct{ contentType, name, end string }

// auditExports are the exports by their names. The one without proofs says so in its file name, so that nobody takes it for a proof.
var auditExports = map[string]auditExport{
	audit.JSONL: {"application/x-ndjson", "proofs-", ".jsonl"},
	audit.CSV:   {"text/csv; charset=utf-8", "proofs-", ".csv"},
	formatTable: {"text/csv; charset=utf-8", "reading-copy-", ".csv"},
}

// tablePage is how many lines of a table are read at a time.
const tablePage = 500

// tableHeads are the columns of the table to read.
func tableHeads() []string {
	return []string{"time", "who", "account", "role", "recorder", "what", "object.type", "object.name", "object.id", "outcome", "reason", "ip", "agent", "calls", "seq"}
}

// writeTable writes acts as a table that spreadsheets open, oldest first. rows gives those from a number on, and where the following part begins,
// 0 after the last.
func writeTable(ctx context.Context, w io.Writer, heads []string, rows func(from int64) ([][]string, int64, error)) error {
	out, err := csvfile.NewWriter(w)
	if err != nil {
		return disconnected(err)
	}
	if err := out.Write(each(heads, func(head string) string { return i18n.T(ctx, "audit.table."+head) })...); err != nil {
		return disconnected(err)
	}
	for from := int64(0); ; {
		some, next, err := rows(from)
		if err != nil {
			return err
		}
		for _, row := range some {
			if err := out.Write(row...); err != nil {
				return disconnected(err)
			}
		}
		if next == 0 {
			return disconnected(out.Flush())
		}
		from = next
	}
}

// tableRows are the next acts for the table.
func (s *server) tableRows(ctx context.Context, f audit.Filter, from int64) (rows [][]string, next int64, err error) {
	lines, next, err := s.db.Audit().LinesFrom(ctx, f, from, tablePage)
	if err != nil {
		return nil, 0, err
	}
	events := make([]*audit.Event, len(lines))
	for i := range lines {
		events[i] = &lines[i].Event
	}
	names, err := s.auditNames(ctx, events...)
	if err != nil {
		return nil, 0, err
	}
	for i := range lines {
		rows = append(rows, names.tableRow(ctx, &lines[i]))
	}
	return rows, next, nil
}

// tableTime is a time of the table, in Beijing.
func tableTime(at time.Time) string { return at.In(auditZone).Format(time.DateTime) }

// tableRow is an act as a row of the table.
func (n auditNames) tableRow(ctx context.Context, l *audit.Line) []string {
	e := &l.Event
	at, _ := e.When()
	who, _ := n.who(ctx, e)
	o := n.object(ctx, e)
	account, role, recorder, ip, agent := accountText(ctx, e.Actor.Name), "", "", e.Actor.IP, e.Actor.UserAgent
	if e.Actor.Role != "" {
		role = auditRole(ctx, e.Actor.Role)
	}
	if _, by, ok := toldBy(e); ok { // the account, the address and the browser are not the signer's
		account, role, recorder, ip, agent = "", "", n.actor(ctx, e, by), "", ""
	}
	return []string{tableTime(at), who, account, role, recorder, n.sentence(ctx, e), o.Kind, o.Name, o.ID,
		i18n.T(ctx, "audit.outcome."+e.Outcome), problemText(ctx, e.Action, e.ErrorCode), ip, agent,
		strconv.Itoa(len(l.Calls) + l.More), eventNumber(e.Seq)}
}
