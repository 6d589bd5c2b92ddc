package handlers

import (
	"net/http"

	"sealdesk/internal/auth"
)

// handler answers a request or says why not. It writes nothing before it is sure of
// its answer: an error after the first byte can only be logged.
type handler func(w http.ResponseWriter, r *http.Request) error

// route is one line of the table: method and path as http.ServeMux reads them, what one needs to be allowed, and who answers.
type route struct {
	Pattern string
	Need    auth.Permission
	Handle  handler
}

// routes is every page and action of the portal. stream marks answers without an end (SSE), upload those that take large bodies.
func (s *server) routes() []route {
	return []route{
		// set-up, log-in, one's own account
		{"GET /setup", auth.Public, s.showSetup},
		{"POST /setup", auth.Public, s.setUp},
		{"GET /login", auth.Public, s.showLogin},
		{"POST /login", auth.Public, s.logIn},
		{"POST /logout", auth.Public, s.logOut},
		{"POST /preferences", auth.Public, s.setPreferences},
		{"GET /account", auth.SignedIn, s.showAccount},
		{"POST /account/password", auth.SignedIn, s.changePassword},
		{"POST /account/language", auth.SignedIn, s.changeLanguage},
		{"POST /account/sessions/{id}/revoke", auth.SignedIn, s.revokeSession},
		{"GET /healthz", auth.Public, s.healthy},
		{"GET /readyz", auth.Public, s.ready},

		// overview
		{"GET /{$}", auth.OverviewRead, s.showOverview},

		// accounts
		{"GET /accounts", auth.AccountsManage, s.listAccounts},
		{"GET /accounts/new", auth.AccountsManage, s.newAccount},
		{"POST /accounts", auth.AccountsManage, s.addAccount},
		{"GET /accounts/{id}", auth.AccountsManage, s.editAccount},
		{"POST /accounts/{id}", auth.AccountsManage, s.changeAccount},
		{"POST /accounts/{id}/password", auth.AccountsManage, s.resetPassword},

		// settings
		{"GET /settings", auth.SettingsRead, s.showSettings},
		{"POST /settings/test", auth.SettingsRead, s.testConnection},

		// organizations

		// users

		// seals

		// files

		// builder (drafts)

		// flows

		// audit
	}
}
