package pdf_test

import (
	"strings"
	"testing"

	"sealdesk/internal/pdf"
	"sealdesk/internal/pdf/pdftest"
)

// lockable is a contract with two empty fields, which the first party signs with a lock and references of their own.
func lockable(t *testing.T, lock, references string) *forgery {
	t.Helper()
	f := &forgery{t, appendUpdate(pdftest.Document(pdftest.Classic, pdftest.Page{}, pdftest.Page{}), map[int]string{
		1:  "<< /Type /Catalog /Pages 2 0 R /AcroForm 20 0 R >>",
		5:  "<< /Type /Page /Parent 6 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Annots 21 0 R /Resources << /Font << /F 3 0 R >> >> >>",
		20: "<< /Fields [25 0 R 26 0 R] /SigFlags 3 /DA (/F 9 Tf 0 g) /DR << /Font << /F 3 0 R >> >> >>",
		21: "[25 0 R 26 0 R]",
		25: "<< /Type /Annot /Subtype /Widget /FT /Tx /T (price) /P 5 0 R /DA (/F 9 Tf 0 g) /Rect [98 300 398 330] >>",
		26: "<< /FT /Tx /T (terms) /Kids [27 0 R] >>",
		27: "<< /Type /Annot /Subtype /Widget /Parent 26 0 R /T (term) /P 5 0 R /DA (/F 9 Tf 0 g) /Rect [98 400 398 430] >>",
	})}
	objects := map[int]string{20: f.also(20, "200 0 R"), 21: f.also(21, "200 0 R"),
		200: "<< /Type /Annot /Subtype /Widget /FT /Sig /T (first) /V %V% /F 2 /Rect [0 0 0 0] /P 5 0 R " + lock + " >>"}
	if references != "" {
		objects[0] = "[" + references + "]"
	}
	f.data = f.cosign(t, objects)
	return f
}

// TestLocksAndCertifications: what a signature forbids is forbidden, what it leaves open is not; and the programs of others find every
// signature by itself sound.
func TestLocksAndCertifications(t *testing.T) {
	t.Parallel()
	const transform = "<< /Type /SigRef /TransformMethod /"
	certified := func(level string) string {
		return transform + "DocMDP /TransformParams << /Type /TransformParams /V /1.2 " + level + " >> >>"
	}
	fields := func(what string) string {
		return transform + "FieldMDP /TransformParams << /Type /TransformParams /V /1.2 " + what + " >> >>"
	}
	lock := func(what string) string { return "/Lock << /Type /SigFieldLock " + what + " >>" }
	look := func(text string) string {
		return stream(xform+" "+fonts, "BT /F 9 Tf 2 9 Td ("+text+") Tj ET")
	}
	fill := func(num int) func(*forgery) map[int]string {
		return func(f *forgery) map[int]string {
			return map[int]string{num: f.with(num, "/V (900) /AP << /N 301 0 R >>"), 301: look("900")}
		}
	}
	price, term := fill(25), fill(27)
	note := func(f *forgery) map[int]string {
		return map[int]string{8: f.swap(8, "/Parent", "/Annots [302 0 R] /Parent"), 302: "<< /Type /Annot /Subtype /Text /Rect [10 10 30 30] /Contents (a note) >>"}
	}
	nothing := func(*forgery) map[int]string { return nil }
	for name, c := range map[string]struct {
		lock, references string
		update           func(*forgery) map[int]string
		code             string // of the change, empty where all is permitted
	}{
		"no lock":                        {"", "", price, ""},
		"all locked":                     {lock("/Action /All"), "", price, pdf.ChangeLocked},
		"this one locked":                {lock("/Action /Include /Fields [(price)]"), "", price, pdf.ChangeLocked},
		"another one locked":             {lock("/Action /Include /Fields [(terms)]"), "", price, ""},
		"the one above locked":           {lock("/Action /Include /Fields [(terms)]"), "", term, pdf.ChangeLocked},
		"one of a like name locked":      {lock("/Action /Include /Fields [(pri)]"), "", price, ""},
		"all but this one":               {lock("/Action /Exclude /Fields [(price) (new)]"), "", price, ""},
		"all but another":                {lock("/Action /Exclude /Fields [(terms) (new)]"), "", price, pdf.ChangeLocked},
		"transform, all":                 {"", fields("/Action /All"), price, pdf.ChangeLocked},
		"transform, this one":            {"", fields("/Action /Include /Fields [(price)]"), price, pdf.ChangeLocked},
		"transform, all but this one":    {"", fields("/Action /Exclude /Fields [(price) (new)]"), price, ""},
		"transform, all but another":     {"", fields("/Action /Exclude /Fields [(terms) (new)]"), price, pdf.ChangeLocked},
		"nothing permitted, a field":     {"", certified("/P 1"), price, pdf.ChangeLocked},
		"nothing permitted, a signature": {"", certified("/P 1"), nothing, pdf.ChangeLocked},
		"filling permitted, a field":     {"", certified("/P 2"), price, ""},
		"filling permitted, a signature": {"", certified("/P 2"), nothing, ""},
		"filling permitted, a note":      {"", certified("/P 2"), note, pdf.ChangeAnnotation},
		"filling permitted unsaid":       {"", certified(""), price, ""},
		"notes permitted, a field":       {"", certified("/P 3"), price, ""},
		"notes permitted, a note":        {"", certified("/P 3"), note, pdf.ChangeAnnotation}, // it could lie over anything
		"certified, and this one locked": {lock("/Action /Include /Fields [(price)]"), certified("/P 2"), price, pdf.ChangeLocked},
		"both transforms":                {"", certified("/P 2") + " " + fields("/Action /Include /Fields [(price)]"), price, pdf.ChangeLocked},
		"certified after another's lock": {lock("/Action /All"), certified("/P 3"), nothing, pdf.ChangeLocked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := lockable(t, c.lock, c.references)
			data := f.unseen(t, c.update(f))
			if c.code != "" {
				checkForged(t, data, c.code)
			} else if report, err := pdf.Verify(data, newAuthority(t).roots); err != nil || !report.OK || len(report.Signatures) != 2 {
				t.Errorf("%+v %v", report.Signatures[0].ChangedAfter, err)
			}
			path := write(t, "locked.pdf", data)
			out, _ := run(t, "pdfsig", path)
			if strings.Count(out, "Signature is Valid.") != 2 {
				t.Errorf("pdfsig: %s", out)
			}
			if out := mustRun(t, "qpdf", "--check", path); strings.Contains(out, "WARNING") {
				t.Error(out)
			}
		})
	}
}
