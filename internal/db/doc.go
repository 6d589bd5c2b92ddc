// Package db is the portal's memory: its accounts and sessions, the index of what it made on the platform (the platform lists nothing),
// drafts, routing and the outbox, and the audit log beside them in the same database, so that a change and its record are one transaction.
//
// One file holds one feature. Methods of DB open the transaction; private functions that take a *store.Tx do the work. Every list goes by
// keyset: newest first by (created, id), a Page in and the next page's start out. Objects that belong to a sub-organisation are read through
// a Scope; what lies outside of it does not exist (store.ErrNotFound).
//
// A method that changes something appends its audit event in its own transaction; the actor comes from the context (audit.WithActor).
package db
