package engine_test

import (
	"errors"
	"testing"
	"time"

	"sealdesk/internal/engine"
)

func TestConsoleTokensAreSpentAndSessionsEnd(t *testing.T) {
	p := start(t)
	token, err := p.engine.ConsoleToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	session, err := p.engine.ConsoleLogIn(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.engine.ConsoleLogIn(t.Context(), token); !errors.Is(err, engine.ErrConsole) {
		t.Errorf("a token was taken twice: %v", err)
	}
	for _, wrong := range []string{"", token, session + "x"} {
		if err := p.engine.ConsoleSession(t.Context(), wrong); !errors.Is(err, engine.ErrConsole) {
			t.Errorf("session %q: %v", wrong, err)
		}
	}
	if _, err := p.engine.ConsoleLogIn(t.Context(), session); !errors.Is(err, engine.ErrConsole) {
		t.Errorf("a session logs in: %v", err)
	}
	for range 23 { // used every half hour, it ends after twelve
		p.clock.Add(29 * time.Minute)
		if err := p.engine.ConsoleSession(t.Context(), session); err != nil {
			t.Fatal(err)
		}
	}
	p.clock.Add(time.Hour)
	if err := p.engine.ConsoleSession(t.Context(), session); !errors.Is(err, engine.ErrConsole) {
		t.Errorf("after twelve hours: %v", err)
	}
	late, err := p.engine.ConsoleToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.clock.Add(10 * time.Minute)
	if _, err := p.engine.ConsoleLogIn(t.Context(), late); !errors.Is(err, engine.ErrConsole) {
		t.Errorf("an old token was taken: %v", err)
	}
}

func TestIdleAndEndedSessionsOfTheConsole(t *testing.T) {
	p := start(t)
	open := func() string {
		token, err := p.engine.ConsoleToken(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		session, err := p.engine.ConsoleLogIn(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		return session
	}
	idle, ended := open(), open()
	if err := p.engine.ConsoleLogOut(t.Context(), ended); err != nil {
		t.Fatal(err)
	}
	if err := p.engine.ConsoleSession(t.Context(), ended); !errors.Is(err, engine.ErrConsole) {
		t.Errorf("after logging out: %v", err)
	}
	p.clock.Add(31 * time.Minute)
	if err := p.engine.ConsoleSession(t.Context(), idle); !errors.Is(err, engine.ErrConsole) {
		t.Errorf("after half an hour without use: %v", err)
	}
}
