package pdf

import (
	"math"
	"regexp"
	"slices"
	"strings"
)

// Readers agree on what a look shows as long as it stays within these: beyond, one draws it and another does not. Patterns, shadings,
// soft masks, overprint, rendering intents, spot colours, fonts that are not in the file, fonts made of drawings: none is needed for
// a seal, a signature or a text.
const (
	plainNumber = 32767 // of a number, either way
	plainStates = 28    // saved states within each other
	plainForms  = 8     // drawings within each other
)

// plainOperators are the operators of a look. Pictures within the content are not among them.
var plainOperators = strings.Fields("q Q cm w J j M d i gs m l c v y h re S s f F f* B B* b b* n W W* BT ET Tc Tw Tz TL Tf Tr Ts " +
	"Td TD Tm T* Tj TJ ' \" CS cs SC SCN sc scn G g RG rg K k Do MP DP BMC BDC EMC")

var plainBlends = strings.Fields("Normal Multiply Screen Overlay Darken Lighten ColorDodge ColorBurn HardLight SoftLight Difference Exclusion " +
	"Hue Saturation Color Luminosity")

// standardFont matches the fonts that every reader has, by their names and those that they are also known by.
var standardFont = regexp.MustCompile(`^(?:Helvetica|Arial(?:MT)?|Courier|CourierNew(?:PSMT|PS)?|Times|TimesNewRoman(?:PSMT|PS)?|Symbol|ZapfDingbats)` +
	`(?:[-,](?:Roman|Bold|Italic|Oblique|BoldItalic|BoldOblique)(?:MT)?)?$`)

// onlyNormalLook tells whether a widget has one look, which does not depend on layers, pointers or printing, and is drawn alike by
// all readers.
func onlyNormalLook(f *file, widget dict) bool {
	looks := f.dict(widget["AP"])
	_, ok := f.get(looks["N"]).(*stream)
	return ok && len(looks) == 1 && f.plainLook(looks["N"])
}

// plainLook refuses what shows one thing here and another there: layers, alternate images, files from elsewhere.
func (f *file) plainLook(look object) bool {
	seen, count, plain := map[int]bool{}, 0, true
	var walk func(o object, depth, forms int)
	walk = func(o object, depth, forms int) {
		if r, ok := o.(ref); ok {
			if seen[r.num] {
				return
			}
			seen[r.num] = true
		}
		if count++; count > maxCompared/16 || depth > maxDepth || forms > plainForms {
			plain = false
		}
		if !plain {
			return
		}
		switch v := f.get(o).(type) {
		case array:
			for _, item := range v {
				walk(item, depth+1, forms)
			}
		case *stream:
			plain = plain && f.plainStream(v)
			walk(v.dict, depth+1, forms+1)
		case dict:
			kind := f.get(v["Type"])
			plain = plain && kind != name("OCG") && kind != name("OCMD") && v["OC"] == nil && v["Alternates"] == nil && v["OPI"] == nil &&
				(v["Ref"] == nil || v["Subtype"] != name("Form")) && plainNumbers(f.get(v["Matrix"])) && plainNumbers(f.get(v["BBox"]))
			for _, item := range v {
				walk(item, depth+1, forms)
			}
		}
	}
	walk(look, 0, 0)
	return plain
}

// plainStream tells whether a part of a look is drawn alike by all readers.
func (f *file) plainStream(s *stream) bool {
	switch {
	case f.get(s.dict["Subtype"]) == name("Image"):
		return f.plainImage(s.dict)
	case s.dict["BBox"] != nil: // a form
		content, err := f.decode(s)
		group := f.dict(s.dict["Group"])
		resources, _ := f.get(s.dict["Resources"]).(dict)
		return err == nil && plainContent(content, resources != nil) && f.plainResources(resources) &&
			f.get(group["K"]) != true && (group["CS"] == nil || f.plainColors(group["CS"], 0))
	}
	return true
}

func (f *file) plainImage(d dict) bool {
	bits, ok := asInt(f.get(d["BitsPerComponent"]))
	filters, isList := f.get(d["Filter"]).(array)
	if !isList {
		filters = array{d["Filter"]}
	}
	for _, filter := range filters {
		switch f.get(filter) {
		case nil, name("FlateDecode"), name("LZWDecode"), name("RunLengthDecode"), name("ASCII85Decode"), name("ASCIIHexDecode"),
			name("DCTDecode"), name("CCITTFaxDecode"):
		default:
			return false
		}
	}
	return (!ok || slices.Contains([]int{1, 2, 4, 8, 16}, bits)) && d["Matte"] == nil && d["SMaskInData"] == nil && d["Intent"] == nil &&
		(d["ColorSpace"] == nil && f.get(d["ImageMask"]) == true || f.plainColors(d["ColorSpace"], 0))
}

// plainResources checks what a form draws with.
func (f *file) plainResources(resources dict) bool {
	if len(f.dict(resources["Pattern"])) > 0 || len(f.dict(resources["Shading"])) > 0 {
		return false
	}
	for _, o := range f.dict(resources["ExtGState"]) {
		if !f.plainState(f.dict(o)) {
			return false
		}
	}
	for key, o := range f.dict(resources["ColorSpace"]) {
		if strings.HasPrefix(string(key), "Default") || !f.plainColors(o, 0) {
			return false
		}
	}
	for _, o := range f.dict(resources["Font"]) {
		if !f.plainFont(f.dict(o)) {
			return false
		}
	}
	for _, o := range f.dict(resources["XObject"]) {
		s, ok := f.get(o).(*stream)
		if !ok || f.get(s.dict["Subtype"]) != name("Image") && (f.get(s.dict["Subtype"]) != name("Form") || s.dict["BBox"] == nil) {
			return false
		}
	}
	return true
}

// plainState checks a graphics state: lines, blending and opacity.
func (f *file) plainState(state dict) bool {
	for key, o := range state {
		v := f.get(o)
		switch key {
		case "Type", "LW", "LC", "LJ", "ML", "D", "SA", "ca", "CA", "OPM":
		case "BM":
			blend, ok := v.(name)
			if !ok || !slices.Contains(plainBlends, string(blend)) {
				return false
			}
		case "SMask":
			if v != name("None") {
				return false
			}
		case "OP", "op", "AIS", "TK":
			if v != false && !(key == "TK" && v == true) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// plainColors checks a colour space.
func (f *file) plainColors(o object, depth int) bool {
	switch v := f.get(o).(type) {
	case name:
		return v == "DeviceGray" || v == "DeviceRGB" || v == "DeviceCMYK"
	case array:
		if len(v) < 2 || depth > 1 {
			return false
		}
		switch f.get(v[0]) {
		case name("CalGray"), name("CalRGB"):
			return true
		case name("ICCBased"):
			profile, ok := f.get(v[1]).(*stream)
			if !ok {
				return false
			}
			n, _ := asInt(f.get(profile.dict["N"]))
			return n == 1 || n == 3 || n == 4
		case name("Indexed"):
			return len(v) == 4 && f.plainColors(v[1], depth+1)
		}
	}
	return false
}

// plainFont tells whether a font is in the file, or one that every reader has.
func (f *file) plainFont(font dict) bool {
	switch f.get(font["Subtype"]) {
	case name("Type0"):
		below := f.array(font["DescendantFonts"])
		return len(below) == 1 && f.embedded(f.dict(below[0]))
	case name("Type1"), name("MMType1"), name("TrueType"):
		base, _ := f.get(font["BaseFont"]).(name)
		return standardFont.MatchString(string(base)) || f.embedded(font)
	}
	return false
}

func (f *file) embedded(font dict) bool {
	descriptor := f.dict(font["FontDescriptor"])
	for _, key := range []name{"FontFile", "FontFile2", "FontFile3"} {
		if _, ok := f.get(descriptor[key]).(*stream); ok {
			return true
		}
	}
	return false
}

// plainContent checks operators, numbers and how deep states are saved. What a content without resources of its own names, some readers
// look for on the page.
func plainContent(content []byte, resources bool) bool {
	p, states := parser{data: content}, 0
	var last object
	for p.skip(); p.pos < len(p.data); p.skip() {
		start := p.pos
		if o, err := p.object(); err == nil {
			if last = o; !plainNumbers(o) {
				return false
			}
			continue
		}
		op := string(p.data[start:p.pos])
		switch op {
		case "q":
			states++
		case "Q":
			states--
		case "Tf", "gs", "Do":
			if !resources {
				return false
			}
		case "cs", "CS":
			if last == name("Pattern") {
				return false
			}
		}
		if !slices.Contains(plainOperators, op) || states < 0 || states > plainStates {
			return false
		}
	}
	return true
}

// plainNumbers tells whether a number, or those of an array, are within the common range.
func plainNumbers(o object) bool {
	if a, ok := o.(array); ok {
		return !slices.ContainsFunc(a, func(v object) bool { return !plainNumbers(v) })
	}
	v, ok := asFloat(o)
	return !ok || math.Abs(v) <= plainNumber
}
