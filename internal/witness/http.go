package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"sealdesk/internal/store"
)

// maxBody is the longest request that is read, in bytes.
const maxBody = 64 << 10

// sizeType is the content type of the answer that tells a size.
const sizeType = "text/x.tlog.size"

// addPath is where checkpoints are submitted.
const addPath = "/add-checkpoint"

// Handler serves POST /add-checkpoint (C2SP tlog-witness), GET /checkpoint/ORIGIN, the newest checkpoint of a log with the signatures of
// both, GET /contradictions/ORIGIN, what the log signed against it, and GET /healthz.
func (w *Witness) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+addPath, w.serveAdd)
	mux.HandleFunc("GET /checkpoint/{origin...}", w.serveCheckpoint)
	mux.HandleFunc("GET /contradictions/{origin...}", w.serveContradictions)
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) { answer(rw, http.StatusOK, "ok\n") })
	return mux
}

func answer(rw http.ResponseWriter, status int, text string) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, text) // a reader that has gone away needs no answer
}

func (w *Witness) serveAdd(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			answer(rw, http.StatusRequestEntityTooLarge, "the request is too large\n")
			return
		}
		answer(rw, http.StatusBadRequest, errRequest.Error()+"\n")
		return
	}
	line, err := w.add(r.Context(), body)
	var conflict *conflictError
	switch {
	case err == nil:
		answer(rw, http.StatusOK, line)
	case errors.As(err, &conflict):
		w.logger.WarnContext(r.Context(), "checkpoint refused", "reason", err.Error())
		rw.Header().Set("Content-Type", sizeType)
		rw.WriteHeader(http.StatusConflict)
		fmt.Fprintf(rw, "%d\n", conflict.size)
	case errors.Is(err, errRequest):
		answer(rw, http.StatusBadRequest, err.Error()+"\n")
	case errors.Is(err, errUnknownLog):
		answer(rw, http.StatusNotFound, err.Error()+"\n")
	case errors.Is(err, errSignature):
		answer(rw, http.StatusForbidden, err.Error()+"\n")
	case errors.Is(err, errInconsistent):
		w.logger.ErrorContext(r.Context(), "a log contradicts what this witness signed", "reason", err.Error())
		answer(rw, http.StatusUnprocessableEntity, err.Error()+"\n")
	default:
		w.logger.ErrorContext(r.Context(), "checkpoint not judged", "error", err)
		answer(rw, http.StatusInternalServerError, "the witness cannot answer now\n")
	}
}

// serveCheckpoint gives the newest checkpoint of a log, to be kept and compared.
func (w *Witness) serveCheckpoint(rw http.ResponseWriter, r *http.Request) {
	var checkpoint, line string
	err := w.db.Read(r.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(r.Context(), `SELECT checkpoint, cosignature FROM witness_logs WHERE origin = $1`, r.PathValue("origin")).Scan(&checkpoint, &line)
	})
	w.tell(r.Context(), rw, checkpoint+line, err)
}

// serveContradictions gives the pairs of checkpoints that a log signed and that exclude each other: the known one, then the refused one.
func (w *Witness) serveContradictions(rw http.ResponseWriter, r *http.Request) {
	text := ""
	err := w.db.Read(r.Context(), func(tx *store.Tx) (err error) {
		rows, err := tx.Query(r.Context(), `SELECT known, checkpoint FROM witness_refused WHERE origin = $1 ORDER BY id`, r.PathValue("origin"))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			var known, refused string
			if err := rows.Scan(&known, &refused); err != nil {
				return err
			}
			text += known + "\n" + refused + "\n"
		}
		return rows.Err()
	})
	w.tell(r.Context(), rw, text, err)
}

func (w *Witness) tell(ctx context.Context, rw http.ResponseWriter, text string, err error) {
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && text == "":
		answer(rw, http.StatusNotFound, "nothing is known of it\n")
	case err != nil:
		w.logger.ErrorContext(ctx, "the memory of the witness cannot be read", "error", err)
		answer(rw, http.StatusInternalServerError, "the witness cannot answer now\n")
	default:
		answer(rw, http.StatusOK, text)
	}
}
