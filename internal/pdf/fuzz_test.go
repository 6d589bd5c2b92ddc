package pdf_test

import (
	"bytes"
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"sealdesk/internal/pdf"
	"sealdesk/internal/pdf/pdftest"
)

// hostile are files made to make a reader panic, loop or take all memory.
func hostile() [][]byte {
	trailer := "\ntrailer << /Root 1 0 R /Size 9 >>\nstartxref\n0\n%%EOF\n"
	return [][]byte{
		[]byte("%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 1 0 R /Kids [1 0 R 1 0 R] >> endobj" + trailer),
		[]byte("%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj 2 0 obj 3 0 R endobj 3 0 obj 2 0 R endobj" + trailer),
		[]byte("%PDF-1.7\n1 0 obj " + string(bytes.Repeat([]byte("["), 5000)) + trailer),
		[]byte("%PDF-1.7\n1 0 obj " + string(bytes.Repeat([]byte("<</A"), 5000)) + trailer),
		[]byte("%PDF-1.7\n" + string(bytes.Repeat([]byte("1 0 obj ("), 5000)) + trailer),
		[]byte("%PDF-1.7\n" + string(bytes.Repeat([]byte("1 0 obj <<>> stream\n"), 5000)) + trailer),
		[]byte("%PDF-1.7\nxref\n0 99999999999\n0000000000 65535 f \ntrailer << /Root 1 0 R /Prev 9 >>\nstartxref\n9\n%%EOF\n"),
		[]byte("%PDF-1.7\n5 0 obj << /Type /XRef /W [8 8 8] /Size 2147483647 /Index [0 2147483647] /Length 5 0 R >> stream\nendstream endobj\nstartxref\n9\n%%EOF\n"),
		[]byte("%PDF-1.7\n5 0 obj << /Type /ObjStm /N 99999999 /First 0 /Length 0 >> stream\n\nendstream endobj" + trailer),
	}
}

func FuzzPrepare(f *testing.F) {
	for _, s := range pdftest.Structures() {
		f.Add(pdftest.Document(s, pdftest.Page{Rotate: 90}, pdftest.Page{Inherit: true}))
	}
	for _, data := range hostile() {
		f.Add(data)
	}
	face := face(f)
	marks := []pdf.Mark{
		{ID: "s", Kind: pdf.Seal, Page: 1, X: 10, Y: 10, Width: 50, Height: 50},
		{ID: "t", Kind: pdf.Text, Page: 1, X: 10, Y: 70, Width: 50, Height: 20, Text: "字"},
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := pdf.Prepare(data, face, marks)
		if err != nil {
			return
		}
		if !bytes.HasPrefix(out, data) {
			t.Fatal("earlier bytes were changed")
		}
		if again, err := pdf.Prepare(out, face, marks[:1]); err != nil || !bytes.Equal(again, out) {
			t.Fatalf("what was written cannot be read: %v", err)
		}
	})
}

func FuzzVerify(f *testing.F) {
	a := newAuthority(f)
	for _, s := range pdftest.Structures() {
		data := pdftest.Document(s, pdftest.Page{})
		one := sign(f, data, a.act(a.ecdsa, "李雷", map[string]pdf.Fill{}), nil)
		f.Add(one)
		f.Add(sign(f, one, a.act(a.ecdsa, "李雷", map[string]pdf.Fill{}), nil))
	}
	for _, data := range hostile() {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		report, err := pdf.Verify(data, a.roots)
		if err == nil && report == nil {
			t.Fatal("neither report nor error")
		}
	})
}

func TestHostileFilesEndSoon(t *testing.T) {
	// Without bounds these take hours; the limit leaves room for slow machines and the race detector.
	for i, data := range append(hostile(), hostileLarge()...) {
		start := time.Now()
		pdf.Verify(data, nil)
		pdf.Prepare(data, face(t), nil)
		if took := time.Since(start); took > time.Minute {
			t.Errorf("file %d of %d bytes took %v", i, len(data), took)
		}
	}
}

// hostileLarge are large files whose objects overlap, which costs readers without a budget the square of their size.
func hostileLarge() [][]byte {
	var out [][]byte
	for _, unit := range []string{"1 0 obj (", "1 0 obj <<>> stream\n", "1 0 obj [", "1 0 obj <</A ", "1 0 obj %", "trailer ("} {
		data := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte(unit), 150_000)...)
		out = append(out, append(data, "\nstartxref\n0\n%%EOF\n"...))
	}
	return out
}

func BenchmarkSign(b *testing.B) {
	a := newAuthority(b)
	data, at := contract(b)
	marks := []pdf.Mark{
		markAt("seal", pdf.Seal, "a", at["a.seal"]),
		markAt("hand", pdf.Signature, "a", at["a.signature"]),
		markAt("date", pdf.Date, "a", at["a.date"]),
	}
	face := face(b)
	fills := map[string]pdf.Fill{"seal": {Form: disc()}, "hand": {Form: stroke(b)}, "date": {Text: "2026年5月4日"}}
	for name, id := range map[string]identity{"RSA": a.rsa, "ECDSA": a.ecdsa} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := pdf.Sign(context.Background(), data, face, a.act(id, "印台", fills), marks); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	_, _, second := signedContract(b)
	roots := newAuthority(b).roots
	for b.Loop() {
		if _, err := pdf.Verify(second, roots); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompose(b *testing.B) {
	for b.Loop() {
		contract(b)
	}
}

// TestMutatedFiles changes files in ways that a fuzzer takes long to find: numbers, names and whole pieces exchanged.
func TestMutatedFiles(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	var seeds [][]byte
	marks := []pdf.Mark{{ID: "t", Kind: pdf.Text, Page: 1, X: 10, Y: 70, Width: 50, Height: 20, Text: "字"}}
	for _, s := range pdftest.Structures() {
		data := pdftest.Document(s, pdftest.Page{Rotate: 90}, pdftest.Page{Inherit: true})
		seeds = append(seeds, data, sign(t, data, a.act(a.ecdsa, "李雷", nil), marks))
	}
	random := rand.New(rand.NewPCG(1, 2))
	rounds, err := strconv.Atoi(cmp.Or(os.Getenv("PDF_TEST_ROUNDS"), "600"))
	if err != nil {
		t.Fatal(err)
	}
	for range rounds {
		seed := random.IntN(len(seeds))
		data := mutate(random, bytes.Clone(seeds[seed]), seeds)
		start := time.Now()
		out, err := pdf.Prepare(data, face(t), marks)
		if err == nil {
			if !bytes.HasPrefix(out, data) {
				t.Fatal("earlier bytes were changed")
			}
			if _, err := pdf.Prepare(out, face(t), nil); err != nil {
				write(t, "unreadable.pdf", data)
				t.Fatalf("what was written cannot be read: %v", err)
			}
		}
		report, err := pdf.Verify(data, a.roots)
		if err == nil && report.OK && seed%2 == 1 && !bytes.Equal(data, seeds[seed]) {
			t.Fatal("a changed file is reported as good")
		}
		if took := time.Since(start); took > time.Minute {
			t.Fatalf("took %v", took)
		}
	}
}

// mutate changes a file in one to four places.
func mutate(random *rand.Rand, data []byte, others [][]byte) []byte {
	words := []string{"0", "1", "-1", "999999999999", "2 0 R", "/Kids", "/V", "/Length", "<<", ">>", "[", "]", "(", ")", "obj",
		"endobj", "stream", "endstream", "null", "/Fields", "/ByteRange", "/Annots", "\n", "%", "<", "/Parent 5 0 R", "/AP"}
	number := regexp.MustCompile(`\d+`)
	for range 1 + random.IntN(4) {
		at := random.IntN(len(data))
		n := min(len(data)-at, 1+random.IntN(40))
		switch random.IntN(6) {
		case 0:
			data[at] ^= byte(1 << random.IntN(8))
		case 1:
			data = slices.Delete(data, at, at+n)
		case 2:
			data = slices.Insert(data, at, []byte(words[random.IntN(len(words))])...)
		case 3:
			other := others[random.IntN(len(others))]
			from := random.IntN(len(other))
			data = slices.Insert(data, at, other[from:min(len(other), from+n*8)]...)
		default:
			all := number.FindAllIndex(data, -1)
			if len(all) > 0 {
				where := all[random.IntN(len(all))]
				data = slices.Replace(data, where[0], where[1], []byte(strconv.Itoa(random.IntN(40)))...)
			}
		}
		if len(data) < 100 {
			return data
		}
	}
	return data
}
