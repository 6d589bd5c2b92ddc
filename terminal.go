package main

import (
	"fmt"
	"os"
	"os/user"
	"strconv"

	"sealdesk/internal/audit"
)

// terminalActor is who the audit log names for what is done on the command line: which user of the operating system, on which machine. Whoever
// became root says by SUDO_USER who they were, as far as root is to be believed.
func terminalActor() audit.Actor {
	uid := os.Getuid()
	name := "?"
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		name = u.Username
	}
	who := fmt.Sprintf("%s (uid %d)", name, uid)
	if from := os.Getenv("SUDO_USER"); uid == 0 && from != "" {
		who += ", sudo " + from
	}
	if host, err := os.Hostname(); err == nil {
		who += " @ " + host
	}
	return audit.Actor{Name: audit.ActorTerminal, Role: audit.RoleOperator, UserAgent: who}
}
