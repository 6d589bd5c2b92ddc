package pdf

import "slices"

// Change is something that updates after a signature did to the file.
type Change struct {
	Code      string `json:"code"` // one of the Change… codes
	Field     string `json:"field,omitempty"`
	Page      int    `json:"page,omitempty"` // from 1
	Place     Place  `json:"place,omitzero"` // where it is seen, if that is one place
	Text      string `json:"text,omitempty"` // what the look of a signature or of a filled field says, as far as it can be read
	By        string `json:"by,omitempty"`   // who signed the update that added such a look; empty where nobody did
	Permitted bool   `json:"permitted"`      // filling and signing are; everything else takes the signature's meaning away
}

// Place is a box on a page in points, from the top left of the page as shown, y down.
type Place struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// Codes of changes. The first five are permitted.
const (
	ChangeSigned   = "signed"   // a signature field was signed, or added by the very update that it signs
	ChangeFilled   = "filled"   // an empty field was filled
	ChangeStore    = "store"    // certificates and revocation lists were added
	ChangeMetadata = "metadata" // dates and programs in the document's description were renewed
	ChangeVersion  = "version"  // a newer version of the format, or its extensions, was declared

	ChangeFieldAdded   = "field_added"   // a field was added that its update does not sign
	ChangeCovers       = "covers"        // the look of a signature or of a filled field hides what was there before
	ChangeLook         = "look"          // a new look is made of what readers draw in different ways
	ChangeValue        = "value"         // a field that had a value got another, or looks different from its value
	ChangeLocked       = "locked"        // a field was filled that an earlier signature locked, or that is another signer's
	ChangeField        = "field"         // a field was moved or changed in kind
	ChangeFieldRemoved = "field_removed" // a field was taken away
	ChangePage         = "page"          // a page shows something else
	ChangePages        = "pages"         // pages were added, taken away or put in another order
	ChangeWidget       = "widget"        // a form field's box that belongs to no field was laid on a page
	ChangeAnnotation   = "annotation"    // a note or another annotation was added, changed or taken away
	ChangeForm         = "form"          // what the whole form goes by: fonts, calculation, scripts
	ChangeDocument     = "document"      // something else in the document
	ChangeDescription  = "description"   // title, author or another part of the document's description
	ChangeStructure    = "structure"     // bytes or entries that readers understand in different ways
	ChangeUnreadable   = "unreadable"    // the signed revision cannot be read by itself, or is too large to compare
)

// comparison is of a revision that was signed with the file as it is now. All that differs is a change; a few changes are
// permitted, each by a rule of its own.
type comparison struct {
	differ
	oldPages, newPages []page
	revisions          []revision               // the updates since
	signatures         map[int]*SignatureReport // by number of a field object in the file as it is now
	oldForm, newForm   map[int]*formNode        // fields and their widgets by number
	boxes              map[int]shownBox         // widgets that are listed by a page now
	added              map[int]bool             // widgets of new fields, which are judged as fields
	end                int                      // of the bytes that were signed
	judge              *judge
	changes            []Change
}

// shownBox is where a page lists a widget; many is set for one that is listed more than once.
type shownBox struct {
	page  int // from 1
	place Place
	many  bool
}

// changesAfter lists what was changed after the bytes that a signature covers.
func (f *file) changesAfter(s *SignatureReport, signatures map[int]*SignatureReport, j *judge) []Change {
	old, err := open(f.original[:s.end])
	if err != nil {
		return []Change{{Code: ChangeUnreadable}}
	}
	c := &comparison{
		differ: differ{old: old, new: f, known: map[pair]bool{}, left: maxCompared}, signatures: signatures,
		boxes: map[int]shownBox{}, added: map[int]bool{}, end: s.end, judge: j,
	}
	var errOld, errNew error
	c.oldPages, errOld = old.pages()
	c.newPages, errNew = f.pages()
	if errOld != nil || errNew != nil {
		return []Change{{Code: ChangeUnreadable}}
	}
	c.compareStructure()
	c.oldIndex, c.newIndex = indexPages(c.oldPages), indexPages(c.newPages)
	c.oldForm, c.newForm = old.formNodes(), f.formNodes()
	c.fields = map[int]bool{}
	for num := range c.oldForm {
		c.fields[num] = true
	}
	c.findBoxes()
	c.comparePages()
	c.forms = true
	c.compareForm()
	c.compareAllAnnots()
	c.compareCatalog()
	c.compareInfo()
	if c.left <= 0 {
		c.note(Change{Code: ChangeUnreadable})
	}
	c.enforceLocks(s)
	return c.changes
}

// compareStructure refuses updates that readers understand in different ways.
func (c *comparison) compareStructure() {
	var ok bool
	c.revisions, ok = c.new.revisionsAfter(c.end - c.new.base)
	if !ok || c.old.rebuilt || c.new.rebuilt || !endsWhole(c.new.original[:c.end]) {
		c.note(Change{Code: ChangeStructure})
	}
	if root, ok := c.old.trailer["Root"].(ref); ok {
		c.catalog = root.num
	}
	if c.old.trailer["Root"] != c.new.trailer["Root"] {
		c.note(Change{Code: ChangeDocument})
	}
}

func (c *comparison) note(change Change) {
	switch change.Code {
	case ChangeSigned, ChangeFilled, ChangeStore, ChangeMetadata, ChangeVersion:
		change.Permitted = true
	}
	if !slices.Contains(c.changes, change) {
		c.changes = append(c.changes, change)
	}
}

// findBoxes notes where the pages list widgets.
func (c *comparison) findBoxes() {
	for i, p := range c.newPages {
		for _, o := range c.new.array(p.dict["Annots"]) {
			r, ok := o.(ref)
			if !ok {
				continue
			}
			_, many := c.boxes[r.num]
			c.boxes[r.num] = shownBox{i + 1, c.place(i, r), many}
		}
	}
}

// place is where an annotation lies on a page as shown.
func (c *comparison) place(index int, annotation object) Place {
	box, ok := c.new.box(c.new.dict(annotation)["Rect"])
	if !ok {
		return Place{}
	}
	return c.newPages[index].place(box)
}

// place maps a rectangle of the page to the page as shown.
func (p page) place(box [4]float64) Place {
	x1, y1 := p.shown(box[0], box[1])
	x2, y2 := p.shown(box[2], box[3])
	return Place{min(x1, x2), min(y1, y2), max(x1, x2) - min(x1, x2), max(y1, y2) - min(y1, y2)}
}

// at is a change of what a widget shows.
func (c *comparison) at(code, field string, num int) Change {
	box := c.boxes[num]
	change := Change{Code: code, Field: field, Page: box.page, Place: box.place}
	if node := c.newForm[num]; node != nil && namesLook[code] {
		change.Text, change.By = c.says(node), c.signerOf(num)
	}
	return change
}
