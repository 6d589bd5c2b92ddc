package pdf_test

import (
	"errors"
	"strings"
	"testing"

	"sealdesk/internal/pdf"
)

func TestComposedContract(t *testing.T) {
	t.Parallel()
	data, anchors := contract(t)
	path := write(t, "contract.pdf", data)
	mustRun(t, "qpdf", "--check", path)
	fonts := mustRun(t, "pdffonts", path)
	if !strings.Contains(fonts, "CID TrueType") || !strings.Contains(fonts, "yes yes yes") {
		t.Errorf("the font must be embedded, a subset, and with ToUnicode:\n%s", fonts)
	}
	if len(data) > 80_000 {
		t.Errorf("%d bytes", len(data))
	}
	text := mustRun(t, "pdftotext", "-layout", path, "-")
	for _, want := range []string{"设备采购与技术服务合同", "第十条", "其他约定", "合同编号：YT-2026-0504", "授权代表（签字）：", "1/4"} {
		if !strings.Contains(strings.ReplaceAll(text, " / ", "/"), want) {
			t.Errorf("%q is not in the text", want)
		}
	}
	for line := range strings.Lines(text) {
		trimmed := []rune(strings.TrimSpace(line))
		if len(trimmed) == 0 {
			continue
		}
		if strings.ContainsRune("，。；：、）》”", trimmed[0]) {
			t.Errorf("a line begins with punctuation: %q", line)
		}
		if strings.ContainsRune("（《“", trimmed[len(trimmed)-1]) {
			t.Errorf("a line ends with an opening mark: %q", line)
		}
	}
	for _, key := range []string{"a.seal", "a.signature", "a.date", "b.seal", "b.signature", "b.date"} {
		if a := anchors[key]; a.Page != 4 || a.X < 72 || a.X+a.Width > 595.3-72 || a.Width < 50 || a.Height < 10 {
			t.Errorf("%s: %+v", key, a)
		}
	}
}

func TestComposerNamesMissingGlyphs(t *testing.T) {
	_, err := pdf.NewComposer(face(t)).Title("合同\uE001").Paragraph("\uE001\uE002").Bytes()
	var missing *pdf.MissingGlyphError
	if !errors.As(err, &missing) || string(missing.Runes) != "\uE001\uE002" {
		t.Errorf("%v", err)
	}
}
