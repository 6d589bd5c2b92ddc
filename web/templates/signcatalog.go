package templates

import "time"

// SignCatalogPage is the list of contracts behind a catalog's link. Texts are already in the reader's language.
type SignCatalogPage struct {
	Name     string
	Text     string    // whom it is for and what is left to do
	Deadline time.Time // of the link
	Items    []SignCatalogItem
}

// SignCatalogItem is one contract of the list.
type SignCatalogItem struct {
	Name         string
	Organization string // for which the reader signs; may be empty
	Badge        SignBadge
	Open         bool   // the reader is to sign it
	Action       string // what its link is for
	Href         string
}
