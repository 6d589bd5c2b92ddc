package pdf

import (
	"bytes"
	"regexp"
	"slices"
)

// compareCatalog compares the rest of the document.
func (c *comparison) compareCatalog() {
	a, b := c.old.catalog(), c.new.catalog()
	if !c.equalExcept(a, b, "Pages", "AcroForm", "DSS", "Metadata", "Version", "Extensions") {
		c.note(Change{Code: ChangeDocument})
	}
	if !c.equal(a["DSS"], b["DSS"]) {
		code := ChangeDocument
		if c.storeOnly(c.old.dict(a["DSS"]), c.new.dict(b["DSS"])) {
			code = ChangeStore
		}
		c.note(Change{Code: code})
	}
	if !c.equal(a["Version"], b["Version"]) || !c.equal(a["Extensions"], b["Extensions"]) {
		code := ChangeVersion
		if _, ok := c.new.get(b["Version"]).(name); !ok && b["Version"] != nil || !c.new.onlyNames(b["Extensions"], 0) {
			code = ChangeDocument
		}
		c.note(Change{Code: code})
	}
	if !c.equal(a["Metadata"], b["Metadata"]) {
		code := ChangeDescription
		if c.sameDescription(a["Metadata"], b["Metadata"]) {
			code = ChangeMetadata
		}
		c.note(Change{Code: code})
	}
}

// storeOnly tells whether a security store holds nothing but what it may, and all that it held.
func (c *comparison) storeOnly(a, b dict) bool {
	for key, v := range b {
		switch key {
		case "Type":
		case "VRI":
			for _, entry := range c.new.dict(v) {
				if !c.new.onlyData(c.new.dict(entry), "Cert", "CRL", "OCSP", "TS") {
					return false
				}
			}
		default:
			if !c.new.onlyData(dict{key: v}, "Certs", "CRLs", "OCSPs") {
				return false
			}
		}
	}
	for _, key := range []name{"Certs", "CRLs", "OCSPs"} {
		for _, o := range c.old.array(a[key]) {
			if !slices.ContainsFunc(c.new.array(b[key]), func(v object) bool { return c.equal(o, v) }) {
				return false
			}
		}
	}
	return true
}

// onlyData tells whether all but the types and dates of a dictionary are streams of data, or lists of them, under the given keys.
func (f *file) onlyData(d dict, keys ...name) bool {
	for key, v := range d {
		if key == "Type" || key == "TU" {
			continue
		}
		list, ok := f.get(v).(array)
		if !ok {
			list = array{v}
		}
		if !slices.Contains(keys, key) {
			return false
		}
		for _, o := range list {
			if _, ok := f.get(o).(*stream); !ok {
				return false
			}
		}
	}
	return true
}

// onlyNames tells whether a value is made of names, numbers, texts and dictionaries of them.
func (f *file) onlyNames(o object, depth int) bool {
	switch v := f.get(o).(type) {
	case dict:
		for _, item := range v {
			if depth > 3 || !f.onlyNames(item, depth+1) {
				return false
			}
		}
	case array, *stream:
		return false
	}
	return true
}

// renewed are the properties of a description that programs renew when they save: dates, programs and versions.
var renewed = regexp.MustCompile(`(?s)(?:\b(xmp:ModifyDate|xmp:MetadataDate|xmp:CreatorTool|pdf:Producer|xmpMM:InstanceID)\s*=\s*(?:"[^"<]*"|'[^'<]*'))` +
	`|<(xmp:ModifyDate|xmp:MetadataDate|xmp:CreatorTool|pdf:Producer|xmpMM:InstanceID)>[^<]*</(?:xmp|pdf|xmpMM):\w+>`)

// sameDescription compares XMP descriptions but for what programs renew.
func (c *comparison) sameDescription(a, b object) bool {
	old, ok1 := c.old.get(a).(*stream)
	now, ok2 := c.new.get(b).(*stream)
	if !ok1 || !ok2 || !c.equalExcept(old.dict, now.dict, "Length", "Filter", "DecodeParms") {
		return false
	}
	x, err1 := c.old.decode(old)
	y, err2 := c.new.decode(now)
	return err1 == nil && err2 == nil && bytes.Equal(essence(x), essence(y))
}

// essence is a description without what programs renew, without processing marks and white space.
func essence(xmp []byte) []byte {
	xmp = renewed.ReplaceAll(xmp, nil)
	return bytes.Join(bytes.Fields(xmp), []byte(" "))
}

// compareInfo compares the older kind of description, which the trailer names.
func (c *comparison) compareInfo() {
	a, b := c.old.dict(c.old.trailer["Info"]), c.new.dict(c.new.trailer["Info"])
	switch {
	case c.equal(a, b):
	case c.equalExcept(a, b, "ModDate", "Producer"):
		c.note(Change{Code: ChangeMetadata})
	default:
		c.note(Change{Code: ChangeDescription})
	}
}
