package handlers

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/internal/files"
	"sealdesk/internal/seal"
	"sealdesk/web/templates"
)

// comparePx is the greatest side of the pictures of before and after, which stand in the page itself.
const comparePx = 480

func (s *server) uploadPage(ctx context.Context) page {
	return page{Title: "seals.upload", Active: "seals", Back: backTo(ctx, "/seals", "seals.title")}
}

// showSealUpload shows the form for a picture of a seal.
func (s *server) showSealUpload(w http.ResponseWriter, r *http.Request) error {
	d := templates.UploadData{Form: templates.UploadForm{Owner: r.URL.Query().Get("Owner"), SealType: api.SealTypeOfficial}}
	return s.renderUpload(w, r, http.StatusOK, d)
}

func (s *server) renderUpload(w http.ResponseWriter, r *http.Request, status int, d templates.UploadData) (err error) {
	ctx := r.Context()
	if d.Organizations, d.Users, err = s.ownerChoices(ctx, d.Form.Owner, d.Form.OperatorID); err != nil {
		return err
	}
	d.Operators = d.Users
	return s.render(w, r, status, s.uploadPage(ctx), templates.Upload(d))
}

// uploadSeal cleans a picture, keeps it, and shows it before and after; nothing is sent to the platform yet.
func (s *server) uploadSeal(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var d templates.UploadData
	if err := parseForm(r, &d.Form); err != nil {
		if list, ok := problems(err); ok {
			d.Problems = list
			return s.renderUpload(w, r, http.StatusUnprocessableEntity, d)
		}
		return err
	}
	d.Form.Picture = ""
	picture, problem, err := uploadedPicture(r)
	if err != nil {
		return err
	}
	if problem != nil {
		d.Problems = templates.Problems{*problem}
		return s.renderUpload(w, r, http.StatusUnprocessableEntity, d)
	}
	ref, err := s.files.Put(ctx, picture.PNG)
	if err != nil {
		return err
	}
	d.Form.Picture = string(ref)
	if d.Before, err = dataURL(picture.Before); err != nil {
		return err
	}
	if d.After, err = dataURL(picture.PNG); err != nil {
		return err
	}
	return s.renderUpload(w, r, http.StatusOK, d)
}

// uploadedPicture reads and cleans the picture of the form, or says what is wrong with it.
func uploadedPicture(r *http.Request) (*seal.Picture, *templates.Problem, error) {
	file, header, err := r.FormFile("File")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return nil, &templates.Problem{Field: "File", Rule: "file"}, nil
	}
	if err != nil {
		return nil, nil, &badRequest{err}
	}
	defer file.Close()
	if header.Size > seal.MaxPictureBytes {
		return nil, &templates.Problem{Field: "File", Rule: "file_size", Param: "8 MB"}, nil
	}
	data, err := io.ReadAll(io.LimitReader(file, seal.MaxPictureBytes+1))
	if err != nil {
		return nil, nil, &badRequest{err}
	}
	picture, err := seal.CleanPicture(data)
	for rule, known := range map[string]error{
		"file_size": seal.ErrPictureTooLarge, "picture_pixels": seal.ErrPicturePixels, "picture_small": seal.ErrPictureTooSmall,
		"picture": seal.ErrPictureFormat, "picture_damaged": seal.ErrPictureDamaged, "picture_empty": seal.ErrPictureEmpty,
	} {
		if errors.Is(err, known) {
			return nil, &templates.Problem{Field: "File", Rule: rule, Param: "8 MB"}, nil
		}
	}
	return picture, nil, err
}

// dataURL holds a small version of a picture.
func dataURL(png []byte) (string, error) {
	small, err := seal.Thumbnail(png, comparePx)
	if err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(small), nil
}

// confirmSealUpload sends the cleaned picture to the platform.
func (s *server) confirmSealUpload(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var d templates.UploadData
	err := parseForm(r, &d.Form)
	bad, ok := problems(err)
	if err != nil && !ok {
		return err
	}
	d.Problems = bad
	picture, err := s.keptPicture(ctx, &d)
	if err != nil {
		return err
	}
	owner, caller, err := s.checkUpload(ctx, &d)
	if err != nil {
		return err
	}
	keepers, problem, err := s.firstKeeper(ctx, owner, d.Form.KeeperID, d.Form.OperatorID)
	if err != nil {
		return err
	}
	if d.Problems = add(d.Problems, problem); len(d.Problems) > 0 {
		return s.renderUpload(w, r, http.StatusUnprocessableEntity, d)
	}
	row := owner.row(d.Form.SealType, d.Form.SealName, db.SealUploaded)
	row.Default, row.WidthMM, row.HeightMM = d.Form.IsDefault, picture.WidthMM, picture.HeightMM
	if err := s.sendPicture(ctx, caller, &row, picture.PNG); err != nil {
		var invalid bool
		if d.Problems, invalid = problems(err); !invalid {
			if d.Refusal, ok = s.refusal(r, err); !ok {
				return err
			}
		}
		return s.renderUpload(w, r, http.StatusUnprocessableEntity, d)
	}
	if err := s.db.AddSeal(ctx, row, keepers...); err != nil {
		return err
	}
	if err := s.routing.Tell(ctx); err != nil {
		return err
	}
	s.flash(r, "ok", "seals.created", "Name", row.Name)
	return s.redirect(w, r, "/seals/"+row.ID)
}

// keptPicture reads back the picture that was cleaned before, and its small version for the page.
func (s *server) keptPicture(ctx context.Context, d *templates.UploadData) (*seal.Picture, error) {
	gone := func() (*seal.Picture, error) {
		d.Problems, d.Form.Picture = append(d.Problems, templates.Problem{Field: "File", Rule: "file"}), ""
		return nil, nil
	}
	ref := files.Ref(d.Form.Picture)
	if !ref.Valid() {
		return gone()
	}
	data, err := s.files.Get(ctx, ref)
	if errors.Is(err, files.ErrNotFound) {
		return gone()
	}
	if err != nil {
		return nil, err
	}
	picture, err := seal.CleanPicture(data)
	if err != nil { // the name of some other file
		return gone()
	}
	if d.After, err = dataURL(picture.PNG); err != nil {
		return nil, err
	}
	d.Before, err = dataURL(picture.Before)
	return picture, err
}

// checkUpload checks what stands beside the picture.
func (s *server) checkUpload(ctx context.Context, d *templates.UploadData) (owner sealOwner, caller api.Caller, err error) {
	refuse := func(field, rule string) {
		d.Problems = append(d.Problems, templates.Problem{Field: field, Rule: rule})
	}
	owner, err = s.ownerOf(ctx, d.Form.Owner)
	switch {
	case errors.Is(err, db.ErrNotFound):
		refuse("Owner", "not_found")
		return sealOwner{}, caller, nil
	case err != nil:
		return owner, caller, err
	case owner.none():
		refuse("Owner", "required")
		return owner, caller, nil
	case !owner.fits(d.Form.SealType):
		refuse("SealType", "seal_owner")
	}
	if d.Form.SealName == "" {
		refuse("SealName", "required")
	}
	caller, problem, err := s.operator(ctx, owner, d.Form.OperatorID, true)
	if problem != nil {
		d.Problems = append(d.Problems, *problem)
	}
	return owner, caller, err
}
