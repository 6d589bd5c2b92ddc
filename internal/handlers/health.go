package handlers

import (
	"net/http"

	"sealdesk/web/static"
)

// healthy says that the program answers.
func (s *server) healthy(w http.ResponseWriter, _ *http.Request) error {
	return plain(w, http.StatusOK, "ok")
}

// ready says whether the portal can do its work: the database answers and the browser's files are built in.
func (s *server) ready(w http.ResponseWriter, r *http.Request) error {
	if err := s.db.Ready(r.Context()); err != nil {
		s.log.ErrorContext(r.Context(), "not ready", "error", err)
		return plain(w, http.StatusServiceUnavailable, "database")
	}
	if !static.Ready() {
		return plain(w, http.StatusServiceUnavailable, "assets")
	}
	return plain(w, http.StatusOK, "ok")
}

func plain(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, err := w.Write([]byte(text + "\n"))
	return disconnected(err)
}
