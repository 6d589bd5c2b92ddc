package engine

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/pdf"
	"sealdesk/internal/store"
)

// downloadLife is how long a download link works.
const downloadLife = time.Hour

// The resolutions of pages as pictures: sharp on a screen of double density, and as wide as a phone's screen.
const (
	pageDPI  = 144
	phoneDPI = 96
)

// downloadForm is what a download link hands out.
type downloadForm string

const (
	formPDF     downloadForm = "pdf"
	formPicture downloadForm = "picture" // as stored
	formPage    downloadForm = "page"    // one page of a PDF as JPEG
	formZip     downloadForm = "zip"     // all files in one archive
)

// downloadTarget is what a download link stands for. Refs are contents, not files: a link shows what the file was when
// the link was made.
type downloadTarget struct {
	Form  downloadForm `json:"form,omitempty"`
	Refs  []string     `json:"refs,omitempty"`
	Names []string     `json:"names,omitempty"` // inside an archive
	Name  string       `json:"name,omitempty"`
	Page  int          `json:"page,omitempty"` // from 1
}

// downloadLinks makes a link for each target.
func (e *Engine) downloadLinks(ctx context.Context, applicationID, flowID string, targets []downloadTarget) ([]string, error) {
	urls := make([]string, len(targets))
	if len(targets) == 0 {
		return urls, nil
	}
	err := e.db.Write(ctx, func(tx *store.Tx) (err error) {
		for i, t := range targets {
			l := link{Kind: LinkDownload, ApplicationID: applicationID, FlowID: flowID, Target: t, Deadline: e.now().Add(downloadLife)}
			if urls[i], err = e.createLink(ctx, tx, l); err != nil {
				return err
			}
		}
		return e.forgetLinks(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	return urls, nil
}

// describeFileUrls gives download links. ResourceOffset and ResourceLimit choose among the parts of one id: the files of
// a flow, or the pages where pictures are asked for.
func (e *Engine) describeFileUrls(ctx context.Context, req *api.DescribeFileUrlsRequest) (*api.DescribeFileUrlsResponse, error) {
	if req.ResourceOffset < 0 || req.ResourceLimit < 0 {
		return nil, badValue("ResourceOffset", "must not be negative")
	}
	resp := &api.DescribeFileUrlsResponse{FileUrls: []api.FileUrl{}}
	app := callOf(ctx).Application.ID
	for _, id := range req.BusinessIds {
		subject, err := e.downloadSubject(ctx, req.BusinessType, id)
		if err != nil {
			return nil, err
		}
		parts, err := subject.parts(req.FileType, req.FileName)
		if err != nil {
			return nil, err
		}
		resp.TotalCount += int64(len(parts))
		first := min(req.ResourceOffset, int64(len(parts)))
		last := int64(len(parts))
		if req.ResourceLimit > 0 {
			last = min(first+req.ResourceLimit, last)
		}
		targets := make([]downloadTarget, 0, last-first)
		for _, p := range parts[first:last] {
			targets = append(targets, p.target)
		}
		urls, err := e.downloadLinks(ctx, app, subject.flowID, targets)
		if err != nil {
			return nil, err
		}
		for i, url := range urls {
			resp.FileUrls = append(resp.FileUrls, api.FileUrl{Url: url, Option: parts[first+int64(i)].option, Index: first + int64(i), FlowId: parts[first+int64(i)].flowID})
		}
	}
	return resp, nil
}

// subject is one business id with its files.
type subject struct {
	flowID string
	name   string
	files  []subjectFile
	seal   *sealRow
}

type subjectFile struct {
	ref, name string
	pages     []pdf.PageSize
	flowID    string
}

// part is one link of a subject.
type part struct {
	target downloadTarget
	option string
	flowID string
}

// downloadSubject looks a business id up.
func (e *Engine) downloadSubject(ctx context.Context, business, id string) (*subject, error) {
	app := callOf(ctx).Application.ID
	s := &subject{}
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		switch business {
		case "FLOW":
			f, err := e.findFlow(ctx, tx, app, id)
			if err != nil {
				return orNotFound(err, "BusinessIds", id)
			}
			if !f.allows(stepFiles) {
				return fail(api.CodeResourceUnavailable, "the files of flow %q are destroyed", id)
			}
			s.flowID, s.name = f.ID, f.Name
			flowFiles, err := e.flowFiles(ctx, tx, f.ID)
			for _, ff := range flowFiles {
				s.files = append(s.files, subjectFile{ff.Ref, ff.Name, ff.Pages, f.ID})
			}
			return err
		case "SEAL":
			row, err := e.findSeal(ctx, tx, app, id)
			s.seal = row
			return orNotFound(err, "BusinessIds", id)
		case "TEMPLATE", "DOCUMENT":
			f, err := e.findFile(ctx, tx, app, id)
			if err != nil {
				return orNotFound(err, "BusinessIds", id)
			}
			if f.Ref == "" {
				return fail(api.CodeResourceUnavailable, "file %q is destroyed", id)
			}
			s.name, s.files = f.Name, []subjectFile{{f.Ref, f.Name, f.Pages, ""}}
			return nil
		default:
			var err error
			s, err = e.catalogSubject(ctx, tx, app, id)
			return err
		}
	})
	return s, err
}

// parts lists what there is in the wanted file type: a link a file, a page, or one archive.
func (s *subject) parts(fileType, name string) ([]part, error) {
	if s.seal != nil {
		if fileType == "PDF" || fileType == "ZIP" {
			return nil, badValue("FileType", "a seal is a picture")
		}
		return []part{{target: s.seal.download(), option: s.seal.option()}}, nil
	}
	switch fileType {
	case "ZIP":
		t := downloadTarget{Form: formZip, Name: withExtension(firstOf(cleanName(name), s.name), ".zip")}
		for _, f := range s.files {
			t.Refs, t.Names = append(t.Refs, f.ref), append(t.Names, f.name)
		}
		return []part{{target: t, flowID: s.flowID}}, nil
	case "JPG":
		var out []part
		for _, f := range s.files {
			for i, p := range f.pages {
				t := downloadTarget{Form: formPage, Refs: []string{f.ref}, Page: i + 1, Name: fmt.Sprintf("%s-%d.jpg", strings.TrimSuffix(f.name, ".pdf"), i+1)}
				out = append(out, part{t, sizeOption(p.WidthPt, p.HeightPt), f.flowID})
			}
		}
		return out, nil
	default:
		var out []part
		for _, f := range s.files {
			p := part{target: downloadTarget{Form: formPDF, Refs: []string{f.ref}, Name: withExtension(f.name, ".pdf")}, flowID: f.flowID}
			if len(f.pages) == 0 {
				p.target.Form, p.target.Name = formPicture, f.name
			} else {
				p.option = sizeOption(f.pages[0].WidthPt, f.pages[0].HeightPt)
			}
			out = append(out, p)
		}
		return out, nil
	}
}

// sizeOption tells a size in points as FileUrl.Option does: {"width":595,"height":842}.
func sizeOption(w, h float64) string {
	return fmt.Sprintf(`{"width":%s,"height":%s}`, strconv.FormatFloat(w, 'f', -1, 32), strconv.FormatFloat(h, 'f', -1, 32))
}

func withExtension(name, extension string) string {
	if strings.HasSuffix(strings.ToLower(name), extension) {
		return name
	}
	return name + extension
}

// Downloads serves /d/{token}.
func (e *Engine) Downloads() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			plain(w, http.StatusMethodNotAllowed)
			return
		}
		reading := LinkReading{Token: strings.TrimPrefix(r.URL.Path, "/d/"), Reads: ReadsFile, Method: r.Method, IP: remoteIP(r), UserAgent: r.UserAgent()}
		data, mediaType, name, err := e.download(r.Context(), reading.Token)
		switch reading.Name = name; {
		case err == nil:
			err = e.NoteReading(r.Context(), reading)
		case errors.Is(err, ErrLinkUnknown):
			err = errors.Join(err, e.NoteRefusedLink(r.Context(), reading, RefusedUnknown))
		case errors.Is(err, ErrLinkExpired):
			err = errors.Join(err, e.NoteRefusedLink(r.Context(), reading, RefusedExpired))
		}
		switch {
		case errors.Is(err, ErrLinkUnknown):
			plain(w, http.StatusNotFound)
			return
		case errors.Is(err, ErrLinkExpired), isGone(err):
			plain(w, http.StatusGone)
			return
		case err != nil:
			e.logger.ErrorContext(r.Context(), "engine: download failed", "error", err)
			plain(w, http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", mediaType)
		h.Set("Content-Disposition", mime.FormatMediaType("inline", map[string]string{"filename": name}))
		h.Set("Content-Length", strconv.Itoa(len(data)))
		h.Set("Cache-Control", "private, no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		if r.Method == http.MethodHead {
			return
		}
		if _, err := w.Write(data); err != nil {
			e.logger.DebugContext(r.Context(), "engine: the reader has gone", "error", err)
		}
	})
}

func plain(w http.ResponseWriter, status int) { http.Error(w, http.StatusText(status), status) }

// download makes what a link stands for.
func (e *Engine) download(ctx context.Context, token string) (data []byte, mediaType, name string, err error) {
	var l link
	err = e.db.Read(ctx, func(tx *store.Tx) (err error) {
		l, err = e.findLink(ctx, tx, token, LinkDownload)
		return err
	})
	if err != nil {
		return nil, "", "", err
	}
	t := l.Target
	if t.Form == formZip {
		data, err = e.archive(ctx, t)
		return data, "application/zip", t.Name, err
	}
	if data, err = e.content(ctx, t.Refs[0]); err != nil {
		return nil, "", "", err
	}
	switch t.Form {
	case formPage:
		data, err = e.pageJPEG(ctx, data, t.Page)
		return data, "image/jpeg", t.Name, err
	case formPDF:
		return data, "application/pdf", t.Name, nil
	default:
		return data, http.DetectContentType(data), t.Name, nil
	}
}

// archive packs files; names that occur twice get a number.
func (e *Engine) archive(ctx context.Context, t downloadTarget) ([]byte, error) {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	seen := map[string]bool{}
	for i, ref := range t.Refs {
		data, err := e.content(ctx, ref)
		if err != nil {
			return nil, err
		}
		name := t.Names[i]
		if seen[name] {
			name = fmt.Sprintf("%d-%s", i+1, name)
		}
		seen[name] = true
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack the files: %w", err)
	}
	return buf.Bytes(), nil
}

// pageJPEG draws a page on white, since JPEG has no transparency.
func (e *Engine) pageJPEG(ctx context.Context, data []byte, page int) ([]byte, error) {
	picture, err := e.renderer.PageImage(ctx, data, page, pageDPI)
	if err != nil {
		return nil, fmt.Errorf("draw page %d: %w", page, err)
	}
	src, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, fmt.Errorf("read the picture of page %d: %w", page, err)
	}
	flat := image.NewRGBA(src.Bounds())
	draw.Draw(flat, flat.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(flat, flat.Bounds(), src, src.Bounds().Min, draw.Over)
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, flat, &jpeg.Options{Quality: 90}); err != nil {
		return nil, fmt.Errorf("encode page %d: %w", page, err)
	}
	return buf.Bytes(), nil
}
