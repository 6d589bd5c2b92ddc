package console

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// listRights shows every white-listed right of the application.
func (s *server) listRights(w http.ResponseWriter, r *http.Request) error {
	var rights []templates.ConsoleRight
	for _, right := range engine.Rights() {
		rights = append(rights, templates.ConsoleRight{Name: string(right), Text: i18n.T(r.Context(), "console.right."+string(right)), Granted: s.engine.HasRight(right)})
	}
	return s.show(w, r, http.StatusOK, templates.ConsoleData{Active: "rights"}, templates.ConsoleRights(rights))
}

func (s *server) setRight(w http.ResponseWriter, r *http.Request) error {
	right := engine.Right(r.PostFormValue("right"))
	if !slices.Contains(engine.Rights(), right) {
		return errNoPage
	}
	granted := r.PostFormValue("granted") == "1"
	if err := s.engine.SetRight(r.Context(), right, granted); err != nil {
		return err
	}
	what := "refused"
	if granted {
		what = "granted"
	}
	return done(w, r, "rights", what)
}

func (s *server) showClock(w http.ResponseWriter, r *http.Request) error {
	return s.clockPage(w, r, http.StatusOK, templates.ConsoleClock{Unit: "d"})
}

func (s *server) clockPage(w http.ResponseWriter, r *http.Request, status int, d templates.ConsoleClock) error {
	d.Ahead, d.Engine = s.engine.ClockOffset(), s.engine.Now()
	d.World = d.Engine.Add(-d.Ahead)
	return s.show(w, r, status, templates.ConsoleData{Active: "clock"}, templates.ConsoleClockPage(d))
}

// units of the form.
var units = map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}

// maxAmount keeps the product of number and unit far from overflowing.
const maxAmount = 10000

// advanceClock takes one of the ready steps ("by"), or a number and a unit.
func (s *server) advanceClock(w http.ResponseWriter, r *http.Request) error {
	d := templates.ConsoleClock{Amount: r.PostFormValue("amount"), Unit: r.PostFormValue("unit")}
	by, bad := time.ParseDuration(r.PostFormValue("by"))
	if r.PostFormValue("by") == "" {
		var n int
		n, bad = strconv.Atoi(d.Amount)
		by = time.Duration(min(n, maxAmount)) * units[d.Unit]
	}
	err := engine.ErrClock
	if bad == nil {
		err = s.engine.AdvanceClock(r.Context(), by)
	}
	switch {
	case errors.Is(err, engine.ErrClock):
		d.Problems = templates.Problems{{Field: "amount", Rule: "clock"}}
		return s.clockPage(w, r, http.StatusUnprocessableEntity, d)
	case err != nil:
		return err
	}
	return done(w, r, "clock", "advanced")
}

func (s *server) resetClock(w http.ResponseWriter, r *http.Request) error {
	if err := s.engine.ResetClock(r.Context()); err != nil {
		return err
	}
	return done(w, r, "clock", "reset")
}
