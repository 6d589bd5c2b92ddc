package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/web/templates"
)

// requestRows is how many calls a page shows.
const requestRows = 50

// callAction begins the actions of calls in the audit log.
const callAction = "platform."

// listRequests shows what the portal asked of the platform and what came of it, newest first: the outcomes of the audit log.
func (s *server) listRequests(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	typed, filter, problems := auditFilter(q, s.now())
	data := templates.RequestsData{Filter: typed, Problems: problems, Outcomes: callOutcomes(ctx)}
	data.Actions = slices.DeleteFunc(auditActions(ctx), func(o templates.Option) bool { return !strings.HasPrefix(o.Value, callAction) })
	status, next := http.StatusOK, ""
	if len(problems) > 0 {
		status = http.StatusUnprocessableEntity
	} else {
		before, _ := strconv.ParseInt(q.Get("after"), 10, 64) // what is no number counts as the start
		filter = audit.Filter{Calls: true, Action: filter.Action, Outcome: filter.Outcome, From: filter.From, To: filter.To}
		events, err := s.db.Audit().Query(ctx, filter, before, requestRows+1)
		if err != nil {
			return err
		}
		if len(events) > requestRows {
			events = events[:requestRows]
			next = strconv.FormatInt(events[requestRows-1].Seq, 10)
		}
		for i := range events {
			data.Rows = append(data.Rows, requestRow(ctx, &events[i]))
		}
	}
	data.Paging = paging(r, next)
	return s.render(w, r, status, page{Title: "requests.title", Active: "requests", Wide: true}, templates.RequestsList(data))
}

func callOutcomes(ctx context.Context) []templates.Option {
	return slices.DeleteFunc(auditOutcomes(ctx), func(o templates.Option) bool { return o.Value != audit.OK && o.Value != audit.Failed })
}

// requestRow is the outcome of a call as a line of the list.
func requestRow(ctx context.Context, e *audit.Event) templates.RequestRow {
	return templates.RequestRow{AuditRow: auditRow(ctx, e), API: strings.TrimPrefix(e.Action, callAction), Code: e.ErrorCode, Duration: millis(e.Duration),
		Request: e.Actor.RequestID, Platform: e.PlatformRequestID}
}

// showRequest shows one call with what was sent, masked.
func (s *server) showRequest(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	seq, err := auditSeq(r)
	if err != nil {
		return err
	}
	e, err := s.db.Audit().Get(ctx, seq)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(e.Action, callAction) || e.Outcome == audit.Intent {
		return db.ErrNotFound
	}
	data := templates.RequestData{RequestRow: requestRow(ctx, &e), ObjectURL: objectURL(ctx, &e)}
	if data.Sent, err = s.sent(ctx, &e); err != nil {
		return err
	}
	p := page{Title: "requests.one", TitleArgs: []any{"Seq", seq}, Active: "requests", Back: backTo(ctx, "/requests", "requests.title")}
	return s.render(w, r, http.StatusOK, p, templates.RequestPage(data))
}

// sent is the masked request of a call, which stands in the event before it left; empty where there is none.
func (s *server) sent(ctx context.Context, outcome *audit.Event) (string, error) {
	intent, err := s.db.Audit().IntentOf(ctx, outcome)
	if errors.Is(err, audit.ErrNotFound) {
		return "", nil // counted together with others
	}
	if err != nil {
		return "", err
	}
	return valueText(intent.Detail["request"]), nil
}
