package handlers

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/pdf"
	"sealdesk/web/templates"
)

// Bounds of one check: a file may have thousands of pages.
const (
	checkedPages = 100 // compared with the original
	drawnPages   = 10  // shown with what was changed
)

// What came of comparing a file with the contract that the platform keeps.
const (
	originalSame    = "same"    // byte for byte
	originalEarlier = "earlier" // its state before further signatures, byte for byte
	originalDiffers = "differs"
	originalMissing = "missing" // the contract is known, its document cannot be had
)

// showFileCheck asks for a file to check.
func (s *server) showFileCheck(w http.ResponseWriter, r *http.Request) error {
	return s.fileCheckPage(w, r, http.StatusOK, templates.FileCheckData{})
}

func (s *server) fileCheckPage(w http.ResponseWriter, r *http.Request, status int, data templates.FileCheckData) error {
	data.Limit = sizeText(maxPDF)
	return s.render(w, r, status, page{Title: "verifyfile.title", Active: "verify"}, templates.FileCheckPage(data))
}

// checkFile tells of a PDF what its signatures are worth, what was changed and where. The file is not kept; that it was checked is, with its
// hash and the result.
func (s *server) checkFile(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := readForm(r); err != nil {
		return err
	}
	tell(ctx, map[string]any{"result": "no_file"})
	incoming, failures, err := s.readPDFs(r)
	if err != nil {
		return err
	}
	var data templates.FileCheckData
	switch {
	case len(failures) > 0:
		data.Failures = failures
		tell(ctx, map[string]any{"result": "unreadable", "name": failures[0].Name, "rule": failures[0].Rule})
	case len(incoming) == 0:
		data.Problems = templates.Problems{{Field: "Files", Rule: "file"}}
	case len(incoming) > 1:
		data.Problems = templates.Problems{{Field: "Files", Rule: "max_items", Param: "1"}}
	}
	if len(data.Failures)+len(data.Problems) > 0 {
		return s.fileCheckPage(w, r, http.StatusUnprocessableEntity, data)
	}
	checked, err := s.checkedFile(ctx, incoming[0])
	if err != nil {
		return err
	}
	data.Checked = &checked
	return s.fileCheckPage(w, r, http.StatusOK, data)
}

// checkedFile is all that can be told of a file.
func (s *server) checkedFile(ctx context.Context, in incomingPDF) (out templates.CheckedFile, err error) {
	sum := sha256.Sum256(in.data)
	out = templates.CheckedFile{Name: in.name, Hash: hex.EncodeToString(sum[:]), Pages: len(in.info.Pages), Standing: in.signatures.Standing,
		Signatures: s.signaturesShown(db.File{Signatures: &in.signatures})}
	told := map[string]any{"name": in.name, "sha256": out.Hash, "result": out.Standing, "signatures": len(in.signatures.Signers)}
	flow, err := s.contractOf(ctx, in.signatures)
	if err != nil {
		return out, err
	}
	var differences []pdf.Difference
	if flow.ID != "" {
		out.Contract = &templates.Link{URL: "/flows/" + flow.ID, Text: flow.Name}
		if out.Original, differences, err = s.compareOriginal(ctx, flow, in.data); err != nil {
			return out, err
		}
		told["flow"], told["original"] = flow.ID, out.Original.Standing
		if len(differences) > 0 {
			told["pages"] = each(differences, func(d pdf.Difference) int { return d.Page })
		}
	}
	out.CanAudit = can(ctx, auth.AuditRead)
	tell(ctx, told)
	out.Drawn, out.MoreDrawn, err = s.drawChanges(ctx, in, differences)
	return out, err
}

// contractOf finds the contract that a file belongs to: the one that its signatures were made for, or that it is an earlier state of. It has
// no ID where none is known, or none that the account reaches.
func (s *server) contractOf(ctx context.Context, found db.FileSignatures) (db.Flow, error) {
	platformID := ""
	for _, one := range found.Signers {
		platformID = cmp.Or(one.FlowID, platformID)
	}
	if platformID == "" && found.Earlier != nil {
		platformID = found.Earlier.FlowID
	}
	return s.reachedFlow(ctx, platformID)
}

// reachedFlow finds a flow of the account's scope by the platform's id; it has no ID where there is none.
func (s *server) reachedFlow(ctx context.Context, platformID string) (db.Flow, error) {
	if platformID == "" {
		return db.Flow{}, nil
	}
	id, err := s.db.FlowByPlatformID(ctx, platformID)
	if err == nil {
		var flow db.Flow
		if flow, err = s.db.Flow(ctx, scope(ctx), id); err == nil {
			return flow, nil
		}
	}
	if errors.Is(err, db.ErrNotFound) {
		return db.Flow{}, nil
	}
	return db.Flow{}, err
}

// compareOriginal compares a file with the contract that the platform keeps: with the state that the file's last common signature made.
func (s *server) compareOriginal(ctx context.Context, flow db.Flow, data []byte) (out templates.CheckedOriginal, differences []pdf.Difference, err error) {
	documents, err := s.documents(ctx, flow)
	if err != nil {
		if ctx.Err() != nil {
			return out, nil, err
		}
		s.log.WarnContext(ctx, "check a file: no original", "flow", flow.ID, "error", err)
		return templates.CheckedOriginal{Standing: originalMissing}, nil, nil
	}
	report, err := pdf.Verify(data, s.roots)
	if err != nil {
		return templates.CheckedOriginal{Standing: originalMissing}, nil, nil // PDFium alone can read it: no signature is known
	}
	for _, d := range documents {
		original, err := pdf.Verify(d.data, s.roots)
		if err != nil {
			continue
		}
		state := commonState(report, original)
		if state == 0 {
			continue
		}
		for i := range original.Signatures {
			if original.Signatures[i].Covered() > state {
				out.Later++
			}
		}
		switch {
		case bytes.Equal(data, d.data):
			out.Standing = originalSame
		case bytes.Equal(data, d.data[:state]):
			out.Standing = originalEarlier
		default:
			out.Standing = originalDiffers
			differences, out.More, err = s.renderer.Differences(ctx, d.data[:state], data, checkedPages)
			out.Pages = each(differences, func(d pdf.Difference) int { return d.Page })
		}
		return out, differences, err
	}
	return templates.CheckedOriginal{Standing: originalMissing}, nil, nil
}

// commonState is how much of the original its last signature covers that stands in a field of the file, too; 0 without one.
func commonState(file, original *pdf.Report) (covered int) {
	for i := range original.Signatures {
		one := &original.Signatures[i]
		if slices.ContainsFunc(file.Signatures, func(s pdf.SignatureReport) bool { return s.Field == one.Field }) {
			covered = max(covered, one.Covered())
		}
	}
	return covered
}

// drawChanges draws the pages on which something was changed, with the places.
func (s *server) drawChanges(ctx context.Context, in incomingPDF, differences []pdf.Difference) (drawn []templates.CheckedPage, more bool, err error) {
	marks := map[int][]templates.CheckedMark{}
	add := func(page int, mark templates.CheckedMark) {
		if page > 0 && page <= len(in.info.Pages) && !slices.Contains(marks[page], mark) {
			marks[page] = append(marks[page], mark)
		}
	}
	for _, one := range in.signatures.Signers {
		for _, c := range one.Changes {
			add(c.Page, templates.CheckedMark{FileChange: templates.FileChange(c)})
		}
	}
	for _, d := range differences {
		add(d.Page, templates.CheckedMark{FileChange: templates.FileChange(fileChange(pdf.Change{Page: d.Page, Place: d.Place})), Compared: true})
	}
	for number, size := range in.info.Pages {
		found := marks[number+1]
		if len(found) == 0 {
			continue
		}
		if len(drawn) == drawnPages {
			return drawn, true, nil
		}
		image, err := s.renderer.PageImage(ctx, in.data, number+1, phoneDPI)
		if err != nil {
			return nil, false, err
		}
		drawn = append(drawn, templates.CheckedPage{Number: number + 1, Width: size.WidthPt, Height: size.HeightPt, Marks: found,
			Label: i18n.T(ctx, "common.document.page", "File", in.name, "Page", number+1),
			Image: "data:image/png;base64," + base64.StdEncoding.EncodeToString(image)})
	}
	return drawn, false, nil
}
