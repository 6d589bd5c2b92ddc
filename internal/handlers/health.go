package handlers

import (
	"context"
	"net/http"
	"strings"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/i18n"
	"sealdesk/web/static"
)

// healthy says that the program answers.
func (s *server) healthy(w http.ResponseWriter, _ *http.Request) error {
	return plain(w, http.StatusOK, "ok")
}

// ready says whether the portal can do its work: the database answers and the browser's files are built in. Below that it
// tells of checkpoints that do not leave; a witness's word is not proved, so that it takes no portal out of service.
func (s *server) ready(w http.ResponseWriter, r *http.Request) error {
	if err := s.db.Ready(r.Context()); err != nil {
		s.log.ErrorContext(r.Context(), "not ready", "error", err)
		return plain(w, http.StatusServiceUnavailable, "database")
	}
	if !static.Ready() {
		return plain(w, http.StatusServiceUnavailable, "assets")
	}
	if broken := append(s.brokenLogs(r.Context()), s.changedRows(r.Context())...); len(broken) > 0 {
		if can(r.Context(), auth.AuditRead) {
			return plain(w, http.StatusServiceUnavailable, strings.Join(broken, "\n"))
		}
		return plain(w, http.StatusServiceUnavailable, "not ready")
	}
	lines := append([]string{"ok"}, s.checkpointTrouble(r.Context())...)
	return plain(w, http.StatusOK, strings.Join(append(lines, s.clockTrouble(r.Context())...), "\n"))
}

// brokenLogs says in words which audit logs are broken, and how.
func (s *server) brokenLogs(ctx context.Context) []string {
	var all []string
	add := func(log string, state func() (audit.Break, bool)) {
		if b, broken := state(); broken {
			all = append(all, i18n.T(ctx, "audit.broken."+log)+i18n.T(ctx, "audit.broken.reason."+b.Reason, "Found", b.Found.Size, "Signed", b.Signed.Size))
		}
	}
	add("portal", s.db.Audit().Broken)
	if s.evidence != nil {
		add("evidence", s.evidence.Broken)
	}
	return all
}

// changedRows says in words which databases were changed outside of Sealdesk.
func (s *server) changedRows(ctx context.Context) []string {
	var all []string
	add := func(log string, rows []audit.ChangedRow) {
		if len(rows) > 0 {
			all = append(all, i18n.T(ctx, "audit.rows."+log, "Count", len(rows), "Row", rows[0].Table+" "+rows[0].Key))
		}
	}
	add("portal", s.db.Audit().ChangedRows())
	if s.evidence != nil {
		add("evidence", s.evidence.ChangedRows())
	}
	return all
}

func plain(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, err := w.Write([]byte(text + "\n"))
	return disconnected(err)
}
