package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/seal"
	"sealdesk/internal/store"
)

// Sources of a seal (essbasic, Seal.SealSource).
const (
	sealCreated   = "CREATE"
	sealGenerated = "GENERATE"
)

// sealRow is a seal of an organisation or a person. A generated one keeps its spec, so that it is stamped as vectors.
type sealRow struct {
	ID, ApplicationID string
	Owner             owner
	Name              string
	Kind              seal.Kind
	Source            string
	Spec              *seal.Spec // nil for an uploaded picture
	PNGRef, SVGRef    string
	WidthMM, HeightMM float64
	Creator           api.Caller
	Default           bool
	State             string // one of the api.Seal states
	Kept              bool   // only its keepers may use it
	Created           time.Time
}

// createSeal makes a seal from a picture.
func (e *Engine) createSeal(ctx context.Context, req *api.CreateSealRequest) (*api.CreateSealResponse, error) {
	kind := seal.Kind(req.SealType)
	if (kind == seal.Personal) != (req.UserId != "") {
		return nil, badValue("SealType", "%s goes with UserId, every other type without", seal.Personal)
	}
	picture, err := e.sealPicture(ctx, req.Image, req.FileId)
	if err != nil {
		return nil, err
	}
	row := &sealRow{Kind: kind, Source: sealCreated, Name: req.SealName, Default: req.IsDefault}
	row.WidthMM, row.HeightMM = pictureSizeMM(kind, picture)
	ref, err := e.files.Put(ctx, picture.PNG)
	if err != nil {
		return nil, fmt.Errorf("store the seal's picture: %w", err)
	}
	row.PNGRef = string(ref)
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		by, err := e.resolveOperator(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		row.ApplicationID, row.Creator = by.ApplicationID, by.wire()
		row.Owner = owner{ownerOrganization, req.Caller.SubOrganizationId}
		if req.UserId != "" {
			u, err := e.findUser(ctx, tx, by.ApplicationID, req.UserId)
			if err != nil {
				return orNotFound(err, "UserId", req.UserId)
			}
			row.Owner = u.owner()
		}
		return e.insertSeal(ctx, tx, row)
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateSealResponse{SealId: row.ID}, nil
}

// sealPicture gets a picture that was sent along or uploaded before, and cleans it. Image wins over FileId (essbasic).
func (e *Engine) sealPicture(ctx context.Context, image, fileID string) (*seal.Picture, error) {
	if image != "" {
		data, err := decodeBase64("Image", image)
		if err != nil {
			return nil, err
		}
		return cleanPicture("Image", data)
	}
	var f *file
	err := e.db.Read(ctx, func(tx *store.Tx) (err error) {
		f, err = e.findFile(ctx, tx, callOf(ctx).Application.ID, fileID)
		return orNotFound(err, "FileId", fileID)
	})
	if err != nil {
		return nil, err
	}
	if f.BusinessType != businessSeal {
		return nil, badValue("FileId", "the file was uploaded as %s, not as %s", f.BusinessType, businessSeal)
	}
	data, err := e.content(ctx, f.Ref)
	if err != nil {
		return nil, err
	}
	return cleanPicture("FileId", data)
}

func cleanPicture(parameter string, data []byte) (*seal.Picture, error) {
	picture, err := seal.CleanPicture(data)
	if err != nil {
		return nil, badValue(parameter, "%v", err)
	}
	return picture, nil
}

// pictureSizeMM lays a picture into the usual box of its kind; wide personal pictures are signatures.
func pictureSizeMM(kind seal.Kind, p *seal.Picture) (w, h float64) {
	if p.WidthMM > 0 { // the picture states its resolution
		return p.WidthMM, p.HeightMM
	}
	box := seal.Sizes(kind)[0]
	if kind == seal.Personal && p.WidthPx > p.HeightPx*3/2 {
		box.Width, box.Height = 42, 15
	}
	scale := min(box.Width/float64(p.WidthPx), box.Height/float64(p.HeightPx))
	return float64(p.WidthPx) * scale, float64(p.HeightPx) * scale
}

func (e *Engine) generateOrganizationSeal(ctx context.Context, req *api.GenerateOrganizationSealRequest) (*api.GenerateOrganizationSealResponse, error) {
	var by caller
	err := e.db.Read(ctx, func(tx *store.Tx) (err error) {
		by, err = e.resolve(ctx, tx, req.Caller)
		return err
	})
	if err != nil {
		return nil, err
	}
	o := by.Organization
	if o == nil {
		o = &organization{Name: callOf(ctx).Application.Name, LegalName: callOf(ctx).Application.Name}
	}
	row, err := e.drawSeal(ctx, organizationSpec(o, seal.Kind(req.SealType), req.SealHorizontalText), api.CodeFailedOperationGenerateOrgSeal)
	if err != nil {
		return nil, err
	}
	row.ApplicationID, row.Owner, row.Creator, row.Default = by.ApplicationID, o.owner(), by.wire(), req.IsDefault
	row.Name = firstOf(req.SealName, sealLabel(row.Kind))
	if err := e.db.Write(ctx, func(tx *store.Tx) error { return e.insertSeal(ctx, tx, row) }); err != nil {
		return nil, err
	}
	return &api.GenerateOrganizationSealResponse{SealId: row.ID}, nil
}

// generateUserSeal draws the registered name; a person has at most one generated seal (essbasic).
func (e *Engine) generateUserSeal(ctx context.Context, req *api.GenerateUserSealRequest) (*api.GenerateUserSealResponse, error) {
	var by caller
	var u *user
	err := e.db.Read(ctx, func(tx *store.Tx) (err error) {
		if by, err = e.resolve(ctx, tx, req.Caller); err != nil {
			return err
		}
		u, err = e.findUser(ctx, tx, by.ApplicationID, req.UserId)
		return orNotFound(err, "UserId", req.UserId)
	})
	if err != nil {
		return nil, err
	}
	row, err := e.drawSeal(ctx, userSpec(u), api.CodeFailedOperationGenerateUserSeal)
	if err != nil {
		return nil, err
	}
	row.ApplicationID, row.Owner, row.Creator, row.Default = by.ApplicationID, u.owner(), by.wire(), req.IsDefault
	row.Name = firstOf(req.SealName, sealLabel(row.Kind))
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		err := e.insertSeal(ctx, tx, row)
		if store.IsUnique(err) {
			return denied("the person has a generated seal already")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &api.GenerateUserSealResponse{SealId: row.ID}, nil
}

func (e *Engine) describeSeals(ctx context.Context, req *api.DescribeSealsRequest) (*api.DescribeSealsResponse, error) {
	var rows []*sealRow
	app := callOf(ctx).Application.ID
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		for _, id := range req.SealIds {
			row, err := e.findSeal(ctx, tx, app, id)
			if err != nil {
				return orNotFound(err, "SealIds", id)
			}
			if req.UserId != "" && row.Owner != (owner{ownerUser, req.UserId}) {
				return notFound("SealIds", id)
			}
			rows = append(rows, row)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	targets := make([]downloadTarget, len(rows))
	for i, row := range rows {
		targets[i] = row.download()
	}
	links, err := e.downloadLinks(ctx, app, "", targets)
	if err != nil {
		return nil, err
	}
	resp := &api.DescribeSealsResponse{Seals: make([]api.Seal, len(rows))}
	for i, row := range rows {
		resp.Seals[i] = row.describe(api.FileUrl{Url: links[i], Option: row.option(), Index: int64(i)})
	}
	return resp, nil
}

func (s *sealRow) describe(url api.FileUrl) api.Seal {
	d := api.Seal{SealId: s.ID, SealName: s.Name, SealType: string(s.Kind), SealSource: s.Source, Creator: s.Creator,
		CreatedOn: unix(s.Created), FileUrl: url, DefaultSeal: s.Default}
	if s.Owner.Kind == ownerUser {
		d.UserId = s.Owner.ID
	}
	return d
}

// option tells the size in points, in the form in which the platform tells that of a page.
func (s *sealRow) option() string {
	return sizeOption(s.WidthMM*seal.PointsPerMM, s.HeightMM*seal.PointsPerMM)
}

func (s *sealRow) download() downloadTarget {
	return downloadTarget{Refs: []string{s.PNGRef}, Name: s.Name + ".png", Form: formPicture}
}

// insertSeal stores a seal and fills in its id. The first seal of an owner becomes its default.
func (e *Engine) insertSeal(ctx context.Context, tx *store.Tx, s *sealRow) (err error) {
	s.ID = newID(e.wall())
	s.Created = e.now()
	var others int
	err = tx.QueryRow(ctx, `SELECT count(*) FROM engine_seals WHERE application_id = $1 AND owner_kind = $2 AND owner_id = $3`,
		s.ApplicationID, string(s.Owner.Kind), s.Owner.ID).Scan(&others)
	if err != nil {
		return fmt.Errorf("count the owner's seals: %w", err)
	}
	spec, err := json.Marshal(s.Spec)
	if err != nil {
		return fmt.Errorf("encode the seal: %w", err)
	}
	creator, err := json.Marshal(s.Creator)
	if err != nil {
		return fmt.Errorf("encode the seal's creator: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO engine_seals (id, application_id, owner_kind, owner_id, name, kind, source, spec, png_ref, svg_ref,
		width_mm, height_mm, creator, is_default, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14)`,
		s.ID, s.ApplicationID, string(s.Owner.Kind), s.Owner.ID, s.Name, string(s.Kind), s.Source, string(spec), s.PNGRef, s.SVGRef,
		s.WidthMM, s.HeightMM, string(creator), store.Micros(s.Created))
	if err != nil {
		return fmt.Errorf("store the seal: %w", err)
	}
	err = e.record(ctx, tx, event{Action: "seal.create", ObjectType: "seal", ObjectID: s.ID,
		Detail: map[string]any{"kind": s.Kind, "source": s.Source, "owner": s.Owner.ID}})
	if err != nil {
		return err
	}
	if s.Default || others == 0 {
		return e.makeDefault(ctx, tx, s)
	}
	return nil
}

// makeDefault moves the owner's default to this seal.
func (e *Engine) makeDefault(ctx context.Context, tx *store.Tx, s *sealRow) error {
	_, err := tx.Exec(ctx, `UPDATE engine_seals SET is_default = 0 WHERE application_id = $1 AND owner_kind = $2 AND owner_id = $3 AND is_default = 1`,
		s.ApplicationID, string(s.Owner.Kind), s.Owner.ID)
	if err == nil {
		_, err = tx.Exec(ctx, `UPDATE engine_seals SET is_default = 1 WHERE id = $1`, s.ID)
	}
	if err != nil {
		return fmt.Errorf("move the default seal: %w", err)
	}
	s.Default = true
	return e.record(ctx, tx, event{Action: "seal.default", ObjectType: "seal", ObjectID: s.ID})
}

const sealColumns = `id, application_id, owner_kind, owner_id, name, kind, source, spec, png_ref, svg_ref, width_mm, height_mm, creator, is_default, state, kept, created`

// findSeal reads a seal of the application, or gives store.ErrNotFound.
func (e *Engine) findSeal(ctx context.Context, tx *store.Tx, applicationID, id string) (*sealRow, error) {
	return scanSeal(tx.QueryRow(ctx, `SELECT `+sealColumns+` FROM engine_seals WHERE id = $1 AND application_id = $2`, id, applicationID))
}

// defaultSeal reads the owner's default seal; nil when there is none.
func (e *Engine) defaultSeal(ctx context.Context, tx *store.Tx, applicationID string, o owner) (*sealRow, error) {
	s, err := scanSeal(tx.QueryRow(ctx, `SELECT `+sealColumns+` FROM engine_seals
		WHERE application_id = $1 AND owner_kind = $2 AND owner_id = $3 AND is_default = 1`, applicationID, string(o.Kind), o.ID))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return s, err
}

// sealsOf reads an owner's seals, the default first, then the newest.
func (e *Engine) sealsOf(ctx context.Context, tx *store.Tx, applicationID string, o owner) ([]*sealRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+sealColumns+` FROM engine_seals WHERE application_id = $1 AND owner_kind = $2 AND owner_id = $3
		ORDER BY is_default DESC, created DESC, id`, applicationID, string(o.Kind), o.ID)
	if err != nil {
		return nil, fmt.Errorf("read the owner's seals: %w", err)
	}
	defer rows.Close()
	var out []*sealRow
	for rows.Next() {
		s, err := scanSeal(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// scanner is a row to scan.
type scanner interface{ Scan(dest ...any) error }

func scanSeal(row scanner) (*sealRow, error) {
	s := &sealRow{}
	var spec, creator string
	var created int64
	err := row.Scan(&s.ID, &s.ApplicationID, &s.Owner.Kind, &s.Owner.ID, &s.Name, &s.Kind, &s.Source, &spec, &s.PNGRef, &s.SVGRef,
		&s.WidthMM, &s.HeightMM, &creator, &s.Default, &s.State, &s.Kept, &created)
	if err != nil {
		return nil, err
	}
	s.Created = store.Time(created)
	return s, errors.Join(json.Unmarshal([]byte(spec), &s.Spec), json.Unmarshal([]byte(creator), &s.Creator))
}
