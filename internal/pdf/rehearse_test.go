package pdf_test

import (
	"errors"
	"slices"
	"testing"

	"sealdesk/internal/pdf"
	"sealdesk/internal/pdf/pdftest"
)

// letterhead is a page with black print at the top, red print and a red frame below it.
func letterhead() []byte {
	return appendUpdate(pdftest.Document(pdftest.Classic, pdftest.Page{}), map[int]string{
		4: stream("", "BT /F 14 Tf 100 700 Td (Price: 100,000 CNY) Tj ET 0.8 0 0 rg BT /F 16 Tf 100 500 Td (Red Letterhead Ltd) Tj ET 0.8 0 0 RG 1 w 60 200 300 100 re S"),
		5: "<< /Type /Page /Parent 6 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 3 0 R >> >> >>",
	})
}

// TestRehearseSaysWhatSigningRefuses: each place is tried, and then signed.
func TestRehearseSaysWhatSigningRefuses(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	first := pdf.Mark{ID: "a", Kind: pdf.Seal, Signer: "a", Page: 1, X: 420, Y: 640, Width: 113.4, Height: 113.4}
	mark := func(kind pdf.MarkKind, x, y, w, h float64) pdf.Mark {
		return pdf.Mark{ID: "b", Kind: kind, Signer: "b", Page: 1, X: x, Y: y, Width: w, Height: h}
	}
	for name, c := range map[string]struct {
		mark  pdf.Mark
		hides bool
	}{
		"seal over black print":           {mark(pdf.Seal, 100, 90, 113.4, 113.4), false},
		"seal over red print":             {mark(pdf.Seal, 90, 290, 113.4, 113.4), true},
		"seal over a red frame":           {mark(pdf.Seal, 300, 500, 113.4, 113.4), false},
		"seal over the edge of another":   {mark(pdf.Seal, 340, 600, 113.4, 113.4), false},
		"seal over another":               {mark(pdf.Seal, 424, 644, 113.4, 113.4), true},
		"handwriting over another's seal": {mark(pdf.Signature, 430, 670, 100, 40), false},
		"handwriting over black print":    {mark(pdf.Signature, 95, 120, 120, 40), false},
		"date over black print":           {mark(pdf.Date, 100, 130, 90, 18), true},
		"date over another's seal":        {mark(pdf.Date, 430, 690, 90, 18), false},
		"date in a blank place":           {mark(pdf.Date, 300, 400, 90, 18), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hiding, err := pdf.Rehearse(t.Context(), letterhead(), face(t), [][]pdf.Mark{{first}, {c.mark}})
			if err != nil || slices.Contains(hiding, "b") != c.hides {
				t.Errorf("rehearsed: %v %v", hiding, err)
			}
			one, err := pdf.Prepare(letterhead(), face(t), []pdf.Mark{first})
			if err != nil {
				t.Fatal(err)
			}
			one = sign(t, one, a.act(a.rsa, "甲", map[string]pdf.Fill{"a": {Form: disc()}}), []pdf.Mark{first})
			fill := map[pdf.MarkKind]pdf.Fill{pdf.Seal: {Form: disc()}, pdf.Signature: {Form: stroke(t)}, pdf.Date: {Text: "2026-05-06"}}[c.mark.Kind]
			_, err = pdf.Sign(t.Context(), one, face(t), a.act(a.ecdsa, "乙", map[string]pdf.Fill{"b": fill}), []pdf.Mark{first, c.mark})
			var refused *pdf.MarkError
			if hides := errors.As(err, &refused) && refused.Reason == pdf.ReasonCovers; hides != c.hides || err != nil && !hides {
				t.Errorf("signed: %v", err)
			}
		})
	}
	if hiding, err := pdf.Rehearse(t.Context(), letterhead(), face(t), [][]pdf.Mark{{mark(pdf.Date, 100, 130, 90, 18)}}); err != nil || len(hiding) > 0 {
		t.Errorf("the first to sign hides nothing: %v %v", hiding, err)
	}
}
