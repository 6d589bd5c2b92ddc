package pdf

import (
	"maps"
	"slices"
)

// Keys of a field that filling and signing it set. All others stay.
var filledKeys = []name{"V", "AP", "AS", "M", "Ff", "F"}

// compareForm compares the form's fields and its own entries.
func (c *comparison) compareForm() {
	a, b := c.old.dict(c.old.catalog()["AcroForm"]), c.new.dict(c.new.catalog()["AcroForm"])
	flags, _ := asInt(c.old.get(a["SigFlags"]))
	now, _ := asInt(c.new.get(b["SigFlags"]))
	if !c.equalExcept(a, b, "Fields", "SigFlags") || now&flags != flags || now&^flags&^3 != 0 {
		c.note(Change{Code: ChangeForm})
	}
	oldFields, newFields := c.old.array(a["Fields"]), c.new.array(b["Fields"])
	for _, o := range oldFields {
		if !slices.ContainsFunc(newFields, func(v object) bool { return c.sameAnnot(o, v) }) {
			change := Change{Code: ChangeFieldRemoved, Field: c.old.fieldName(c.old.dict(o))}
			if r, ok := o.(ref); ok {
				change = c.at(ChangeFieldRemoved, change.Field, r.num)
			}
			c.note(change)
		}
	}
	for _, num := range slices.Sorted(maps.Keys(c.oldForm)) {
		c.compareNode(c.oldForm[num], c.newForm[num])
	}
	for _, num := range slices.Sorted(maps.Keys(c.oldForm)) {
		if node := c.oldForm[num]; node.terminal == num {
			c.compareValue(node, c.newForm[num])
		}
	}
	for _, num := range slices.Sorted(maps.Keys(c.newForm)) {
		if c.oldForm[num] == nil {
			c.added[num] = true
			c.compareNew(c.newForm[num])
		}
	}
}

// compareNode compares a field or widget but for what filling sets.
func (c *comparison) compareNode(a, b *formNode) {
	if b == nil {
		c.note(c.at(ChangeFieldRemoved, a.name, a.num))
		return
	}
	before, _ := asInt(c.old.get(a.dict["F"]))
	now, _ := asInt(c.new.get(b.dict["F"]))
	same := c.equalExcept(a.dict, b.dict, filledKeys...) && a.name == b.name && a.top == b.top && a.terminal == b.terminal
	// A filled field may become read-only, a widget locked and printed: nothing is seen or hidden by that on the screen.
	if !same || a.flags|flagReadOnly != b.flags|flagReadOnly || before|flagLocked|flagPrint != now|flagLocked|flagPrint {
		c.note(c.at(ChangeField, a.name, a.num))
	}
	if m := c.new.get(b.dict["M"]); m != nil {
		if _, ok := m.(str); !ok {
			c.note(c.at(ChangeField, a.name, a.num))
		}
	}
}

// compareValue judges what a field holds and shows.
func (c *comparison) compareValue(a, b *formNode) {
	if b == nil {
		return
	}
	sameLook := true
	num := a.num
	for _, w := range widgetsOf(c.oldForm, a.num) {
		if now := c.newForm[w.num]; now != nil && !(c.equal(w.dict["AP"], now.dict["AP"]) && c.equal(w.dict["AS"], now.dict["AS"])) {
			sameLook, num = false, w.num
		}
	}
	sameValue := c.equal(a.value, b.value) && (a.dict["V"] == nil) == (b.dict["V"] == nil)
	if sameValue && sameLook {
		return
	}
	code := c.filled(a, b, sameValue, sameLook)
	if code == ChangeFilled || code == ChangeSigned {
		for _, w := range widgetsOf(c.newForm, b.num) {
			if c.hidden(w) {
				code, num = ChangeCovers, w.num
				break
			}
		}
	}
	c.note(c.at(code, b.name, num))
}

// filled gives the code for a field whose value or look is another.
func (c *comparison) filled(a, b *formNode, sameValue, sameLook bool) string {
	empty := c.emptyValue(a.value)
	push := a.flags&flagPushButton != 0
	switch a.kind {
	case name("Sig"):
		s := c.signatures[a.num]
		if !c.equal(a.dict["AP"], b.dict["AP"]) && b.dict["AP"] != nil && !onlyNormalLook(c.new, b.dict) {
			return ChangeLook
		}
		if a.value != nil || sameValue || s == nil || s.end <= c.end {
			return ChangeValue
		}
		if !c.sameSigner(b, s) {
			return ChangeLocked
		}
		return ChangeSigned
	case name("Tx"), name("Ch"):
		if empty && !sameValue && c.looksLike(b) {
			return c.filledBy(a)
		}
	case name("Btn"):
		switch {
		case push && sameValue && a.value == nil && a.dict["AP"] == nil && isMark(c.old, a.dict) && onlyNormalLook(c.new, b.dict):
			return c.filledBy(a)
		case !push && empty && !sameValue && c.switched(a, b):
			return c.filledBy(a)
		}
	}
	return ChangeValue
}

// switched tells whether a check box or a group of radio buttons shows one of its own looks, that of its value.
func (c *comparison) switched(a, b *formNode) bool {
	value, ok := c.new.get(b.value).(name)
	for _, w := range widgetsOf(c.oldForm, a.num) {
		now := c.newForm[w.num]
		if now == nil || !c.equal(w.dict["AP"], now.dict["AP"]) {
			return false
		}
		if state := c.new.get(now.dict["AS"]); state != nil && state != value && state != name("Off") {
			return false
		}
	}
	return ok
}

// filledBy holds a filled field against the signer that it was made for.
func (c *comparison) filledBy(a *formNode) string {
	if a.dict[signerKey] == nil {
		return ChangeFilled
	}
	for _, w := range append(widgetsOf(c.oldForm, a.num), a) {
		by := c.writer(w.num)
		if by >= 0 && !slices.ContainsFunc(c.signersOf(by), func(s *SignatureReport) bool { return c.sameSigner(a, s) }) {
			return ChangeLocked
		}
	}
	return ChangeFilled
}

// writer tells which update wrote an object last, -1 for none.
func (c *comparison) writer(num int) int {
	for i := len(c.revisions) - 1; i >= 0; i-- {
		if _, ok := c.revisions[i].section.entries[num]; ok {
			return i
		}
	}
	return -1
}

// signersOf lists the signatures that end with an update.
func (c *comparison) signersOf(revision int) []*SignatureReport {
	var out []*SignatureReport
	for _, s := range c.signatures {
		if signedRevision(c.revisions, s.end-c.new.base) == revision {
			out = append(out, s)
		}
	}
	return out
}

// sameSigner tells whether a field that was prepared for one signer goes with a signature: of the fields that show the
// signature, those that were prepared were so for the same signer.
func (c *comparison) sameSigner(field *formNode, s *SignatureReport) bool {
	want := c.new.get(field.dict[signerKey])
	if want == nil {
		return true
	}
	found := false
	for _, num := range s.fields {
		if node := c.oldForm[num]; node != nil {
			if c.old.get(node.dict[signerKey]) != want {
				return false
			}
			found = true
		}
	}
	return found
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

// compareNew judges a field that was not there: a signature field that its update signs may be added, nothing else.
func (c *comparison) compareNew(node *formNode) {
	_, shown := c.boxes[node.num]
	code := ChangeFieldAdded
	switch {
	case c.newSignature(node):
		code = ChangeSigned
		switch {
		case node.dict["AP"] == nil:
		case !onlyNormalLook(c.new, node.dict):
			code = ChangeLook
		case c.hidden(node):
			code = ChangeCovers
		}
	case !shown && len(c.new.array(node.dict["Kids"])) > 0 && node.dict["Rect"] == nil:
		return // its kids are named
	}
	c.note(c.at(code, node.name, node.num))
}

// Keys of a signature field that an update may add.
var newFieldKeys = map[name]bool{
	"Type": true, "Subtype": true, "FT": true, "T": true, "TU": true, "V": true, "F": true, "P": true, "Rect": true, "AP": true, "MK": true,
	"NM": true, "Ff": true, "DA": true, "Q": true, "M": true, "Lock": true, signerKey: true,
}

// newSignature tells whether a new field is one that its own update signs, in one box on one page.
func (c *comparison) newSignature(node *formNode) bool {
	s := c.signatures[node.num]
	if s == nil || !node.top || node.kind != name("Sig") || node.terminal != node.num || s.end <= c.end {
		return false
	}
	for key := range node.dict {
		if !newFieldKeys[key] {
			return false
		}
	}
	for key := range c.new.dict(node.dict["MK"]) {
		if key != "R" {
			return false
		}
	}
	by := signedRevision(c.revisions, s.end-c.new.base)
	if by < 0 || c.writer(node.num) != by || c.writtenBefore(node.num, by) || c.named(node) > 1 {
		return false
	}
	flags, _ := asInt(c.new.get(node.dict["F"]))
	box, shown := c.boxes[node.num]
	if !shown {
		return c.new.get(node.dict["AP"]) == nil || flags&flagHidden != 0
	}
	const known = flagHidden | flagPrint | flagLocked | flagLockedContents // not those that print what they do not show
	p := c.newPages[box.page-1].ref
	return !box.many && flags&^known == 0 && (node.dict["P"] == nil || node.dict["P"] == p) && c.new.get(node.dict["Subtype"]) == name("Widget")
}

// writtenBefore tells whether an object was there before an update.
func (c *comparison) writtenBefore(num, revision int) bool {
	for i := range revision {
		if _, ok := c.revisions[i].section.entries[num]; ok {
			return true
		}
	}
	e, ok := c.old.xref[num]
	return ok && e.kind != entryFree
}

// named counts the fields of a name.
func (c *comparison) named(node *formNode) int {
	count := 0
	for _, other := range c.newForm {
		if other.terminal == other.num && other.name == node.name {
			count++
		}
	}
	return count
}
