package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
)

// engineWays keeps how far the checkpoints of an engine that runs alone have come on each way, in a file beside its database: there is no portal
// to keep it. That a way stops working, and that a witness saw another history, are events of the evidence log.
type engineWays struct {
	path   string
	log    *audit.Log
	mailTo []string
	now    func() time.Time
	mu     sync.Mutex
}

// CheckpointStates reads the file; none is a start from nothing.
func (e *engineWays) CheckpointStates(context.Context) (all []db.CheckpointState, err error) {
	data, err := os.ReadFile(e.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		return nil, fmt.Errorf("read how checkpoints leave: %w; remove the file to begin anew", err)
	}
	return all, nil
}

// CheckpointLeft notes that a checkpoint left on a way. A witness's line is kept by the witness itself.
func (e *engineWays) CheckpointLeft(ctx context.Context, way string, c audit.Checkpoint, _, _ string, next time.Time) error {
	_, err := e.change(ctx, way, c, func(s *db.CheckpointState) {
		*s = db.CheckpointState{Way: way, Log: c.Log(), Size: c.End(), Left: e.now(), Due: next}
	})
	return err
}

// CheckpointStayed notes that a way did not take a checkpoint, and when it is tried again.
func (e *engineWays) CheckpointStayed(ctx context.Context, way string, c audit.Checkpoint, code string, next time.Time) error {
	was, err := e.change(ctx, way, c, func(s *db.CheckpointState) {
		if s.Failing.IsZero() {
			s.Failing = e.now()
		}
		s.Error, s.Due, s.Attempts = code, next, s.Attempts+1
	})
	if err != nil || was != "" && (code != db.CheckpointHistory || was == code) {
		return err
	}
	return e.log.Record(ctx, audit.Event{Actor: audit.ActorFrom(ctx), Action: "checkpoint.stayed", ObjectType: "checkpoint", ObjectID: way, Outcome: audit.Failed, ErrorCode: code,
		Detail: map[string]any{"log": c.Log(), "size": c.End()}})
}

// Reviewers are the addresses of --checkpoint-mail-to.
func (e *engineWays) Reviewers(context.Context) (all []db.Reviewer, err error) {
	for _, to := range e.mailTo {
		all = append(all, db.Reviewer{Mail: to})
	}
	return all, nil
}

// change changes the state of a log on a way, and tells the error that it had before. The file is replaced as a whole.
func (e *engineWays) change(ctx context.Context, way string, c audit.Checkpoint, change func(*db.CheckpointState)) (was string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	all, err := e.CheckpointStates(ctx)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(all, func(s db.CheckpointState) bool { return s.Way == way && s.Log == c.Log() })
	if i < 0 {
		i, all = len(all), append(all, db.CheckpointState{Way: way, Log: c.Log()})
	}
	was = all[i].Error
	change(&all[i])
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return "", fmt.Errorf("note how checkpoints leave: %w", err)
	}
	next := e.path + ".new"
	if err := os.WriteFile(next, append(data, '\n'), 0o600); err != nil {
		return "", fmt.Errorf("note how checkpoints leave: %w", err)
	}
	return was, os.Rename(next, e.path)
}

// trouble is what an operator's check should hear: a way that has not worked for a day, a witness that saw another history. Which way and log it
// is stands in the operator's log.
func (e *engineWays) trouble(ctx context.Context) (lines []string) {
	all, err := e.CheckpointStates(ctx)
	if err != nil {
		return []string{"checkpoints: cannot be read"}
	}
	for _, s := range all {
		switch {
		case s.Error == db.CheckpointHistory:
			lines = append(lines, "ALARM: the witness saw another history")
		case s.Error != "" && e.now().Sub(s.Failing) > 24*time.Hour:
			lines = append(lines, "checkpoints have not left for a day")
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}
