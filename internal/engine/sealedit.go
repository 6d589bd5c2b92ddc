package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"sealdesk/internal/api"
	"sealdesk/internal/seal"
	"sealdesk/internal/store"
)

// sealOwner is whose seals a request is about: the person's that UserId names, else those of the organisation that calls
// (essbasic, DeleteSeal.UserId).
func sealOwner(by api.Caller, userID string) owner {
	if userID != "" {
		return owner{ownerUser, userID}
	}
	return owner{ownerOrganization, by.SubOrganizationId}
}

// ownedSeal finds a seal of one owner; a seal of anybody else does not exist for them.
func (e *Engine) ownedSeal(ctx context.Context, tx *store.Tx, applicationID, sealID string, o owner) (*sealRow, error) {
	row, err := e.findSeal(ctx, tx, applicationID, sealID)
	if err != nil {
		return nil, orNotFound(err, "SealId", sealID)
	}
	if row.Owner != o {
		return nil, notFound("SealId", sealID)
	}
	return row, nil
}

// modifySeal changes a seal's name or picture; without SealId it is the owner's default one (essbasic). A generated seal
// that gets a picture is an uploaded one from then on. What was stamped already stays as it is.
func (e *Engine) modifySeal(ctx context.Context, req *api.ModifySealRequest) (*api.ModifySealResponse, error) {
	var picture *seal.Picture
	var err error
	switch {
	case req.Image != "" || req.FileId != "":
		if picture, err = e.sealPicture(ctx, req.Image, req.FileId); err != nil {
			return nil, err
		}
	case req.SealName == "":
		return nil, missing("SealName")
	}
	ref := ""
	if picture != nil {
		stored, err := e.files.Put(ctx, picture.PNG)
		if err != nil {
			return nil, fmt.Errorf("store the seal's picture: %w", err)
		}
		ref = string(stored)
	}
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		by, err := e.resolveOperator(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		row, err := e.sealToModify(ctx, tx, by.ApplicationID, req)
		if err != nil {
			return err
		}
		row.Name = firstOf(req.SealName, row.Name)
		if picture != nil {
			row.Source, row.Spec, row.PNGRef, row.SVGRef = sealCreated, nil, ref, ""
			row.WidthMM, row.HeightMM = pictureSizeMM(row.Kind, picture)
		}
		return e.updateSeal(ctx, tx, row, picture != nil)
	})
	if err != nil {
		return nil, err
	}
	return &api.ModifySealResponse{}, nil
}

func (e *Engine) sealToModify(ctx context.Context, tx *store.Tx, applicationID string, req *api.ModifySealRequest) (*sealRow, error) {
	o := sealOwner(req.Caller, req.UserId)
	if req.SealId != "" {
		return e.ownedSeal(ctx, tx, applicationID, req.SealId, o)
	}
	row, err := e.defaultSeal(ctx, tx, applicationID, o)
	if err == nil && row == nil {
		err = notFound("default seal of", o.ID)
	}
	return row, err
}

// updateSeal stores a seal's name and picture.
func (e *Engine) updateSeal(ctx context.Context, tx *store.Tx, s *sealRow, redrawn bool) error {
	spec, err := json.Marshal(s.Spec)
	if err != nil {
		return fmt.Errorf("encode the seal: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE engine_seals SET name = $1, source = $2, spec = $3, png_ref = $4, svg_ref = $5, width_mm = $6, height_mm = $7 WHERE id = $8`,
		s.Name, s.Source, string(spec), s.PNGRef, s.SVGRef, s.WidthMM, s.HeightMM, s.ID)
	if err != nil {
		return fmt.Errorf("change the seal: %w", err)
	}
	return e.record(ctx, tx, event{Action: "seal.modify", ObjectType: "seal", ObjectID: s.ID, Detail: map[string]any{"picture": redrawn}})
}

// deleteSeal deletes a seal that is neither the owner's default (essbasic) nor set for a signature that is still to come.
func (e *Engine) deleteSeal(ctx context.Context, req *api.DeleteSealRequest) (*api.DeleteSealResponse, error) {
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		by, err := e.resolve(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		row, err := e.ownedSeal(ctx, tx, by.ApplicationID, req.SealId, sealOwner(req.Caller, req.UserId))
		if err != nil {
			return err
		}
		if row.Default {
			return denied("the default seal cannot be deleted")
		}
		waiting, err := e.isAwaited(ctx, tx, row.ID)
		if err != nil {
			return err
		}
		if waiting {
			return denied("the seal is set for a signature that is still to come")
		}
		if _, err := tx.Exec(ctx, `DELETE FROM engine_seals WHERE id = $1`, row.ID); err != nil {
			return fmt.Errorf("delete the seal: %w", err)
		}
		return e.record(ctx, tx, event{Action: actionSealDelete, ObjectType: "seal", ObjectID: row.ID,
			Detail: map[string]any{"name": row.Name, "kind": row.Kind, "owner": row.Owner.ID}})
	})
	if err != nil {
		return nil, err
	}
	return &api.DeleteSealResponse{}, nil
}

// isAwaited tells whether somebody is still to sign with a seal that was set at sending.
func (e *Engine) isAwaited(ctx context.Context, tx *store.Tx, sealID string) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM engine_components c
		JOIN engine_approvers a ON a.sign_id = c.sign_id JOIN engine_flows f ON f.id = c.flow_id
		WHERE c.seal_id = $1 AND c.filled = 0 AND a.status IN ($2, $3, $4) AND a.deadline > $5 AND f.status = $6 AND f.deadline > $5`,
		sealID, int(ApproverPending), int(ApproverReview), int(ApproverReviewFailed), store.Micros(e.now()), int(FlowSigning)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for who waits for the seal: %w", err)
	}
	return n > 0, nil
}

// modifyOrganizationDefaultSeal moves the default among the seals of the organisation that calls.
func (e *Engine) modifyOrganizationDefaultSeal(ctx context.Context, req *api.ModifyOrganizationDefaultSealRequest) (*api.ModifyOrganizationDefaultSealResponse, error) {
	if err := e.moveDefault(ctx, req.Caller, req.SealId, sealOwner(req.Caller, "")); err != nil {
		return nil, err
	}
	return &api.ModifyOrganizationDefaultSealResponse{}, nil
}

// modifyUserDefaultSeal moves the default among a person's seals.
func (e *Engine) modifyUserDefaultSeal(ctx context.Context, req *api.ModifyUserDefaultSealRequest) (*api.ModifyUserDefaultSealResponse, error) {
	if err := e.moveDefault(ctx, req.Caller, req.SealId, owner{ownerUser, req.UserId}); err != nil {
		return nil, err
	}
	return &api.ModifyUserDefaultSealResponse{}, nil
}

// moveDefault makes a seal its owner's default. One of somebody else cannot be theirs: that is refused, while a seal of
// nobody does not exist.
func (e *Engine) moveDefault(ctx context.Context, c api.Caller, sealID string, o owner) error {
	return e.db.Write(ctx, func(tx *store.Tx) error {
		by, err := e.resolve(ctx, tx, c)
		if err != nil {
			return err
		}
		if o.Kind == ownerUser {
			if _, err := e.findUser(ctx, tx, by.ApplicationID, o.ID); err != nil {
				return orNotFound(err, "UserId", o.ID)
			}
		}
		row, err := e.findSeal(ctx, tx, by.ApplicationID, sealID)
		if err != nil {
			return orNotFound(err, "SealId", sealID)
		}
		if row.Owner != o {
			return denied("the seal belongs to another %s", row.Owner.Kind)
		}
		return e.makeDefault(ctx, tx, row)
	})
}
