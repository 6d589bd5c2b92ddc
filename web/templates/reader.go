package templates

import (
	"strconv"

	"github.com/a-h/templ"
)

// ReaderData are documents to read: thumbnails, pages, and beside them what the page has to tell.
type ReaderData struct {
	Files  []ReaderFile
	Search ReaderSearch
	Side   templ.Component // below the search; may be nil
	Marks  bool            // there are places of components to show or hide
}

// pages is how many pages all documents have together.
func (d ReaderData) pages() (n int) {
	for _, f := range d.Files {
		n += len(f.Pages)
	}
	return n
}

// ReaderFile is a document with its pages.
type ReaderFile struct {
	Name  string
	Pages []ReaderPage
}

// ReaderPage is a page as a picture. Lengths are points from the top left of the page as shown.
type ReaderPage struct {
	ID            string // of the element, where links lead to
	Number        int    // from 1, within its document
	Image, Label  string
	Width, Height float64
	Marks         []ReaderMark
}

// ReaderMark is a box on a page: the place of a component, or of a text that was searched for.
type ReaderMark struct {
	ID                  string
	X, Y, Width, Height float64
	Color               int  // 0 to 5, of the approver; for components
	Hit                 bool // found by the search
}

func (m ReaderMark) class() string {
	if m.Hit {
		return "reader-hit"
	}
	return "reader-place color-" + strconv.Itoa(m.Color)
}

// viewBox makes the units of a page's overlay points.
func (p ReaderPage) viewBox() string { return "0 0 " + points(p.Width) + " " + points(p.Height) }

// thumbnail is the address of a page's small picture.
func (p ReaderPage) thumbnail() string { return sized(p.Image, "small") }

// thumbnailHeight keeps the shape of a page at the thumbnails' width.
func (p ReaderPage) thumbnailHeight() string {
	return strconv.Itoa(max(1, int(thumbnailWidth*p.Height/p.Width)))
}

// thumbnailWidth is in pixels of the page's layout.
const thumbnailWidth = 96

// ReaderSearch is what was searched for in the documents, and where it stands.
type ReaderSearch struct {
	Action string // address of the page
	Query  string
	Hits   []ReaderHit
	More   bool   // there are more hits than are listed
	Failed string // why a document could not be searched
}

// ReaderHit leads to a place of the text that was searched for.
type ReaderHit struct{ URL, Text string }

// ReaderPerson is a signer, or a role of a template, and where they sign.
type ReaderPerson struct {
	Name, About string
	Color       int
	Badge       templ.Component // nil for none
	Places      []Link
}
