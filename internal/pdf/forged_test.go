package pdf_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"sealdesk/internal/pdf"
	"sealdesk/internal/pdf/pdftest"
)

// readCase reads a file of testdata with the root of its signers.
func readCase(t *testing.T, folder, file, root string) ([]byte, *x509.CertPool) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", folder, file))
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(filepath.Join("testdata", folder, root))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("no root")
	}
	return data, roots
}

// TestForgedContracts: two parties signed, an update laid another price over the first page, a third party signed the whole.
// All three signatures are genuine.
func TestForgedContracts(t *testing.T) {
	t.Parallel()
	over := pdf.Place{X: 60, Y: 61.88999999999999, Width: 300, Height: 30}
	for file, want := range map[string]pdf.Change{
		"button.pdf":              {Code: pdf.ChangeFieldAdded, Field: "btn", Page: 1, Place: over},
		"text-field.pdf":          {Code: pdf.ChangeFieldAdded, Field: "x", Page: 1, Place: over},
		"unsigned-seal-look.pdf":  {Code: pdf.ChangeFieldAdded, Field: "fakeseal", Page: 1, Place: over},
		"widget-outside-form.pdf": {Code: pdf.ChangeWidget, Field: "x", Page: 1, Place: over},
	} {
		data, roots := readCase(t, "forged", file, "root.pem")
		report, err := pdf.Verify(data, roots)
		if err != nil || report.OK || len(report.Signatures) != 3 {
			t.Fatalf("%s: %+v %v", file, report, err)
		}
		for _, s := range report.Signatures[:2] {
			if s.Problem != pdf.ProblemChanged || !hasChange(s.ChangedAfter, want) {
				t.Errorf("%s, %s: %s %+v", file, s.Signer, s.Problem, s.ChangedAfter)
			}
		}
	}
}

func hasChange(changes []pdf.Change, want pdf.Change) bool {
	for _, c := range changes {
		near := func(a, b float64) bool { return a-b < 0.01 && b-a < 0.01 }
		if c.Code == want.Code && c.Field == want.Field && c.Page == want.Page && near(c.Place.X, want.Place.X) && near(c.Place.Y, want.Place.Y) &&
			near(c.Place.Width, want.Place.Width) && near(c.Place.Height, want.Place.Height) {
			return true
		}
	}
	return false
}

// TestFilesSignedByOtherPrograms: what signers do beside signing is permitted, and named.
func TestFilesSignedByOtherPrograms(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct {
		signatures int
		change     string
	}{
		"v-plain.pdf":                        {1, ""},
		"v-certified-p1.pdf":                 {1, ""},
		"v-certified-then-signed.pdf":        {2, pdf.ChangeSigned},
		"v-second-metadata.pdf":              {2, pdf.ChangeMetadata},
		"v-dss-after.pdf":                    {1, pdf.ChangeStore},
		"v-empty-field-with-look-signed.pdf": {2, pdf.ChangeSigned},
	} {
		data, roots := readCase(t, "signed", file, "v-root.pem")
		report, err := pdf.Verify(data, roots)
		if err != nil || !report.OK || len(report.Signatures) != want.signatures {
			t.Errorf("%s: %+v %v", file, report, err)
			continue
		}
		found := want.change == ""
		for _, c := range report.Signatures[0].ChangedAfter {
			found = found || c.Code == want.change && c.Permitted
		}
		if !found {
			t.Errorf("%s: %+v", file, report.Signatures[0].ChangedAfter)
		}
	}
	data, roots := readCase(t, "signed", "v-removed.pdf", "v-root.pem")
	if report, err := pdf.Verify(data, roots); err != nil || report.OK || report.Problem != pdf.ProblemRemoved {
		t.Errorf("%+v %v", report, err)
	}
}

// TestStanding: what cannot be judged is neither broken nor well.
func TestStanding(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]pdf.Standing{
		"v-plain.pdf": pdf.StandingValid, "v-second-metadata.pdf": pdf.StandingValid, "v-certified-p1.pdf": pdf.StandingClosed,
		"v-removed.pdf": pdf.StandingBroken, "v-ber.pdf": pdf.StandingUnknown, "v-tst-fraction.pdf": pdf.StandingValid,
		"v-sha1.pdf": pdf.StandingUnknown, "v-unrelated-cert.pdf": pdf.StandingUnknown,
	} {
		data, roots := readCase(t, "signed", file, "v-root.pem")
		report, err := pdf.Verify(data, roots)
		if err != nil || report.Standing() != want {
			t.Errorf("%s: %s %v, want %s", file, report.Standing(), err, want)
		}
	}
	data, roots := readCase(t, "forged", "button.pdf", "root.pem")
	for roots, want := range map[*x509.CertPool]pdf.Standing{roots: pdf.StandingBroken, nil: pdf.StandingBroken} {
		if report, err := pdf.Verify(data, roots); err != nil || report.Standing() != want {
			t.Errorf("%s %v", report.Standing(), err)
		}
	}
	plain, _ := readCase(t, "signed", "v-plain.pdf", "v-root.pem")
	if report, err := pdf.Verify(plain, nil); err != nil || report.Standing() != pdf.StandingUnknown {
		t.Errorf("without roots: %s %v", report.Standing(), err)
	}
	if report, err := pdf.Verify(pdftest.Document(pdftest.Classic, pdftest.Page{}), nil); err != nil || report.Standing() != pdf.StandingNone {
		t.Errorf("unsigned: %s %v", report.Standing(), err)
	}
}

// TestCertificationForbidsSigning: a file that is certified against every change loses that by any further signature.
func TestCertificationForbidsSigning(t *testing.T) {
	t.Parallel()
	data, _ := readCase(t, "signed", "v-certified-p1.pdf", "v-root.pem")
	a := newAuthority(t)
	signed := sign(t, data, a.act(a.ecdsa, "李雷", nil), nil)
	report, err := pdf.Verify(signed, nil)
	if err != nil || report.OK || report.Signatures[0].Problem != pdf.ProblemChanged ||
		!hasChange(report.Signatures[0].ChangedAfter, pdf.Change{Code: pdf.ChangeLocked, Field: "Signature", Page: 1}) {
		t.Errorf("%+v %v", report.Signatures[0].ChangedAfter, err)
	}
}
