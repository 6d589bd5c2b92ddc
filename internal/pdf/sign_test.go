package pdf_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"math"
	"regexp"
	"strings"
	"testing"

	"sealdesk/internal/pdf"
	"sealdesk/internal/pdf/pdftest"
)

// stroke is a PNG of a wavy line on a transparent ground.
func stroke(t testing.TB) *pdf.Form {
	img := image.NewNRGBA(image.Rect(0, 0, 400, 140))
	for x := 20; x < 380; x++ {
		y := 70 + int(40*math.Sin(float64(x)/25))
		for d := -3; d <= 3; d++ {
			img.Set(x, y+d, color.NRGBA{20, 20, 60, uint8(255 - 40*max(d, -d))})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return &pdf.Form{PNG: b.Bytes()}
}

// signedContract is a contract that two parties signed.
func signedContract(t testing.TB) (prepared, first, second []byte) {
	t.Helper()
	files := signedContracts(t)
	return files[0], files[1], files[2]
}

var signedContracts = shared(func(t testing.TB) [3][]byte {
	data, at := contract(t)
	marks := []pdf.Mark{
		markAt("a.seal", pdf.Seal, "a", at["a.seal"]),
		markAt("a.hand", pdf.Signature, "a", at["a.signature"]),
		markAt("a.date", pdf.Date, "a", at["a.date"]),
		markAt("b.seal", pdf.Seal, "b", at["b.seal"]),
		markAt("b.hand", pdf.Signature, "b", at["b.signature"]),
		markAt("b.date", pdf.Date, "b", at["b.date"]),
		{ID: "note", Kind: pdf.Text, Page: 1, X: 72, Y: 20, Width: 300, Height: 24, Text: "附注：填写的文字可以检索", Color: color.NRGBA{0, 0, 160, 255}},
	}
	a := newAuthority(t)
	prepared, err := pdf.Prepare(data, face(t), marks)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(prepared, data) {
		t.Fatal("preparing changed earlier bytes")
	}
	first := sign(t, prepared, a.act(a.rsa, "北京印台科技有限公司", map[string]pdf.Fill{
		"a.seal": {Form: disc()}, "a.hand": {Form: stroke(t)}, "a.date": {Text: "2026年5月4日"},
	}), marks)
	second := sign(t, first, a.act(a.ecdsa, "李雷", map[string]pdf.Fill{
		"b.seal": {Form: disc()}, "b.hand": {Form: stroke(t)}, "b.date": {Text: "2026年5月5日"},
	}), marks)
	return [3][]byte{prepared, first, second}
})

func TestSignaturesStandUpToPdfsigAndQpdf(t *testing.T) {
	t.Parallel()
	prepared, first, second := signedContract(t)
	for name, c := range map[string]struct {
		data       []byte
		signatures int
	}{"prepared.pdf": {prepared, 0}, "first.pdf": {first, 1}, "second.pdf": {second, 2}} {
		path := write(t, name, c.data)
		out := mustRun(t, "qpdf", "--check", path)
		if strings.Contains(strings.ToLower(out), "warning") {
			t.Errorf("qpdf on %s: %s", name, out)
		}
		if c.signatures == 0 {
			continue
		}
		out, _ = run(t, "pdfsig", path)
		if got := strings.Count(out, "Signature Validation: Signature is Valid."); got != c.signatures {
			t.Errorf("pdfsig on %s: %d valid signatures\n%s", name, got, out)
		}
		if got := regexp.MustCompile(`(?m)^\s+- Total document signed`).FindAllString(out, -1); len(got) != 1 {
			t.Errorf("pdfsig on %s: the last signature must cover the whole document\n%s", name, out)
		}
	}
}

// TestRoomForSignaturesIsTight: pdfsig does not look at the padding behind a signature, so there must be next to none.
func TestRoomForSignaturesIsTight(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	token, err := a.stamps.Stamp(context.Background(), []byte("any"))
	if err != nil {
		t.Fatal(err)
	}
	data := pdftest.Document(pdftest.Classic, pdftest.Page{})
	for name, id := range map[string]identity{"RSA": a.rsa, "ECDSA": a.ecdsa} {
		for range 40 { // lengths vary
			act := a.act(id, "签署人", nil)
			act.TimestampRoom = len(token)
			signed := sign(t, data, act, nil)
			start, end := hole(t, signed)
			der := bytes.TrimRight(signed[start:end-1], "0")
			if spare := (end - start - len(der)) / 2; spare > 40 {
				t.Fatalf("%s: %d bytes to spare", name, spare)
			}
		}
	}
}
