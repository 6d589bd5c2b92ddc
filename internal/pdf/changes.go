package pdf

import (
	"bytes"
	"maps"
	"slices"
)

// Change is something that updates after a signature did to the file.
type Change struct {
	Code      string `json:"code"` // one of the Change… codes
	Field     string `json:"field,omitempty"`
	Page      int    `json:"page,omitempty"` // from 1
	Permitted bool   `json:"permitted"`      // filling and signing are; everything else takes the signature's meaning away
}

// Codes of changes. The first four are permitted.
const (
	ChangeSigned     = "signed"      // a signature field was signed
	ChangeFilled     = "filled"      // an empty field was filled
	ChangeFieldAdded = "field_added" // a field was added
	ChangeStore      = "store"       // certificates and revocation lists were added

	ChangeValue        = "value"         // a field that had a value got another, or looks different
	ChangeField        = "field"         // a field was moved or changed in kind
	ChangeFieldRemoved = "field_removed" // a field was taken away
	ChangePage         = "page"          // a page shows something else
	ChangePages        = "pages"         // pages were added, taken away or put in another order
	ChangeAnnotation   = "annotation"    // a note or another annotation was added, changed or taken away
	ChangeDocument     = "document"      // something else in the document
	ChangeUnreadable   = "unreadable"    // the signed revision cannot be read by itself, or is too large to compare
)

// maxCompared bounds the comparison of two revisions, in values.
const maxCompared = 4 << 20

// comparison is of a revision that was signed with the file as it is now.
type comparison struct {
	old, new           *file
	oldPages, newPages []page
	oldIndex, newIndex map[int]int // number of a page object → index of the page
	widgetPages        map[int]int // number of a widget → page that shows it now
	compared           map[int]bool
	changes            []Change

	// Results for pairs of objects. While forms is set, a field is the same if it is the same object, because fields are
	// compared apart. What a page shows must not be left out like that: the signer of a file may have prepared it for
	// being changed, and called some part of a page a field.
	forms bool
	known map[pair]bool
	left  int // values that may still be compared
}

type pair struct {
	a, b  int
	forms bool
}

// changesAfter lists what was changed after the first bytes of a file, which were signed.
func (f *file) changesAfter(end int) []Change {
	old, err := open(f.original[:end])
	if err != nil {
		return []Change{{Code: ChangeUnreadable}}
	}
	c := &comparison{
		old: old, new: f, widgetPages: map[int]int{}, compared: map[int]bool{}, known: map[pair]bool{}, left: maxCompared,
	}
	var errOld, errNew error
	c.oldPages, errOld = old.pages()
	c.newPages, errNew = f.pages()
	if errOld != nil || errNew != nil {
		return []Change{{Code: ChangeUnreadable}}
	}
	c.oldIndex, c.newIndex = indexPages(c.oldPages), indexPages(c.newPages)
	c.comparePages()
	c.forms = true
	c.compareAllAnnots()
	c.compareForm()
	c.compareCatalog()
	if c.left <= 0 {
		c.note(Change{Code: ChangeUnreadable})
	}
	return c.changes
}

func indexPages(pages []page) map[int]int {
	out := map[int]int{}
	for i, p := range pages {
		out[p.ref.num] = i
	}
	return out
}

func (c *comparison) note(change Change) {
	switch change.Code {
	case ChangeSigned, ChangeFilled, ChangeFieldAdded, ChangeStore:
		change.Permitted = true
	}
	if !slices.Contains(c.changes, change) {
		c.changes = append(c.changes, change)
	}
}

func (c *comparison) comparePages() {
	if len(c.oldPages) != len(c.newPages) {
		c.note(Change{Code: ChangePages})
		return
	}
	for i := range c.oldPages {
		a, b := &c.oldPages[i], &c.newPages[i]
		if a.ref.num != b.ref.num {
			c.note(Change{Code: ChangePages})
			return
		}
		same := a.minX == b.minX && a.minY == b.minY && a.maxX == b.maxX && a.maxY == b.maxY && a.rotate == b.rotate
		if !same || !c.equalExcept(a.dict, b.dict, "Annots", "Parent") || !c.equal(a.resources, b.resources, 0) {
			c.note(Change{Code: ChangePage, Page: i + 1})
		}
	}
}

func (c *comparison) compareAllAnnots() {
	for i := range min(len(c.oldPages), len(c.newPages)) {
		a, b := c.oldPages[i].dict["Annots"], c.newPages[i].dict["Annots"]
		c.compareAnnots(i, c.old.array(a), c.new.array(b))
	}
}

// compareAnnots compares what lies on a page. Widgets are compared as fields.
func (c *comparison) compareAnnots(index int, old, now array) {
	kept := map[int]bool{}
	for _, o := range now {
		r, _ := o.(ref)
		widget := c.new.dict(o)["Subtype"] == name("Widget")
		before := slices.ContainsFunc(old, func(v object) bool { w, ok := v.(ref); return ok && w.num == r.num && r.num != 0 })
		kept[r.num] = true
		switch {
		case widget && r.num != 0:
			c.widgetPages[r.num] = index + 1
			if before {
				c.compareField(r.num, index+1)
			}
		case r.num == 0 && slices.ContainsFunc(old, func(v object) bool { return c.equal(v, o, 0) }):
		case !before || !c.equal(c.old.get(r), c.new.get(r), 0):
			c.note(Change{Code: ChangeAnnotation, Page: index + 1})
		}
	}
	for _, o := range old {
		if r, ok := o.(ref); ok && !kept[r.num] && c.old.dict(o) != nil {
			code := ChangeAnnotation
			if c.old.dict(o)["Subtype"] == name("Widget") {
				code = ChangeFieldRemoved
			}
			c.note(Change{Code: code, Page: index + 1, Field: c.fieldName(c.old, o)})
		}
	}
}

func (c *comparison) fieldName(f *file, o object) string {
	t, _ := f.get(f.dict(o)["T"]).(str)
	return decodeText(t)
}

// compareForm compares the form's fields and its own entries.
func (c *comparison) compareForm() {
	a, b := c.old.dict(c.old.catalog()["AcroForm"]), c.new.dict(c.new.catalog()["AcroForm"])
	if !c.equalExcept(a, b, "Fields", "SigFlags", "DR", "DA", "NeedAppearances") && len(a) > 0 {
		c.note(Change{Code: ChangeDocument})
	}
	old, now := c.old.array(a["Fields"]), c.new.array(b["Fields"])
	for _, o := range old {
		r, ok := o.(ref)
		if !ok || !slices.Contains(refsOf(now), r.num) {
			c.note(Change{Code: ChangeFieldRemoved, Field: c.fieldName(c.old, o)})
			continue
		}
		c.compareField(r.num, c.widgetPages[r.num])
	}
	before := refsOf(old)
	for _, num := range refsOf(now) {
		if slices.Contains(before, num) {
			continue
		}
		code := ChangeFieldAdded
		if c.new.dict(ref{num: num})["FT"] == name("Sig") && c.new.dict(ref{num: num})["V"] != nil {
			code = ChangeSigned
		}
		c.note(Change{Code: code, Field: c.fieldName(c.new, ref{num: num}), Page: c.widgetPages[num]})
	}
}

func refsOf(a array) []int {
	var out []int
	for _, o := range a {
		if r, ok := o.(ref); ok {
			out = append(out, r.num)
		}
	}
	return out
}

// compareField compares a field or widget and, below it, its kids.
func (c *comparison) compareField(num, page int) {
	if c.compared[num] {
		return
	}
	c.compared[num] = true
	a, _ := c.old.object(num).(dict)
	b, _ := c.new.object(num).(dict)
	change := Change{Field: c.fieldName(c.new, ref{num: num}), Page: page}
	mutable := []name{"V", "AP", "AS", "M", "Ff", "Parent", "Kids", "P"}
	if !c.equalExcept(a, b, mutable...) || !sameFlags(c, a, b) {
		change.Code = ChangeField
		c.note(change)
	}
	kids, nowKids := refsOf(c.old.array(a["Kids"])), refsOf(c.new.array(b["Kids"]))
	if !slices.Equal(kids, nowKids) {
		change.Code = ChangeField
		c.note(change)
	}
	for _, kid := range kids {
		c.compareField(kid, c.widgetPages[kid])
	}
	sameValue := c.equal(a["V"], b["V"], 0)
	sameLook := c.equal(a["AP"], b["AP"], 0) && c.equal(a["AS"], b["AS"], 0)
	if sameValue && sameLook {
		return
	}
	kind := c.old.get(a["FT"])
	empty := c.emptyValue(a["V"])
	switch {
	case kind == name("Sig") && empty && a["AP"] == nil && !sameValue:
		change.Code = ChangeSigned
	case empty && !sameValue && kind != name("Sig"), empty && a["AP"] == nil:
		change.Code = ChangeFilled
	default:
		change.Code = ChangeValue
	}
	c.note(change)
}

func (c *comparison) emptyValue(o object) bool {
	switch v := c.old.get(o).(type) {
	case nil:
		return true
	case str:
		return v == ""
	case name:
		return v == "Off"
	}
	return false
}

// sameFlags allows a field to become read-only.
func sameFlags(c *comparison, a, b dict) bool {
	before, _ := asInt(c.old.get(a["Ff"]))
	now, _ := asInt(c.new.get(b["Ff"]))
	return before|flagReadOnly == now|flagReadOnly
}

// compareCatalog compares the rest of the document.
func (c *comparison) compareCatalog() {
	a, b := c.old.catalog(), c.new.catalog()
	if !c.equalExcept(a, b, "Pages", "AcroForm", "DSS") {
		c.note(Change{Code: ChangeDocument})
	}
	if !c.equal(a["DSS"], b["DSS"], 0) {
		c.note(Change{Code: ChangeStore})
	}
}

// equalExcept compares dictionaries but for some keys.
func (c *comparison) equalExcept(a, b dict, keys ...name) bool {
	a, b = maps.Clone(a), maps.Clone(b)
	for _, key := range keys {
		delete(a, key)
		delete(b, key)
	}
	return c.equal(a, b, 0)
}

// equal compares values with all that they lead to. Pages, fields and annotations that are widgets are compared
// elsewhere and only need to be the same object.
func (c *comparison) equal(a, b object, depth int) bool {
	if c.left--; c.left <= 0 || depth > 4*maxDepth {
		return false
	}
	ra, isA := a.(ref)
	rb, isB := b.(ref)
	if isA && isB {
		return c.equalRefs(ra, rb, depth)
	}
	return c.equalValues(a, b, depth)
}

func (c *comparison) equalValues(a, b object, depth int) bool {
	a, b = c.old.get(a), c.new.get(b)
	switch a := a.(type) {
	case array:
		b, ok := b.(array)
		return ok && slices.EqualFunc(a, b, func(x, y object) bool { return c.equal(x, y, depth+1) })
	case dict:
		b, ok := b.(dict)
		return ok && c.equalDicts(a, b, depth)
	case *stream:
		b, ok := b.(*stream)
		if !ok || len(a.data) != len(b.data) || a.at != b.at && !bytes.Equal(a.data, b.data) {
			return false
		}
		return c.equalDicts(a.dict, b.dict, depth)
	}
	switch b.(type) {
	case array, dict, *stream:
		return false
	}
	return a == b
}

// equalRefs compares what two references lead to, once for each pair.
func (c *comparison) equalRefs(a, b ref, depth int) bool {
	i, pageA := c.oldIndex[a.num]
	k, pageB := c.newIndex[b.num]
	if pageA || pageB {
		return pageA && pageB && i == k
	}
	if c.forms && a.num == b.num && c.isField(a) {
		return true
	}
	key := pair{a.num, b.num, c.forms}
	if same, ok := c.known[key]; ok {
		return same
	}
	c.known[key] = true // a loop is equal unless something else in it differs
	same := c.equalValues(a, b, depth)
	if !same {
		clear(c.known) // what was found equal may have leant on this pair
		c.known[key] = false
	}
	return same
}

func (c *comparison) isField(r ref) bool {
	d, ok := c.old.object(r.num).(dict)
	return ok && (d["Subtype"] == name("Widget") || d["FT"] != nil)
}

func (c *comparison) equalDicts(a, b dict, depth int) bool {
	if len(a) != len(b) {
		return false
	}
	for key, v := range a {
		w, ok := b[key]
		if !ok || !c.equal(v, w, depth+1) {
			return false
		}
	}
	return true
}
