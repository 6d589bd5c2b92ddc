package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"sealdesk/internal/audit"
	"sealdesk/internal/config"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/store"
)

// auditVerdict is what verifying says of one log or of an export.
type auditVerdict struct {
	Log        string   `json:"log,omitempty"` // "portal" or "engine"
	OK         bool     `json:"ok"`
	UnknownKey bool     `json:"unknownKey,omitempty"` // an export agrees with itself, but nobody here knows its key
	Events     int64    `json:"events"`
	Root       string   `json:"root"`
	Against    int      `json:"against"`          // how many checkpoints from outside of the database were compared
	Outside    int      `json:"outside"`          // how many of them came from elsewhere: named, left in another folder, attested by a witness
	Apart      int      `json:"apart,omitempty"`  // how many checkpoints that were named an export cannot be compared with
	Erased     int      `json:"erased,omitempty"` // how many tokens of an export have no value
	Problems   []string `json:"problems"`

	found []audit.Problem
	count int    // of the problems, of which found holds the first
	named int    // how many checkpoints of this log stand in the file that was named
	holds string // what is said of an export that passes, in words
	apart string // of the first checkpoint that an export cannot be compared with, and what can be done
}

// auditVerdicts is what `audit verify --json` prints: the first log's verdict, and those of all.
type auditVerdicts struct {
	auditVerdict
	Logs []auditVerdict `json:"logs,omitempty"`
}

// verifyAudit recomputes the logs of the data folder, or checks an export without them. The exit status tells a log that is broken (1) from
// an export whose key is not known (2).
func verifyAudit(ctx context.Context, c config.AuditVerifyCommand, out io.Writer) error {
	check := verifyLogs
	if c.Export != "" {
		check = verifyExport
	}
	all, err := check(ctx, c)
	if err != nil {
		return err
	}
	status := exitStatus(0)
	verdicts := auditVerdicts{auditVerdict: all[0]}
	for i := range all {
		if c.Export == "" {
			verdicts.Logs = append(verdicts.Logs, all[i])
		}
		switch {
		case all[i].UnknownKey || all[i].Apart > 0 && all[i].count == 0:
			status = max(status, 2)
		case !all[i].OK:
			status, verdicts.OK = 1, false
		}
		if !c.JSON {
			all[i].print(ctx, out)
		}
	}
	if c.JSON {
		err = json.NewEncoder(out).Encode(verdicts)
	}
	if err == nil && status != 0 {
		err = status
	}
	return err
}

// print says in words how it went, each problem on a line of its own.
func (v *auditVerdict) print(ctx context.Context, out io.Writer) {
	if v.Log != "" {
		fmt.Fprint(out, i18n.T(ctx, "cli.audit.log."+v.Log))
	}
	switch {
	case v.UnknownKey:
		fmt.Fprintln(out, i18n.T(ctx, "cli.audit.unknown", "Count", v.Events))
	case v.apart != "":
		fmt.Fprintln(out, v.holds)
		fmt.Fprintln(out, "  "+v.apart)
	case v.holds != "":
		fmt.Fprintln(out, v.holds)
		if v.Against > 0 {
			fmt.Fprintln(out, "  "+i18n.T(ctx, "cli.audit.export.against", "Count", v.Against))
		}
		if v.Erased > 0 {
			fmt.Fprintln(out, "  "+i18n.T(ctx, "cli.audit.export.erased", "Count", v.Erased))
		}
	case v.OK:
		fmt.Fprintln(out, i18n.T(ctx, "cli.audit.ok", "Count", v.Events, "Root", v.Root))
		fmt.Fprintln(out, "  "+i18n.T(ctx, "cli.audit.against", "Beside", v.Against-v.Outside, "Outside", v.Outside))
	default:
		said := "cli.audit.bad"
		if !slices.ContainsFunc(v.found, func(p audit.Problem) bool { return p.Kind != audit.ProblemRow }) {
			said = "cli.audit.rows"
		}
		fmt.Fprintln(out, i18n.T(ctx, said, "Count", v.count))
		for _, p := range v.found {
			fmt.Fprintf(out, "  - %s (%s)\n", i18n.T(ctx, "audit.problem."+p.Kind, "Seq", p.Seq, "Row", p.Row), p)
		}
		if v.count > len(v.found) {
			fmt.Fprintln(out, "  …")
		}
	}
}

// verifyLogs verifies the logs that the command names, of those that the data folder has.
func verifyLogs(ctx context.Context, c config.AuditVerifyCommand) (all []auditVerdict, err error) {
	f := folders{c.Data}
	named := 0
	names := []string{c.Log}
	if c.Log == "all" {
		if names, err = f.made(ctx); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		verdict, err := verifyLog(ctx, f, name, c)
		if err != nil {
			return nil, err
		}
		named += verdict.named
		all = append(all, verdict)
	}
	if c.Against != "" && named == 0 {
		return nil, refuse(ctx, "against", "Path", c.Against)
	}
	return all, nil
}

func verifyLog(ctx context.Context, f folders, name string, c config.AuditVerifyCommand) (verdict auditVerdict, err error) {
	for again := true; again; {
		err = withLog(ctx, f, name, func(d *dataFolder, log *audit.Log, database *store.DB) error {
			beside := d.knownCheckpoints(d.half(name))
			outside := d.leftCheckpoints(d.half(name), c.CheckpointFolder...)
			given := []audit.Checkpoint{}
			if c.Against != "" {
				text, err := os.ReadFile(c.Against)
				if err != nil {
					return err
				}
				given, err = audit.GivenCheckpoints(text, log.PublicKey())
				if err != nil && !errors.Is(err, audit.ErrNoCheckpoint) {
					return fmt.Errorf("%s: %w", c.Against, err)
				}
			}
			outside = append(outside, given...)
			report, err := log.Verify(ctx, append(beside, outside...)...)
			if err == nil {
				err = log.VerifySearch(ctx, &report)
			}
			report.NeedEvents()
			verdict = auditVerdict{Log: name, OK: report.OK(), Events: report.Events, Root: report.Root.String(), Against: report.Against,
				Outside: len(outside), Problems: words(report.Problems), found: report.Problems, count: report.Found, named: len(given)}
			again = database.Overtaken() // the program was started meanwhile: what was read may not fit together
			return err
		})
		if err != nil {
			return verdict, err
		}
	}
	return verdict, nil
}

// withLog runs a command on one of a data folder's logs without changing anything; the folder may be a copy that cannot be written.
func withLog(ctx context.Context, f folders, name string, run func(*dataFolder, *audit.Log, *store.DB) error) (err error) {
	d, err := openData(ctx, f, asking, name)
	if err != nil {
		return err
	}
	h := d.half(name)
	key, err := audit.ReadKey(h.path(h.logKey))
	if err != nil {
		return err
	}
	sealed, err := h.sealedRows()
	if err != nil {
		return err
	}
	use := func(path string, readOnly bool) (err error) {
		database, err := store.Open(ctx, store.Options{Path: path, ReadOnly: readOnly, Migrations: h.set.Files, Table: h.set.Table, Beside: []store.Set{audit.Set()},
			Sealed: sealed})
		if err != nil {
			return d.explain(ctx, h, err)
		}
		defer func() { err = errors.Join(err, database.Close()) }()
		log, err := audit.Open(ctx, database, audit.Options{Key: key, Origin: h.origin, Known: d.known(h), ReadOnly: readOnly})
		if err != nil {
			return d.explain(ctx, h, err)
		}
		defer func() { err = errors.Join(err, log.Close()) }()
		return run(d, log, database)
	}
	if err = use(h.path(h.database), true); errors.Is(err, store.ErrOlder) {
		return withCopy(h.path(h.database), func(path string) error { return use(path, false) })
	}
	return err
}

// withCopy runs a command on a copy of a database that is there no longer afterwards: one of an older version is not brought up to date by
// asking it something.
func withCopy(database string, run func(path string) error) (err error) {
	dir, err := os.MkdirTemp("", "sealdesk-copy-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, filepath.Base(database))
	if err := copyFile(database, path); err != nil {
		return err
	}
	if err := copyFile(database+"-wal", path+"-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return run(path)
}

// verifyExport needs no data folder, but takes the keys of one to tell whose export it is.
func verifyExport(ctx context.Context, c config.AuditVerifyCommand) (all []auditVerdict, err error) {
	file, err := os.Open(c.Export)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	var kept [][]byte
	if c.Against != "" {
		text, err := os.ReadFile(c.Against)
		if err != nil {
			return nil, err
		}
		kept = append(kept, text)
	}
	report, err := audit.VerifyExport(file, c.Key, kept...)
	if errors.Is(err, audit.ErrNoCheckpoint) {
		return nil, refuse(ctx, "against", "Path", c.Against)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Export, err)
	}
	v := auditVerdict{OK: report.OK(), Events: report.Events, Root: report.Checkpoint.Root.String(), Problems: words(report.Problems),
		Against: report.Against, Apart: len(report.Apart), Erased: report.Erased, found: report.Problems, count: report.Found}
	switch {
	case !v.OK:
	case report.OwnKey && !(folders{c.Data}).knows(ctx, report.PublicKey):
		v.OK, v.UnknownKey = false, true
	default:
		v.holds = exportHolds(ctx, &report)
		if v.Apart > 0 {
			v.OK = false
			v.apart = i18n.T(ctx, "cli.audit.apart", "Count", v.Apart, "Size", report.Apart[0].End(), "Own", report.Checkpoint.End(), "File", c.Against)
		}
	}
	return []auditVerdict{v}, nil
}

// exportHolds says what an export that passes shows: of a few events no more than that they stand in the log.
func exportHolds(ctx context.Context, r *audit.ExportReport) string {
	args := []any{"Count", r.Events, "Size", r.Checkpoint.End(), "Root", r.Checkpoint.Root.String(), "Key", r.PublicKey,
		"Time", r.Checkpoint.Time.UTC().Format("2006-01-02 15:04:05 UTC")}
	if r.Whole() {
		return i18n.T(ctx, "cli.audit.export.whole", args...)
	}
	holds := i18n.T(ctx, "cli.audit.holds.old")
	if s := r.Statement; s != nil && s.All {
		holds = i18n.T(ctx, "cli.audit.holds.all", "From", s.From, "To", s.To-1)
	} else if s != nil {
		holds = i18n.T(ctx, "cli.audit.holds.chosen", "Filter", s.Filter)
	}
	return i18n.T(ctx, "cli.audit.export.some", args...) + "\n  " + holds
}

func words(problems []audit.Problem) []string {
	all := []string{}
	for _, p := range problems {
		all = append(all, p.String())
	}
	return all
}

// exportAudit writes every event with its proof.
func exportAudit(ctx context.Context, c config.AuditExportCommand, out io.Writer) (err error) {
	at, err := checkExport(ctx, c)
	if err != nil {
		return err
	}
	// The export itself is an event, and stands in it.
	event := audit.Event{Action: "audit.export", ObjectType: "audit", Detail: map[string]any{"format": c.Format, "log": c.Log}}
	if err := (folders{c.Data}).recordExport(ctx, event, c.Log); err != nil {
		return err
	}
	if c.Out != "" {
		file, err := os.OpenFile(c.Out, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		out = file
	}
	return withLog(ctx, folders{c.Data}, c.Log, func(_ *dataFolder, log *audit.Log, _ *store.DB) error {
		_, err := log.Export(ctx, out, audit.Filter{}, c.Format, at)
		return err
	})
}

// checkExport finds the checkpoint that an export is asked for, and makes sure that the log leads to it: nothing is told as exported that is
// refused.
func checkExport(ctx context.Context, c config.AuditExportCommand) (at *audit.Checkpoint, err error) {
	err = withLog(ctx, folders{c.Data}, c.Log, func(_ *dataFolder, log *audit.Log, _ *store.DB) (err error) {
		if at, err = exportAt(ctx, c.At, log); err != nil || at == nil {
			return err
		}
		_, err = log.Export(ctx, io.Discard, audit.Filter{}, c.Format, at)
		return err
	})
	return at, err
}

// recordExport writes the event of an export into the portal's log; into the engine's own where the engine runs alone.
func (f folders) recordExport(ctx context.Context, event audit.Event, log string) error {
	event.Actor = terminalActor()
	names, err := f.made(ctx)
	if err != nil {
		return err
	}
	if log != engineHalf || slices.Contains(names, portalHalf) {
		return withPortal(ctx, f.root, working, func(ctx context.Context, portal *db.DB) error { return portal.Audit().Record(ctx, event) })
	}
	d, err := openData(ctx, f, working, engineHalf)
	if err != nil {
		return err
	}
	return d.writeLog(ctx, d.half(engineHalf), nil, func(log *audit.Log) error { return log.Record(ctx, event) })
}

// exportAt is the newest checkpoint of a log in a file; none without a file.
func exportAt(ctx context.Context, path string, log *audit.Log) (*audit.Checkpoint, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all, err := audit.GivenCheckpoints(text, log.PublicKey())
	if errors.Is(err, audit.ErrNoCheckpoint) {
		return nil, refuse(ctx, "against", "Path", path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return audit.Newest(all), nil
}

// printCheckpoint prints a signed checkpoint, to be kept where whoever can change the database cannot.
func printCheckpoint(ctx context.Context, c config.AuditCheckpointCommand, out io.Writer) error {
	return withLog(ctx, folders{c.Data}, c.Log, func(_ *dataFolder, log *audit.Log, _ *store.DB) error {
		checkpoint, err := log.Checkpoint(ctx)
		if err != nil {
			return err
		}
		_, err = out.Write(checkpoint.Text)
		return err
	})
}
