// Package auth says who may do what in the portal, and how accounts prove who they are: roles, the one permission table, passwords, the
// throttling of log-ins and the policy of sessions. It knows no database and no HTTP.
package auth

import "slices"

// Role is what an account is for.
type Role string

// The three roles of the portal.
const (
	Admin      Role = "admin"      // sets up everything: organisations, people, seals, contracts, accounts, settings
	Business   Role = "business"   // prepares, sends and follows contracts of their own sub-organisations
	Compliance Role = "compliance" // reads contracts and the audit trail, exports and verifies it, changes nothing
)

// Roles lists every role in the order in which forms offer them.
func Roles() []Role { return []Role{Admin, Business, Compliance} }

// Valid tells whether r is one of Roles.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// Permission is one thing that a route asks for. "X.read" shows, "X.write" changes.
type Permission string

// Two permissions stand in no table: Public asks for nothing, SignedIn for any account that is logged in.
const (
	Public   Permission = "public"
	SignedIn Permission = "signed-in"
)

// The permissions that routes ask for and the table grants.
const (
	OverviewRead       Permission = "overview.read"
	OrganizationsRead  Permission = "organizations.read"
	OrganizationsWrite Permission = "organizations.write"
	UsersRead          Permission = "users.read"
	UsersWrite         Permission = "users.write"
	SealsRead          Permission = "seals.read"
	SealsWrite         Permission = "seals.write"
	FilesRead          Permission = "files.read"
	FilesWrite         Permission = "files.write"
	FlowsRead          Permission = "flows.read"
	FlowsWrite         Permission = "flows.write"
	FlowsExport        Permission = "flows.export"   // the list of contracts as a file
	ContractsRead      Permission = "contracts.read" // the contents of contracts: pages, downloads, previews
	ContractsDestroy   Permission = "contracts.destroy"
	ApprovalsDecide    Permission = "approvals.decide" // what an account or its role is asked for by a contract's routing
	AuditRead          Permission = "audit.read"
	AuditVerify        Permission = "audit.verify"
	AuditExport        Permission = "audit.export"
	IdentityCheck      Permission = "identity.check" // whether names, numbers, mobiles, cards and faces belong together
	IdentityFaces      Permission = "identity.faces" // records and photos of face checks
	CatalogsWrite      Permission = "catalogs.write"
	CallsMake          Permission = "calls.make" // any action of the platform, in anybody's name
	AccountsManage     Permission = "accounts.manage"
	RequestsRead       Permission = "requests.read" // what the portal asked of the platform
	SettingsRead       Permission = "settings.read"
	SettingsWrite      Permission = "settings.write"
)

// granted is the whole of who may do what by role; which objects (sub-organisations) an account reaches is its scope, see db.Scope.
// docs/security.md shows the same table.
var granted = map[Permission][]Role{
	OverviewRead:       {Admin, Business, Compliance},
	OrganizationsRead:  {Admin, Business, Compliance},
	OrganizationsWrite: {Admin},
	UsersRead:          {Admin, Business, Compliance},
	UsersWrite:         {Admin},
	SealsRead:          {Admin, Business, Compliance},
	SealsWrite:         {Admin},
	FilesRead:          {Admin, Business},
	FilesWrite:         {Admin, Business},
	FlowsRead:          {Admin, Business, Compliance},
	FlowsWrite:         {Admin, Business},
	FlowsExport:        {Admin, Business, Compliance},
	ContractsRead:      {Admin, Business, Compliance},
	ContractsDestroy:   {Admin},
	ApprovalsDecide:    {Admin, Business, Compliance},
	AuditRead:          {Admin, Compliance},
	AuditVerify:        {Admin, Compliance},
	AuditExport:        {Admin, Compliance},
	IdentityCheck:      {Admin, Business},
	IdentityFaces:      {Admin},
	CatalogsWrite:      {Admin},
	CallsMake:          {Admin},
	AccountsManage:     {Admin},
	RequestsRead:       {Admin},
	SettingsRead:       {Admin},
	SettingsWrite:      {Admin},
}

// Permissions lists every permission of the table, in no order.
func Permissions() []Permission {
	all := make([]Permission, 0, len(granted))
	for p := range granted {
		all = append(all, p)
	}
	return all
}

// Can tells whether an account of the role may do what needs the permission. An unknown role or permission may nothing.
func Can(role Role, need Permission) bool {
	switch need {
	case Public:
		return true
	case SignedIn:
		return role.Valid()
	default:
		return slices.Contains(granted[need], role)
	}
}

// Whole tells whether the permission is about the portal as a whole, which no account bound to some sub-organisations has: the audit trail
// tells of everybody, and whoever manages accounts could lift their own bound.
func Whole(need Permission) bool {
	switch need {
	case AuditRead, AuditVerify, AuditExport, IdentityFaces, CatalogsWrite, CallsMake, AccountsManage, RequestsRead, SettingsRead, SettingsWrite:
		return true
	default:
		return false
	}
}
