package engine

import (
	"bytes"
	"context"
	"crypto/md5" // #nosec G501 -- the platform's FlowFileInfo.FileMd5; nothing rests on it
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // formats of pictures
	_ "image/png"
	"path"
	"strings"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/files"
	"sealdesk/internal/pdf"
	"sealdesk/internal/store"
)

// Business types of files (essbasic, UploadFiles.BusinessType).
const (
	businessTemplate = "TEMPLATE"
	businessDocument = "DOCUMENT"
	businessFlow     = "FLOW"
	businessSeal     = "SEAL"
	businessLicense  = "BUSINESSLICENSE"
	businessIDCard   = "IDCARD"
)

// ContentRefs asks the engine's database for the name of each file that it refers to, once.
const ContentRefs = `SELECT ref FROM engine_files WHERE ref <> '' UNION SELECT ref FROM engine_flow_files WHERE ref <> '' UNION SELECT ref FROM engine_flow_versions
	UNION SELECT png_ref FROM engine_seals WHERE png_ref <> '' UNION SELECT svg_ref FROM engine_seals WHERE svg_ref <> ''`

// Limits of uploads.
const (
	maxPictureBytes  = 8 << 20    // essbasic: images up to 8 MB
	maxPicturePixels = 50_000_000 // a phone's photo; checked before anything is decoded
	maxPDFBytes      = 20 << 20   // of one fetched file; the request's limit is tighter for those sent along
	maxFileName      = 200        // characters
)

// file is an uploaded file.
type file struct {
	ID, ApplicationID string
	BusinessType      string
	MediaType         string
	Name              string
	Ref, MD5          string
	Size              int64
	Pages             []pdf.PageSize // of a PDF
	CustomID          string
	Creator           api.Caller
	Created           time.Time

	Standing pdf.Standing // of its signatures, as found at upload
}

// upload is a file on its way in.
type upload struct {
	parameter string
	name      string
	data      []byte
}

// uploadFiles takes base64 files or fetches URLs. All are checked before the first is stored, and their rows are written
// in one transaction.
func (e *Engine) uploadFiles(ctx context.Context, req *api.UploadFilesRequest) (*api.UploadFilesResponse, error) {
	if err := e.checkUpload(ctx, req); err != nil {
		return nil, err
	}
	uploads, err := e.collect(ctx, req)
	if err != nil {
		return nil, err
	}
	rows := make([]*file, len(uploads))
	for i, u := range uploads {
		if rows[i], err = e.inspect(ctx, req.BusinessType, u); err != nil {
			return nil, err
		}
		if len(req.CustomIds) > 0 {
			rows[i].CustomID = req.CustomIds[i]
		}
	}
	for i, u := range uploads {
		ref, err := e.files.Put(ctx, u.data)
		if err != nil {
			return nil, fmt.Errorf("store %s: %w", u.parameter, err)
		}
		rows[i].Ref = string(ref)
	}
	resp := &api.UploadFilesResponse{FileIds: []string{}, TotalCount: int64(len(rows))}
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		by, err := e.resolveOperator(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		for i, f := range rows {
			f.ApplicationID, f.Creator = by.ApplicationID, by.wire()
			if err := e.keepContent(ctx, f.Ref, uploads[i].data); err != nil {
				return err
			}
			if err := e.insertFile(ctx, tx, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, f := range rows {
		resp.FileIds = append(resp.FileIds, f.ID)
	}
	return resp, nil
}

// checkUpload refuses what can be refused before any file is looked at.
func (e *Engine) checkUpload(ctx context.Context, req *api.UploadFilesRequest) error {
	count := len(req.FileInfos) + len(req.FileUrls)
	switch {
	case len(req.FileInfos) > 0 && len(req.FileUrls) > 0:
		return badValue("FileUrls", "give FileInfos or FileUrls, not both")
	case count == 0:
		return missing("FileInfos")
	case len(req.CustomIds) > 0 && len(req.CustomIds) != count:
		return badValue("CustomIds", "%d for %d files: they must match one to one", len(req.CustomIds), count)
	case req.FileType == "HTML":
		return denied("HTML files are not converted here")
	}
	return e.db.Read(ctx, func(tx *store.Tx) error {
		_, err := e.resolveOperator(ctx, tx, req.Caller)
		return err
	})
}

// collect decodes or fetches the files.
func (e *Engine) collect(ctx context.Context, req *api.UploadFilesRequest) ([]upload, error) {
	var out []upload
	for i, info := range req.FileInfos {
		parameter := fmt.Sprintf("FileInfos.%d.FileBody", i)
		data, err := decodeBase64(parameter, info.FileBody)
		if err != nil {
			return nil, err
		}
		out = append(out, upload{parameter: parameter, name: info.FileName, data: data})
	}
	for i, url := range req.FileUrls {
		parameter := fmt.Sprintf("FileUrls.%d", i)
		data, err := e.fetcher.fetch(ctx, url, maxPDFBytes)
		if err != nil {
			return nil, badValue(parameter, "%v", err)
		}
		out = append(out, upload{parameter: parameter, name: path.Base(url), data: data})
	}
	return out, nil
}

// inspect checks one file by its business type and makes its row.
func (e *Engine) inspect(ctx context.Context, business string, u upload) (*file, error) {
	sum := md5.Sum(u.data) // #nosec G401 -- see the import
	f := &file{BusinessType: business, Name: cleanName(u.name), MD5: hex.EncodeToString(sum[:]), Size: int64(len(u.data))}
	switch business {
	case businessSeal, businessLicense, businessIDCard:
		format, err := checkPicture(u.parameter, u.data)
		if err != nil {
			return nil, err
		}
		f.MediaType = "image/" + format
	default:
		if len(u.data) > maxPDFBytes {
			return nil, badValue(u.parameter, "the file is over %d MB", maxPDFBytes>>20)
		}
		info, err := e.renderer.Inspect(ctx, u.data)
		if err != nil && ctx.Err() != nil {
			return nil, fmt.Errorf("inspect %s: %w", u.parameter, ctx.Err()) // the caller's patience ended, not the file's fault
		}
		if err != nil {
			return nil, pdfError(u.parameter, err)
		}
		f.MediaType, f.Pages = "application/pdf", info.Pages
		f.Standing = e.standing(u.data)
	}
	f.Name = firstOf(f.Name, "file")
	return f, nil
}

// standing verifies the signatures that a document came with. What cannot be read is not judged.
func (e *Engine) standing(data []byte) pdf.Standing {
	report, err := pdf.Verify(data, e.Roots())
	if err != nil {
		return pdf.StandingUnknown
	}
	return report.Standing()
}

// pdfError names what is wrong with a document; failures of our own pass.
func pdfError(parameter string, err error) error {
	for _, known := range []struct {
		is   error
		text string
	}{
		{pdf.ErrNotPDF, "the file is not a PDF"},
		{pdf.ErrEncrypted, "the PDF is encrypted"},
		{pdf.ErrNoPages, "the PDF has no pages"},
		{pdf.ErrTooLarge, "the PDF is too large"},
		{pdf.ErrDamaged, "the PDF is truncated or damaged"},
	} {
		if errors.Is(err, known.is) {
			return badValue(parameter, "%s", known.text)
		}
	}
	return fmt.Errorf("inspect %s: %w", parameter, err)
}

// checkPicture checks size, format by content, and pixels before anything is decoded.
func checkPicture(parameter string, data []byte) (format string, err error) {
	if len(data) > maxPictureBytes {
		return "", badValue(parameter, "the picture is over %d MB", maxPictureBytes>>20)
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case err != nil:
		return "", badValue(parameter, "the file is neither a JPEG nor a PNG picture")
	case config.Width < 1 || config.Height < 1 || config.Width > maxPicturePixels/config.Height:
		return "", badValue(parameter, "the picture has too many pixels")
	}
	return format, nil
}

// decodeBase64 accepts line breaks and the data: prefix that browsers put before it.
func decodeBase64(parameter, text string) ([]byte, error) {
	if _, body, ok := strings.Cut(text, ";base64,"); ok && strings.HasPrefix(text, "data:") {
		text = body
	}
	text = strings.NewReplacer("\r", "", "\n", "", " ", "").Replace(text)
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(data) == 0 {
		return nil, badValue(parameter, "not base64")
	}
	return data, nil
}

// cleanName keeps a file's last path element without control characters.
func cleanName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if name == "." || name == "/" {
		return ""
	}
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, name)
	if r := []rune(name); len(r) > maxFileName {
		name = string(r[:maxFileName])
	}
	return name
}

func (e *Engine) insertFile(ctx context.Context, tx *store.Tx, f *file) (err error) {
	f.ID = newID(e.wall())
	f.Created = e.now()
	pages, err := json.Marshal(f.Pages)
	if err != nil {
		return fmt.Errorf("encode the pages: %w", err)
	}
	creator, err := json.Marshal(f.Creator)
	if err != nil {
		return fmt.Errorf("encode the creator: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO engine_files (id, application_id, business_type, media_type, name, ref, md5, size, pages, custom_id, creator, created, standing)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		f.ID, f.ApplicationID, f.BusinessType, f.MediaType, f.Name, f.Ref, f.MD5, f.Size, string(pages), f.CustomID, string(creator), store.Micros(f.Created), string(f.Standing))
	if err != nil {
		return fmt.Errorf("store the file: %w", err)
	}
	detail := map[string]any{"sha256": f.Ref, "size": f.Size, "businessType": f.BusinessType}
	if f.Standing != "" && f.Standing != pdf.StandingNone {
		detail["signatures"] = f.Standing
	}
	return e.record(ctx, tx, event{Action: "file.upload", ObjectType: "file", ObjectID: f.ID, Detail: detail})
}

// findFile reads a file of the application, or gives store.ErrNotFound.
func (e *Engine) findFile(ctx context.Context, tx *store.Tx, applicationID, id string) (*file, error) {
	f := &file{}
	var pages, creator string
	var created int64
	err := tx.QueryRow(ctx, `SELECT id, application_id, business_type, media_type, name, ref, md5, size, pages, custom_id, creator, created, standing
		FROM engine_files WHERE id = $1 AND application_id = $2`, id, applicationID).Scan(
		&f.ID, &f.ApplicationID, &f.BusinessType, &f.MediaType, &f.Name, &f.Ref, &f.MD5, &f.Size, &pages, &f.CustomID, &creator, &created, &f.Standing)
	if err != nil {
		return nil, err
	}
	f.Created = store.Time(created)
	return f, errors.Join(json.Unmarshal([]byte(pages), &f.Pages), json.Unmarshal([]byte(creator), &f.Creator))
}

// describeFileIdsByCustomIds gives the newest file of each custom id; ids of no file, or of a destroyed one, are left out, and
// only a list without any match is an error.
func (e *Engine) describeFileIdsByCustomIds(ctx context.Context, req *api.DescribeFileIdsByCustomIdsRequest) (*api.DescribeFileIdsByCustomIdsResponse, error) {
	if len(req.CustomIds) == 0 {
		return nil, missing("CustomIds")
	}
	resp := &api.DescribeFileIdsByCustomIdsResponse{CustomIdList: []api.CustomFileIdMap{}}
	nothing := notFound("CustomIds", req.CustomIds[0])
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		for _, custom := range req.CustomIds {
			var id, ref string
			err := tx.QueryRow(ctx, `SELECT id, ref FROM engine_files WHERE application_id = $1 AND custom_id = $2 AND custom_id <> ''
				ORDER BY created DESC, id DESC LIMIT 1`, callOf(ctx).Application.ID, custom).Scan(&id, &ref)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return fmt.Errorf("find a file by its custom id: %w", err)
			}
			if ref == "" {
				nothing = fail(api.CodeResourceUnavailable, "file %q is destroyed", id)
				continue
			}
			resp.CustomIdList = append(resp.CustomIdList, api.CustomFileIdMap{CustomId: custom, FileId: id})
		}
		return nil
	})
	if err == nil && len(resp.CustomIdList) == 0 {
		err = nothing
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// content reads a stored file.
func (e *Engine) content(ctx context.Context, ref string) ([]byte, error) {
	data, err := e.files.Get(ctx, files.Ref(ref))
	if err != nil {
		return nil, fmt.Errorf("read a stored file: %w", err)
	}
	return data, nil
}
