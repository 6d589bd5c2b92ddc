package handlers

import (
	"net/http"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
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
		{"GET /login/code", auth.Public, s.askCode},
		{"POST /login/code", auth.Public, s.checkCode},
		{"GET /login/oidc", auth.Public, s.goOutside}, // to the OpenID Connect provider
		{"GET /login/oidc/callback", auth.Public, s.comeBack},
		{"GET /welcome", auth.Public, s.welcome}, // whoever holds a link for choosing a password
		{"POST /welcome", auth.Public, s.accept},
		{"POST /logout", auth.Public, s.logOut},
		{"POST /preferences", auth.Public, s.setPreferences},
		{"GET /account", auth.SignedIn, s.showAccount},
		{"POST /account/password", auth.SignedIn, s.changePassword},
		{"GET /account/factor", auth.SignedIn, s.showFactor},
		{"POST /account/factor", auth.SignedIn, s.confirmFactor},
		{"POST /account/factor/change", auth.SignedIn, s.changeFactor},
		{"GET /account/oidc", auth.SignedIn, s.showProviderLink},
		{"POST /account/oidc", auth.SignedIn, s.linkProvider},
		{"POST /account/oidc/unlink", auth.SignedIn, s.unlinkProvider},
		{"POST /account/language", auth.SignedIn, s.changeLanguage},
		{"POST /account/sessions/{id}/revoke", auth.SignedIn, s.revokeSession},
		{"GET /healthz", auth.Public, s.healthy},
		{"GET /readyz", auth.Public, s.ready},
		{"POST " + CallbackPath, auth.Public, s.receiveCallback}, // by the platform; checks its own signature

		// overview
		{"GET /{$}", auth.OverviewRead, s.showOverview},

		// notices
		{"GET /notices", auth.SignedIn, s.listNotices},
		{"POST /notices/seen", auth.SignedIn, s.seeNotices},
		{"POST /notices/{id}/seen", auth.SignedIn, s.seeNotice},
		{"GET /account/notices", auth.SignedIn, s.showNoticeSettings},
		{"POST /account/notices", auth.SignedIn, s.changeNoticeSettings},
		{"GET /settings/deliveries", auth.SettingsRead, s.listDeliveries},
		{"POST /settings/deliveries/test", auth.SettingsRead, s.testDelivery},
		{"POST /settings/deliveries/{id}/again", auth.SettingsRead, s.redeliver},

		// accounts
		{"GET /accounts", auth.AccountsManage, s.listAccounts},
		{"GET /accounts/new", auth.AccountsManage, s.newAccount},
		{"POST /accounts", auth.AccountsManage, s.inviteAccount},
		{"GET /accounts/{id}", auth.AccountsManage, s.editAccount},
		{"POST /accounts/{id}", auth.AccountsManage, s.changeAccount},
		{"POST /accounts/{id}/link", auth.AccountsManage, s.renewLink},
		{"POST /accounts/{id}/link/withdraw", auth.AccountsManage, s.withdrawLink},
		{"POST /accounts/{id}/password", auth.AccountsManage, s.resetPassword},
		{"POST /accounts/{id}/factor/reset", auth.AccountsManage, s.resetFactor},
		{"GET /sessions", auth.AccountsManage, s.listSessions},
		{"POST /sessions/revoke", auth.AccountsManage, s.endSessions},
		{"POST /sessions/{id}/revoke", auth.AccountsManage, s.endAnySession},

		// calls of the platform
		{"GET /requests", auth.RequestsRead, s.listRequests},
		{"GET /requests/{seq}", auth.RequestsRead, s.showRequest},

		// settings
		{"GET /settings", auth.SettingsRead, s.showSettings},
		{"GET /settings/configuration", auth.SettingsRead, s.showConfiguration},
		{"POST /settings/policy", auth.SettingsWrite, s.changePolicy},
		{"POST /settings/test", auth.SettingsRead, s.testConnection},

		// what long lists of forms offer
		{"GET /choices/{kind}", auth.SignedIn, s.choose}, // each kind asks for what it needs

		// organizations
		{"GET /organizations", auth.OrganizationsRead, s.listOrganizations},
		{"GET /organizations/new", auth.OrganizationsWrite, s.newOrganization},
		{"POST /organizations", auth.OrganizationsWrite, s.createOrganization},
		{"GET /organizations/{id}", auth.OrganizationsRead, s.showOrganization},
		{"GET /organizations/{id}/edit", auth.OrganizationsWrite, s.editOrganization},
		{"POST /organizations/{id}", auth.OrganizationsWrite, s.changeOrganization},
		{"POST /organizations/{id}/license", auth.OrganizationsWrite, upload(s.changeLicense)},
		{"POST /organizations/{id}/verify", auth.OrganizationsWrite, s.verifyOrganization},
		{"POST /organizations/{id}/people", auth.UsersWrite, s.assignToOrganization},

		// users
		{"GET /users", auth.UsersRead, s.listUsers},
		{"GET /users/new", auth.UsersWrite, s.newUser},
		{"POST /users", auth.UsersWrite, s.createUser},
		{"GET /users/{id}", auth.UsersRead, s.showUser},
		{"GET /users/{id}/edit", auth.UsersWrite, s.editUser},
		{"POST /users/{id}", auth.UsersWrite, s.changeUser},
		{"POST /users/{id}/verify", auth.UsersWrite, s.verifyUser},
		{"POST /users/{id}/organizations", auth.UsersWrite, s.assignUser},
		{"POST /users/{id}/organizations/{organization}/remove", auth.UsersWrite, s.unassignUser},

		// imports of people and organizations
		{"GET /users/import", auth.UsersWrite, ofKind(db.ImportUsers, s.showImport)},
		{"POST /users/import", auth.UsersWrite, upload(ofKind(db.ImportUsers, s.checkImport))},
		{"GET /users/import/sample", auth.UsersWrite, ofKind(db.ImportUsers, s.importSample)},
		{"GET /organizations/import", auth.OrganizationsWrite, ofKind(db.ImportOrganizations, s.showImport)},
		{"POST /organizations/import", auth.OrganizationsWrite, upload(ofKind(db.ImportOrganizations, s.checkImport))},
		{"GET /organizations/import/sample", auth.OrganizationsWrite, ofKind(db.ImportOrganizations, s.importSample)},
		{"GET /imports/{id}", auth.UsersWrite, s.followImport}, // each import asks for what its kind needs, too
		{"POST /imports/{id}/run", auth.UsersWrite, s.runImport},
		{"POST /imports/{id}/file", auth.UsersWrite, upload(s.resumeImport)},
		{"POST /imports/{id}/retry", auth.UsersWrite, s.retryImport},
		{"GET /imports/{id}/result", auth.UsersWrite, s.importResult},

		// checks of identity
		{"GET /identity", auth.IdentityCheck, s.showIdentity},
		{"GET /identity/{tool}", auth.IdentityCheck, s.showIdentity},
		{"POST /identity/{tool}", auth.IdentityCheck, s.checkIdentity},

		// catalogs
		{"GET /catalogs", auth.FlowsRead, s.listCatalogs},
		{"GET /catalogs/new", auth.CatalogsWrite, s.newCatalog},
		{"POST /catalogs", auth.CatalogsWrite, s.addCatalog},
		{"GET /catalogs/{id}", auth.FlowsRead, s.showCatalog},
		{"POST /catalogs/{id}/remove", auth.CatalogsWrite, s.removeCatalog},
		{"POST /catalogs/{id}/link", auth.FlowsWrite, s.makeCatalogLink},
		{"POST /catalogs/{id}/preview-link", auth.FlowsWrite, s.makeCatalogPreview},

		// raw calls
		{"GET /calls", auth.CallsMake, s.listCalls},
		{"GET /calls/{action}", auth.CallsMake, s.showCall},
		{"POST /calls/{action}", auth.CallsMake, s.makeCall},

		// seals
		{"GET /seals", auth.SealsRead, s.listSeals},
		{"GET /seals/new", auth.SealsWrite, s.showStudio},
		{"GET /seals/preview", auth.SealsWrite, s.previewSeal},
		{"GET /seals/sizes", auth.SealsWrite, s.listSealSizes},
		{"POST /seals", auth.SealsWrite, s.createSeal},
		{"GET /seals/upload", auth.SealsWrite, s.showSealUpload},
		{"POST /seals/upload", auth.SealsWrite, upload(s.uploadSeal)},
		{"POST /seals/upload/confirm", auth.SealsWrite, upload(s.confirmSealUpload)},
		{"GET /seals/{id}", auth.SealsRead, s.showSeal},
		{"GET /seals/{id}/picture", auth.SealsRead, s.sealPicture},
		{"GET /seals/{id}/edit", auth.SealsWrite, s.editSeal},
		{"POST /seals/{id}", auth.SealsWrite, upload(s.changeSeal)},
		{"POST /seals/{id}/delete", auth.SealsWrite, s.deleteSeal},
		{"POST /seals/{id}/default", auth.SealsWrite, s.makeSealDefault},

		// files
		{"GET /files", auth.FilesRead, s.listFiles},
		{"POST /files", auth.FilesWrite, upload(s.uploadFiles)},
		{"GET /files/{id}", auth.FilesRead, s.showFile},
		{"GET /files/{id}/pages/{page}", auth.FilesRead, s.showFilePage},
		{"POST /files/{id}/name", auth.FilesWrite, s.renameFile},
		{"POST /files/{id}/delete", auth.FilesWrite, s.deleteFile},
		{"GET /files/{id}/download", auth.FilesRead, s.downloadFile},

		// builder (drafts)
		{"GET /drafts", auth.FlowsWrite, s.listDrafts},
		{"GET /drafts/new", auth.FlowsWrite, s.newDraft},
		{"POST /drafts", auth.FlowsWrite, upload(s.createDraft)},
		{"GET /drafts/{id}", auth.FlowsWrite, s.showDraft},
		{"POST /drafts/{id}", auth.FlowsWrite, upload(s.saveDraft)},
		{"POST /drafts/{id}/delete", auth.FlowsWrite, s.deleteDraft},
		{"GET /drafts/{id}/people", auth.FlowsWrite, s.showDraftPeople},
		{"POST /drafts/{id}/people", auth.FlowsWrite, s.addDraftPerson},
		{"GET /drafts/{id}/people/{approver}", auth.FlowsWrite, s.editDraftPerson},
		{"POST /drafts/{id}/people/{approver}", auth.FlowsWrite, s.changeDraftPerson},
		{"POST /drafts/{id}/people/{approver}/move", auth.FlowsWrite, s.moveDraftPerson},
		{"POST /drafts/{id}/people/{approver}/remove", auth.FlowsWrite, s.removeDraftPerson},
		{"POST /drafts/{id}/steps/{step}", auth.FlowsWrite, s.setDraftNeed},
		{"POST /drafts/{id}/approvals", auth.FlowsWrite, s.addDraftApproval},
		{"POST /drafts/{id}/copies", auth.FlowsWrite, s.addDraftCopy},
		{"GET /drafts/{id}/builder", auth.FlowsWrite, s.showBuilder},
		{"GET /drafts/{id}/preflight", auth.FlowsWrite, s.showPreflight},
		{"GET /drafts/{id}/files/{file}/pages/{page}", auth.FlowsWrite, s.showDraftPage},
		{"PUT /drafts/{id}/components", auth.FlowsWrite, s.saveComponents},
		{"POST /drafts/{id}/components", auth.FlowsWrite, s.addComponent},
		{"POST /drafts/{id}/places", auth.FlowsWrite, s.findPlaces},
		{"POST /drafts/{id}/copy", auth.FlowsWrite, s.copyDraft},
		{"POST /drafts/{id}/components/{component}/remove", auth.FlowsWrite, s.removeComponent},
		{"POST /drafts/{id}/send", auth.FlowsWrite, s.sendDraft},

		{"GET /drafts/{id}/template", auth.FlowsWrite, s.askTemplate},
		{"POST /drafts/{id}/template", auth.FlowsWrite, s.makeTemplate},

		// templates; the builder works on them as on drafts
		{"GET /templates", auth.FlowsWrite, s.listTemplates},
		{"GET /templates/new", auth.FlowsWrite, s.newTemplate},
		{"POST /templates", auth.FlowsWrite, upload(s.createTemplate)},
		{"GET /templates/{id}", auth.FlowsWrite, s.showTemplate},
		{"GET /templates/{id}/edit", auth.FlowsWrite, s.editTemplate},
		{"POST /templates/{id}/edit", auth.FlowsWrite, upload(s.saveTemplate)},
		{"GET /templates/{id}/roles", auth.FlowsWrite, s.showTemplateRoles},
		{"POST /templates/{id}/roles", auth.FlowsWrite, s.saveTemplateRole},
		{"POST /templates/{id}/roles/{approver}/remove", auth.FlowsWrite, s.removeDraftPerson},
		{"GET /templates/{id}/use", auth.FlowsWrite, s.askUse},
		{"POST /templates/{id}/use", auth.FlowsWrite, s.useTemplate},
		{"GET /templates/{id}/bulk", auth.FlowsWrite, s.askBulk},
		{"GET /templates/{id}/bulk/sample.csv", auth.FlowsWrite, s.bulkSample},
		{"POST /templates/{id}/bulk", auth.FlowsWrite, upload(s.checkBatch)},
		{"POST /templates/{id}/duplicate", auth.FlowsWrite, s.duplicateTemplate},
		{"POST /templates/{id}/delete", auth.FlowsWrite, s.deleteTemplate},

		// bulk: one template, many contracts
		{"GET /bulk", auth.FlowsWrite, s.listBatches},
		{"GET /bulk/{id}", auth.FlowsWrite, s.showBatch},
		{"GET /bulk/{id}/events", auth.FlowsWrite, stream(s.batchEvents)},
		{"GET /bulk/{id}/result.csv", auth.FlowsWrite, s.batchResult},
		{"POST /bulk/{id}/start", auth.FlowsWrite, s.setBatch(db.BatchRunning)},
		{"POST /bulk/{id}/pause", auth.FlowsWrite, s.setBatch(db.BatchPaused)},
		{"POST /bulk/{id}/cancel", auth.FlowsWrite, s.setBatch(db.BatchCancelled)},
		{"POST /bulk/{id}/retry", auth.FlowsWrite, s.retryBatch},

		// flows
		{"GET /flows", auth.FlowsRead, s.listFlows},
		{"GET /flows/export", auth.FlowsExport, stream(s.exportFlows)},
		{"POST /flows/views", auth.FlowsRead, s.saveFlowView},
		{"POST /flows/views/{id}/standard", auth.FlowsRead, s.chooseFlowView},
		{"POST /flows/views/{id}/delete", auth.FlowsRead, s.deleteFlowView},
		{"GET /flows/{id}", auth.FlowsRead, s.showFlow},
		{"GET /flows/{id}/events", auth.FlowsRead, stream(s.flowEvents)},
		{"GET /flows/{id}/preview", auth.ContractsRead, s.showPreview},
		{"GET /flows/{id}/files/{file}/pages/{page}", auth.ContractsRead, s.showFlowPage},
		{"GET /flows/{id}/files/{file}/download", auth.ContractsRead, s.downloadFlow},
		{"POST /flows/{id}/approvers/{approver}/link", auth.FlowsWrite, s.makeSignLink},
		{"POST /flows/{id}/approvers/{approver}/remind", auth.FlowsWrite, s.remindApprover},
		{"POST /flows/{id}/approvers/{approver}/again", auth.FlowsWrite, s.sendAgain},
		{"POST /flows/{id}/people/{person}/move", auth.FlowsWrite, s.moveFlowPerson},
		{"GET /flows/{id}/people/{person}/replace", auth.FlowsWrite, s.showReplace},
		{"POST /flows/{id}/people/{person}/replace", auth.FlowsWrite, s.replaceFlowPerson},
		{"POST /flows/{id}/preview-link", auth.FlowsWrite, s.makePreviewLink},
		{"POST /flows/{id}/copies/{copy}/link", auth.FlowsWrite, s.showCopyLink},
		{"GET /flows/{id}/restart", auth.FlowsWrite, s.askRestart},
		{"POST /flows/{id}/restart", auth.FlowsWrite, s.restartFlow},
		{"GET /flows/{id}/destroy", auth.ContractsDestroy, s.askDestroy},
		{"POST /flows/{id}/destroy", auth.ContractsDestroy, s.destroyFlow},
		{"GET /flows/{id}/cancel", auth.FlowsWrite, s.askCancel},
		{"POST /flows/{id}/cancel", auth.FlowsWrite, s.cancelFlow},
		{"POST /flows/{id}/archive", auth.FlowsWrite, s.archiveFlow},
		{"POST /flows/{id}/retry", auth.FlowsWrite, s.retryFlow},
		{"POST /flows/{id}/reopen", auth.FlowsWrite, s.reopenFlow},

		// approvals
		{"GET /approvals", auth.ApprovalsDecide, s.listApprovals},
		{"POST /flows/{id}/approvals/{approval}/decision", auth.ApprovalsDecide, s.decide},

		// audit
		{"GET /audit", auth.AuditRead, s.listAudit},
		{"GET /audit/{seq}", auth.AuditRead, s.showAuditEvent},
		{"GET /audit/{seq}/proof", auth.AuditExport, s.exportAuditEvent},
		{"GET /audit/export", auth.AuditExport, stream(s.exportAudit)},
		{"GET /audit/checkpoint", auth.AuditVerify, s.downloadCheckpoint},
		{"POST /audit/verify", auth.AuditVerify, stream(s.verifyAudit)},
	}
}
