package pdf_test

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sealdesk/internal/pdf"
	"sealdesk/internal/pdf/pdftest"
)

func TestVerifyReportsEverySignature(t *testing.T) {
	t.Parallel()
	_, _, second := signedContract(t)
	report, err := pdf.Verify(second, newAuthority(t).roots)
	if err != nil {
		t.Fatal(err)
	}
	if !report.OK || report.Problem != "" || len(report.Signatures) != 2 {
		t.Fatalf("%+v", report)
	}
	a, b := report.Signatures[0], report.Signatures[1]
	if a.Field != "a_seal" || a.Signer != "北京印台科技有限公司" || a.Reason != "签署合同" || a.Location != "北京" ||
		!a.Time.Equal(signingTime) || a.TimestampTime.Sub(signingTime).Seconds() != 1 || !a.Intact || a.CoversWholeFile || !a.ChainTrusted {
		t.Errorf("%+v", a)
	}
	if b.Signer != "李雷" || b.Organization != "上海韩梅梅贸易有限公司" || !b.Intact || !b.CoversWholeFile || len(b.ChangedAfter) != 0 {
		t.Errorf("%+v", b)
	}
	want := []pdf.Change{
		{Code: pdf.ChangeSigned, Field: "b_seal", Page: 4, By: "李雷", Permitted: true},
		{Code: pdf.ChangeFilled, Field: "b_hand", Page: 4, By: "李雷", Permitted: true},
		{Code: pdf.ChangeFilled, Field: "b_date", Page: 4, By: "李雷", Text: "2026年5月5日", Permitted: true},
		{Code: pdf.ChangeStore, Permitted: true},
	}
	for i := range a.ChangedAfter {
		if c := &a.ChangedAfter[i]; c.Page > 0 && (c.Place.X < 50 || c.Place.Width < 50) {
			t.Errorf("%s lies at %+v", c.Field, c.Place)
		}
		a.ChangedAfter[i].Place = pdf.Place{}
	}
	if fmt.Sprint(a.ChangedAfter) != fmt.Sprint(want) {
		t.Errorf("changes %+v", a.ChangedAfter)
	}
}

func TestVerifyTrustsOnlyTheGivenRoots(t *testing.T) {
	t.Parallel()
	_, first, _ := signedContract(t)
	other := x509.NewCertPool()
	for name, c := range map[string]struct {
		roots   *x509.CertPool
		ok      bool
		problem string
	}{"none": {nil, true, ""}, "another": {other, false, pdf.ProblemUntrusted}} {
		report, err := pdf.Verify(first, c.roots)
		if err != nil || report.OK != c.ok || report.Signatures[0].ChainTrusted || report.Signatures[0].Problem != c.problem {
			t.Errorf("%s: %+v %v", name, report, err)
		}
	}
}

func TestVerifyReadsRevocationLists(t *testing.T) {
	a := newAuthority(t)
	for id, problem := range map[*identity]string{&a.ecdsa: pdf.ProblemRevoked, &a.rsa: ""} {
		act := a.act(*id, "签署人", nil)
		act.Revocation = [][]byte{a.withdrawn}
		report, err := pdf.Verify(sign(t, pdftest.Document(pdftest.Hybrid, pdftest.Page{}), act, nil), a.roots)
		if err != nil || report.OK != (problem == "") || report.Signatures[0].Problem != problem {
			t.Errorf("%+v %v", report, err)
		}
	}
}

func TestVerifyWithoutSignatures(t *testing.T) {
	prepared, _, _ := signedContract(t)
	report, err := pdf.Verify(prepared, nil)
	if err != nil || report.OK || report.Problem != pdf.ProblemNoSignature {
		t.Errorf("%+v %v", report, err)
	}
}

// TestOneChangedByteIsReported changes bytes all over a file that was signed twice.
func TestOneChangedByteIsReported(t *testing.T) {
	t.Parallel()
	_, first, second := signedContract(t)
	roots := newAuthority(t).roots
	step := 409
	if testing.Short() {
		step = 997
	}
	notice := func(t *testing.T, data []byte, at int, mask byte) {
		changed := bytes.Clone(data)
		changed[at] ^= mask
		report, err := pdf.Verify(changed, roots)
		if err == nil && report.OK {
			t.Errorf("byte %d of %d changed from %q to %q: not noticed", at, len(data), data[at], changed[at])
		}
	}
	for name, data := range map[string][]byte{"signed once": first, "signed twice": second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := 0; i*step < len(data); i++ {
				notice(t, data, i*step, [3]byte{0x01, 0x20, 0xff}[i%3])
			}
			for at := len(data) - 40; at < len(data); at++ { // the very end
				notice(t, data, at, 0x01)
			}
		})
	}
	for name, changed := range map[string][]byte{
		"appended":  append(bytes.Clone(second), '\n'),
		"prepended": append([]byte{'\n'}, second...),
		"cut":       second[:len(second)-1],
	} {
		if report, err := pdf.Verify(changed, roots); err == nil && report.OK {
			t.Errorf("%s: not noticed", name)
		}
	}
}

// TestEveryByteOfTheSignatureIsChecked changes each hexadecimal digit of the last signature, which no signature covers, to some
// others, and to the same digit written another way.
func TestEveryByteOfTheSignatureIsChecked(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	data := pdftest.Document(pdftest.Classic, pdftest.Page{})
	signed := sign(t, data, a.act(a.ecdsa, "李雷", nil), nil)
	start, end := hole(t, signed)
	step := 31
	if testing.Short() {
		step = 101
	}
	for at := start; at < end; at += step {
		for _, c := range []byte("018afAF>") {
			if signed[at] == c {
				continue
			}
			changed := bytes.Clone(signed)
			changed[at] = c
			if report, err := pdf.Verify(changed, a.roots); err == nil && report.OK {
				t.Fatalf("digit %d of the signature changed from %c to %c: not noticed", at-start, signed[at], c)
			}
		}
	}
}

// hole finds the last signature's /Contents.
func hole(t *testing.T, data []byte) (start, end int) {
	t.Helper()
	all := regexp.MustCompile(`/ByteRange \[0 (\d+) (\d+) \d+\]`).FindAllSubmatch(data, -1)
	if len(all) == 0 {
		t.Fatal("no byte range")
	}
	last := all[len(all)-1]
	start, _ = strconv.Atoi(string(last[1]))
	end, _ = strconv.Atoi(string(last[2]))
	return start, end
}

// appendUpdate appends an update as an attacker would, replacing objects by number.
func appendUpdate(data []byte, objects map[int]string) []byte {
	out := bytes.Clone(data)
	prev := regexp.MustCompile(`startxref\n(\d+)`).FindAllSubmatch(data, -1)
	roots := regexp.MustCompile(`/Root (\d+ 0 R)`).FindAllSubmatch(data, -1)
	table := ""
	for num, body := range objects {
		table += fmt.Sprintf("%d 1\n%010d 00000 n \n", num, len(out))
		out = fmt.Appendf(out, "%d 0 obj\n%s\nendobj\n", num, body)
	}
	start := len(out)
	return fmt.Appendf(out, "xref\n%strailer\n<< /Size 500 /Root %s /Prev %s >>\nstartxref\n%d\n%%%%EOF\n",
		table, roots[len(roots)-1][1], prev[len(prev)-1][1], start)
}

// TestChangesAfterASignatureAreFound lets an attacker append an update and, worse, another signer sign it.
func TestChangesAfterASignatureAreFound(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	base := pdftest.Document(pdftest.Classic, pdftest.Page{}, pdftest.Page{})
	marks := []pdf.Mark{
		{ID: "seal", Kind: pdf.Seal, Page: 1, X: 50, Y: 50, Width: 100, Height: 100},
		{ID: "text", Kind: pdf.Text, Page: 1, X: 50, Y: 200, Width: 200, Height: 20, Text: "人民币 100 元"},
	}
	prepared, err := pdf.Prepare(base, face(t), marks)
	if err != nil {
		t.Fatal(err)
	}
	signed := sign(t, prepared, a.act(a.rsa, "印台", map[string]pdf.Fill{"seal": {Form: disc()}}), nil)
	catalog := objectOf(t, signed, "/Type /Catalog")
	text := objectOf(t, signed, "/T (text)")
	seal := objectOf(t, signed, "/T (seal)")
	look := regexp.MustCompile(`/N (\d+) 0 R`)
	lookNumber, _ := strconv.Atoi(look.FindStringSubmatch(text.body)[1])
	// Objects 4, 5 and 6 are the first page's content, itself and its parent (see pdftest).
	content := "<< /Length 37 >>\nstream\nBT /F 24 Tf 100 100 Td (Other) Tj ET   \nendstream"
	for name, c := range map[string]struct {
		objects map[int]string
		code    string
	}{
		"content of a page": {map[int]string{4: content}, pdf.ChangePage},
		"font":              {map[int]string{3: "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"}, pdf.ChangePage},
		"turned page":       {map[int]string{6: "<< /Type /Pages /Parent 2 0 R /Rotate 180 /Count 1 /Kids [5 0 R] >>"}, pdf.ChangePage},
		"page taken away":   {map[int]string{2: "<< /Type /Pages /Count 1 /Kids [6 0 R] >>"}, pdf.ChangePages},
		"pages exchanged":   {map[int]string{2: "<< /Type /Pages /Count 2 /Kids [9 0 R 6 0 R] >>"}, pdf.ChangePages},
		"value":             {map[int]string{text.num: strings.Replace(text.body, "/V <feff", "/V <feff0031", 1)}, pdf.ChangeValue},
		"look of a value":   {map[int]string{lookNumber: "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 0 >>\nstream\n\nendstream"}, pdf.ChangeValue},
		"seal moved":        {map[int]string{seal.num: strings.Replace(seal.body, "/Rect [50", "/Rect [90", 1)}, pdf.ChangeField},
		"seal unsigned":     {map[int]string{seal.num: regexp.MustCompile(`/V \d+ 0 R`).ReplaceAllString(seal.body, "")}, ""},
		"a note":            {map[int]string{8: "<< /Type /Page /Parent 9 0 R /MediaBox [0 0 595 842] /Contents 7 0 R /Resources << /Font << /F 3 0 R >> >> /Annots [<< /Type /Annot /Subtype /FreeText /Rect [0 0 90 90] /Contents (hi) >>] >>"}, pdf.ChangeAnnotation},
		"opening action":    {map[int]string{1: strings.Replace(catalog.body, "/Type", "/OpenAction << /S /JavaScript /JS (app.alert(1)) >> /Type", 1)}, pdf.ChangeDocument},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := appendUpdate(signed, c.objects)
			report, err := pdf.Verify(changed, a.roots)
			if err != nil {
				t.Fatal(err)
			}
			if report.OK {
				t.Errorf("%+v", report)
			}
			again := sign(t, changed, a.act(a.ecdsa, "李雷", nil), nil)
			report, err = pdf.Verify(again, a.roots)
			if err != nil {
				t.Fatal(err)
			}
			if c.code == "" { // the first signature is gone from the form, the second is all there is
				if len(report.Signatures) != 1 || report.OK || report.Problem != pdf.ProblemRemoved {
					t.Errorf("%+v", report)
				}
				return
			}
			if report.OK || len(report.Signatures) == 0 || report.Signatures[0].Problem != pdf.ProblemChanged {
				t.Fatalf("%+v", report)
			}
			if !strings.Contains(fmt.Sprint(report.Signatures[0].ChangedAfter), "{"+c.code+" ") {
				t.Errorf("changes %+v, want %s", report.Signatures[0].ChangedAfter, c.code)
			}
		})
	}
}

type foundObject struct {
	num  int
	body string
}

// objectOf finds the newest object of a file that holds a text.
func objectOf(t *testing.T, data []byte, text string) foundObject {
	t.Helper()
	all := regexp.MustCompile(`(?s)(\d+) 0 obj\n(.*?)\nendobj`).FindAllSubmatch(data, -1)
	for i := len(all) - 1; i >= 0; i-- {
		if bytes.Contains(all[i][2], []byte(text)) {
			num, _ := strconv.Atoi(string(all[i][1]))
			return foundObject{num, string(all[i][2])}
		}
	}
	t.Fatalf("no object with %s", text)
	return foundObject{}
}

// TestSignaturesStandUpToOpenssl checks signature and time stamp apart from any PDF software.
func TestSignaturesStandUpToOpenssl(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	root := file("root.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw}))
	for name, id := range map[string]identity{"RSA": a.rsa, "ECDSA": a.ecdsa} {
		signed := sign(t, pdftest.Document(pdftest.XRefStream, pdftest.Page{}), a.act(id, "签署人", nil), nil)
		start, end := hole(t, signed)
		der, err := hex.DecodeString(string(signed[start+1 : end-1]))
		if err != nil {
			t.Fatal(err)
		}
		der = bytes.TrimRight(der, "\x00")
		covered := file(name+".bin", append(bytes.Clone(signed[:start]), signed[end:]...))
		cms := file(name+".der", der)
		out := mustRun(t, "openssl", "cms", "-verify", "-binary", "-cades", "-inform", "DER", "-in", cms, "-content", covered,
			"-CAfile", root, "-purpose", "any", "-attime", strconv.FormatInt(signingTime.Unix(), 10), "-out", os.DevNull)
		if !strings.Contains(out, "CAdES Verification successful") && !strings.Contains(out, "CMS Verification successful") {
			t.Errorf("%s: %s", name, out)
		}
		out = mustRun(t, "openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", cms)
		if strings.Contains(out, "signingTime") || !strings.Contains(out, "id-smime-aa-signingCertificateV2") ||
			!strings.Contains(out, "id-smime-aa-timeStampToken") {
			t.Errorf("%s: attributes\n%s", name, out)
		}
	}
}

func TestTimeAuthorityStandsUpToOpenssl(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, data []byte) {
		if err := os.WriteFile(path(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("root.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw}))
	write("data", []byte("合同"))
	for _, digest := range []string{"-sha256", "-sha512"} {
		mustRun(t, "openssl", "ts", "-query", "-data", path("data"), digest, "-cert", "-out", path("query"))
		query, err := os.ReadFile(path("query"))
		if err != nil {
			t.Fatal(err)
		}
		write("reply", a.stamps.Respond(query))
		out := mustRun(t, "openssl", "ts", "-verify", "-queryfile", path("query"), "-in", path("reply"),
			"-CAfile", path("root.pem"), "-attime", strconv.FormatInt(signingTime.Unix(), 10))
		if !strings.Contains(out, "Verification: OK") {
			t.Error(out)
		}
	}
	mustRun(t, "openssl", "ts", "-query", "-data", path("data"), "-sha1", "-out", path("query"))
	query, _ := os.ReadFile(path("query"))
	for name, request := range map[string][]byte{"sha1": query, "empty": nil, "garbage": []byte("0\x03\x02\x01\x02")} {
		write("reply", a.stamps.Respond(request))
		if out := mustRun(t, "openssl", "ts", "-reply", "-in", path("reply"), "-text"); !strings.Contains(out, "Status: Rejected") {
			t.Errorf("%s: %s", name, out)
		}
	}
}
