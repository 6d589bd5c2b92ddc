package handlers

import (
	"context"
	"net/http"
	"strconv"

	"sealdesk/internal/audit"
	"sealdesk/internal/csvfile"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// maxExportedFlows is how many rows a file has at most; the page says so.
const maxExportedFlows = 50_000

// exportFlows sends the filtered list as CSV. Its event names the filters, without what was typed of names.
func (s *server) exportFlows(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), filterQuery(r.URL.Query())
	_, filter, problems := flowFilter(ctx, q)
	if len(problems) > 0 {
		return s.redirect(w, r, "/flows?"+q.Encode()) // says there which date cannot be read
	}
	detail := map[string]any{"format": audit.CSV, "limit": maxExportedFlows}
	for key := range q {
		if detail[key] = q.Get(key); key == "q" || key == "on" {
			detail[key] = true
		}
	}
	tell(ctx, detail)
	attach(w, csvfile.ContentType, "contracts-"+s.now().In(beijing()).Format("20060102-150405")+".csv")
	out, err := csvfile.NewWriter(w)
	if err != nil {
		return disconnected(err)
	}
	if err := s.writeFlows(ctx, out, filter); err != nil {
		return err
	}
	return disconnected(out.Flush())
}

// writeFlows reads page after page, each of one moment, so that a long export holds up nobody.
func (s *server) writeFlows(ctx context.Context, out *csvfile.Writer, filter db.FlowFilter) error {
	var head []string
	for _, key := range []string{"flows.id", "flows.name", "common.status", "flows.csv.signed", "flows.csv.approvers", "flows.waiting", "flows.csv.since", "flows.organization",
		"flows.deadline", "common.created", "common.updated", "flows.completed", "flows.by"} {
		head = append(head, i18n.T(ctx, key))
	}
	if err := out.Write(head...); err != nil {
		return disconnected(err)
	}
	for written, after := 0, ""; written < maxExportedFlows; {
		lines, next, err := s.db.Flows(ctx, scope(ctx), filter, db.Page{After: after, Limit: db.MaxLimit})
		if err != nil {
			return err
		}
		names, err := s.organizationNames(ctx, each(lines, func(f db.FlowLine) string { return f.OrganizationID })...)
		if err != nil {
			return err
		}
		for _, f := range lines {
			if err := out.Write(f.ID, f.Name, i18n.T(ctx, "flows.state."+strconv.FormatInt(int64(f.State), 10)), strconv.Itoa(f.Signed), strconv.Itoa(f.Approvers),
				waitingNames(ctx, f.WaitingOn), templates.TimeText(f.WaitingSince), names[f.OrganizationID], templates.TimeText(f.Deadline), templates.TimeText(f.Created),
				templates.TimeText(f.Updated), templates.TimeText(f.Completed), f.CreatedBy); err != nil {
				return disconnected(err)
			}
		}
		written += len(lines)
		if after = next; next == "" {
			break
		}
	}
	return nil
}
