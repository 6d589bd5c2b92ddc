package db

import "sealdesk/internal/store"

// vaultName is the name of the portal's database below its master key.
const vaultName = "portal"

// SealedRows are the tables of the portal's database whose rows carry a MAC: whatever lets somebody in, says what they may, or decides what is
// sent, to whom, and signed with which seal.
func SealedRows(master []byte) *store.Sealed {
	s := &store.Sealed{Master: master, Name: vaultName}
	for _, name := range []string{
		"accounts", "account_organizations", "account_links", "account_identities", "sessions", "second_factors", "recovery_codes", "login_steps", "policies",
		"organizations", "users", "user_organizations", "seals", "seal_keepers", "seal_uses", "catalogs",
		"files", "drafts", "flows", "flow_approvers", "flow_approvals", "flow_copies", "flow_outbox", "bulk_batches", "bulk_rows",
		"reminders", "notice_settings", "deliveries", "checkpoint_ways", "checkpoints_out",
	} {
		s.Tables = append(s.Tables, store.SealedTable{Name: name})
	}
	return s
}
