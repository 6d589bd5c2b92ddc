package db

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/store"
)

// policyNames are the rows of the table of policies.
const (
	policyFactor   = "second_factor"
	policyIdle     = "session_idle"
	policyAbsolute = "session_absolute"
	policyLinks    = "link_life"
	policyLinkOnly = "link_only"
)

// Policy is what administrators decided about log-ins and signing; it is kept in memory, since every request asks for it.
func (d *DB) Policy() auth.Policy { return *d.policy.Load() }

// loadPolicy reads the policy at the start. A value that is no choice any more counts as not decided.
func (d *DB) loadPolicy(ctx context.Context) error {
	p := auth.DefaultPolicy()
	err := d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "SELECT name, value FROM policies")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name, value string
			if err := rows.Scan(&name, &value); err != nil {
				return err
			}
			if next := withPolicy(p, name, value); next.Check() == nil {
				p = next
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		return holdPolicy(ctx, tx, p)
	})
	if err != nil {
		return fmt.Errorf("read the policy: %w", err)
	}
	d.policy.Store(&p)
	return nil
}

func withPolicy(p auth.Policy, name, value string) auth.Policy {
	life, _ := time.ParseDuration(value) // zero is no choice
	switch name {
	case policyFactor:
		p.SecondFactor = value
	case policyIdle:
		p.SessionIdle = life
	case policyAbsolute:
		p.SessionAbsolute = life
	case policyLinks:
		p.LinkLife = life
	case policyLinkOnly:
		p.LinkOnly = value == "true"
	}
	return p
}

func policyValues(p auth.Policy) map[string]string {
	return map[string]string{policyFactor: p.SecondFactor, policyIdle: p.SessionIdle.String(), policyAbsolute: p.SessionAbsolute.String(),
		policyLinks: p.LinkLife.String(), policyLinkOnly: strconv.FormatBool(p.LinkOnly)}
}

// SetPolicy keeps a new policy, which holds at once, for sessions under way too.
func (d *DB) SetPolicy(ctx context.Context, p auth.Policy) error {
	if err := p.Check(); err != nil {
		return err
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		for name, value := range policyValues(p) {
			_, err := tx.Exec(ctx, "INSERT INTO policies (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
			if err != nil {
				return fmt.Errorf("set the policy: %w", err)
			}
		}
		tx.OnCommit(func() { d.policy.Store(&p) })
		return d.record(ctx, tx, audit.Event{Action: actionPolicy, ObjectType: "settings",
			Detail: map[string]any{"before": policyValues(d.Policy()), "after": policyValues(p)}})
	})
}
