// Sealdesk is a web admin portal for electronic contracts, with an embedded engine that does the platform's job.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"sealdesk/internal/config"
	"sealdesk/internal/i18n"
)

// version is set by the build.
var version = "unknown"

// exitStatus ends a command whose reason it has already told.
type exitStatus int

func (s exitStatus) Error() string { return "reported" }

// errReported is the one of what does not pass.
const errReported = exitStatus(1)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx = i18n.WithLanguage(ctx, terminalLanguage(os.Getenv))
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		status := exitStatus(1)
		if !errors.As(err, &status) {
			fmt.Fprintln(os.Stderr, "sealdesk:", err)
		}
		os.Exit(int(status))
	}
}

// run does one command. The streams are parameters so that the whole program can be run in a test.
func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if err := i18n.Check(); err != nil {
		return err
	}
	var cli config.CLI
	command, done, err := cli.Parse(args, out)
	if err != nil || done {
		return err
	}
	switch command {
	case config.Serve:
		return serve(ctx, cli.Serve, out)
	case config.EngineRun:
		return runEngine(ctx, cli.Engine.Run, out)
	case config.EngineCredentials:
		return printCredentials(ctx, cli.Engine.Credentials, out)
	case config.EngineConsole:
		return printConsole(ctx, cli.Engine.Console, out)
	case config.Demo:
		return runDemo(ctx, cli.Demo, out)
	case config.UserAdd:
		return addUser(ctx, cli.User.Add, in, out)
	case config.UserPasswd:
		return changePassword(ctx, cli.User.Passwd, in, out)
	case config.UserFactor:
		return resetFactor(ctx, cli.User.Factor, out)
	case config.UserList:
		return listUsers(ctx, cli.User.List, out)
	case config.AuditVerify:
		return verifyAudit(ctx, cli.Audit.Verify, out)
	case config.AuditExport:
		return exportAudit(ctx, cli.Audit.Export, out)
	case config.AuditCheckpoint:
		return printCheckpoint(ctx, cli.Audit.Checkpoint, out)
	case config.Witness:
		return serveWitness(ctx, cli.Witness, out)
	case config.Erase:
		return erasePerson(ctx, cli.Erase, in, out)
	case config.Verify:
		return verifyPDF(ctx, cli.Verify, out)
	case config.Backup:
		return backup(ctx, cli.Backup)
	case config.Restore:
		return restore(ctx, cli.Restore, out)
	case config.Health:
		return askHealth(ctx, cli.Health)
	case config.Version:
		fmt.Fprintln(out, version)
		return nil
	}
	return fmt.Errorf("command %q is not known", command)
}

// terminalLanguage is Chinese where the locale says so, else English: a terminal without a locale may not show Chinese.
func terminalLanguage(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := getenv(name); value != "" {
			if strings.HasPrefix(value, "zh") {
				return i18n.Chinese
			}
			return i18n.English
		}
	}
	return i18n.English
}
