package db

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"sealdesk/internal/store"
)

// FileSignatures is what the signatures in a file were found to be worth when it was uploaded.
type FileSignatures struct {
	Standing string       `json:"standing"` // none, valid, unknown, closed or broken; see pdf.Standing
	Problem  string       `json:"problem,omitempty"`
	Signers  []FileSigner `json:"signers,omitempty"`
	// Earlier tells of a file that is the state of a contract before further signatures.
	Earlier *FileEarlier `json:"earlier,omitempty"`
}

// FileSigner is one signature.
type FileSigner struct {
	Name         string       `json:"name"`
	Organization string       `json:"organization,omitempty"`
	Person       string       `json:"person,omitempty"`    // who signed, by the certificate or the contract
	Reason       string       `json:"reason,omitempty"`    // as the signature says
	Standing     string       `json:"standing,omitempty"`  // of this signature alone
	Simulated    bool         `json:"simulated,omitempty"` // made in simulation, as reason or certificate say
	FlowID       string       `json:"flowId,omitempty"`    // of the contract that it was made for, where that is known
	Time         time.Time    `json:"time,omitzero"`
	Problem      string       `json:"problem,omitempty"` // a pdf.Problem… code
	Changes      []FileChange `json:"changes,omitempty"` // that were not permitted
	Added        []FileChange `json:"added,omitempty"`   // that were permitted, and show something
}

// forEvent is what an event says of it: nothing of what the file says.
func (s *FileSignatures) forEvent() FileSignatures {
	out := *s
	out.Signers = slices.Clone(s.Signers)
	for i := range out.Signers {
		one := &out.Signers[i]
		one.Added, one.Changes = nil, slices.Clone(one.Changes)
		for k := range one.Changes {
			one.Changes[k].Text = ""
		}
	}
	return out
}

// FileChange is what was changed after a signature, and where: the place in whole points from the top left of the page.
type FileChange struct {
	Code   string `json:"code"` // a pdf.Change… code
	Field  string `json:"field,omitempty"`
	Page   int    `json:"page,omitempty"`
	X      int    `json:"x,omitempty"`
	Y      int    `json:"y,omitempty"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	Text   string `json:"text,omitempty"` // that it shows, as far as it can be read
	By     string `json:"by,omitempty"`   // who signed it
}

// SignedBy is the act that a signature of the platform belongs to.
type SignedBy struct {
	PlatformID string // of the contract
	Person     string
}

// FileEarlier names the contract of the platform that a file is an earlier state of.
type FileEarlier struct {
	Contract string `json:"contract"`
	FlowID   string `json:"flowId"`
	Later    int    `json:"later"` // signatures that were made since
}

// NeedsConsent tells whether the file may go into a contract only after somebody has confirmed in words that they know of its signatures.
func (f File) NeedsConsent() bool {
	s := f.Signatures
	return f.AcceptedBy == "" && s != nil && (s.Standing == "broken" || s.Standing == "closed")
}

// Unverified tells whether the file came with signatures that nobody has verified: it was uploaded by an earlier version.
func (f File) Unverified() bool {
	if f.Signatures != nil {
		return false
	}
	for _, w := range f.Warnings {
		if w == "already_signed" {
			return true
		}
	}
	return false
}

// AcceptFile notes that the one who acts uses a file of the scope for contracts although its signatures do not hold; statement is what
// they confirmed, word for word.
func (d *DB) AcceptFile(ctx context.Context, scope Scope, id, by, statement string, at time.Time) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := findFile(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		if !f.NeedsConsent() {
			return fmt.Errorf("accept file: nothing to confirm: %w", ErrConflict)
		}
		if _, err := tx.Exec(ctx, `UPDATE files SET accepted_by = $1, accepted = $2 WHERE id = $3`, by, store.Micros(at), id); err != nil {
			return fmt.Errorf("accept file: %w", err)
		}
		return d.note(ctx, tx, "file.accept", "file", id, map[string]any{"name": f.Name, "sha256": f.Ref, "statement": statement,
			"signatures": f.Signatures.forEvent()})
	})
}

// SetFileSignatures keeps what was found out about a file that was uploaded before signatures were verified.
func (d *DB) SetFileSignatures(ctx context.Context, scope Scope, id string, s FileSignatures) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := findFile(ctx, tx, scope, id)
		if err != nil || f.Signatures != nil {
			return err
		}
		text, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("keep signatures: %w", err)
		}
		if _, err := tx.Exec(ctx, `UPDATE files SET signatures = $1 WHERE id = $2`, string(text), id); err != nil {
			return fmt.Errorf("keep signatures: %w", err)
		}
		return d.note(ctx, tx, "file.verify", "file", id, map[string]any{"sha256": f.Ref, "signatures": s.forEvent()})
	})
}
