package pdf

import (
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// signatureField is a signature field that is signed.
type signatureField struct {
	name     string
	num      int // of the field's object, 0 for one that is none
	value    dict
	valueNum int // of the signature's object, 0 for one that is none
}

// maxFields bounds the walk through a form.
const maxFields = 100_000

// signatureFields finds the signed fields of the form.
func (f *file) signatureFields() []signatureField {
	var out []signatureField
	seen := map[int]bool{}
	count := 0
	var walk func(o object, prefix []string, kind, value object, depth int)
	walk = func(o object, prefix []string, kind, value object, depth int) {
		r, _ := o.(ref)
		d, ok := f.get(o).(dict)
		if count++; !ok || depth > maxDepth || count > maxFields || r.num != 0 && seen[r.num] {
			return
		}
		seen[r.num] = true
		path := prefix
		if t, ok := f.get(d["T"]).(str); ok {
			path = append(slices.Clone(prefix), decodeText(t))
		}
		if v := f.get(d["FT"]); v != nil {
			kind = v
		}
		if v := d["V"]; v != nil {
			value = v
		}
		for _, kid := range f.array(d["Kids"]) {
			if k := f.dict(kid); k != nil && k["T"] != nil {
				walk(kid, path, kind, value, depth+1)
			}
		}
		if v, ok := f.get(value).(dict); ok && kind == name("Sig") && !f.hasNamedKids(d) {
			signature, _ := value.(ref)
			out = append(out, signatureField{strings.Join(path, "."), r.num, v, signature.num})
		}
	}
	for _, field := range f.array(f.dict(f.catalog()["AcroForm"])["Fields"]) {
		walk(field, nil, nil, nil, 0)
	}
	return out
}

// Signed tells whether a file holds a signature: nothing may be added to it but by signing. What cannot be read is not signed.
func Signed(data []byte) bool {
	f, err := open(data)
	return err == nil && len(f.signatureFields()) > 0
}

// hasNamedKids tells a node of the hierarchy from a field whose kids are only its widgets.
func (f *file) hasNamedKids(d dict) bool {
	kids := f.array(d["Kids"])
	return slices.ContainsFunc(kids, func(kid object) bool { return f.dict(kid)["T"] != nil })
}

// decodeText reads text for people.
func decodeText(s str) string {
	if !strings.HasPrefix(string(s), "\xfe\xff") {
		runes := make([]rune, len(s)) // PDFDocEncoding, taken as Latin-1
		for i := range len(s) {
			runes[i] = rune(s[i])
		}
		return string(runes)
	}
	var units []uint16
	for i := 2; i+1 < len(s); i += 2 {
		units = append(units, uint16(s[i])<<8|uint16(s[i+1]))
	}
	return string(utf16.Decode(units))
}

// signingTime reads the claimed time; zero when there is none.
func (f *file) signingTime(value dict) time.Time {
	v, _ := f.get(value["M"]).(str)
	text := strings.ReplaceAll(strings.TrimPrefix(string(v), "D:"), "'", "")
	for _, layout := range []string{"20060102150405Z0700", "20060102150405"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	return time.Time{}
}
