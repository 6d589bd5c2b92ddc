package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// EvidenceOrigin names the engine's log in its checkpoints.
const EvidenceOrigin = "sealdesk-engine-evidence"

// event is one entry of the evidence log.
type event struct {
	Action     string
	ObjectType string
	ObjectID   string
	// Refusal is the code of why something was refused; empty: it was done.
	Refusal string
	Detail  map[string]any
}

// openEvidence opens the engine's log in its own store. In memory its key lives as long as the log.
func openEvidence(ctx context.Context, e *Engine, opts Options) (*audit.Log, error) {
	var key audit.Key
	var err error
	if opts.Memory {
		key, err = audit.NewKey(EvidenceOrigin)
	} else {
		key, err = audit.OpenKey(filepath.Join(opts.DataDir, filepath.FromSlash(EvidenceKeyName)), EvidenceOrigin)
	}
	if err != nil {
		return nil, fmt.Errorf("open the key of the evidence log: %w", err)
	}
	log, err := audit.Open(ctx, e.db, audit.Options{Key: key, Clock: e.now, Checkpoints: opts.Checkpoints,
		Known: opts.Known, OnBreak: opts.OnBreak, OnRow: opts.OnRow})
	if err != nil {
		return nil, fmt.Errorf("open the evidence log: %w", err)
	}
	err = e.refuseEmptied(ctx, log)
	if err == nil {
		err = log.SealRows(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the evidence log: %w", err), log.Close())
	}
	return log, nil
}

// refuseEmptied refuses a log without a single event in a database that has an application or an authority: making them leaves events, so
// that somebody removed them, whatever else is gone that knew of them.
func (e *Engine) refuseEmptied(ctx context.Context, log *audit.Log) error {
	if log.Count() > 0 {
		return nil
	}
	var made bool
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM main.engine_applications) OR EXISTS (SELECT 1 FROM main.engine_authority)").Scan(&made)
	})
	if err == nil && made {
		err = audit.ErrEmptied
	}
	return err
}

// record appends to the evidence in the transaction of the change, after all of it, and queues the callbacks that tell of
// it. Who acts comes from the request, or from the signer's page (see withSigner).
func (e *Engine) record(ctx context.Context, tx *store.Tx, ev event) error {
	c := callOf(ctx)
	actor := audit.Actor{Role: audit.RoleProgram, Session: c.Session, IP: c.IP, UserAgent: c.UserAgent, RequestID: c.RequestID}
	switch {
	case c.Signer != "":
		actor.Name, actor.Role = c.Signer, audit.RoleSigner
	case c.Application != nil:
		actor.Name = c.Application.ID
	default:
		actor.Name, actor.Role = audit.ActorEngine, audit.RoleSystem
	}
	detail := ev.Detail
	if c.SourceIP != "" {
		detail = map[string]any{"sourceIp": c.SourceIP}
		maps.Copy(detail, ev.Detail)
	}
	if e.simulate {
		if detail = maps.Clone(detail); detail == nil {
			detail = map[string]any{}
		}
		detail["simulated"] = true
	}
	outcome := audit.OK
	if ev.Refusal != "" {
		outcome = audit.Failed
	}
	_, err := e.log.Append(ctx, tx, audit.Event{Actor: actor, Action: ev.Action, ObjectType: ev.ObjectType, ObjectID: ev.ObjectID,
		Outcome: outcome, ErrorCode: ev.Refusal, Detail: detail})
	if err != nil {
		return fmt.Errorf("record the evidence: %w", err)
	}
	return e.queueCallbacks(ctx, tx, ev)
}

// Refused gives the reason why the engine's database refuses every change, see store.SchemaError; nil when it does not.
func (e *Engine) Refused() error { return e.db.Refused() }

// Version is the number of the newest migration that a table of the engine's database notes, such as SchemaTable; 0 without such a table.
func (e *Engine) Version(ctx context.Context, table string) (int64, error) {
	return e.db.Version(ctx, table)
}
