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
	name, done, err := cli.Parse(args, out)
	if err != nil || done {
		return err
	}
	chosen, known := commands[name]
	if !known {
		return fmt.Errorf("command %q is not known", name)
	}
	return chosen.do(ctx, name, &cli, in, out)
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
