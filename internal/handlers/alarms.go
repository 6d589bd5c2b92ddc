package handlers

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// clockAlarm is how long pages tell that the system's clock was set.
const clockAlarm = 24 * time.Hour

// alarms are what administrators and reviewers are told on every page.
func (s *server) alarms(ctx context.Context) (texts []string) {
	if !can(ctx, auth.AuditRead) {
		return nil
	}
	texts = s.changedRows(ctx)
	if url, problem := s.silentAuthority(); problem != "" {
		texts = append(texts, i18n.T(ctx, "common.timestamp.silent", "URL", url, "Problem", problem))
	}
	jump := s.clockJump(ctx)
	if jump == nil {
		return texts
	}
	var detail struct {
		Seconds float64 `json:"seconds"`
	}
	if err := json.Unmarshal([]byte(jump.DetailText), &detail); err != nil {
		s.log.WarnContext(ctx, "an event about the clock cannot be read", "event", jump.Seq, "error", err)
	}
	by := time.Duration(detail.Seconds * float64(time.Second)).Round(time.Second)
	return append(texts, i18n.T(ctx, "common.clock.set", "Seq", jump.Seq, "At", templates.TimeText(jump.Time), "By", by.String()))
}

// silentAuthority is an outside time-stamping authority that did not answer well at the last try; problem is empty for none.
func (s *server) silentAuthority() (url, problem string) {
	if s.timestamps == nil {
		return "", ""
	}
	return s.timestamps()
}

// clockTrouble is what an operator's check hears of time: of the clock, and of the authority that stamps it.
func (s *server) clockTrouble(ctx context.Context) (lines []string) {
	if url, problem := s.silentAuthority(); problem != "" {
		line := "ALARM: the time-stamping authority gives no time stamp"
		if can(ctx, auth.AuditRead) {
			line += ": " + url + ", " + problem
		}
		lines = append(lines, line)
	}
	jump := s.clockJump(ctx)
	if jump == nil {
		return lines
	}
	line := "ALARM: the clock was set"
	if can(ctx, auth.AuditRead) {
		line += ": at " + jump.Time.Format(time.RFC3339) + ", event " + strconv.FormatInt(jump.Seq, 10)
	}
	return append(lines, line)
}

// clockJump is the newest event which tells that the system's clock was set, nil where there is none of the last day. A log that cannot be
// asked has an alarm of its own, and pages go on.
func (s *server) clockJump(ctx context.Context) *audit.Event {
	events, err := s.db.Audit().Query(ctx, audit.Filter{Action: audit.ActionClock}, 0, 1)
	if err != nil {
		s.log.ErrorContext(ctx, "the log cannot be asked about the clock", "error", err)
		return nil
	}
	if len(events) == 0 || s.now().Sub(events[0].Time).Abs() > clockAlarm {
		return nil
	}
	return &events[0]
}
