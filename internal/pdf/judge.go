package pdf

import (
	"fmt"
	"image"
	"maps"
	"slices"
	"strings"
)

// maxPictures bounds the pictures of pages that a judge keeps, of some 8 MB each.
const maxPictures = 8

// judge holds what widgets show in a file against what its signatures signed, each page drawn as seldom as may be.
type judge struct {
	data     []byte
	only     map[int]bool // the widgets that matter, and what they meet; nil takes all
	hiding   map[int]bool // widgets that were found to hide something
	known    map[string]bool
	pictures map[pageState]*image.RGBA
}

// pageState is a page of a revision that ends at a byte; print leaves out what lies on it.
type pageState struct {
	end, page int
	print     bool
}

func newJudge(data []byte) *judge {
	return &judge{data: data, hiding: map[int]bool{}, known: map[string]bool{}, pictures: map[pageState]*image.RGBA{}}
}

// picture is nil where a page cannot be drawn.
func (j *judge) picture(at pageState) *image.RGBA {
	if p, ok := j.pictures[at]; ok {
		return p
	}
	r, err := coverRenderer()
	if err != nil {
		return nil
	}
	p, err := r.pixels(j.data, at)
	if err != nil {
		p = nil
	}
	for old := range j.pictures {
		if len(j.pictures) < maxPictures {
			break
		}
		if old.page != at.page {
			delete(j.pictures, old)
		}
	}
	j.pictures[at] = p
	return p
}

// hidden tells whether a widget hides, as the file is now, what its page showed when it was signed. All updates since
// count together: what fades by steps is gone.
func (c *comparison) hidden(node *formNode) bool {
	box, shown := c.boxes[node.num]
	flags, _ := asInt(c.new.get(node.dict["F"]))
	if !shown || flags&flagHidden != 0 {
		return false
	}
	meets := c.meets(node.num, box)
	if c.judge.only != nil && !c.judge.only[node.num] && !slices.ContainsFunc(meets, func(n int) bool { return c.judge.only[n] }) {
		return false
	}
	key := c.state(node.num, meets)
	hides, ok := c.judge.known[key]
	if !ok {
		old := c.judge.picture(pageState{end: c.end, page: box.page})
		now := c.judge.picture(pageState{end: len(c.judge.data), page: box.page})
		tick := node.kind == name("Btn") && node.flags&flagPushButton == 0
		hides = old == nil || now == nil || newCover(old, now, box.place, c.sealsOn(box.page), tick).hidden() ||
			c.redrawn(node) && !c.onBlank(node.num, box)
		c.judge.known[key] = hides
	}
	if hides {
		c.judge.hiding[node.num] = true
	}
	return hides
}

// redrawn tells whether readers draw a field themselves, with more than its look shows: its own ground and frame.
func (c *comparison) redrawn(node *formNode) bool {
	if node.kind == name("Sig") {
		return false
	}
	mk := c.new.dict(node.dict["MK"])
	need := c.new.get(c.new.dict(c.new.catalog()["AcroForm"])["NeedAppearances"])
	return node.dict["AP"] == nil || mk["BG"] != nil || mk["BC"] != nil || need == true
}

// onBlank tells whether a widget lies where its page shows nothing but ruled lines.
func (c *comparison) onBlank(num int, box shownBox) bool {
	for _, o := range c.old.array(c.oldPages[box.page-1].dict["Annots"]) {
		d := c.old.dict(o)
		kind := c.old.get(d["Subtype"])
		if r, _ := o.(ref); r.num == num || kind == name("Link") || kind == name("Popup") {
			continue
		}
		if rect, ok := c.old.box(d["Rect"]); ok && pixelBox(c.oldPages[box.page-1].place(rect)).Inset(coverThick).Overlaps(pixelBox(box.place)) {
			return false
		}
	}
	print := c.judge.picture(pageState{c.end, box.page, true})
	return print != nil && newCover(print, print, box.place, nil, true).bare()
}

// meets lists the other widgets that lie, in part, where one does.
func (c *comparison) meets(num int, box shownBox) []int {
	var out []int
	area := pixelBox(box.place)
	for _, other := range slices.Sorted(maps.Keys(c.boxes)) {
		if b := c.boxes[other]; other != num && b.page == box.page && pixelBox(b.place).Overlaps(area) {
			out = append(out, other)
		}
	}
	return out
}

// state names what lay in a widget's box when it was signed: the page, and those of the widgets there that were so already.
func (c *comparison) state(num int, meets []int) string {
	var b strings.Builder
	fmt.Fprint(&b, num)
	for _, other := range meets {
		a, n := c.oldForm[other], c.newForm[other]
		if a != nil && n != nil && c.equal(a.dict["AP"], n.dict["AP"]) && c.equal(a.dict["AS"], n.dict["AS"]) && c.equal(a.value, n.value) {
			fmt.Fprint(&b, " ", other)
		}
	}
	return b.String()
}

// sealsOn lists the boxes of the signatures that a page showed when it was signed.
func (c *comparison) sealsOn(page int) []Place {
	var out []Place
	for _, num := range slices.Sorted(maps.Keys(c.oldForm)) {
		node, box := c.oldForm[num], c.boxes[num]
		mark := node.kind == name("Btn") && isMark(c.old, node.dict)
		if box.page == page && node.dict["AP"] != nil && (node.kind == name("Sig") && node.value != nil || mark) {
			out = append(out, box.place)
		}
	}
	return out
}

// hides names a widget of an act that hides, in the signed file, what earlier signatures signed; ok is false for none.
func hides(data []byte, own map[int]bool) (num int, ok bool) {
	f, err := open(data)
	if err != nil {
		return 0, false
	}
	j := newJudge(f.original)
	j.only = own
	signatures := f.checkSignatures(nil)
	byField := byField(signatures)
	for i := range signatures {
		if s := &signatures[i]; s.end > 0 && s.end < len(data) {
			clear(j.hiding)
			changes := f.changesAfter(s, byField, j)
			if slices.ContainsFunc(changes, func(c Change) bool { return !c.Permitted && c.Code != ChangeCovers }) {
				continue // was changed before, which somebody has accepted
			}
			for num := range j.hiding {
				return num, true
			}
		}
	}
	return 0, false
}
