package audit

import "slices"

// Names of those who act without an account. No account may have one of them, or one that looks like it.
const (
	ActorPortal   = "sealdesk" // the program's own work: reminders, checks, what leaves by itself
	ActorCallback = "callback" // what the platform told
	ActorTerminal = "terminal" // somebody at the command line of the machine
	ActorEngine   = "engine"
	ActorConsole  = "console" // somebody at the engine's desk for developers
)

// Roles of those who act without an account.
const (
	RoleSystem   = "system"   // the program itself, also where it works on the order of the account that it names
	RoleOperator = "operator" // who has the machine or the engine's console
	RoleProgram  = "program"  // a caller of the engine's API
	RoleSigner   = "signer"   // by the link of a signer
	RoleLink     = "link"     // by another link
	RoleFetch    = "fetch"    // the portal in the engine's program, for the account that it names
)

// LinkPrefix begins the public names of links, by which their holders act.
const LinkPrefix = "link_"

// Machines are the names of those who act without an account.
func Machines() []string {
	return []string{ActorPortal, ActorCallback, ActorTerminal, ActorEngine, ActorConsole}
}

// MachineRoles are the roles of those who act without an account.
func MachineRoles() []string {
	return []string{RoleSystem, RoleOperator, RoleProgram, RoleSigner, RoleLink, RoleFetch}
}

// IsMachine tells that nobody's account acts, whatever accounts are called: the role says so, or it is an older act of the terminal, which had
// neither a session nor an address.
func (a Actor) IsMachine() bool {
	return slices.Contains(MachineRoles(), a.Role) && slices.Contains(Machines(), a.Name) || a.Name == ActorTerminal && a.Session == "" && a.IP == ""
}
