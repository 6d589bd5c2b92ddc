package pdf

import "slices"

// comparePages compares what the pages show by themselves, and the tree that they hang on.
func (c *comparison) comparePages() {
	if len(c.oldPages) != len(c.newPages) {
		c.note(Change{Code: ChangePages})
		return
	}
	for i := range c.oldPages {
		a, b := &c.oldPages[i], &c.newPages[i]
		if a.ref != b.ref {
			c.note(Change{Code: ChangePages})
			return
		}
		same := a.minX == b.minX && a.minY == b.minY && a.maxX == b.maxX && a.maxY == b.maxY && a.rotate == b.rotate
		if !same || !c.equalExcept(a.dict, b.dict, "Annots", "Parent") || !c.equal(a.resources, b.resources) {
			c.note(Change{Code: ChangePage, Page: i + 1})
		}
	}
	if len(c.changes) == 0 && !c.equal(c.old.catalog()["Pages"], c.new.catalog()["Pages"]) {
		c.note(Change{Code: ChangePages})
	}
}

func (c *comparison) compareAllAnnots() {
	for i := range min(len(c.oldPages), len(c.newPages)) {
		a, b := c.oldPages[i].dict["Annots"], c.newPages[i].dict["Annots"]
		c.compareAnnots(i, c.old.array(a), c.new.array(b))
	}
}

// compareAnnots compares what lies on a page, in order: what comes later lies on top. Widgets of the form are compared
// as fields; new ones are permitted as new fields only.
func (c *comparison) compareAnnots(index int, old, now array) {
	kept := 0
	for _, o := range now {
		if kept < len(old) && c.sameAnnot(old[kept], o) {
			kept++
		}
	}
	if kept < len(old) {
		c.lostAnnots(index, old, now)
	}
	for _, o := range now {
		r, isRef := o.(ref)
		if c.listed(old, o) || isRef && c.added[r.num] {
			continue
		}
		code := ChangeAnnotation
		if c.new.get(c.new.dict(o)["Subtype"]) == name("Widget") {
			code = ChangeWidget
		}
		c.note(Change{Code: code, Field: c.new.fieldName(c.new.dict(o)), Page: index + 1, Place: c.place(index, o)})
	}
}

// sameAnnot compares two entries of a page's list.
func (c *comparison) sameAnnot(a, b object) bool {
	ra, isA := a.(ref)
	rb, isB := b.(ref)
	if isA != isB || ra != rb {
		return false
	}
	return isA && c.fields[ra.num] || c.equal(a, b)
}

// listed tells whether an annotation was listed by the page before, and was not changed.
func (c *comparison) listed(old array, o object) bool {
	for _, v := range old {
		if c.sameAnnot(v, o) {
			return true
		}
	}
	return false
}

// lostAnnots names what a page no longer lists, or lists in another order.
func (c *comparison) lostAnnots(index int, old, now array) {
	lost := false
	for _, o := range old {
		if slices.ContainsFunc(now, func(v object) bool { return c.sameAnnot(o, v) }) {
			continue
		}
		lost = true
		code, d := ChangeAnnotation, c.old.dict(o)
		if c.old.get(d["Subtype"]) == name("Widget") {
			code = ChangeFieldRemoved
		}
		change := Change{Code: code, Field: c.old.fieldName(d), Page: index + 1}
		if box, ok := c.old.box(d["Rect"]); ok {
			change.Place = c.oldPages[index].place(box)
		}
		c.note(change)
	}
	if !lost {
		c.note(Change{Code: ChangeAnnotation, Page: index + 1})
	}
}
