package handlers

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// checkpointRows is how many given out checkpoints a page shows.
const checkpointRows = 50

// checkpointPatience is how long a way out may fail before the operator's checks are told.
const checkpointPatience = 24 * time.Hour

// Outside takes the checkpoints of the logs off the machine; see package outside.
type Outside interface {
	// Ways lists the ways that are set up.
	Ways() []db.CheckpointWay
	// Logs lists the logs whose checkpoints leave.
	Logs() []*audit.Log
	// Try gives the newest checkpoints to one way now and returns the code of why not.
	Try(ctx context.Context, way string) (code string, err error)
}

// wayStates is how it stands with the ways that are set up; a way that was set up once is of no interest.
func (s *server) wayStates(ctx context.Context) ([]db.CheckpointState, error) {
	if s.checkpoints == nil {
		return nil, nil
	}
	all, err := s.db.CheckpointStates(ctx)
	var known []db.CheckpointState
	for _, state := range all {
		for _, way := range s.checkpoints.Ways() {
			if way.Name == state.Way {
				known = append(known, state)
			}
		}
	}
	return known, err
}

func logText(ctx context.Context, origin string) string {
	return textOr(ctx, "checkpoints.log."+origin, origin)
}

func checkpointError(ctx context.Context, code string) string {
	if code == "" {
		return ""
	}
	return i18n.T(ctx, "checkpoints.error."+code)
}

// outsideLine is what the page of the audit log says about checkpoints.
func (s *server) outsideLine(ctx context.Context) (line templates.AuditOutside, err error) {
	states, err := s.wayStates(ctx)
	failing := make(map[string]bool)
	for _, state := range states {
		if state.Left.After(line.Left) {
			line.Left = state.Left
		}
		if state.Error != "" {
			failing[state.Way] = true
		}
		if state.Error == db.CheckpointHistory {
			line.Alarms = append(line.Alarms, logText(ctx, state.Log))
		}
	}
	line.Trouble = len(failing)
	return line, err
}

// listCheckpoints shows the ways out and what left on them.
func (s *server) listCheckpoints(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	data := templates.CheckpointsData{CanTry: can(ctx, auth.SettingsWrite), Now: s.now()}
	states, err := s.wayStates(ctx)
	if err != nil {
		return err
	}
	if s.checkpoints != nil {
		for _, log := range s.checkpoints.Logs() {
			data.Keys = append(data.Keys, templates.CheckpointKey{Log: logText(ctx, keyName(log)), Key: log.PublicKey()})
		}
		for _, way := range s.checkpoints.Ways() {
			data.Ways = append(data.Ways, s.checkpointWay(ctx, way, states))
		}
	}
	for _, state := range states {
		if state.Error == db.CheckpointHistory {
			data.Alarms = append(data.Alarms, logText(ctx, state.Log))
		}
	}
	all, err := s.db.CheckpointsOut(ctx, seqAfter(r), checkpointRows+1)
	if err != nil {
		return err
	}
	next := ""
	if len(all) > checkpointRows {
		all = all[:checkpointRows]
		next = strconv.FormatInt(all[checkpointRows-1].ID, 10)
	}
	for _, o := range all {
		data.Rows = append(data.Rows, templates.CheckpointRow{ID: o.ID, Way: i18n.T(ctx, "checkpoints.way."+o.Way), Log: logText(ctx, o.Log), Size: o.Size,
			Attempts: o.Attempts, Error: checkpointError(ctx, o.Error), Failed: o.Failed(), Cosigned: o.Cosignature != "", At: o.At})
	}
	data.Paging = paging(r, next)
	return s.render(w, r, http.StatusOK, auditPage(ctx, "checkpoints.title"), templates.CheckpointsPage(data))
}

// keyName is the origin of a log: the name of its key.
func keyName(log *audit.Log) string {
	name, _, _ := strings.Cut(log.PublicKey(), "+")
	return name
}

// checkpointWay is how a way stands with every log.
func (s *server) checkpointWay(ctx context.Context, way db.CheckpointWay, states []db.CheckpointState) templates.CheckpointWay {
	out := templates.CheckpointWay{Name: way.Name, Text: i18n.T(ctx, "checkpoints.way."+way.Name), Target: way.Target}
	known := make(map[string]db.CheckpointState)
	for _, state := range states {
		if state.Way == way.Name {
			known[state.Log] = state
		}
	}
	for _, log := range s.checkpoints.Logs() {
		state, tried := known[keyName(log)]
		row := templates.CheckpointWayLog{Log: logText(ctx, keyName(log)), State: "ok", Error: checkpointError(ctx, state.Error), Size: state.Size,
			Left: state.Left, Failing: state.Failing}
		switch {
		case !tried:
			row.State = "waiting"
		case state.Error == db.CheckpointHistory:
			row.State = "alarm"
		case state.Error != "":
			row.State = "failing"
		}
		out.Logs = append(out.Logs, row)
	}
	return out
}

// tryCheckpoints gives the newest checkpoints to one way now.
func (s *server) tryCheckpoints(w http.ResponseWriter, r *http.Request) error {
	if s.checkpoints == nil {
		return db.ErrNotFound
	}
	ctx, way := r.Context(), r.PostFormValue("Way")
	code, err := s.checkpoints.Try(ctx, way)
	if err != nil {
		return err
	}
	event := audit.Event{Action: "checkpoint.try", ObjectType: "checkpoint", ObjectID: way}
	if code == "" {
		s.flash(r, "ok", "checkpoints.try.ok")
	} else {
		event.Outcome, event.ErrorCode = audit.Failed, code
		s.flash(r, "danger", "checkpoints.error."+code)
	}
	if err := s.record(ctx, event); err != nil {
		return err
	}
	return s.redirect(w, r, "/audit/checkpoints")
}

// downloadGivenCheckpoint sends a checkpoint that left, with the line of the witness.
func (s *server) downloadGivenCheckpoint(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return db.ErrNotFound
	}
	o, err := s.db.CheckpointOut(ctx, id)
	if err != nil {
		return err
	}
	tell(ctx, map[string]any{"log": o.Log, "size": o.Size})
	attach(w, "text/plain; charset=utf-8", "audit-checkpoint-"+strconv.FormatInt(o.Size, 10)+".txt")
	_, err = w.Write([]byte(o.Text + o.Cosignature))
	return disconnected(err)
}

// checkpointTrouble is what an operator's check should hear: ways that have not worked for a day, and a witness that saw another history.
// Only readers of the audit log are told which way and which log.
func (s *server) checkpointTrouble(ctx context.Context) (lines []string) {
	states, err := s.wayStates(ctx)
	if err != nil {
		return []string{"checkpoints: cannot be read"}
	}
	known := make(map[string]bool)
	add := func(public, detail string) {
		if can(ctx, auth.AuditRead) {
			public += ": " + detail
		}
		if !known[public] {
			lines, known[public] = append(lines, public), true
		}
	}
	for _, state := range states {
		switch {
		case state.Error == db.CheckpointHistory:
			add("ALARM: the witness saw another history", state.Log)
		case state.Error != "" && s.now().Sub(state.Failing) > checkpointPatience:
			add("checkpoints have not left for a day", state.Way+", "+state.Log+", since "+state.Failing.UTC().Format(time.RFC3339)+", "+state.Error)
		}
	}
	return lines
}
