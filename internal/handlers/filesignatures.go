package handlers

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"net/http"

	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/pdf"
	"sealdesk/web/templates"
)

// verifySignatures tells what the signatures in a file are worth. known is how many PDFium sees: a file that only PDFium can read is not
// judged.
func (s *server) verifySignatures(ctx context.Context, data []byte, known int) (db.FileSignatures, error) {
	report, err := pdf.Verify(data, s.roots)
	if err != nil {
		standing := pdf.StandingNone
		if known > 0 {
			standing = pdf.StandingUnknown
		}
		return db.FileSignatures{Standing: string(standing)}, nil
	}
	out := db.FileSignatures{Standing: string(report.Standing())}
	if out.Standing == string(pdf.StandingNone) {
		return out, nil
	}
	out.Problem = report.Problem
	for i := range report.Signatures {
		one := &report.Signatures[i]
		signer := db.FileSigner{Name: one.Signer, Organization: one.Organization, Person: one.Person, Reason: one.Reason, Time: one.Time,
			Standing: string(one.Standing()), Problem: one.Problem,
			Simulated: s.isSimulated(one.Reason, one.Certificate)}
		if err := s.nameSigner(ctx, one, &signer); err != nil {
			return out, err
		}
		for _, c := range one.ChangedAfter {
			switch {
			case !c.Permitted:
				signer.Changes = append(signer.Changes, fileChange(c))
			case c.Place.Width > 0:
				signer.Added = append(signer.Added, fileChange(c))
			}
		}
		out.Signers = append(out.Signers, signer)
	}
	out.Earlier, err = s.earlierState(ctx, data, report)
	return out, err
}

// nameSigner adds who signed for an organisation, and for which contract, where the platform knows the act and the account reaches the
// contract. A certificate that is not trusted may have copied a number.
func (s *server) nameSigner(ctx context.Context, one *pdf.SignatureReport, signer *db.FileSigner) error {
	if s.signedBy == nil || !one.ChainTrusted {
		return nil
	}
	by, ok, err := s.signedBy(ctx, one.Field, one.Certificate.SerialNumber.Text(16))
	if err != nil || !ok {
		return err
	}
	flow, err := s.reachedFlow(ctx, by.PlatformID)
	if err != nil || flow.ID == "" {
		return err
	}
	signer.FlowID, signer.Person = by.PlatformID, cmp.Or(by.Person, signer.Person)
	return nil
}

func fileChange(c pdf.Change) db.FileChange {
	point := func(v float64) int { return int(math.Round(v)) }
	return db.FileChange{Code: c.Code, Field: c.Field, Page: c.Page, X: point(c.Place.X), Y: point(c.Place.Y),
		Width: point(c.Place.Width), Height: point(c.Place.Height), Text: c.Text, By: c.By}
}

// earlierState asks whether a file, or what its last signature covers of it, is the state of a contract of the platform before further
// signatures: somebody cut them off, or kept an old copy.
func (s *server) earlierState(ctx context.Context, data []byte, report *pdf.Report) (*db.FileEarlier, error) {
	if s.later == nil {
		return nil, nil
	}
	for _, state := range [][]byte{data, data[:report.Covered()]} {
		sum := sha256.Sum256(state)
		earlier, ok, err := s.later(ctx, hex.EncodeToString(sum[:]))
		if err != nil {
			return nil, err
		}
		if ok && earlier.Later > 0 {
			return &earlier, nil
		}
	}
	return nil, nil
}

// verifyOld verifies the signatures of a file that was uploaded before that was done at upload.
func (s *server) verifyOld(ctx context.Context, f db.File, data []byte) (db.File, error) {
	if !f.Unverified() {
		return f, nil
	}
	found, err := s.verifySignatures(ctx, data, 1)
	if err != nil {
		return f, err
	}
	if err := s.db.SetFileSignatures(ctx, scope(ctx), f.ID, found); err != nil {
		return f, err
	}
	return s.db.File(ctx, scope(ctx), f.ID)
}

// signaturesShown is what pages tell of a file's signatures.
func (s *server) signaturesShown(f db.File) (out templates.FileSignatures) {
	if f.Signatures == nil || f.Signatures.Standing == string(pdf.StandingNone) {
		return out
	}
	out = templates.FileSignatures{Standing: f.Signatures.Standing, Problem: f.Signatures.Problem, Consent: f.NeedsConsent(),
		AcceptedBy: f.AcceptedBy, Accepted: f.Accepted}
	for _, one := range f.Signatures.Signers {
		signer := templates.FileSigner{Name: one.Name, Organization: one.Organization, Problem: one.Problem, Time: one.Time, Person: one.Person, Reason: one.Reason,
			Standing: one.Standing, Simulated: one.Simulated || s.isSimulated(one.Reason, nil)}
		for _, c := range one.Changes {
			signer.Changes = append(signer.Changes, templates.FileChange(c))
		}
		for _, c := range one.Added {
			signer.Added = append(signer.Added, templates.FileChange(c))
		}
		out.Signers = append(out.Signers, signer)
	}
	if e := f.Signatures.Earlier; e != nil {
		out.Earlier, out.Later = e.Contract, e.Later
	}
	return out
}

// acceptFile takes the confirmation that a file is to be used although its signatures do not hold.
func (s *server) acceptFile(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, err := s.db.File(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	if r.PostFormValue("Accept") == "" {
		return s.filePage(w, r, http.StatusUnprocessableEntity, templates.Problems{{Field: "Accept", Rule: "required"}})
	}
	statement := i18n.T(ctx, templates.AcceptStatement(s.signaturesShown(f)))
	err = s.db.AcceptFile(ctx, scope(ctx), f.ID, account(ctx).DisplayName, statement, s.now())
	if errors.Is(err, db.ErrConflict) {
		return refuse("files.accept.nothing")
	}
	if err != nil {
		return err
	}
	s.flash(r, "ok", "files.accept.done", "Name", f.Name)
	return s.redirect(w, r, "/files/"+f.ID)
}
