package main

import (
	"context"
	"errors"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/clockwatch"
)

// clockActor stands in events about the system's clock.
var clockActor = audit.Actor{Name: audit.ActorPortal, Role: audit.RoleSystem}

// watchClock tells of jumps of the system's clock until the context ends. It begins with what happened before: a log whose newest event is
// still to come was written while the clock was ahead.
func (p *program) watchClock(ctx context.Context, watch *clockwatch.Watch, every time.Duration) error {
	if err := p.clockWasAhead(ctx); err != nil { // such as of a log that is broken, which others tell of
		p.logger.ErrorContext(ctx, "the clock could not be compared with the logs", "error", err)
	}
	return watch.Run(ctx, every, p.clockJumped)
}

// clockJumped records a jump in both logs and alarms the operator.
func (p *program) clockJumped(ctx context.Context, jump clockwatch.Jump) error {
	p.logger.ErrorContext(ctx, "the system's clock was set, or the machine slept: check the time of this machine", "now", jump.At,
		"sealdesk_clock_jump_seconds", jump.By.Seconds())
	detail := map[string]any{"seconds": jump.By.Seconds(), "now": jump.At}
	var errs []error
	if p.portal != nil {
		errs = append(errs, p.noteClock(ctx, detail))
	}
	if p.engine != nil {
		errs = append(errs, p.engine.NoteClock(ctx, detail))
	}
	err := errors.Join(errs...)
	if err != nil {
		p.logger.ErrorContext(ctx, "the jump of the clock could not be recorded", "error", err)
	}
	return err
}

func (p *program) noteClock(ctx context.Context, detail map[string]any) error {
	return p.portal.Audit().Record(ctx, audit.Event{Actor: clockActor, Action: audit.ActionClock, ObjectType: "clock", Detail: detail})
}

// clockWasAhead lets the times of a log recover that has events of the future.
func (p *program) clockWasAhead(ctx context.Context) error {
	now := time.Now()
	tell := func(log *audit.Log, now time.Time, note func(context.Context, map[string]any) error) error {
		events, err := log.Query(ctx, audit.Filter{}, 0, 1)
		if err != nil || len(events) == 0 || events[0].Time.Sub(now) <= clockwatch.Tolerance {
			return err
		}
		by := now.Sub(events[0].Time)
		p.logger.ErrorContext(ctx, "the clock was ahead when this log was last written: check the time of this machine", "now", now,
			"sealdesk_clock_jump_seconds", by.Seconds())
		return note(ctx, map[string]any{"seconds": by.Seconds(), "now": now.UTC()})
	}
	var portalErr, engineErr error
	if p.portal != nil {
		portalErr = tell(p.portal.Audit(), now, p.noteClock)
	}
	if p.engine != nil {
		engineErr = tell(p.engine.Evidence(), p.engine.Now(), p.engine.NoteClock)
	}
	return errors.Join(portalErr, engineErr)
}
