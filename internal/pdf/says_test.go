package pdf_test

import (
	"testing"

	"sealdesk/internal/pdf"
)

// TestWhatWasAddedIsNamed: a permitted change in a blank place is told with what it says, where, and who signed it; what is meant to
// mislead whoever reads the report is taken out of it.
func TestWhatWasAddedIsNamed(t *testing.T) {
	t.Parallel()
	f := &forgery{t, twoParties(t)}
	text := func(ops string) map[int]string { return f.own(blank, stream(xform+" "+fonts, ops)) }
	for name, c := range map[string]struct {
		objects map[int]string
		want    string
	}{
		"text":             {text("BT /F 14 Tf 2 10 Td (Price: 900,000 CNY) Tj ET"), "Price: 900,000 CNY"},
		"in pieces":        {text("BT /F 14 Tf 2 10 Td [(9) -20 (00)] TJ 90 0 Td (CNY) ' ET"), "900 CNY"},
		"in a drawing":     {f.drawn("/XObject << /X 302 0 R >>", "/X Do", stream(xform+" "+fonts, "BT /F 14 Tf 2 10 Td (900) Tj ET")), "900"},
		"control signs":    {text("BT /F 14 Tf 2 10 Td (9\\00700\\033[2J0) Tj ET"), "900[2J0"},
		"no text":          {text("0 0 9 9 re f"), ""},
		"a font of nobody": {text("BT Tf (900) Tj ET"), ""},
	} {
		report, err := pdf.Verify(f.cosign(t, c.objects), newAuthority(t).roots)
		if err != nil {
			t.Fatal(err)
		}
		named := false
		for _, change := range report.Signatures[0].ChangedAfter {
			if change.Field == "new" {
				named = true
				if change.Text != c.want || change.By != "李雷" || change.Page != 1 || change.Place.Width != 300 {
					t.Errorf("%s: %+v", name, change)
				}
			}
		}
		if !named {
			t.Errorf("%s: %+v", name, report.Signatures[0].ChangedAfter)
		}
	}
}
