package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"sealdesk/internal/audit"
	"sealdesk/internal/config"
	"sealdesk/internal/store"
)

// trace says how the log of a data folder tells of a command.
type trace int

const (
	traceNone trace = iota // has no data folder, or only judges the logs, which must leave a copy as it is
	traceOwn               // its acts are events of their own: that it failed is told here
	traceBare              // as traceOwn, without the reason: it may name whom the log is to forget
	traceAll               // reads what is not for everybody: told before it prints anything
)

// runner is one of the program's commands.
type runner struct {
	trace trace
	data  func(*config.CLI) string // its data folder
	run   func(ctx context.Context, cli *config.CLI, in io.Reader, out io.Writer) error
}

// commands are all of them, by name.
var commands = map[string]runner{
	config.Serve: {traceOwn, func(c *config.CLI) string { return c.Serve.Data },
		func(ctx context.Context, c *config.CLI, _ io.Reader, out io.Writer) error {
			return serve(ctx, c.Serve, out)
		}},
	config.EngineRun: {traceOwn, func(c *config.CLI) string { return c.Engine.Run.Data },
		func(ctx context.Context, c *config.CLI, _ io.Reader, out io.Writer) error {
			return runEngine(ctx, c.Engine.Run, out)
		}},
	config.EngineCredentials: {traceAll, func(c *config.CLI) string { return c.Engine.Credentials.Data },
		func(ctx context.Context, c *config.CLI, _ io.Reader, out io.Writer) error {
			return printCredentials(ctx, c.Engine.Credentials, out)
		}},
	config.EngineConsole: {traceAll, func(c *config.CLI) string { return c.Engine.Console.Data },
		func(ctx context.Context, c *config.CLI, _ io.Reader, out io.Writer) error {
			return printConsole(ctx, c.Engine.Console, out)
		}},
	config.Demo: {run: func(ctx context.Context, c *config.CLI, _ io.Reader, out io.Writer) error {
		return runDemo(ctx, c.Demo, out)
	}},
	config.UserAdd: {traceOwn, func(c *config.CLI) string { return c.User.Add.Data },
		func(ctx context.Context, c *config.CLI, in io.Reader, out io.Writer) error {
			return addUser(ctx, c.User.Add, in, out)
		}},
	config.UserPasswd: {traceOwn, func(c *config.CLI) string { return c.User.Passwd.Data },
		func(ctx context.Context, c *config.CLI, in io.Reader, out io.Writer) error {
			return changePassword(ctx, c.User.Passwd, in, out)
		}},
	config.UserFactor: {traceOwn, func(c *config.CLI) string { return c.User.Factor.Data },
		func(ctx context.Context, c *config.CLI, _ io.Reader, out io.Writer) error {
			return resetFactor(ctx, c.User.Factor, out)
		}},
	config.UserList: {traceAll, func(c *config.CLI) string { return c.User.List.Data },
		func(ctx context.Context, c *config.CLI, _ io.Reader, out io.Writer) error {
			return listUsers(ctx, c.User.List, out)
		}},
	config.AuditVerify: {run: func(ctx context.Context, c *config.CLI, _ io.Reader, out io.Writer) error {
		return verifyAudit(ctx, c.Audit.Verify, out)
	}},
	config.AuditExport: {traceOwn, func(c *config.CLI) string { return c.Audit.Export.Data },
		func(ctx context.Context, c *config.CLI, _ io.Reader, out io.Writer) error {
			return exportAudit(ctx, c.Audit.Export, out)
		}},
	config.AuditCheckpoint: {run: func(ctx context.Context, c *config.CLI, _ io.Reader, out io.Writer) error {
		return printCheckpoint(ctx, c.Audit.Checkpoint, out)
	}},
	config.Witness: {run: func(ctx context.Context, c *config.CLI, _ io.Reader, out io.Writer) error {
		return serveWitness(ctx, c.Witness, out) // its part of the folder is its own
	}},
	config.Erase: {traceBare, func(c *config.CLI) string { return c.Erase.Data },
		func(ctx context.Context, c *config.CLI, in io.Reader, out io.Writer) error {
			return erasePerson(ctx, c.Erase, in, out)
		}},
	config.Verify: {run: func(ctx context.Context, c *config.CLI, _ io.Reader, out io.Writer) error {
		return verifyPDF(ctx, c.Verify, out)
	}},
	config.Backup: {traceOwn, func(c *config.CLI) string { return c.Backup.Data },
		func(ctx context.Context, c *config.CLI, _ io.Reader, _ io.Writer) error { return backup(ctx, c.Backup) }},
	config.Restore: {traceOwn, func(c *config.CLI) string { return c.Restore.Data },
		func(ctx context.Context, c *config.CLI, _ io.Reader, out io.Writer) error {
			return restore(ctx, c.Restore, out)
		}},
	config.Health: {run: func(ctx context.Context, c *config.CLI, _ io.Reader, _ io.Writer) error {
		return askHealth(ctx, c.Health)
	}},
	config.Version: {run: func(_ context.Context, _ *config.CLI, _ io.Reader, out io.Writer) error {
		_, err := fmt.Fprintln(out, version)
		return err
	}},
}

// do runs a command. What it prints is held back until the log tells of it, where the log is to tell.
func (c runner) do(ctx context.Context, name string, cli *config.CLI, in io.Reader, out io.Writer) error {
	if c.trace == traceNone {
		return c.run(ctx, cli, in, out)
	}
	var held bytes.Buffer
	to := out
	if c.trace == traceAll {
		to = &held
	}
	err := c.run(ctx, cli, in, to)
	if err == nil && c.trace != traceAll {
		return nil
	}
	why := err
	if err != nil && c.trace == traceBare {
		why = errReported
	}
	if noted := recordCommand(ctx, folders{c.data(cli)}, name, why); noted != nil {
		return errors.Join(err, noted)
	}
	_, unprinted := held.WriteTo(out)
	return errors.Join(err, unprinted)
}

// commandEvent says that a command was run at this machine.
func commandEvent(name string) audit.Event {
	return audit.Event{Actor: terminalActor(), Action: "command.run", ObjectType: "command", ObjectID: name}
}

// maxProblem is how much of an error's text an event keeps, in bytes.
const maxProblem = 256

// recordCommand writes into the log of a data folder that a command was run, and why it failed: into the portal's, or the engine's where there
// is no portal. A folder that was refused as a whole has no log to write into; the command has said so then.
func recordCommand(ctx context.Context, f folders, name string, failure error) error {
	ctx = context.WithoutCancel(ctx)
	event := commandEvent(name)
	if failure != nil {
		event.Outcome, event.ErrorCode = audit.Failed, "command"
		if problem := failure.Error(); !errors.Is(failure, errReported) {
			event.Detail = map[string]any{"problem": strings.ToValidUTF8(problem[:min(len(problem), maxProblem)], "")}
		}
	}
	names, err := f.made(ctx)
	half := engineHalf
	if slices.Contains(names, portalHalf) {
		half = portalHalf
	}
	opened := false
	if err == nil {
		err = writeLog(ctx, f, half, func(log *audit.Log) error {
			opened = true
			return log.Record(ctx, event)
		})
	}
	if failure != nil && !opened {
		return nil // the command has said what is wrong with the folder
	}
	return err
}

// recordStart says in the log of what serves by now that it does, and who started it.
func (p *program) recordStart(ctx context.Context) error {
	if p.portal != nil {
		return p.portal.Audit().Record(ctx, commandEvent(config.Serve))
	}
	return p.engine.Evidence().Record(ctx, commandEvent(config.EngineRun))
}

// writeLog runs a command that writes into one of a data folder's logs. The program may run at the same time.
func writeLog(ctx context.Context, f folders, name string, run func(*audit.Log) error) error {
	d, err := openData(ctx, f, working, name)
	if err != nil {
		return err
	}
	return d.writeLog(ctx, d.half(name), d.known(d.half(name)), run)
}

// writeLog opens the log of a half for writing. Known are the checkpoints that it must go on from.
func (d *dataFolder) writeLog(ctx context.Context, h half, known []string, run func(*audit.Log) error) (err error) {
	key, err := audit.ReadKey(h.path(h.logKey))
	if err != nil {
		return err
	}
	database, err := store.Open(ctx, store.Options{Path: h.path(h.database), Migrations: h.set.Files, Table: h.set.Table, Beside: []store.Set{audit.Set()}})
	if err != nil {
		return d.explain(ctx, h, err)
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	keeper, err := d.keep(h)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keeper.Close()) }()
	log, err := audit.Open(ctx, database, audit.Options{Key: key, Origin: h.origin, Known: known, Checkpoints: keeper})
	if err != nil {
		return d.explain(ctx, h, err)
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	return run(log)
}
