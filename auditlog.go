package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"sealdesk/internal/audit"
	"sealdesk/internal/config"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
)

// auditVerdict is what `audit verify --json` prints.
type auditVerdict struct {
	OK       bool     `json:"ok"`
	Events   int64    `json:"events"`
	Root     string   `json:"root"`
	Problems []string `json:"problems"`
}

// verifyAudit recomputes the log of the data folder, or checks an export without it; exit status 1 when something is wrong.
func verifyAudit(ctx context.Context, c config.AuditVerifyCommand, out io.Writer) error {
	check := verifyLog
	if c.Export != "" {
		check = verifyExport
	}
	verdict, err := check(ctx, c)
	if err != nil {
		return err
	}
	switch {
	case c.JSON:
		err = json.NewEncoder(out).Encode(verdict)
	case verdict.OK:
		_, err = fmt.Fprintln(out, i18n.T(ctx, "cli.audit.ok", "Count", verdict.Events, "Root", verdict.Root))
	default:
		_, err = fmt.Fprintln(out, i18n.T(ctx, "cli.audit.bad", "Problem", strings.Join(verdict.Problems, ", ")))
	}
	if err == nil && !verdict.OK {
		err = errReported
	}
	return err
}

func verifyLog(ctx context.Context, c config.AuditVerifyCommand) (verdict auditVerdict, err error) {
	err = withPortal(ctx, c.Data, func(ctx context.Context, portal *db.DB) error {
		var kept []audit.Checkpoint
		if c.Against != "" {
			text, err := os.ReadFile(c.Against)
			if err != nil {
				return err
			}
			if kept, err = audit.ParseCheckpoints(text, portal.Audit().PublicKey()); err != nil {
				return fmt.Errorf("%s: %w", c.Against, err)
			}
		}
		report, err := portal.Audit().Verify(ctx, kept...)
		verdict = auditVerdict{report.OK(), report.Events, report.Root.String(), words(report.Problems)}
		return err
	})
	return verdict, err
}

// verifyExport needs no data folder. Without a key it can only tell whether the export agrees with itself.
func verifyExport(_ context.Context, c config.AuditVerifyCommand) (verdict auditVerdict, err error) {
	file, err := os.Open(c.Export)
	if err != nil {
		return verdict, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	report, err := audit.VerifyExport(file, c.Key)
	if err != nil {
		return verdict, fmt.Errorf("%s: %w", c.Export, err)
	}
	return auditVerdict{report.OK(), report.Events, report.Checkpoint.Root.String(), words(report.Problems)}, nil
}

func words(problems []audit.Problem) []string {
	all := []string{}
	for _, p := range problems {
		all = append(all, p.String())
	}
	return all
}

// exportAudit writes every event with its proof.
func exportAudit(ctx context.Context, c config.AuditExportCommand, out io.Writer) error {
	return withPortal(ctx, c.Data, func(ctx context.Context, portal *db.DB) (err error) {
		if c.Out != "" {
			file, err := os.OpenFile(c.Out, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, file.Close()) }()
			out = file
		}
		// The export itself is an event, and stands in it.
		if err := portal.Audit().Record(ctx, audit.Event{Action: "audit.export", ObjectType: "audit", Detail: map[string]any{"format": c.Format}}); err != nil {
			return err
		}
		_, err = portal.Audit().Export(ctx, out, audit.Filter{}, c.Format)
		return err
	})
}

// printCheckpoint prints a signed checkpoint, to be kept where whoever can change the database cannot.
func printCheckpoint(ctx context.Context, c config.AuditCheckpointCommand, out io.Writer) error {
	return withPortal(ctx, c.Data, func(ctx context.Context, portal *db.DB) error {
		checkpoint, err := portal.Audit().Checkpoint(ctx)
		if err != nil {
			return err
		}
		_, err = out.Write(checkpoint.Text)
		return err
	})
}
