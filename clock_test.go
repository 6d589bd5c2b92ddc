package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/clockwatch"
	"sealdesk/internal/config"
)

// lockedLog is an operator's log that a test reads.
type lockedLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// clockEvents are the events about the clock, newest first.
func clockEvents(t *testing.T, log *audit.Log) []audit.Event {
	t.Helper()
	events, err := log.Query(t.Context(), audit.Filter{Action: audit.ActionClock}, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// TestAJumpOfTheClockIsInBothLogs opens a folder whose log was written while the clock was ahead, and then sets the clock twice.
func TestAJumpOfTheClockIsInBothLogs(t *testing.T) {
	cfg := config.Config{EngineListen: "127.0.0.1:0", EngineURL: "http://engine.test", PublicURL: "http://portal.test", Data: t.TempDir(),
		Platform: config.Platform{Endpoint: config.Embedded}}
	d, err := openData(t.Context(), folders{cfg.Data}, starting, portalHalf)
	if err != nil {
		t.Fatal(err)
	}
	ahead, err := openPortal(t.Context(), d, func() time.Time { return time.Now().AddDate(1, 0, 0) }, nil, nil)
	if err == nil {
		err = ahead.Audit().Record(t.Context(), audit.Event{Action: "session.login"})
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := ahead.Close(); err != nil {
		t.Fatal(err)
	}

	p, err := open(t.Context(), cfg, "", io.Discard, starting, halfNames...)
	if err == nil {
		err = p.openPortal(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	var operator lockedLog
	p.logger = slog.New(slog.NewTextHandler(&operator, nil))

	var mu sync.Mutex
	wall, mono := time.Now(), time.Duration(0)
	set := func(by time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		wall, mono = wall.Add(by+time.Second), mono+time.Second
	}
	watch := clockwatch.New(clockwatch.Options{
		Wall: func() time.Time { mu.Lock(); defer mu.Unlock(); return wall },
		Mono: func() time.Duration { mu.Lock(); defer mu.Unlock(); return mono },
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.watchClock(ctx, watch, time.Millisecond) }()
	wait := func(portal, engine int) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); len(clockEvents(t, p.portal.Audit())) < portal || len(clockEvents(t, p.engine.Evidence())) < engine; {
			if time.Now().After(end) {
				t.Fatalf("no event of the clock:\n%s", operator.String())
			}
			time.Sleep(time.Millisecond)
		}
	}
	wait(1, 0)
	if e := clockEvents(t, p.portal.Audit())[0]; time.Since(e.Time).Abs() > time.Minute {
		t.Errorf("times have not recovered: %v", e.Time)
	}
	set(2 * time.Hour)
	wait(2, 1)
	set(-2 * time.Hour)
	wait(3, 2)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, log := range []*audit.Log{p.portal.Audit(), p.engine.Evidence()} {
		events := clockEvents(t, log)
		if !strings.Contains(events[0].DetailText, `"seconds":-7200`) || !strings.Contains(events[1].DetailText, `"seconds":7200`) {
			t.Errorf("the events do not say how far: %s, %s", events[0].DetailText, events[1].DetailText)
		}
		if r, err := log.Verify(t.Context()); err != nil || !r.OK() {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if text := operator.String(); !strings.Contains(text, "sealdesk_clock_jump_seconds=7200") || !strings.Contains(text, "sealdesk_clock_jump_seconds=-7200") {
		t.Errorf("the operator is not alarmed:\n%s", text)
	}
}
