package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/pdf"
	"sealdesk/web/templates"
)

// maxHits is how many places of a text are listed and shown.
const maxHits = 200

// showPreview shows the documents of a flow as they are now, stamped as far as people have signed, and who signs where.
func (s *server) showPreview(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, err := s.db.Flow(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	documents, err := s.documents(ctx, f)
	if err != nil {
		return err
	}
	data, err := s.reader(r, documents, func(file, page int) string {
		return fmt.Sprintf("/flows/%s/files/%d/pages/%d.png?v=%d", f.ID, file, page, f.Revision)
	})
	if err != nil {
		return err
	}
	data.Side = templates.ReaderPeople(i18n.T(ctx, "flows.people"), markSigners(ctx, &data, f))
	return s.render(w, r, http.StatusOK, page{TitleText: f.Name, Active: "flows", Wide: true, Scripts: []string{"reader.js"},
		Back: &templates.Link{URL: "/flows/" + f.ID, Text: i18n.T(ctx, "common.back")}}, templates.Reader(data))
}

// reader lays documents out and searches them for the text of the query.
func (s *server) reader(r *http.Request, documents []document, image func(file, page int) string) (templates.ReaderData, error) {
	ctx := r.Context()
	data := templates.ReaderData{Search: templates.ReaderSearch{Action: r.URL.Path, Query: strings.TrimSpace(r.FormValue("q"))}}
	for i, d := range documents {
		file := templates.ReaderFile{Name: d.name}
		for n, size := range d.pages {
			file.Pages = append(file.Pages, templates.ReaderPage{ID: fmt.Sprintf("p%d-%d", i, n+1), Number: n + 1, Image: image(i, n+1),
				Label: i18n.T(ctx, "common.document.page", "File", d.name, "Page", n+1), Width: size.Width, Height: size.Height})
		}
		data.Files = append(data.Files, file)
	}
	if data.Search.Query == "" {
		return data, nil
	}
	for i, d := range documents {
		hits, err := s.renderer.Find(ctx, d.data, data.Search.Query)
		if errors.Is(err, pdf.ErrTooLarge) {
			data.Search.Failed = i18n.T(ctx, "reader.search.slow")
			return data, nil
		}
		if err != nil {
			return data, err
		}
		markHits(ctx, &data, i, hits)
	}
	return data, nil
}

// markHits shows on its pages where a text stands in a document, and lists it.
func markHits(ctx context.Context, data *templates.ReaderData, file int, hits []pdf.Hit) {
	pages := data.Files[file].Pages
	number := map[int]int{} // of the hit on its page
	key := "reader.hit"
	if len(data.Files) > 1 {
		key = "reader.hit.file"
	}
	for _, h := range hits {
		if len(data.Search.Hits) == maxHits {
			data.Search.More = true
			return
		}
		if h.Page < 1 || h.Page > len(pages) {
			continue
		}
		number[h.Page]++
		id := fmt.Sprintf("h%d-%d-%d", file, h.Page, number[h.Page])
		page := &pages[h.Page-1]
		page.Marks = append(page.Marks, templates.ReaderMark{ID: id, X: h.X, Y: h.Y, Width: h.Width, Height: h.Height, Hit: true})
		data.Search.Hits = append(data.Search.Hits, templates.ReaderHit{URL: "#" + id,
			Text: i18n.T(ctx, key, "File", data.Files[file].Name, "Page", h.Page, "Number", number[h.Page])})
	}
}

// markSigners shows on the pages where the people of a flow sign, and gives them with the links that lead there.
func markSigners(ctx context.Context, data *templates.ReaderData, f db.Flow) []templates.ReaderPerson {
	people := make([]templates.ReaderPerson, len(f.Approvers))
	at := map[string]int{}
	for i, a := range f.Approvers {
		at[a.ID] = i
		people[i] = templates.ReaderPerson{Name: a.UserName, About: a.OrganizationName, Badge: templates.ApproverBadge(ctx, shownStatus(f, a))}
	}
	markPlaces(ctx, data, f.Document.Components, at, people)
	return people
}

// markPlaces shows on the pages where components lie, each in the colour of whose it is, and gives people the links that lead there. at says
// where an approver stands among people. The links are in the order of the pages.
func markPlaces(ctx context.Context, data *templates.ReaderData, components []db.Component, at map[string]int, people []templates.ReaderPerson) {
	for i := range people {
		people[i].Color = i % 6
	}
	key := "reader.place"
	if len(data.Files) > 1 {
		key = "reader.place.file"
	}
	inOrder := slices.SortedStableFunc(slices.Values(components), func(a, b db.Component) int {
		return cmp.Or(a.FileIndex-b.FileIndex, a.Page-b.Page)
	})
	for _, c := range inOrder {
		i, known := at[c.Approver]
		if !known || c.FileIndex < 0 || c.FileIndex >= len(data.Files) || c.Page < 1 || c.Page > len(data.Files[c.FileIndex].Pages) {
			continue
		}
		data.Marks = true
		id := "c-" + c.ID
		page := &data.Files[c.FileIndex].Pages[c.Page-1]
		page.Marks = append(page.Marks, templates.ReaderMark{ID: id, X: c.X, Y: c.Y, Width: c.Width, Height: c.Height, Color: people[i].Color})
		what := i18n.T(ctx, "canvas."+c.Type)
		if c.Fills() && c.Name != "" {
			what = c.Name
		}
		people[i].Places = append(people[i].Places, templates.Link{URL: "#" + id,
			Text: i18n.T(ctx, key, "Type", what, "File", data.Files[c.FileIndex].Name, "Page", c.Page)})
	}
}

// showFlowPage draws a page of a flow's document.
func (s *server) showFlowPage(w http.ResponseWriter, r *http.Request) error {
	f, d, err := s.flowDocument(r)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(strings.TrimSuffix(r.PathValue("page"), ".png"))
	if err != nil || number < 1 || number > len(d.pages) {
		return db.ErrNotFound
	}
	return s.writePage(w, r, fmt.Sprintf("%s-%d-%s", f.ID, f.Revision, r.PathValue("file")), number, func() ([]byte, error) { return d.data, nil })
}

// showFilePage draws a page of a file.
func (s *server) showFilePage(w http.ResponseWriter, r *http.Request) error {
	f, err := s.db.File(r.Context(), scope(r.Context()), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.storedPage(w, r, f)
}
