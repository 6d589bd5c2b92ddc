package pdf_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sealdesk/internal/pdf"
	"sealdesk/internal/pdf/pdftest"
)

// A contract that two parties signed, as a forger finds it. Its objects: 1 catalog, 2 pages, 3 font, 4 what page 1 shows,
// 5 page 1, 6 its node, 7 what page 2 shows, 8 page 2, 20 the form, 21 annotations of page 1, 22 a note, 23 a filled
// field, 24 its look, 25 an empty field, 26 a check box, 27 and 28 its looks, 29 a choice, 30 a layer, 31 an attachment's names,
// 32 metadata, 33 description, 34 outlines.
type forgery struct {
	t    *testing.T
	data []byte
}

const (
	xform   = "/Type /XObject /Subtype /Form /BBox [0 0 300 30]"
	overlay = "1 1 1 rg 0 0 300 30 re f 0 0 0 rg BT /F 14 Tf 2 10 Td (Price: 900,000 CNY) Tj ET"
	fonts   = "/Resources << /Font << /F 3 0 R >> >>"
	over    = "/Rect [98 692 398 722]" // over the price
	blank   = "/Rect [98 300 398 330]"
)

func stream(dict, data string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(data), data)
}

// lie is a look that shows another price on white.
func lie() string { return stream(xform+" "+fonts, overlay) }

// twoParties is made once; nobody writes into it.
var twoParties = shared(func(t testing.TB) []byte {
	a := newAuthority(t)
	data := appendUpdate(pdftest.Document(pdftest.Classic, pdftest.Page{}, pdftest.Page{}), map[int]string{
		1: "<< /Type /Catalog /Pages 2 0 R /AcroForm 20 0 R /OCProperties << /OCGs [30 0 R] /D << /Order [30 0 R] >> >> /Names 31 0 R " +
			"/Metadata 32 0 R /Outlines 34 0 R /PageLabels << /Nums [0 << /S /D >>] >> >>",
		4: stream("", "BT /F 14 Tf 100 700 Td (Price: 100,000 CNY) Tj ET /OC /L BDC BT /F 14 Tf 100 650 Td (Delivery: June) Tj ET EMC"),
		5: "<< /Type /Page /Parent 6 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Annots 21 0 R " +
			"/Resources << /Font << /F 3 0 R >> /Properties << /L 30 0 R >> >> >>",
		20: "<< /Fields [23 0 R 25 0 R 26 0 R 29 0 R] /DA (/F 9 Tf 0 g) /DR << /Font << /F 3 0 R >> >> >>",
		21: "[22 0 R 23 0 R 25 0 R 26 0 R 29 0 R]",
		22: "<< /Type /Annot /Subtype /Text /Rect [10 10 30 30] /Contents (a note) >>",
		23: "<< /Type /Annot /Subtype /Widget /FT /Tx /T (filled) /V (agreed) /Rect [100 500 300 520] /P 5 0 R /DA (/F 9 Tf 0 g) /AP << /N 24 0 R >> >>",
		24: stream("/Type /XObject /Subtype /Form /BBox [0 0 200 20] "+fonts, "/Tx BMC BT /F 9 Tf 2 5 Td (agreed) Tj ET EMC"),
		25: "<< /Type /Annot /Subtype /Widget /FT /Tx /T (empty) /Rect [100 460 300 480] /P 5 0 R /DA (/F 9 Tf 0 g) >>",
		26: "<< /Type /Annot /Subtype /Widget /FT /Btn /T (box) /V /Off /AS /Off /Rect [100 430 120 450] /P 5 0 R /AP << /N << /Yes 27 0 R /Off 28 0 R >> >> >>",
		27: stream("/Type /XObject /Subtype /Form /BBox [0 0 20 20]", "0 0 20 20 re f"),
		28: stream("/Type /XObject /Subtype /Form /BBox [0 0 20 20]", "0 0 20 20 re S"),
		29: "<< /Type /Annot /Subtype /Widget /FT /Ch /Ff 131072 /T (choice) /Opt [(one) (two)] /Rect [100 400 200 420] /P 5 0 R /DA (/F 9 Tf 0 g) >>",
		30: "<< /Type /OCG /Name (layer) >>",
		31: "<< /EmbeddedFiles << /Names [] >> >>",
		32: stream("/Type /Metadata /Subtype /XML", `<rdf:Description dc:title="Contract" xmp:ModifyDate="2026-01-01"/>`),
		33: "<< /Title (Contract) /ModDate (D:20260101000000Z) >>",
		34: "<< /Type /Outlines /Count 0 >>",
	})
	data = bytes.Replace(data, []byte("/Size 500"), []byte("/Size 500 /Info 33 0 R"), 1)
	marks := []pdf.Mark{
		{ID: "a", Kind: pdf.Seal, Signer: "a", Page: 1, X: 60, Y: 600, Width: 100, Height: 100},
		{ID: "b", Kind: pdf.Seal, Signer: "b", Page: 1, X: 260, Y: 600, Width: 100, Height: 100},
		{ID: "bdate", Kind: pdf.Date, Signer: "b", Page: 1, X: 260, Y: 710, Width: 100, Height: 20},
		{ID: "d", Kind: pdf.Seal, Signer: "d", Page: 2, X: 60, Y: 100, Width: 100, Height: 100},
		{ID: "d2", Kind: pdf.Seal, Signer: "d", Page: 2, X: 60, Y: 300, Width: 100, Height: 100},
		{ID: "dtext", Kind: pdf.Text, Signer: "d", Page: 2, X: 260, Y: 100, Width: 100, Height: 20},
	}
	prepared, err := pdf.Prepare(data, face(t), marks)
	if err != nil {
		t.Fatal(err)
	}
	first := sign(t, prepared, a.act(a.rsa, "甲", map[string]pdf.Fill{"a": {Form: disc()}}), marks)
	return sign(t, first, a.act(a.ecdsa, "乙", map[string]pdf.Fill{"b": {Form: disc()}, "bdate": {Text: "2026-05-04"}}), marks)
})

// body is the newest text of an object.
func (f *forgery) body(num int) string {
	all := regexp.MustCompile(fmt.Sprintf(`(?s)\n%d 0 obj\n(.*?)\nendobj`, num)).FindAllSubmatch(f.data, -1)
	if len(all) == 0 {
		f.t.Fatalf("no object %d", num)
	}
	return string(all[len(all)-1][1])
}

// with is an object with something put in at the beginning of its dictionary or array.
func (f *forgery) with(num int, text string) string {
	body := f.body(num)
	if strings.HasPrefix(body, "[") {
		return "[" + text + " " + body[1:]
	}
	return "<< " + text + " " + strings.TrimPrefix(body, "<<")
}

// also is an array that ends with something more; of a form or a page, its fields or annotations do.
func (f *forgery) also(num int, text string) string {
	body := f.body(num)
	at := strings.Index(body, "]")
	for _, key := range []string{"/Fields", "/Annots"} {
		if i := strings.Index(body, key); i >= 0 {
			at = i + strings.Index(body[i:], "]")
		}
	}
	return body[:at] + " " + text + body[at:]
}

// swap is an object with a part exchanged, which must be there.
func (f *forgery) swap(num int, old, new string) string {
	body := f.body(num)
	if !strings.Contains(body, old) {
		f.t.Fatalf("object %d has no %q: %s", num, old, body)
	}
	return strings.Replace(body, old, new, 1)
}

// field finds one of our fields by its name.
func (f *forgery) field(id string) foundObject { return objectOf(f.t, f.data, "/T ("+id+")") }

// look is the number of a field's look.
func (f *forgery) look(id string) int {
	n, err := strconv.Atoi(regexp.MustCompile(`/N (\d+) 0 R`).FindStringSubmatch(f.field(id).body)[1])
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

// update appends objects as a forger does who takes care: it keeps the description.
func (f *forgery) update(objects map[int]string) []byte {
	out := appendUpdate(f.data, objects)
	at := bytes.LastIndex(out, []byte("/Size 500"))
	moved := append(bytes.Clone(out[:at]), "/Info 33 0 R "...)
	return append(moved, out[at:]...)
}

// merge joins the objects of several parts of an update.
func merge(parts ...map[int]string) map[int]string {
	out := map[int]string{}
	for _, part := range parts {
		maps.Copy(out, part)
	}
	return out
}

// widget is a new field 300 with a look 301 that lies on page 1 and stands in the form.
func (f *forgery) widget(dict string) map[int]string {
	return map[int]string{
		300: "<< /Type /Annot /Subtype /Widget /T (new) /P 5 0 R /AP << /N 301 0 R >> " + dict + " >>",
		301: lie(), 20: f.also(20, "300 0 R"), 21: f.also(21, "300 0 R"),
	}
}

// overlays are the ways to change a signed contract by objects of an update, each with the code that names it.
func (f *forgery) overlays() map[string]overlayCase {
	sig := func(dict string) map[int]string { return f.widget("/FT /Sig " + dict) }
	annot := func(dict string) map[int]string {
		return map[int]string{21: f.also(21, "300 0 R"), 300: "<< /Type /Annot /F 4 " + over + " /AP << /N 301 0 R >> " + dict + " >>", 301: lie()}
	}
	d, b, b2 := f.field("d"), f.field("b"), f.field("bdate")
	return map[string]overlayCase{
		"widget outside the form":      {merge(f.widget("/FT /Tx "+over), map[int]string{20: f.body(20)}), pdf.ChangeWidget},
		"text field":                   {f.widget("/FT /Tx /V (Price: 900,000 CNY) " + over), pdf.ChangeFieldAdded},
		"text field in a blank place":  {f.widget("/FT /Tx /V (900,000) " + blank), pdf.ChangeFieldAdded},
		"button":                       {f.widget("/FT /Btn /Ff 65536 " + over), pdf.ChangeFieldAdded},
		"choice":                       {f.widget("/FT /Ch /V (900,000) /Opt [(900,000)] " + over), pdf.ChangeFieldAdded},
		"check box":                    {f.widget("/FT /Btn /V /Yes /AS /Yes " + over), pdf.ChangeFieldAdded},
		"unsigned seal":                {sig(over), pdf.ChangeFieldAdded},
		"unsigned seal in a blank":     {sig(blank), pdf.ChangeFieldAdded},
		"empty signature field":        {merge(sig(blank), map[int]string{300: "<< /Type /Annot /Subtype /Widget /FT /Sig /T (new) /P 5 0 R " + blank + " >>"}), pdf.ChangeFieldAdded},
		"field of no kind":             {f.widget(over), pdf.ChangeFieldAdded},
		"field under a new parent":     {merge(f.widget("/FT /Tx /Parent 302 0 R "+over), map[int]string{302: "<< /T (above) /Kids [300 0 R] >>", 20: f.also(20, "302 0 R")}), pdf.ChangeFieldAdded},
		"kid of a field that was":      {map[int]string{25: f.with(25, "/Kids [300 0 R]"), 21: f.also(21, "300 0 R"), 300: "<< /Type /Annot /Subtype /Widget /Parent 25 0 R /AP << /N 301 0 R >> " + over + " >>", 301: lie()}, pdf.ChangeField},
		"kid of a signature field":     {map[int]string{d.num: "<< /Kids [300 0 R] " + d.body[2:], 21: f.also(21, "300 0 R"), 300: fmt.Sprintf("<< /Type /Annot /Subtype /Widget /Parent %d 0 R /AP << /N 301 0 R >> %s >>", d.num, over), 301: lie()}, pdf.ChangeField},
		"field that claims the owner":  {merge(sig("/SealdeskSigner (a) " + blank)), pdf.ChangeFieldAdded},
		"field with the signature":     {sig(regexp.MustCompile(`/V \d+ 0 R`).FindString(b.body) + " " + over), pdf.ChangeFieldAdded},
		"free text":                    {annot("/Subtype /FreeText /Contents (900,000) /DA (/F 14 Tf)"), pdf.ChangeAnnotation},
		"stamp":                        {annot("/Subtype /Stamp"), pdf.ChangeAnnotation},
		"square":                       {annot("/Subtype /Square /IC [1 1 1]"), pdf.ChangeAnnotation},
		"highlight":                    {annot("/Subtype /Highlight /QuadPoints [98 722 398 722 98 692 398 692] /C [0 0 0]"), pdf.ChangeAnnotation},
		"redaction":                    {annot("/Subtype /Redact /OverlayText (900,000)"), pdf.ChangeAnnotation},
		"ink":                          {annot("/Subtype /Ink /InkList [[100 700 300 700]]"), pdf.ChangeAnnotation},
		"link":                         {annot("/Subtype /Link /A << /S /URI /URI (http://example.com) >>"), pdf.ChangeAnnotation},
		"watermark":                    {annot("/Subtype /Watermark"), pdf.ChangeAnnotation},
		"printer's mark":               {annot("/Subtype /PrinterMark"), pdf.ChangeAnnotation},
		"media":                        {annot("/Subtype /RichMedia"), pdf.ChangeAnnotation},
		"annotation without a kind":    {annot(""), pdf.ChangeAnnotation},
		"annotation in place":          {map[int]string{21: f.also(21, "<< /Type /Annot /Subtype /FreeText /Contents (900) "+over+" >>")}, pdf.ChangeAnnotation},
		"annotations of a second page": {map[int]string{8: f.also(8, "300 0 R"), 300: "<< /Type /Annot /Subtype /FreeText /Rect [0 0 300 300] >>"}, pdf.ChangeAnnotation},
		"note changed":                 {map[int]string{22: f.swap(22, "a note", "another")}, pdf.ChangeAnnotation},
		"note taken away":              {map[int]string{21: f.swap(21, "22 0 R", "")}, pdf.ChangeAnnotation},
		"field off the page":           {map[int]string{21: f.swap(21, "23 0 R", "")}, pdf.ChangeFieldRemoved},
		"field twice":                  {map[int]string{8: f.also(8, "23 0 R")}, pdf.ChangeWidget},
		"field out of the form":        {map[int]string{20: f.swap(20, "23 0 R", "")}, pdf.ChangeFieldRemoved},
		"content of a page":            {map[int]string{4: stream("", "BT /F 14 Tf 100 700 Td (Price: 900,000 CNY) Tj ET")}, pdf.ChangePage},
		"more content":                 {map[int]string{5: f.swap(5, "/Contents 4 0 R", "/Contents [4 0 R 300 0 R]"), 300: stream("", "1 1 1 rg 98 692 300 30 re f")}, pdf.ChangePage},
		"font":                         {map[int]string{3: "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"}, pdf.ChangePage},
		"resources":                    {map[int]string{5: f.swap(5, "/F 3 0 R", "/F 300 0 R"), 300: "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"}, pdf.ChangePage},
		"inherited resources":          {map[int]string{6: f.with(6, "/Resources << /Font << >> >>")}, pdf.ChangePages},
		"turned page":                  {map[int]string{5: f.with(5, "/Rotate 180")}, pdf.ChangePage},
		"crop":                         {map[int]string{5: f.with(5, "/CropBox [0 0 595 400]")}, pdf.ChangePage},
		"larger unit":                  {map[int]string{5: f.with(5, "/UserUnit 2")}, pdf.ChangePage},
		"page action":                  {map[int]string{5: f.with(5, "/AA << /O << /S /JavaScript /JS (x) >> >>")}, pdf.ChangePage},
		"page added":                   {map[int]string{2: f.swap(2, "]", " 300 0 R]"), 300: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"}, pdf.ChangePages},
		"page taken away":              {map[int]string{2: f.swap(2, "9 0 R", "")}, pdf.ChangePages},
		"pages exchanged":              {map[int]string{2: f.swap(2, "6 0 R 9 0 R", "9 0 R 6 0 R")}, pdf.ChangePages},
		"page labels":                  {map[int]string{1: f.swap(1, "/Nums", "/Nums [0 << /S /r >>] /X")}, pdf.ChangeDocument},
		"layer hidden":                 {map[int]string{1: f.swap(1, "/Order", "/OFF [30 0 R] /Order")}, pdf.ChangeDocument},
		"layer renamed":                {map[int]string{30: "<< /Type /OCG /Name (layer) /Usage << /Print << /PrintState /OFF >> >> >>"}, pdf.ChangePage},
		"opening action":               {map[int]string{1: f.with(1, "/OpenAction << /S /JavaScript /JS (this.getField('empty').value='9') >>")}, pdf.ChangeDocument},
		"document action":              {map[int]string{1: f.with(1, "/AA << /WP << /S /JavaScript /JS (x) >> >>")}, pdf.ChangeDocument},
		"script by name":               {map[int]string{31: "<< /EmbeddedFiles << /Names [] >> /JavaScript << /Names [(a) << /S /JavaScript /JS (x) >>] >> >>"}, pdf.ChangeDocument},
		"attachment":                   {map[int]string{31: "<< /EmbeddedFiles << /Names [(a.pdf) << /Type /Filespec /F (a.pdf) >>] >> >>"}, pdf.ChangeDocument},
		"outline":                      {map[int]string{34: "<< /Type /Outlines /Count 1 /First 300 0 R /Last 300 0 R >>", 300: "<< /Title (900,000) /Parent 34 0 R >>"}, pdf.ChangeDocument},
		"permissions":                  {map[int]string{1: f.with(1, "/Perms << /UR3 << /Type /Sig >> >>")}, pdf.ChangeDocument},
		"collection":                   {map[int]string{1: f.with(1, "/Collection << /View /D >>")}, pdf.ChangeDocument},
		"title":                        {map[int]string{33: "<< /Title (Contract over 900,000) /ModDate (D:20260101000000Z) >>"}, pdf.ChangeDescription},
		"metadata that lies":           {map[int]string{32: stream("/Type /Metadata /Subtype /XML", `<rdf:Description dc:title="900,000" xmp:ModifyDate="2026-01-01"/>`)}, pdf.ChangeDescription},
		"form's fonts":                 {map[int]string{20: f.swap(20, "/F 3 0 R", "/F 300 0 R"), 300: "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"}, pdf.ChangeForm},
		"form's style":                 {map[int]string{20: f.swap(20, "/F 9 Tf 0 g", "/F 90 Tf 1 g")}, pdf.ChangeForm},
		"looks made anew":              {map[int]string{20: f.with(20, "/NeedAppearances true")}, pdf.ChangeForm},
		"XFA":                          {map[int]string{20: f.with(20, "/XFA 300 0 R"), 300: stream("", "<xdp:xdp/>")}, pdf.ChangeForm},
		"calculation":                  {map[int]string{20: f.with(20, "/CO [25 0 R]")}, pdf.ChangeForm},
		"value":                        {map[int]string{23: f.swap(23, "agreed", "refused"), 24: stream("/Type /XObject /Subtype /Form /BBox [0 0 200 20] "+fonts, "BT /F 9 Tf 2 5 Td (refused) Tj ET")}, pdf.ChangeValue},
		"look alone":                   {map[int]string{24: lie()}, pdf.ChangeValue},
		"value alone":                  {map[int]string{23: f.swap(23, "agreed", "refused")}, pdf.ChangeValue},
		"look against value":           {map[int]string{25: f.with(25, "/V (100,000) /AP << /N 301 0 R >>"), 301: stream(xform+" "+fonts, "BT /F 9 Tf 2 5 Td (900,000) Tj ET")}, pdf.ChangeValue},
		"look without operands":        {map[int]string{25: f.with(25, "/V (one) /AP << /N 301 0 R >>"), 301: stream(xform+" "+fonts, "Tf (one) Tj")}, pdf.ChangeValue},
		"picture as look":              {map[int]string{25: f.with(25, "/V (one) /AP << /N 301 0 R >>"), 301: stream(xform+" /Resources << /XObject << /X 24 0 R >> >>", "/X Do")}, pdf.ChangeValue},
		"ground under a value":         {map[int]string{25: f.with(25, "/V (one) /AP << /N 301 0 R >>"), 301: stream(xform+" "+fonts, "1 g 0 0 300 30 re f 0 g BT /F 9 Tf 2 5 Td (one) Tj ET")}, pdf.ChangeValue},
		"box whose look is new":        {map[int]string{26: strings.Replace(f.swap(26, "/V /Off /AS /Off", "/V /Yes /AS /Yes"), "27 0 R", "301 0 R", 1), 301: lie()}, pdf.ChangeValue},
		"box against its value":        {map[int]string{26: f.swap(26, "/AS /Off", "/AS /Yes")}, pdf.ChangeValue},
		"look when pointed at":         {map[int]string{25: f.with(25, "/V (one) /AP << /N 300 0 R /R 301 0 R >>"), 300: stream(xform+" "+fonts, "BT /F 9 Tf 2 5 Td (one) Tj ET"), 301: lie()}, pdf.ChangeValue},
		"look in a layer":              {map[int]string{25: f.with(25, "/V (one) /AP << /N 300 0 R >>"), 300: stream(xform+" /OC 30 0 R "+fonts, "BT /F 9 Tf 2 5 Td (one) Tj ET")}, pdf.ChangeValue},
		"field renamed":                {map[int]string{23: f.swap(23, "(filled)", "(price)")}, pdf.ChangeField},
		"field moved":                  {map[int]string{23: f.swap(23, "/Rect [100 500", "/Rect [100 100")}, pdf.ChangeField},
		"field filled and grown":       {map[int]string{25: strings.Replace(f.with(25, "/V (one) /AP << /N 301 0 R >>"), "[100 460", "[100 60", 1), 301: stream(xform+" "+fonts, "BT /F 9 Tf 2 5 Td (one) Tj ET")}, pdf.ChangeField},
		"field of another kind":        {map[int]string{23: f.swap(23, "/FT /Tx", "/FT /Ch")}, pdf.ChangeField},
		"field hidden":                 {map[int]string{23: f.with(23, "/F 2")}, pdf.ChangeField},
		"action on a field":            {map[int]string{25: f.with(25, "/AA << /K << /S /JavaScript /JS (x) >> >>")}, pdf.ChangeField},
		"field in a layer":             {map[int]string{23: f.with(23, "/OC 30 0 R")}, pdf.ChangeField},
		"seal resized":                 {map[int]string{b.num: strings.Replace(b.body, "/Rect [260", "/Rect [60", 1)}, pdf.ChangeField},
		"seal hidden":                  {map[int]string{b.num: regexp.MustCompile(`/F \d+`).ReplaceAllString(b.body, "/F 2")}, pdf.ChangeField},
		"seal's look":                  {map[int]string{f.look("b"): lie()}, pdf.ChangeValue},
		"seal without a look":          {map[int]string{b.num: regexp.MustCompile(`/AP <<[^>]*>>`).ReplaceAllString(b.body, "")}, pdf.ChangeValue},
		"seal signed by another":       {map[int]string{b.num: regexp.MustCompile(`/V \d+ 0 R`).ReplaceAllString(b.body, regexp.MustCompile(`/V \d+ 0 R`).FindString(f.field("a").body))}, ""},
		"date of a signer":             {map[int]string{b2.num: regexp.MustCompile(`/N \d+ 0 R`).ReplaceAllString(b2.body, "/N 301 0 R"), 301: lie()}, pdf.ChangeValue},
		"look of a field to be signed": {map[int]string{d.num: "<< /AP << /N 301 0 R >> " + d.body[2:], 301: lie()}, pdf.ChangeValue},
		"button of a later signer":     {map[int]string{f.field("d2").num: "<< /AP << /N 301 0 R >> " + f.field("d2").body[2:], 301: lie()}, pdf.ChangeLocked},
		"text of a later signer":       {map[int]string{f.field("dtext").num: "<< /V (900) /AP << /N 301 0 R >> " + f.field("dtext").body[2:], 301: stream(xform+" "+fonts, "BT /F 9 Tf 2 5 Td (900) Tj ET")}, pdf.ChangeLocked},
		"seal of a later signer shown": {map[int]string{d.num: "<< " + regexp.MustCompile(`/V \d+ 0 R`).FindString(b.body) + " " + d.body[2:]}, pdf.ChangeValue},
	}
}

type overlayCase struct {
	objects map[int]string
	code    string
}

// third lets a trusted third party sign, in a blank place of the first page.
func third(t *testing.T, data []byte) []byte {
	t.Helper()
	a := newAuthority(t)
	act := a.act(a.ecdsa, "丙", map[string]pdf.Fill{"c": {Form: disc()}})
	out, err := pdf.Sign(context.Background(), data, face(t), act, []pdf.Mark{{ID: "c", Kind: pdf.Seal, Signer: "c", Page: 1, X: 440, Y: 300, Width: 100, Height: 100}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// unseenThird is third with a signature that shows nothing, for which no page need be drawn.
func unseenThird(t *testing.T, data []byte) []byte {
	t.Helper()
	a := newAuthority(t)
	return sign(t, data, a.act(a.ecdsa, "丙", nil), nil)
}

// TestNoOverlayPasses lets a forger change a contract that two parties signed, and a trusted third party sign the whole.
func TestNoOverlayPasses(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	f := &forgery{t, twoParties(t)}
	report, err := pdf.Verify(third(t, f.data), a.roots)
	if err != nil || !report.OK || len(report.Signatures) != 3 {
		t.Fatalf("without a forger: %+v %v", report, err)
	}
	for name, c := range f.overlays() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkForged(t, unseenThird(t, f.update(c.objects)), c.code)
		})
	}
}

// checkForged holds one of the signatures of a forged file to be changed, by what the code names, at a page.
func checkForged(t *testing.T, data []byte, code string) {
	t.Helper()
	report, err := pdf.Verify(data, newAuthority(t).roots)
	if err != nil {
		t.Fatal(err)
	}
	named := code == ""
	for _, s := range report.Signatures {
		for _, change := range s.ChangedAfter {
			if change.Code == code && !change.Permitted && s.Problem == pdf.ProblemChanged {
				named = true
			}
		}
	}
	if report.OK || !named {
		write(t, "forged.pdf", data)
		t.Errorf("valid: %v; want %s among %+v", report.OK, code, report.Signatures[0].ChangedAfter)
	}
}
