package console

import (
	"net/http"

	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// listRequests shows the last requests, on wish only those that were refused.
func (s *server) listRequests(w http.ResponseWriter, r *http.Request) error {
	onlyFailed := r.URL.Query().Get("failed") != ""
	var rows []templates.ConsoleRequest
	for _, q := range s.engine.Requests() {
		if !onlyFailed || q.Code != "" {
			rows = append(rows, requestRow(q))
		}
	}
	return s.show(w, r, http.StatusOK, templates.ConsoleData{Active: "requests"}, templates.ConsoleRequests(rows, onlyFailed))
}

func requestRow(q engine.Request) templates.ConsoleRequest {
	return templates.ConsoleRequest{URL: Prefix + "requests/" + q.ID, At: q.Time, Action: q.Action, Client: q.Client, Code: q.Code, Took: q.Duration,
		Scheme: q.Scheme, Method: q.Method}
}

func (s *server) showRequest(w http.ResponseWriter, r *http.Request) error {
	q, ok := s.engine.FindRequest(r.PathValue("id"))
	if !ok {
		return errNoPage
	}
	title := q.Action
	if title == "" {
		title = i18n.T(r.Context(), "console.request")
	}
	return s.show(w, r, http.StatusOK, templates.ConsoleData{
		Title: title, Active: "requests", Back: &templates.Link{URL: Prefix + "requests", Text: i18n.T(r.Context(), "console.nav.requests")},
	}, templates.ConsoleRequestPage(templates.ConsoleRequestDetail{
		ConsoleRequest: requestRow(q), ID: q.ID, Address: q.Address, Message: q.Message, Parameters: q.Parameter,
		Canonical: q.Canonical, StringToSign: q.StringToSign,
	}))
}
