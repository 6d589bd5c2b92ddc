package engine

import (
	"context"
	"errors"
	"fmt"

	"sealdesk/internal/api"
	"sealdesk/internal/files"
	"sealdesk/internal/store"
)

// destroyFlowFile deletes the files of an archived flow, all their versions, and the uploads that they were made from unless
// another flow uses those. The action declares neither OperationDenied nor ResourceNotFound: a flow that is not archived
// is a bad value.
func (e *Engine) destroyFlowFile(ctx context.Context, req *api.DestroyFlowFileRequest) (*api.DestroyFlowFileResponse, error) {
	err := e.onFlow(ctx, req.FlowId, func() error {
		return e.db.Write(ctx, func(tx *store.Tx) error {
			by, err := e.resolve(ctx, tx, req.Caller)
			if err != nil {
				return err
			}
			f, err := e.findFlow(ctx, tx, by.ApplicationID, req.FlowId)
			if err != nil {
				return orNotFound(err, "FlowId", req.FlowId)
			}
			if !f.allows(stepDestroy) {
				return badValue("FlowId", "the flow is in state %d: no %s", f.Status, stepDestroy)
			}
			if err := e.doomFiles(ctx, tx, f.ID); err != nil {
				return err
			}
			if err := e.setFlow(ctx, tx, f, FlowDestroyed, f.Message); err != nil {
				return err
			}
			return e.record(ctx, tx, event{Action: actionDestroy, ObjectType: "flow", ObjectID: f.ID})
		})
	})
	if err != nil {
		return nil, err
	}
	if err := e.sweep(ctx); err != nil {
		// The flow is destroyed and its contents are listed: the next sweep deletes them.
		e.logger.ErrorContext(ctx, "engine: destroyed files are not deleted yet", "error", err)
	}
	return &api.DestroyFlowFileResponse{}, nil
}

// doomFiles takes the contents of a flow away from every row that names them, and lists them for deletion.
func (e *Engine) doomFiles(ctx context.Context, tx *store.Tx, flowID string) error {
	// Uploads that no other flow needs, and nothing that is destroyed already.
	const uploads = `SELECT file_id FROM engine_flow_files WHERE flow_id = $1 AND file_id NOT IN
		(SELECT ff.file_id FROM engine_flow_files ff JOIN engine_flows f ON f.id = ff.flow_id WHERE ff.flow_id <> $1 AND f.status <> 6)`
	for _, query := range []string{
		`INSERT INTO engine_doomed (ref) SELECT ref FROM engine_flow_files WHERE flow_id = $1 AND ref <> '' ON CONFLICT DO NOTHING`,
		`INSERT INTO engine_doomed (ref) SELECT ref FROM engine_flow_versions WHERE flow_id = $1 ON CONFLICT DO NOTHING`,
		`INSERT INTO engine_doomed (ref) SELECT ref FROM engine_files WHERE ref <> '' AND id IN (` + uploads + `) ON CONFLICT DO NOTHING`,
		`UPDATE engine_files SET ref = '' WHERE id IN (` + uploads + `)`,
		`UPDATE engine_flow_files SET ref = '' WHERE flow_id = $1`,
		`DELETE FROM engine_flow_versions WHERE flow_id = $1`,
		`DELETE FROM engine_links WHERE flow_id = $1 AND kind = 'd'`,
	} {
		if _, err := tx.Exec(ctx, query, flowID); err != nil {
			return fmt.Errorf("give up the files of a flow: %w", err)
		}
	}
	return nil
}

// sweep deletes the listed contents that no row names any more. It runs in the writer's turn, so that no upload of the
// same content comes between the look and the deletion (see insertFile).
func (e *Engine) sweep(ctx context.Context) error {
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		refs, err := texts(ctx, tx, `SELECT d.ref FROM engine_doomed d WHERE NOT EXISTS (SELECT 1 FROM engine_files WHERE ref = d.ref)
			AND NOT EXISTS (SELECT 1 FROM engine_flow_files WHERE ref = d.ref) AND NOT EXISTS (SELECT 1 FROM engine_flow_versions WHERE ref = d.ref)`)
		if err != nil {
			return err
		}
		for _, ref := range refs {
			if err := e.files.Delete(ctx, files.Ref(ref)); err != nil {
				return fmt.Errorf("delete a destroyed file: %w", err)
			}
		}
		if _, err := tx.Exec(ctx, `DELETE FROM engine_doomed`); err != nil {
			return fmt.Errorf("forget the destroyed files: %w", err)
		}
		return nil
	})
	if errors.Is(err, store.ErrRowChanged) {
		return nil // which is told: what somebody else listed is not deleted, and all waits
	}
	return err
}

// keepContent makes sure, in the writer's turn, that a content is still there that was stored before it: a sweep may have
// deleted the same content meanwhile.
func (e *Engine) keepContent(ctx context.Context, ref string, data []byte) error {
	there, err := e.files.Has(ctx, files.Ref(ref))
	if err != nil || there {
		return err
	}
	if _, err := e.files.Put(ctx, data); err != nil {
		return fmt.Errorf("store a file again: %w", err)
	}
	return nil
}

// isGone tells that a link's content was destroyed after the link was made.
func isGone(err error) bool { return errors.Is(err, files.ErrNotFound) }
