package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/config"
)

// traced says of each command that has a trace how it is run so that it succeeds and so that it fails, on a folder with the account lina, and
// which event tells that it succeeded. None: it cannot fail
// without the folder being at fault, or it serves until it is stopped. A command
// that is missing here fails the test.
var traced = map[string]struct {
	good, bad []string
	action    string
}{
	config.Serve:             {nil, []string{"serve", "--listen", "127.0.0.1:99999", "--engine-listen", "127.0.0.1:0"}, ""},
	config.EngineRun:         {nil, []string{"engine", "run", "--engine-listen", "127.0.0.1:99999"}, ""},
	config.EngineCredentials: {[]string{"engine", "credentials"}, []string{"engine", "credentials", "--fonts", "missing.ttf"}, "command.run"},
	config.EngineConsole:     {[]string{"engine", "console"}, []string{"engine", "console", "--fonts", "missing.ttf"}, "command.run"},
	config.UserAdd:           {[]string{"user", "add", "wang", "--role", "business"}, []string{"user", "add", "lina", "--role", "business"}, "account.add"},
	config.UserPasswd:        {[]string{"user", "passwd", "lina"}, []string{"user", "passwd", "nobody"}, "account.password"},
	config.UserFactor:        {nil, []string{"user", "reset-factor", "lina"}, ""},
	config.UserList:          {[]string{"user", "list"}, nil, "command.run"},
	config.AuditExport:       {[]string{"audit", "export"}, []string{"audit", "export", "--at", "OTHER"}, "audit.export"},
	config.Erase:             {[]string{"erase", "zhou", "--yes"}, []string{"erase", "somebody else", "--yes"}, "person.erase"},
	config.Backup:            {[]string{"backup", "NEW"}, []string{"backup", "FULL"}, "command.run"},
	config.Restore:           {nil, []string{"restore", "FULL"}, ""}, // into a folder that is there; see TestBackupAndRestore
}

// Whatever is done at the command line with a data folder is in its log, also what fails: by which user of the system, on which machine.
func TestEveryCommandLeavesATrace(t *testing.T) {
	root := t.TempDir()
	data, full, other := filepath.Join(root, "data"), filepath.Join(root, "full"), filepath.Join(root, "other.txt")
	must(t, "", "user", "add", "lina", "--role", "admin", "--data", data)
	must(t, "", "user", "add", "zhou", "--role", "business", "--data", data)
	instance(t, data).close(t)
	must(t, "", "backup", full, "--data", data)
	must(t, "", "user", "add", "lina", "--role", "admin", "--data", filepath.Join(root, "elsewhere"))
	foreign := must(t, "", "audit", "checkpoint", "--data", filepath.Join(root, "elsewhere"))
	if err := os.WriteFile(other, []byte(foreign), 0o600); err != nil {
		t.Fatal(err)
	}
	events := func() []audit.Event {
		r := instance(t, data)
		defer r.close(t)
		all, err := r.log(portalHalf).Query(t.Context(), audit.Filter{Actor: audit.ActorTerminal}, 0, audit.MaxPage)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	host, _ := os.Hostname()
	named := func(e audit.Event) bool {
		return e.Actor.Role == audit.RoleOperator && strings.Contains(e.Actor.UserAgent, "(uid ") && strings.HasSuffix(e.Actor.UserAgent, "@ "+host)
	}
	fill := strings.NewReplacer("NEW", filepath.Join(root, "new"), "FULL", full, "OTHER", other)
	try := func(args []string, good bool, want func(audit.Event) bool) {
		t.Helper()
		args = append(slices.Clone(args), "--data", data)
		for i := range args {
			args[i] = fill.Replace(args[i])
		}
		before := len(events())
		if _, err := command(t, "", args...); (err == nil) != good {
			t.Errorf("%v: %v", args, err)
			return
		}
		after := events()
		after = after[:len(after)-before] // the newest come first
		if !slices.ContainsFunc(after, want) || !named(after[0]) {
			t.Errorf("%v is told as %+v", args, after)
		}
		if !good && slices.ContainsFunc(after, func(e audit.Event) bool { return e.Outcome == audit.OK }) {
			t.Errorf("%v fails and is told as done: %+v", args, after)
		}
	}
	for name, c := range commands {
		how, known := traced[name]
		if known != (c.trace != traceNone) || known && c.data == nil {
			t.Fatalf("%s: say in this test how it is traced", name)
		}
		if how.good != nil {
			try(how.good, true, func(e audit.Event) bool {
				return e.Action == how.action && e.Outcome == audit.OK && (e.Action != "command.run" || e.ObjectID == name)
			})
		}
		if how.bad != nil {
			try(how.bad, false, func(e audit.Event) bool {
				return e.Action == "command.run" && e.Outcome == audit.Failed && e.ObjectID == name && e.ErrorCode != "" && strings.Contains(e.DetailText, "problem") == (name != config.Erase)
			})
		}
	}
	for name := range traced {
		if commands[name].run == nil {
			t.Errorf("there is no command %s", name)
		}
	}
}
