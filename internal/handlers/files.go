package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strconv"
	"strings"
	"unicode"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/files"
	"sealdesk/internal/i18n"
	"sealdesk/internal/pdf"
	"sealdesk/web/templates"
)

const (
	// maxPDF is what still fits into a request of 10 MB as base64, with room for the rest of it (essbasic, limits of TC3 requests).
	maxPDF = 7 << 20
	// maxFiles is how many files one flow may have (essbasic, UploadFiles).
	maxFiles = 20
	// pageDPI is the resolution of page images: sharp on a screen of double density, about 60 kB for a page of text.
	pageDPI = 144
	// phoneDPI makes an A4 page 794 pixels wide, as many as a phone has.
	phoneDPI = 96
	// thumbnailDPI makes an A4 page 198 pixels wide, about 10 kB.
	thumbnailDPI = 24
)

// listFiles shows the uploaded files and the form for new ones.
func (s *server) listFiles(w http.ResponseWriter, r *http.Request) error {
	return s.filesPage(w, r, http.StatusOK, templates.FileUpload{})
}

func (s *server) filesPage(w http.ResponseWriter, r *http.Request, status int, form templates.FileUpload) error {
	ctx := r.Context()
	data := templates.FilesData{Text: r.URL.Query().Get("q"), Organization: r.URL.Query().Get("organization")}
	all, next, err := s.db.Files(ctx, scope(ctx), db.FileFilter{Text: data.Text, Organization: data.Organization}, limits(r))
	if err != nil {
		return err
	}
	names, err := s.organizationNames(ctx, each(all, func(f db.File) string { return f.OrganizationID })...)
	if err != nil {
		return err
	}
	organizations, err := s.db.OrganizationChoices(ctx, scope(ctx), data.Organization)
	if err != nil {
		return err
	}
	data.Paging, data.Organizations = paging(r, next), namedOrganizations(organizations)
	for _, f := range all {
		data.Files = append(data.Files, s.fileRow(f, names))
	}
	if can(ctx, auth.FilesWrite) {
		form.Action, form.Limit = "/files", sizeText(maxPDF)
		if form.Organizations, err = s.ownerOptions(ctx); err != nil {
			return err
		}
		data.Upload = &form
	}
	return s.render(w, r, status, page{Title: "files.title", Active: "files"}, templates.FilesPage(data))
}

func (s *server) fileRow(f db.File, names map[string]string) templates.FileRow {
	return templates.FileRow{ID: f.ID, Name: f.Name, Size: sizeText(f.Size), Pages: len(f.Pages), Organization: names[f.OrganizationID],
		By: f.CreatedBy, Created: f.Created, Warnings: f.Warnings, Signatures: s.signaturesShown(f)}
}

// uploadFiles takes PDFs: all of the form, or none.
func (s *server) uploadFiles(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := readForm(r); err != nil {
		return err
	}
	form := templates.FileUpload{OrganizationID: r.FormValue("OrganizationId")}
	if !s.mayOwn(ctx, form.OrganizationID) {
		form.Problems = append(form.Problems, templates.Problem{Field: "OrganizationId", Rule: "forbidden"})
	}
	incoming, failures, err := s.readPDFs(r)
	if err != nil {
		return err
	}
	if len(incoming)+len(failures) == 0 {
		form.Problems = append(form.Problems, templates.Problem{Field: "Files", Rule: "file"})
	}
	if form.Failures = failures; len(failures)+len(form.Problems) > 0 {
		return s.filesPage(w, r, http.StatusUnprocessableEntity, form)
	}
	if _, err := s.keepPDFs(ctx, incoming, form.OrganizationID); err != nil {
		return err
	}
	s.flash(r, "ok", "files.uploaded", "Count", len(incoming))
	return s.redirect(w, r, "/files")
}

// mayOwn tells whether the account may make objects of an organisation; of the application itself only where it reaches everything.
func (s *server) mayOwn(ctx context.Context, organizationID string) bool {
	if organizationID == "" {
		return scope(ctx).All
	}
	_, err := s.db.Organization(ctx, scope(ctx), organizationID)
	return err == nil
}

// ownerOptions are the organisations that may own a new object.
func (s *server) ownerOptions(ctx context.Context) ([]templates.Option, error) {
	all, err := s.db.OrganizationChoices(ctx, scope(ctx))
	if err != nil {
		return nil, err
	}
	var options []templates.Option
	if scope(ctx).All {
		options = append(options, templates.Option{Text: i18n.T(ctx, "files.organization.none")})
	}
	return append(options, organizationOptions(all)...), nil
}

// organizationNames are the names of organisations for lists, by id.
func (s *server) organizationNames(ctx context.Context, ids ...string) (map[string]string, error) {
	names, err := s.db.OrganizationNames(ctx, ids)
	if err != nil {
		return nil, err
	}
	names[""] = i18n.T(ctx, "files.organization.none")
	return names, nil
}

// each is what f makes of every one of a list.
func each[T, U any](all []T, f func(T) U) []U {
	made := make([]U, len(all))
	for i, one := range all {
		made[i] = f(one)
	}
	return made
}

// incomingPDF is an uploaded file that has been inspected, but not stored.
type incomingPDF struct {
	name string
	data []byte
	info pdf.Info

	signatures db.FileSignatures
}

// readPDFs inspects the files of the field Files. What is wrong with a file is told about that file; an error is ours.
func (s *server) readPDFs(r *http.Request) (good []incomingPDF, bad []templates.FileFailure, err error) {
	if r.MultipartForm == nil {
		return nil, nil, nil
	}
	headers := r.MultipartForm.File["Files"]
	if len(headers) > maxFiles {
		return nil, []templates.FileFailure{{Rule: "max_items", Param: strconv.Itoa(maxFiles)}}, nil
	}
	for _, header := range headers {
		if header.Filename == "" && header.Size == 0 {
			continue // how browsers send an empty file field
		}
		file, rule, param, err := s.readPDF(r.Context(), header)
		if err != nil {
			return nil, nil, err
		}
		if rule != "" {
			bad = append(bad, templates.FileFailure{Name: cleanName(header.Filename), Rule: rule, Param: param})
			continue
		}
		good = append(good, file)
	}
	return good, bad, nil
}

func (s *server) readPDF(ctx context.Context, header *multipart.FileHeader) (f incomingPDF, rule, param string, err error) {
	switch {
	case header.Size == 0:
		return f, "file_empty", "", nil
	case header.Size > maxPDF:
		return f, "file_size", sizeText(maxPDF), nil
	}
	open, err := header.Open()
	if err != nil {
		return f, "", "", fmt.Errorf("open upload: %w", err)
	}
	defer open.Close()
	data, err := io.ReadAll(open)
	if err != nil {
		return f, "", "", fmt.Errorf("read upload: %w", err)
	}
	info, err := s.renderer.Inspect(ctx, data)
	switch {
	case errors.Is(err, pdf.ErrNotPDF):
		return f, "pdf", "", nil
	case errors.Is(err, pdf.ErrEncrypted):
		return f, "pdf_encrypted", "", nil
	case errors.Is(err, pdf.ErrNoPages):
		return f, "pdf_no_pages", "", nil
	case errors.Is(err, pdf.ErrTooLarge):
		return f, "pdf_too_large", "", nil
	case errors.Is(err, pdf.ErrDamaged):
		return f, "pdf_damaged", "", nil
	case err != nil:
		return f, "", "", err
	}
	signatures, err := s.verifySignatures(ctx, data, info.Signatures)
	return incomingPDF{cleanName(header.Filename), data, info, signatures}, "", "", err
}

func pageSizes(info pdf.Info) []db.PageSize {
	sizes := make([]db.PageSize, len(info.Pages))
	for i, p := range info.Pages {
		sizes[i] = db.PageSize{Width: p.WidthPt, Height: p.HeightPt}
	}
	return sizes
}

// keepPDFs stores inspected files: first the content, then the index.
func (s *server) keepPDFs(ctx context.Context, incoming []incomingPDF, organizationID string) ([]db.File, error) {
	var kept []db.File
	for _, in := range incoming {
		ref, err := s.files.Put(ctx, in.data)
		if err != nil {
			return nil, fmt.Errorf("store upload: %w", err)
		}
		f := db.File{ID: randomID(), OrganizationID: organizationID, Name: in.name, Ref: string(ref), Size: int64(len(in.data)),
			Pages: pageSizes(in.info), Warnings: in.info.Warnings, CreatedBy: account(ctx).DisplayName, Created: s.now(),
			Signatures: &in.signatures}
		if err := s.db.AddFile(ctx, f); err != nil {
			return nil, err
		}
		kept = append(kept, f)
	}
	return kept, nil
}

// cleanName makes a file's name fit to show and to download: no path, no control characters, at most 120 characters, .pdf at the end.
func cleanName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || strings.ContainsRune(`"<>:|?*`, c) || !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, name)
	stem := strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(name, ".pdf"), ".PDF"))
	if runes := []rune(stem); len(runes) > 120 {
		stem = string(runes[:120])
	}
	if stem == "" || stem == "." || stem == "/" {
		stem = "document"
	}
	return stem + ".pdf"
}

// sizeText is a size in bytes as people write it.
func sizeText(n int64) string {
	if n < 1<<20 {
		return strconv.FormatInt((n+1023)/1024, 10) + " KB"
	}
	return strings.TrimSuffix(strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64), ".0") + " MB"
}

// showFile shows a file and its pages.
func (s *server) showFile(w http.ResponseWriter, r *http.Request) error {
	return s.filePage(w, r, http.StatusOK, nil)
}

func (s *server) filePage(w http.ResponseWriter, r *http.Request, status int, wrong templates.Problems) error {
	ctx := r.Context()
	f, err := s.db.File(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	names, err := s.organizationNames(ctx, f.OrganizationID)
	if err != nil {
		return err
	}
	content, err := s.files.Get(ctx, files.Ref(f.Ref))
	if err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	if f, err = s.verifyOld(ctx, f, content); err != nil {
		return err
	}
	about := templates.FileData{FileRow: s.fileRow(f, names), Hash: f.Ref, Problems: wrong}
	if err := s.fileUses(r, &about); err != nil {
		return err
	}
	data, err := s.reader(r, []document{{name: f.Name, data: content, pages: f.Pages}}, func(_, page int) string {
		return fmt.Sprintf("/files/%s/pages/%d.png?v=%.8s", f.ID, page, f.Ref)
	})
	if err != nil {
		return err
	}
	data.Side = templates.FileAbout(about)
	return s.render(w, r, status, page{TitleText: f.Name, Active: "files", Wide: true, Scripts: []string{"reader.js"},
		Back: &templates.Link{URL: "/files", Text: i18n.T(ctx, "files.title")}, Action: templates.FileAction(f.ID)}, templates.Reader(data))
}

// storedPage draws the page that the path names of a file in the store.
func (s *server) storedPage(w http.ResponseWriter, r *http.Request, f db.File) error {
	number, err := strconv.Atoi(strings.TrimSuffix(r.PathValue("page"), ".png"))
	if err != nil || number < 1 || number > len(f.Pages) {
		return db.ErrNotFound
	}
	return s.writePage(w, r, f.Ref, number, func() ([]byte, error) { return s.files.Get(r.Context(), files.Ref(f.Ref)) })
}

// notModified sets the validator of a picture and answers a browser that has it already.
func notModified(w http.ResponseWriter, r *http.Request, etag string) bool {
	w.Header().Set("ETag", etag)
	// Kept by the browser alone, and checked each time: the account may have been locked out, or the draft have changed.
	w.Header().Set("Cache-Control", "private, no-cache")
	if r.Header.Get("If-None-Match") != etag {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// writePage draws a page of a document, small where the request wants a thumbnail. source names the document's content, which is only
// loaded for a browser that does not have the picture yet.
func (s *server) writePage(w http.ResponseWriter, r *http.Request, source string, number int, load func() ([]byte, error)) error {
	dpi := float64(pageDPI)
	switch r.FormValue("size") {
	case "medium":
		dpi = phoneDPI
	case "small":
		dpi = thumbnailDPI
	}
	if notModified(w, r, fmt.Sprintf(`"%s-%d-%g"`, source, number, dpi)) {
		return nil
	}
	data, err := load()
	if err != nil {
		return fmt.Errorf("page image: %w", err)
	}
	image, err := s.renderer.PageImage(r.Context(), data, number, dpi)
	if errors.Is(err, pdf.ErrNoSuchPage) {
		return db.ErrNotFound
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Content-Length", strconv.Itoa(len(image)))
	_, err = w.Write(image)
	return disconnected(err)
}

// downloadFile sends a file as it was uploaded.
func (s *server) downloadFile(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, err := s.db.File(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	data, err := s.files.Get(ctx, files.Ref(f.Ref))
	if err != nil {
		return fmt.Errorf("download: %w", err)
	}
	return writePDF(w, f.Name, data)
}

// writePDF sends a document to be saved under a name.
func writePDF(w http.ResponseWriter, name string, data []byte) error {
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.Header().Set("Cache-Control", "no-store")
	_, err := w.Write(data)
	return disconnected(err)
}
