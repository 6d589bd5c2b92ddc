package handlers

import (
	"net/http"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

// handler answers a request or says why not. It writes nothing before it is sure of
// its answer: an error after the first byte can only be logged.
type handler func(w http.ResponseWriter, r *http.Request) error

// route is one line of the table: method and path as http.ServeMux reads them, what one needs to be allowed, what of the portal's content the
// answer holds, which is recorded before the first byte of it leaves, and who answers.
type route struct {
	Pattern string
	Need    auth.Permission
	Reads   reads
	Handle  handler
}

// routes is every page and action of the portal. stream marks answers without an end (SSE), upload those that take large bodies.
func (s *server) routes() []route {
	return []route{
		// set-up, log-in, one's own account
		{"GET /setup", auth.Public, nothing, s.showSetup},
		{"POST /setup", auth.Public, nothing, s.setUp},
		{"GET /login", auth.Public, nothing, s.showLogin},
		{"POST /login", auth.Public, nothing, s.logIn},
		{"GET /login/code", auth.Public, nothing, s.askCode},
		{"POST /login/code", auth.Public, nothing, s.checkCode},
		{"GET /login/oidc", auth.Public, nothing, s.goOutside}, // to the OpenID Connect provider
		{"GET /login/oidc/callback", auth.Public, nothing, s.comeBack},
		{"GET /welcome", auth.Public, nothing, s.welcome}, // whoever holds a link for choosing a password
		{"POST /welcome", auth.Public, nothing, s.accept},
		{"POST /logout", auth.Public, nothing, s.logOut},
		{"POST /preferences", auth.Public, nothing, s.setPreferences},
		{"GET /account", auth.SignedIn, nothing, s.showAccount},
		{"POST /account/password", auth.SignedIn, nothing, s.changePassword},
		{"GET /account/factor", auth.SignedIn, nothing, s.showFactor},
		{"POST /account/factor", auth.SignedIn, nothing, s.confirmFactor},
		{"POST /account/factor/change", auth.SignedIn, nothing, s.changeFactor},
		{"GET /account/oidc", auth.SignedIn, nothing, s.showProviderLink},
		{"POST /account/oidc", auth.SignedIn, nothing, s.linkProvider},
		{"POST /account/oidc/unlink", auth.SignedIn, nothing, s.unlinkProvider},
		{"POST /account/language", auth.SignedIn, nothing, s.changeLanguage},
		{"POST /account/sessions/{id}/revoke", auth.SignedIn, changes("session"), s.revokeSession},
		{"GET /healthz", auth.Public, nothing, s.healthy},
		{"GET /readyz", auth.Public, nothing, s.ready},
		{"POST " + CallbackPath, auth.Public, nothing, s.receiveCallback}, // by the platform; checks its own signature

		// overview
		{"GET /{$}", auth.OverviewRead, listOf("flow"), s.showOverview},

		// notices
		{"GET /notices", auth.SignedIn, listOf("notice"), s.listNotices},
		{"POST /notices/seen", auth.SignedIn, nothing, s.seeNotices},
		{"POST /notices/{id}/seen", auth.SignedIn, changes("notice"), s.seeNotice},
		{"GET /account/notices", auth.SignedIn, nothing, s.showNoticeSettings},
		{"POST /account/notices", auth.SignedIn, nothing, s.changeNoticeSettings},
		{"GET /settings/deliveries", auth.SettingsRead, listOf("delivery"), s.listDeliveries},
		{"POST /settings/deliveries/test", auth.SettingsRead, nothing, s.testDelivery},
		{"POST /settings/deliveries/{id}/again", auth.SettingsRead, changes("delivery"), s.redeliver},

		// messages to people, where the engine of this program is the platform
		{"GET /settings/messages", auth.SettingsRead, listOf("message"), s.withMessages(s.listMessages)},
		{"POST /settings/messages/test", auth.SettingsWrite, listOf("message"), s.withMessages(s.testMessage)},

		// accounts
		{"GET /accounts", auth.AccountsManage, listOf("account"), s.listAccounts},
		{"GET /accounts/new", auth.AccountsManage, listOf("account"), s.newAccount},
		{"POST /accounts", auth.AccountsManage, listOf("account"), s.inviteAccount},
		{"GET /accounts/{id}", auth.AccountsManage, one("account"), s.editAccount},
		{"POST /accounts/{id}", auth.AccountsManage, one("account"), s.changeAccount},
		{"POST /accounts/{id}/link", auth.AccountsManage, one("account"), s.renewLink},
		{"POST /accounts/{id}/link/withdraw", auth.AccountsManage, one("account"), s.withdrawLink},
		{"POST /accounts/{id}/password", auth.AccountsManage, one("account"), s.resetPassword},
		{"POST /accounts/{id}/factor/reset", auth.AccountsManage, one("account"), s.resetFactor},
		{"POST /accounts/{id}/person", auth.AccountsManage, one("account"), s.bindAccount},
		{"GET /sessions", auth.AccountsManage, listOf("session"), s.listSessions},
		{"POST /sessions/revoke", auth.AccountsManage, nothing, s.endSessions},
		{"POST /sessions/{id}/revoke", auth.AccountsManage, changes("session"), s.endAnySession},

		// calls of the platform
		{"GET /requests", auth.RequestsRead, listOf("request"), s.listRequests},
		{"GET /requests/{seq}", auth.RequestsRead, as("request.read", "request", "seq"), s.showRequest},

		// settings
		{"GET /settings", auth.SettingsRead, listOf("settings"), s.showSettings},
		{"GET /settings/configuration", auth.SettingsRead, listOf("configuration"), s.showConfiguration},
		{"POST /settings/policy", auth.SettingsWrite, listOf("settings"), s.changePolicy},
		{"POST /settings/test", auth.SettingsRead, nothing, s.testConnection},

		// what long lists of forms offer
		{"GET /choices/{kind}", auth.SignedIn, as("directory.read", "directory", "kind"), s.choose}, // each kind asks for what it needs

		// organizations
		{"GET /organizations", auth.OrganizationsRead, listOf("organization"), s.listOrganizations},
		{"GET /organizations/new", auth.OrganizationsWrite, listOf("organization"), s.newOrganization},
		{"POST /organizations", auth.OrganizationsWrite, listOf("organization"), s.createOrganization},
		{"GET /organizations/{id}", auth.OrganizationsRead, one("organization"), s.showOrganization},
		{"GET /organizations/{id}/edit", auth.OrganizationsWrite, one("organization"), s.editOrganization},
		{"POST /organizations/{id}", auth.OrganizationsWrite, one("organization"), s.changeOrganization},
		{"POST /organizations/{id}/license", auth.OrganizationsWrite, one("organization"), upload(s.changeLicense)},
		{"POST /organizations/{id}/verify", auth.OrganizationsWrite, one("organization"), s.verifyOrganization},
		{"POST /organizations/{id}/people", auth.UsersWrite, one("organization"), s.assignToOrganization},

		// users
		{"GET /users", auth.UsersRead, listOf("user"), s.listUsers},
		{"GET /users/new", auth.UsersWrite, listOf("user"), s.newUser},
		{"POST /users", auth.UsersWrite, listOf("user"), s.createUser},
		{"GET /users/{id}", auth.UsersRead, one("user"), s.showUser},
		{"GET /users/{id}/edit", auth.UsersWrite, one("user"), s.editUser},
		{"POST /users/{id}", auth.UsersWrite, one("user"), s.changeUser},
		{"POST /users/{id}/verify", auth.UsersWrite, one("user"), s.verifyUser},
		{"POST /users/{id}/organizations", auth.UsersWrite, one("user"), s.assignUser},
		{"POST /users/{id}/organizations/{organization}/remove", auth.UsersWrite, one("user"), s.unassignUser},

		// imports of people and organizations
		{"GET /users/import", auth.UsersWrite, nothing, ofKind(db.ImportUsers, s.showImport)},
		{"POST /users/import", auth.UsersWrite, nothing, upload(ofKind(db.ImportUsers, s.checkImport))},
		{"GET /users/import/sample", auth.UsersWrite, nothing, ofKind(db.ImportUsers, s.importSample)},
		{"GET /organizations/import", auth.OrganizationsWrite, nothing, ofKind(db.ImportOrganizations, s.showImport)},
		{"POST /organizations/import", auth.OrganizationsWrite, nothing, upload(ofKind(db.ImportOrganizations, s.checkImport))},
		{"GET /organizations/import/sample", auth.OrganizationsWrite, nothing, ofKind(db.ImportOrganizations, s.importSample)},
		{"GET /imports/{id}", auth.UsersWrite, one("import"), s.followImport}, // each import asks for what its kind needs, too
		{"POST /imports/{id}/run", auth.UsersWrite, one("import"), s.runImport},
		{"POST /imports/{id}/file", auth.UsersWrite, one("import"), upload(s.resumeImport)},
		{"POST /imports/{id}/retry", auth.UsersWrite, one("import"), s.retryImport},
		{"GET /imports/{id}/result", auth.UsersWrite, leaves("import.export", "import", "id"), s.importResult},

		// checks of identity
		{"GET /identity", auth.IdentityCheck, listOf("identity"), s.showIdentity},
		{"GET /identity/{tool}", auth.IdentityCheck, as("identity.read", "identity", "tool"), s.showIdentity},
		{"POST /identity/{tool}", auth.IdentityCheck, as("identity.read", "identity", "tool"), s.checkIdentity},

		// catalogs
		{"GET /catalogs", auth.FlowsRead, listOf("catalog"), s.listCatalogs},
		{"GET /catalogs/new", auth.CatalogsWrite, listOf("catalog"), s.newCatalog},
		{"POST /catalogs", auth.CatalogsWrite, listOf("catalog"), s.addCatalog},
		{"GET /catalogs/{id}", auth.FlowsRead, one("catalog"), s.showCatalog},
		{"POST /catalogs/{id}/remove", auth.CatalogsWrite, one("catalog"), s.removeCatalog},
		{"POST /catalogs/{id}/link", auth.FlowsWrite, one("catalog"), s.makeCatalogLink},
		{"POST /catalogs/{id}/preview-link", auth.FlowsWrite, one("catalog"), s.makeCatalogPreview},

		// raw calls
		{"GET /calls", auth.CallsMake, nothing, s.listCalls},
		{"GET /calls/{action}", auth.CallsMake, nothing, s.showCall},
		{"POST /calls/{action}", auth.CallsMake, as("call.read", "call", "action"), s.makeCall},

		// seals
		{"GET /seals", auth.SealsRead, listOf("seal"), s.listSeals},
		{"GET /seals/new", auth.SealsWrite, listOf("seal"), s.showStudio},
		{"GET /seals/preview", auth.SealsWrite, nothing, s.previewSeal},
		{"GET /seals/sizes", auth.SealsWrite, nothing, s.listSealSizes},
		{"POST /seals", auth.SealsWrite, listOf("seal"), s.createSeal},
		{"GET /seals/upload", auth.SealsWrite, listOf("seal"), s.showSealUpload},
		{"POST /seals/upload", auth.SealsWrite, listOf("seal"), upload(s.uploadSeal)},
		{"POST /seals/upload/confirm", auth.SealsWrite, listOf("seal"), upload(s.confirmSealUpload)},
		{"GET /seals/{id}", auth.SealsRead, one("seal"), s.showSeal},
		{"GET /seals/{id}/picture", auth.SealsRead, one("seal"), s.sealPicture},
		{"GET /seals/{id}/edit", auth.SealsWrite, one("seal"), s.editSeal},
		{"POST /seals/{id}", auth.SealsWrite, one("seal"), upload(s.changeSeal)},
		{"POST /seals/{id}/delete", auth.SealsWrite, one("seal"), s.deleteSeal},
		{"POST /seals/{id}/keepers", auth.SealsWrite, one("seal"), s.grantSeal},
		{"POST /seals/{id}/keepers/withdraw", auth.SealsWrite, changes("seal"), s.withdrawSeal},
		{"POST /seals/{id}/state", auth.SealsWrite, one("seal"), s.setSealState},
		{"GET /seals/{id}/destroy", auth.SealsWrite, one("seal"), s.askDestroySeal},
		{"POST /seals/{id}/destroy", auth.SealsWrite, one("seal"), s.destroySeal},
		{"POST /seals/{id}/default", auth.SealsWrite, one("seal"), s.makeSealDefault},

		// files
		{"GET /files", auth.FilesRead, listOf("file"), s.listFiles},
		{"POST /files", auth.FilesWrite, listOf("file"), upload(s.uploadFiles)},
		{"GET /files/{id}", auth.FilesRead, one("file"), s.showFile},
		{"GET /files/{id}/pages/{page}", auth.FilesRead, one("file"), s.showFilePage},
		{"POST /files/{id}/name", auth.FilesWrite, one("file"), s.renameFile},
		{"POST /files/{id}/accept", auth.FilesWrite, one("file"), s.acceptFile},
		{"POST /files/{id}/delete", auth.FilesWrite, one("file"), s.deleteFile},
		{"GET /files/{id}/download", auth.FilesRead, leaves("file.download", "file", "id"), s.downloadFile},

		// builder (drafts)
		{"GET /drafts", auth.FlowsWrite, listOf("draft"), s.listDrafts},
		{"GET /drafts/new", auth.FlowsWrite, listOf("draft"), s.newDraft},
		{"POST /drafts", auth.FlowsWrite, listOf("draft"), upload(s.createDraft)},
		{"GET /drafts/{id}", auth.FlowsWrite, one("draft"), s.showDraft},
		{"POST /drafts/{id}", auth.FlowsWrite, one("draft"), upload(s.saveDraft)},
		{"POST /drafts/{id}/delete", auth.FlowsWrite, one("draft"), s.deleteDraft},
		{"GET /drafts/{id}/people", auth.FlowsWrite, one("draft"), s.showDraftPeople},
		{"POST /drafts/{id}/people", auth.FlowsWrite, one("draft"), s.addDraftPerson},
		{"GET /drafts/{id}/people/{approver}", auth.FlowsWrite, one("draft"), s.editDraftPerson},
		{"POST /drafts/{id}/people/{approver}", auth.FlowsWrite, one("draft"), s.changeDraftPerson},
		{"POST /drafts/{id}/people/{approver}/move", auth.FlowsWrite, one("draft"), s.moveDraftPerson},
		{"POST /drafts/{id}/people/{approver}/remove", auth.FlowsWrite, one("draft"), s.removeDraftPerson},
		{"POST /drafts/{id}/steps/{step}", auth.FlowsWrite, one("draft"), s.setDraftNeed},
		{"POST /drafts/{id}/approvals", auth.FlowsWrite, one("draft"), s.addDraftApproval},
		{"POST /drafts/{id}/copies", auth.FlowsWrite, one("draft"), s.addDraftCopy},
		{"GET /drafts/{id}/builder", auth.FlowsWrite, one("draft"), s.showBuilder},
		{"GET /drafts/{id}/preflight", auth.FlowsWrite, one("draft"), s.showPreflight},
		{"GET /drafts/{id}/files/{file}/pages/{page}", auth.FlowsWrite, one("draft"), s.showDraftPage},
		{"PUT /drafts/{id}/components", auth.FlowsWrite, one("draft"), s.saveComponents},
		{"POST /drafts/{id}/components", auth.FlowsWrite, one("draft"), s.addComponent},
		{"POST /drafts/{id}/places", auth.FlowsWrite, one("draft"), s.findPlaces},
		{"POST /drafts/{id}/copy", auth.FlowsWrite, one("draft"), s.copyDraft},
		{"POST /drafts/{id}/components/{component}/remove", auth.FlowsWrite, one("draft"), s.removeComponent},
		{"POST /drafts/{id}/send", auth.FlowsWrite, one("draft"), s.sendDraft},

		{"GET /drafts/{id}/template", auth.FlowsWrite, one("draft"), s.askTemplate},
		{"POST /drafts/{id}/template", auth.FlowsWrite, one("draft"), s.makeTemplate},

		// templates; the builder works on them as on drafts
		{"GET /templates", auth.FlowsWrite, listOf("template"), s.listTemplates},
		{"GET /templates/new", auth.FlowsWrite, listOf("template"), s.newTemplate},
		{"POST /templates", auth.FlowsWrite, listOf("template"), upload(s.createTemplate)},
		{"GET /templates/{id}", auth.FlowsWrite, one("template"), s.showTemplate},
		{"GET /templates/{id}/edit", auth.FlowsWrite, one("template"), s.editTemplate},
		{"POST /templates/{id}/edit", auth.FlowsWrite, one("template"), upload(s.saveTemplate)},
		{"GET /templates/{id}/roles", auth.FlowsWrite, one("template"), s.showTemplateRoles},
		{"POST /templates/{id}/roles", auth.FlowsWrite, one("template"), s.saveTemplateRole},
		{"POST /templates/{id}/roles/{approver}/remove", auth.FlowsWrite, one("template"), s.removeDraftPerson},
		{"GET /templates/{id}/use", auth.FlowsWrite, one("template"), s.askUse},
		{"POST /templates/{id}/use", auth.FlowsWrite, one("template"), s.useTemplate},
		{"GET /templates/{id}/bulk", auth.FlowsWrite, one("template"), s.askBulk},
		{"GET /templates/{id}/bulk/sample.csv", auth.FlowsWrite, one("template"), s.bulkSample},
		{"POST /templates/{id}/bulk", auth.FlowsWrite, one("template"), upload(s.checkBatch)},
		{"POST /templates/{id}/duplicate", auth.FlowsWrite, one("template"), s.duplicateTemplate},
		{"POST /templates/{id}/delete", auth.FlowsWrite, one("template"), s.deleteTemplate},

		// bulk: one template, many contracts
		{"GET /bulk", auth.FlowsWrite, listOf("bulk"), s.listBatches},
		{"GET /bulk/{id}", auth.FlowsWrite, one("bulk"), s.showBatch},
		{"GET /bulk/{id}/events", auth.FlowsWrite, one("bulk"), stream(s.batchEvents)},
		{"GET /bulk/{id}/result.csv", auth.FlowsWrite, leaves("bulk.export", "bulk", "id"), s.batchResult},
		{"POST /bulk/{id}/start", auth.FlowsWrite, changes("bulk"), s.setBatch(db.BatchRunning)},
		{"POST /bulk/{id}/pause", auth.FlowsWrite, changes("bulk"), s.setBatch(db.BatchPaused)},
		{"POST /bulk/{id}/cancel", auth.FlowsWrite, changes("bulk"), s.setBatch(db.BatchCancelled)},
		{"POST /bulk/{id}/retry", auth.FlowsWrite, changes("bulk"), s.retryBatch},

		// flows
		{"GET /flows", auth.FlowsRead, listOf("flow"), s.listFlows},
		{"GET /flows/export", auth.FlowsExport, leaves("flow.export", "flow", ""), stream(s.exportFlows)},
		{"POST /flows/views", auth.FlowsRead, nothing, s.saveFlowView},
		{"POST /flows/views/{id}/standard", auth.FlowsRead, changes("view"), s.chooseFlowView},
		{"POST /flows/views/{id}/delete", auth.FlowsRead, changes("view"), s.deleteFlowView},
		{"GET /flows/{id}", auth.FlowsRead, one("flow"), s.showFlow},
		{"GET /flows/{id}/events", auth.FlowsRead, one("flow"), stream(s.flowEvents)},
		{"GET /flows/{id}/preview", auth.ContractsRead, as("contract.read", "flow", "id"), s.showPreview},
		{"GET /flows/{id}/files/{file}/pages/{page}", auth.ContractsRead, as("contract.read", "flow", "id"), s.showFlowPage},
		{"GET /flows/{id}/files/{file}/download", auth.ContractsRead, leaves("contract.download", "flow", "id"), s.downloadFlow},
		{"POST /flows/{id}/approvers/{approver}/link", auth.FlowsWrite, one("flow"), s.makeSignLink},
		{"POST /flows/{id}/approvers/{approver}/remind", auth.FlowsWrite, one("flow"), s.remindApprover},
		{"POST /flows/{id}/approvers/{approver}/again", auth.FlowsWrite, one("flow"), s.sendAgain},
		{"POST /flows/{id}/people/{person}/move", auth.FlowsWrite, one("flow"), s.moveFlowPerson},
		{"GET /flows/{id}/people/{person}/replace", auth.FlowsWrite, one("flow"), s.showReplace},
		{"POST /flows/{id}/people/{person}/replace", auth.FlowsWrite, one("flow"), s.replaceFlowPerson},
		{"POST /flows/{id}/preview-link", auth.FlowsWrite, one("flow"), s.makePreviewLink},
		{"POST /flows/{id}/copies/{copy}/link", auth.FlowsWrite, one("flow"), s.showCopyLink},
		{"GET /flows/{id}/restart", auth.FlowsWrite, one("flow"), s.askRestart},
		{"POST /flows/{id}/restart", auth.FlowsWrite, one("flow"), s.restartFlow},
		{"GET /flows/{id}/destroy", auth.ContractsDestroy, one("flow"), s.askDestroy},
		{"POST /flows/{id}/destroy", auth.ContractsDestroy, one("flow"), s.destroyFlow},
		{"GET /flows/{id}/cancel", auth.FlowsWrite, one("flow"), s.askCancel},
		{"POST /flows/{id}/cancel", auth.FlowsWrite, one("flow"), s.cancelFlow},
		{"POST /flows/{id}/archive", auth.FlowsWrite, one("flow"), s.archiveFlow},
		{"POST /flows/{id}/retry", auth.FlowsWrite, one("flow"), s.retryFlow},
		{"POST /flows/{id}/reopen", auth.FlowsWrite, one("flow"), s.reopenFlow},

		// approvals
		{"GET /approvals", auth.ApprovalsDecide, listOf("flow"), s.listApprovals},
		{"POST /flows/{id}/approvals/{approval}/decision", auth.ApprovalsDecide, one("flow"), s.decide},

		// a file from outside: what its signatures are worth
		{"GET /verify", auth.ContractsRead, nothing, s.showFileCheck},
		{"POST /verify", auth.ContractsRead, leaves("file.check", "file", ""), upload(s.checkFile)},

		// what the account's person is to sign
		{"GET /signings", auth.SignedIn, listOf("flow"), s.listSignings},
		{"POST /signings/{flow}/{approver}", auth.SignedIn, as("flow.read", "flow", "flow"), s.openSigning},

		// audit
		{"GET /audit", auth.AuditRead, listOf("audit"), s.listAudit},
		{"GET /audit/{seq}", auth.AuditRead, as("audit.read", "audit", "seq"), s.showAuditEvent},
		{"GET /audit/{seq}/proof", auth.AuditExport, leaves(actionExport, "audit", ""), s.exportAuditEvent},
		{"GET /audit/checkpoints", auth.AuditRead, listOf("audit"), s.listCheckpoints},
		{"GET /audit/checkpoints/{id}/file", auth.AuditVerify, leaves(actionCheckpoint, "audit", ""), s.downloadGivenCheckpoint},
		{"POST /audit/checkpoints/try", auth.SettingsWrite, nothing, s.tryCheckpoints},
		{"GET /audit/export", auth.AuditExport, leaves(actionExport, "audit", ""), stream(s.exportAudit)},
		{"GET /audit/checkpoint", auth.AuditVerify, leaves(actionCheckpoint, "audit", ""), s.downloadCheckpoint},
		{"GET /audit/unchecked", auth.AuditRead, listOf("audit"), s.listUnchecked},
		{"POST /audit/views", auth.AuditRead, nothing, s.saveAuditView},
		{"POST /audit/views/{id}/delete", auth.AuditRead, changes("view"), s.deleteAuditView},
		{"POST /audit/verify", auth.AuditVerify, nothing, stream(s.verifyAudit)},

		// the engine's own log, where the engine of this program is the platform
		{"GET /evidence", auth.AuditRead, listOf("evidence"), s.withEvidence(s.listEvidence)},
		{"GET /evidence/{seq}", auth.AuditRead, as("evidence.read", "evidence", "seq"), s.withEvidence(s.showEvidence)},
		{"GET /evidence/{seq}/proof", auth.AuditExport, leaves(actionEvidenceExport, "evidence", ""), s.withEvidence(s.exportEvidenceEvent)},
		{"GET /evidence/export", auth.AuditExport, leaves(actionEvidenceExport, "evidence", ""), s.withEvidence(stream(s.exportEvidence))},
		{"GET /evidence/checkpoint", auth.AuditVerify, leaves(actionEvidenceCheckpoint, "evidence", ""), s.withEvidence(s.downloadEvidenceCheckpoint)},
		{"POST /evidence/verify", auth.AuditVerify, nothing, s.withEvidence(stream(s.verifyEvidence))},
	}
}
